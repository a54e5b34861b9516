// A database made from the wanted schema, while another runner is at work or has died there. The usual course:
// src/library/start.test.ts.
import { expect, it } from 'vitest'
import type { Dialect } from '../../src/dialect/dialect.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import { makeFromSchema } from '../../src/engine/from-schema.ts'
import type { MemoryRevision } from '../../src/source/memory.ts'
import { isVacuum, lone, says } from './doubt.ts'
import { type Call, type Doors, faulty, lost } from './faulty.ts'
import { configOf, newSqlite, single, table, tables, using } from './project.ts'

function make(
  dialect: Dialect,
  revisions: readonly MemoryRevision[] = lone(),
  on: (event: RunEvent) => void = () => {},
) {
  const [database] = configOf({ main: { dialect, revisions, lock: { waitMs: 500, ttlMs: 30_000 } } }).databases
  const scope = {
    operator: { by: 'test', pid: 1, tool: '' },
    hooks: {},
    signal: new AbortController().signal,
    emit: on,
    live: false,
  }
  const schema = { file: 'schema.sql', blocks: [{ text: 'CREATE TABLE wanted (id int)', line: 1, whole: false }] }
  return makeFromSchema(database!, schema, scope)
}

/** While this one waits for the lock, another runner has it, and its connection breaks at the VACUUM. */
function afterAnother(file: () => Dialect, doors: Doors): Dialect {
  let first = true
  const before = async (call: Call) => {
    if (call.what !== 'acquire' || !first) return
    first = false
    const cut = (other: Call) => {
      if (isVacuum(other)) throw lost()
    }
    await single(faulty(file(), { before: cut, recovery: null }), lone()).up()
  }
  return faulty(file(), { ...doors, before })
}

it('refuses a step in doubt that it finds under the lock', { timeout: 20_000 }, async () => {
  const file = newSqlite()
  const result = await make(afterAnother(file, { recovery: says('unknown') }))
  expect(result?.error).toMatchObject({ code: 'JOURNAL.STEP_IN_DOUBT', meta: { evidence: ['seen as unknown'] } })
  expect(await tables(file())).toEqual([])
})

it('leaves a half-done history to the run, with its step decided', { timeout: 20_000 }, async () => {
  const file = newSqlite()
  const events: RunEvent[] = []
  const dialect = afterAnother(file, { recovery: says('done') })
  expect(await make(dialect, lone(), event => events.push(event))).toBeUndefined()
  expect(events.map(event => event.type)).toContain('recovered')
  expect((await single(file(), lone()).up()).error).toBeUndefined()
  expect(await tables(file())).toEqual(['a'])
})

it('waits until the connection of a runner that is gone has ended', { timeout: 20_000 }, async () => {
  const file = newSqlite()
  await using(file(), async (sql, session) => {
    await file().journal.ensure(session)
    await sql.query(
      `UPDATE godwit_lease SET owner = 'dead', holder = 'dead@host pid 7', backend = 'elsewhere:7', backend_start = 's', ` +
        `fence = fence + 1, expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 seconds')`,
    )
  })
  const end: string[] = []
  const looks = [{ statement: 'UPDATE x', forMs: 1 }, undefined]
  const recovery = says('done', {
    survivor: async () => looks.shift(),
    end: async (_, { backend }) => end.push(backend) > 0,
  })
  const result = await make(faulty(file(), { recovery }), [table('001_one')])
  expect(result).toMatchObject({ ok: true, to: ['001_one'] })
  expect(end).toEqual(['elsewhere:7'])
  expect(await tables(file())).toEqual(['wanted'])
})
