// Revisions that are run unit by unit: what the journal knows after a failure at any point.
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../src/engine/event.ts'
import { type Call, type Doors, faulty, lost } from './faulty.ts'
import { newSqlite, rowsOf, single, states, tables, using } from './project.ts'

const up = 'CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);'
const units = (text = up) => [
  { id: '001_a', transaction: 'off' as const, up: text, down: 'DELETE FROM a;\nDROP TABLE a;' },
]
const isStatement = (call: Call, text: string) => call.item?.kind === 'statement' && call.sql.includes(text)
/** VACUUM cannot be in a transaction: its intent is written before, its end after. */
const alone = 'VACUUM;\nCREATE TABLE a (id int);\nPRAGMA user_version = 7;'

async function fail(doors: Doors, text = up) {
  const file = newSqlite()
  const events: RunEvent[] = []
  const result = await single(faulty(file(), doors), units(text)).up({ on: event => events.push(event) })
  const status = (await single(file(), units(text)).status()).databases[0]
  await single(file(), []).lockBreak()
  return { file, result, step: result.databases[0]?.steps[0], status, events }
}

it('goes on at the statement where the run before stopped', async () => {
  const { file, step, status } = await fail({
    before: call => {
      if (isStatement(call, '(2)')) throw new Error('made by the test')
    },
  })
  expect(step).toMatchObject({ state: 'partial', statements: 2 })
  expect(status?.partial).toMatchObject([{ done: 2, total: 3, inDoubt: false }])
  const events: RunEvent[] = []
  expect((await single(file(), units()).up({ on: event => events.push(event) })).error).toBeUndefined()
  expect(events.find(event => event.type === 'revision-start')).toMatchObject({ resumedAt: 2 })
  expect((await rowsOf(file(), 'SELECT id FROM a ORDER BY id')).map(row => row['id'])).toEqual([1, 2])
})

it('says that nothing stays when the first statement failed', async () => {
  const { result, step, status } = await fail(
    {
      before: call => {
        if (isStatement(call, 'VACUUM')) throw new Error('made by the test')
      },
    },
    alone,
  )
  expect(result.error).toMatchObject({ code: 'RUN.STATEMENT_FAILED', where: { file: '001_a', line: 1 } })
  expect(step?.state).toBe('rolled-back')
  expect(status).toMatchObject({ state: 'pending', partial: [] })
})

it('runs again what was set for the session before', async () => {
  const file = newSqlite()
  const text = 'PRAGMA cache_size = 77;\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);'
  const doors = {
    before: (call: Call) => {
      if (isStatement(call, '(2)')) throw new Error('made by the test')
    },
  }
  await single(faulty(file(), doors), units(text)).up()
  const ran: string[] = []
  const seen = { before: (call: Call) => void (call.item?.kind === 'statement' && ran.push(call.sql)) }
  expect((await single(faulty(file(), seen), units(text)).up()).error).toBeUndefined()
  expect(ran).toEqual(['PRAGMA cache_size = 77', 'INSERT INTO a VALUES (2)'])
})

describe('connection lost', () => {
  it('at a statement that stands alone: in doubt, and refuses to guess', { timeout: 20_000 }, async () => {
    const { file, result, step, status } = await fail(
      {
        before: call => {
          if (isStatement(call, 'VACUUM')) throw lost()
        },
        recovery: null,
      },
      alone,
    )
    const blind = () => faulty(file(), { recovery: null })
    expect(result.error).toMatchObject({ code: 'CONNECT.LOST', where: { file: '001_a', line: 1 } })
    expect(step?.state).toBe('in-doubt')
    expect(status?.partial).toMatchObject([{ done: 0, total: 3, inDoubt: true }])
    expect((await single(blind(), units(alone)).up()).error?.code).toBe('JOURNAL.STEP_IN_DOUBT')
    expect((await single(file(), units(alone)).stamp({ target: 'head' })).error?.code).toBe('JOURNAL.STEP_IN_DOUBT')
    const done = await single(file(), units(alone)).repair({ inDoubt: 'done' })
    expect(done.databases[0]?.actions).toEqual([
      { revision: '001_a', found: 'step 1 of 3 of its up is in doubt', done: 'step 1 is recorded as done' },
    ])
    expect((await single(file(), units(alone)).up()).error).toBeUndefined()
    expect(await tables(file())).toEqual(['a'])
  })

  it('when the answer to the last COMMIT did not come: proved by the journal', { timeout: 20_000 }, async () => {
    let final = false
    const { result, step, status } = await fail({
      after(call) {
        if (call.item?.kind === 'journal' && call.sql.includes('INTO main.godwit_revision')) final = true
        if (final && call.item?.kind === 'commit') throw lost()
      },
    })
    expect(result.error).toMatchObject({ code: 'CONNECT.LOST', why: expect.stringContaining('001_a was committed') })
    expect(step?.state).toBe('applied')
    expect(status?.state).toBe('current')
  })
})

