// A statement that would succeed over what somebody's unfinished attempt left: it is looked at before its first attempt,
// in the session as it is then. The same with a real INVALID index: postgres.test.ts.
import { expect, it } from 'vitest'
import type { RunEvent } from '../../src/engine/event.ts'
import { recovered, says } from './doubt.ts'
import { type Call, type Doors, faulty } from './faulty.ts'
import { newSqlite, rowsOf, single, states, tables } from './project.ts'

const up = 'PRAGMA cache_size = 77;\nCREATE TABLE a (id int);\nVACUUM;\nREINDEX;\nCREATE TABLE b (id int);\nVACUUM'
const revisions = [{ id: '001_a', transaction: 'off' as const, up }]

function scene(cleanUp: () => Promise<readonly string[]>, doors: Doors = {}) {
  const file = newSqlite()
  const order: string[] = []
  const recovery = says('not-done', {
    passesOver: text => text === 'VACUUM',
    cleanUp: () => {
      order.push('look')
      return cleanUp()
    },
  })
  const before = async (call: Call) => {
    if (call.item?.kind === 'statement') order.push(call.sql)
    await doors.before?.(call)
  }
  const events: RunEvent[] = []
  const run = (signal?: AbortSignal) =>
    single(faulty(file(), { recovery, before }), revisions).up({
      on: event => events.push(event),
      ...(signal ? { signal } : {}),
    })
  return { file, order, events, run }
}

it('is looked at right before it is sent, and what is found is told', async () => {
  const { order, events, run, file } = scene(async () => ['removed x'])
  expect((await run()).error).toBeUndefined()
  expect(order).toEqual([
    'PRAGMA cache_size = 77',
    'CREATE TABLE a (id int)',
    'look',
    'VACUUM',
    'REINDEX',
    'CREATE TABLE b (id int)',
    'look',
    'VACUUM',
  ])
  expect(recovered(events)).toEqual(['3 cleaned: removed x', '6 cleaned: removed x'])
  expect((await single(file(), revisions).status()).databases[0]?.state).toBe('current')
})

it('is not sent when what is there cannot be removed; what is done is recorded', async () => {
  let broken = true
  const { order, run, file } = scene(async () => {
    if (broken) throw new Error('still in use')
    return []
  })
  const { error, databases } = await run()
  expect(error).toMatchObject({
    code: 'RUN.STATEMENT_FAILED_PARTIAL',
    message: 'still in use',
    where: { file: '001_a', line: 3 },
  })
  expect(states(databases[0])).toEqual(['001_a partial'])
  expect(await rowsOf(file(), 'SELECT done, running, error FROM godwit_step')).toEqual([
    { done: 2, running: null, error: 'still in use' },
  ])
  expect(order.at(-1)).toBe('look')
  broken = false
  expect((await run()).error).toBeUndefined()
  expect(await tables(file())).toEqual(['a', 'b'])
})

it('is not looked at when the run is to stop', async () => {
  const stop = new AbortController()
  const { order, run } = scene(async () => ['removed x'], {
    before: call => {
      if (call.item?.kind === 'commit' && order.includes('CREATE TABLE a (id int)')) stop.abort()
    },
  })
  const { error, databases } = await run(stop.signal)
  expect(error?.code).toBe('RUN.ABORTED')
  expect(states(databases[0])).toEqual(['001_a partial'])
  expect(order).not.toContain('look')
})

it('is sent again in the same session after a later statement failed', async () => {
  let failed = false
  const { run, file } = scene(async () => [], {
    before: call => {
      if (failed || call.sql !== 'CREATE TABLE b (id int)') return
      failed = true
      throw new Error('made by the test')
    },
  })
  expect((await run()).databases[0]?.steps[0]).toMatchObject({ state: 'partial', statements: 4 })
  expect((await run()).error).toBeUndefined()
  expect(await tables(file())).toEqual(['a', 'b'])
})