it('records all units as done when only the last record failed', async () => {
  const { file, step, status } = await fail({
    before: call => {
      if (call.item?.kind === 'journal' && call.sql.includes('INTO main.godwit_revision'))
        throw new Error('made by the test')
    },
  })
  expect(step).toMatchObject({ state: 'partial', statements: 3 })
  expect(status?.partial).toMatchObject([{ done: 3, total: 3 }])
  const ran: string[] = []
  const seen = { before: (call: Call) => void (call.item?.kind === 'statement' && ran.push(call.sql)) }
  expect((await single(faulty(file(), seen), units()).up()).error).toBeUndefined()
  expect(ran).toEqual([])
})

it('keeps the intent when even the failure cannot be recorded', async () => {
  let failed = false
  const { status } = await fail(
    {
      before: call => {
        if (isStatement(call, 'user_version')) failed = true
        if (failed && call.what === 'item') throw new Error('made by the test')
      },
    },
    alone,
  )
  expect(status?.partial).toMatchObject([{ done: 2, inDoubt: true }])
})

it('stops where the lock was taken over', async () => {
  const file = newSqlite()
  const doors = {
    after: async (call: Call) => {
      if (isStatement(call, 'VACUUM')) await using(file(), (_, session) => file().locker.break(session))
    },
  }
  const result = await single(faulty(file(), doors), units(alone)).up()
  expect(result.error).toMatchObject({ code: 'LOCK.LOST', meta: { state: 'partial' } })
  expect((await single(file(), units(alone)).status()).databases[0]?.partial).toMatchObject([
    { done: 0, inDoubt: true },
  ])
})

it('refuses an edit of the done part, and takes one of the rest', async () => {
  const broken = up.replace('(2)', '(no_such_column)')
  const { file } = await fail({}, broken)
  const edited = await single(file(), units(broken.replace('(1)', '(11)'))).up()
  expect(edited.error).toMatchObject({ code: 'JOURNAL.PARTIAL_EDITED', meta: { done: 2, total: 3 } })
  expect((await single(file(), units()).up()).error).toBeUndefined()
})

it('starts over when the done part is to be forgotten', async () => {
  const { file } = await fail({}, up.replace('(2)', '(no_such_column)'))
  const repaired = await single(file(), units()).repair({ restartPartial: true })
  expect(repaired.databases[0]?.actions[0]?.done).toBe('forgotten: the next run starts it over')
  await using(file(), sql => sql.query('DROP TABLE a'))
  expect((await single(file(), units()).up()).error).toBeUndefined()
})

it('goes on with a down, too', async () => {
  const file = newSqlite()
  await single(file(), units()).up()
  const doors = {
    before: (call: Call) => {
      if (isStatement(call, 'DROP')) throw new Error('made by the test')
    },
  }
  const failed = await single(faulty(file(), doors), units()).down()
  expect(states(failed.databases[0])).toEqual(['001_a partial'])
  expect(failed.error?.why).toContain('Nothing else was undone by this run.')
  expect((await single(file(), units()).up()).error).toMatchObject({
    code: 'JOURNAL.PARTIAL',
    next: ['godwit down -1', 'godwit repair --restart'],
  })
  expect((await single(file(), units()).down()).error).toBeUndefined()
  expect(await tables(file())).toEqual([])
})

it('runs a file that has only BEGIN and COMMIT', async () => {
  const file = newSqlite()
  expect((await single(file(), units('BEGIN;\nCOMMIT;')).up()).error).toBeUndefined()
})
