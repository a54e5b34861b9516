// Batches, journal and lease against a real PostgreSQL in process. One PGlite for the file: it is slow to make.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Fence, type JournalWrite } from '../journal.ts'
import { BatchFailure, type BatchItem, type Session, type SqlSession } from '../session.ts'
import { pglite } from './index.ts'

const dialect = pglite()
let session: Session
let sql: SqlSession

beforeAll(async () => {
  session = await dialect.open({ purpose: 'run' })
  sql = session.sql as SqlSession
}, 60_000)
afterAll(() => session.close())
beforeEach(async () => {
  await sql.rollback()
  await sql.query('DROP SCHEMA IF EXISTS godwit CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  await sql.query('CREATE TABLE t (a int UNIQUE, b text); INSERT INTO t VALUES (1, NULL)')
})

const begin: BatchItem = { kind: 'begin' }
const commit: BatchItem = { kind: 'commit' }
const reset: BatchItem = { kind: 'reset' }
const statement = (text: string): BatchItem => ({ kind: 'statement', sql: text })

async function run(items: readonly BatchItem[]) {
  const done: number[] = []
  const rows: (number | undefined)[] = []
  try {
    await sql.run(items, {
      done: (index, affected) => {
        done.push(index)
        rows.push(affected)
      },
    })
    return { done, rows, failure: undefined }
  } catch (error) {
    await sql.rollback()
    if (error instanceof BatchFailure) return { done, rows, failure: error }
    throw error
  }
}

const numbers = (length: number) => Array.from({ length }, (_, index) => index)
const count = async (where: string) => (await sql.query(`SELECT 1 FROM t WHERE ${where}`)).length

describe('a batch', () => {
  it('reports every item in order with its rows', async () => {
    const insert = statement("INSERT INTO t VALUES (2, 'x'), (3, 'y')")
    const { done, rows } = await run([begin, insert, reset, commit, begin, statement('UPDATE t SET b = a'), commit])
    expect(done).toEqual(numbers(7))
    expect(rows).toEqual([undefined, 2, undefined, undefined, undefined, 3, undefined])
  })

  const good = [
    "INSERT INTO t VALUES (10, '𝄞')",
    'SELECT 1; SELECT 2',
    '-- nothing',
    '',
    'SELECT 3 -- end',
    'DELETE FROM t WHERE a = 10',
  ]
  const faults = [
    ['a row that exists', "INSERT INTO t VALUES (1, '𝄞')", undefined],
    ['an unknown column', "SELECT '𝄞ü', nope FROM t", 'nope'],
    ['a syntax error', "SELECT '𝄞ü'; selec 2", 'selec'],
    ['the second of two statements', "SELECT '𝄞'; SELECT nope", 'nope'],
    ['an unterminated quote', "SELECT '𝄞' || 'abc", "'abc"],
  ] as const
  for (const [name, fault, at] of faults) {
    it.each(numbers(good.length + 1))(`names the item and the place of ${name} at %i`, async position => {
      const items = good.map(statement)
      items.splice(position, 0, statement(fault))
      const { done, failure } = await run([begin, ...items, commit])
      expect(failure?.index).toBe(position + 1)
      expect(done).toEqual(numbers(position + 1))
      expect(failure?.offset).toBe(at === undefined ? undefined : fault.lastIndexOf(at))
      expect(failure?.connectionLost).toBe(false)
    })
  }

  it('commits the transactions before one that does not parse', async () => {
    const { done, failure } = await run([
      begin,
      statement('INSERT INTO t VALUES (5)'),
      commit,
      begin,
      statement('INSERT INTO t VALUES (6)'),
      statement('selec'),
      commit,
    ])
    expect(failure?.index).toBe(5)
    expect(done).toEqual(numbers(5))
    expect(await count('a IN (5, 6)')).toBe(1)
  })

  it('does each item outside a transaction for good before the next', async () => {
    const { failure } = await run([
      statement('INSERT INTO t VALUES (5)'),
      statement('SELECT 1 / 0'),
      statement('INSERT INTO t VALUES (6)'),
    ])
    expect(failure?.index).toBe(1)
    expect(await count('a IN (5, 6)')).toBe(1)
  })

  it('counts one answer for a statement that rules rewrite', async () => {
    await sql.query(
      'CREATE TABLE v (a int); CREATE RULE r AS ON INSERT TO v DO ALSO (INSERT INTO t VALUES (new.a + 100); INSERT INTO t VALUES (new.a + 200)); CREATE RULE d AS ON DELETE TO v DO INSTEAD NOTHING',
    )
    const { done, failure } = await run([
      begin,
      statement('INSERT INTO v VALUES (1)'),
      statement('DELETE FROM v'),
      statement('SELECT nope'),
      commit,
    ])
    expect(failure?.index).toBe(3)
    expect(done).toEqual(numbers(3))
  })

  it('is not confused by notices, functions with bodies and errors inside them', async () => {
    const body = 'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END'
    const notice = "DO $$ BEGIN RAISE NOTICE 'a'; RAISE WARNING 'b'; END $$"
    const { failure } = await run([
      begin,
      statement(notice),
      statement(body),
      statement("DO $$ BEGIN RAISE EXCEPTION 'boom'; END $$"),
      commit,
    ])
    expect(failure).toMatchObject({ index: 3, message: 'boom', offset: undefined })
  })

  it('names the commit when a deferred constraint fails there', async () => {
    const create = statement('CREATE TABLE d (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)')
    expect((await run([begin, create, statement('INSERT INTO d VALUES (1), (1)'), commit])).failure?.index).toBe(3)
  })

  it('does not take the rollback of a failed transaction for a commit', async () => {
    await sql.run([begin])
    await sql.query('SELECT nope').catch(() => {})
    expect((await run([commit])).failure?.message).toContain('rolled it back')
  })

  it('refuses NUL after doing what comes before it', async () => {
    const { done, failure } = await run([begin, statement('SELECT 1'), statement("SELECT 'a\0b'"), commit])
    expect(failure?.index).toBe(2)
    expect(done).toEqual([0, 1])
  })

  it('sends large batches in several messages', async () => {
    const items = numbers(1_200).map(index => statement(`INSERT INTO t VALUES (${index + 1000})`))
    expect((await run([begin, ...items, commit])).done).toEqual(numbers(1_202))
  })

  it('puts role, path, settings and temporary tables back', async () => {
    await sql.run(
      [
        'SET search_path = nowhere',
        'SET statement_timeout = 99',
        'CREATE TEMP TABLE tmp (a int)',
        'SET ROLE pg_monitor',
      ].map(statement),
    )
    await sql.run([reset])
    const [row] = await sql.query(
      "SELECT current_user AS u, current_setting('statement_timeout') AS s, to_regclass('pg_temp.tmp') AS t",
    )
    expect(row).toEqual({ u: 'postgres', s: '0', t: null })
    expect(await count('a = 1')).toBe(1)
  })

  it('refuses COPY data, which would end PGlite', async () => {
    expect((await run([begin, statement('COPY t FROM STDIN')])).failure?.index).toBe(1)
  })

  it('tells that a statement needs to stand outside a transaction', async () => {
    const { failure } = await run([begin, statement('CREATE INDEX CONCURRENTLY i ON t (a)'), commit])
    expect(dialect.mapError(failure).code).toBe('SQL.TRANSACTION_FORBIDDEN')
    await sql.run([{ kind: 'statement', sql: 'CREATE INDEX CONCURRENTLY i ON t (a)', alone: true }])
  })
})

const applied = (id: string): JournalWrite => ({
  type: 'applied',
  id,
  checksum: 'd'.repeat(64),
  fileHash: 'e'.repeat(64),
  source: 'it\'s \\ a\n"source" 𝄞',
  startedAtMs: Date.now(),
  statements: 2,
  kind: 'applied',
  appliedBy: 'me@here',
  tool: '0',
  run: 'r',
})
const step: JournalWrite = {
  type: 'step',
  step: { revision: 's', direction: 'up', done: 1, running: 2, total: 3, hashes: ['h'], error: "can't" },
}

async function acquire(owner: string, ttlMs = 60_000, on = session): Promise<Fence> {
  const answer = await dialect.locker.acquire(on, { owner, holder: `${owner} pid 1`, ttlMs })
  if (!answer.acquired) throw new Error(`held by ${answer.by?.owner}`)
  return answer.fence
}

describe('the journal', () => {
  it('is not there, then there and empty, also when created twice at once', async () => {
    expect((await dialect.journal.read(session)).initialised).toBe(false)
    const other = await dialect.open({ purpose: 'run' })
    await Promise.all([dialect.journal.ensure(session), dialect.journal.ensure(other)])
    await other.close()
    expect(await dialect.journal.read(session)).toEqual({
      initialised: true,
      format: 2,
      applied: [],
      steps: [],
      lease: undefined,
    })
  })

  it('gives back what was written, whatever the text', async () => {
    await dialect.journal.ensure(session)
    const fence = await acquire('A')
    await dialect.journal.write(session, fence, [
      { type: 'run-start', run: { id: 'r', verb: 'up', by: 'me', tool: '0' } },
      applied('1'),
      applied("2'\\"),
      step,
    ])
    const state = await dialect.journal.read(session)
    expect(state.applied.map(row => [row.id, row.sequence])).toEqual([
      ['1', 1],
      ["2'\\", 2],
    ])
    expect(state.applied[0]?.appliedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(state.steps).toMatchObject([{ revision: 's', done: 1, running: 2, hashes: ['h'], error: "can't" }])
    expect(state.lease).toMatchObject({ owner: 'A', expired: false, fence: fence.fence })
    expect(await dialect.journal.source(session, "2'\\")).toBe('it\'s \\ a\n"source" 𝄞')
    await dialect.journal.write(session, fence, [
      { type: 'accept', id: '1', checksum: 'd', fileHash: undefined, source: undefined },
      { type: 'undone', id: "2'\\" },
      { type: 'step-end', revision: 's' },
      { type: 'run-end', run: 'r', ok: false, applied: ['1'], undone: [], error: 'no' },
    ])
    const after = await dialect.journal.read(session)
    expect(after.applied).toMatchObject([{ id: '1', checksum: 'd', fileHash: null }])
    expect(after.steps).toEqual([])
    expect(await dialect.journal.runs(session, 9)).toMatchObject([{ id: 'r', verb: 'up', ok: false }])
  })

  it.each([
    ['applied', applied('9')],
    ['step', step],
    ['step-end', { type: 'step-end', revision: 'none' }],
    ['undone', { type: 'undone', id: 'none' }],
    ['run-start', { type: 'run-start', run: { id: 'z', verb: 'up', by: 'me', tool: '0' } }],
  ] as [string, JournalWrite][])('fails the whole transaction of a lost lease at %s', async (_, write) => {
    await dialect.journal.ensure(session)
    const fence = await acquire('A')
    await dialect.locker.break(session)
    const { failure } = await run([
      begin,
      statement('INSERT INTO t VALUES (7)'),
      ...(dialect.journal.render?.(fence, [write]) ?? []),
      commit,
    ])
    expect(failure && dialect.journal.isFenceViolation(failure)).toBe(true)
    expect(await count('a = 7')).toBe(0)
    await expect(dialect.journal.write(session, fence, [write])).rejects.toMatchObject({ code: 'LOCK.LOST' })
  })

  it.each([
    ["UPDATE godwit.godwit_revision SET kind = 'odd'", 'kind'],
    ['UPDATE godwit.godwit_revision SET statements = -1', 'statements'],
    ["UPDATE godwit.godwit_step SET hashes = '{'", 'hashes'],
    ["UPDATE godwit.godwit_step SET direction = 'side'", 'direction'],
    ['UPDATE godwit.godwit_step SET done = -1', 'done'],
    ['DELETE FROM godwit.godwit_lease', 'row is missing'],
    ['DROP TABLE godwit.godwit_step', 'table is missing'],
  ])('names what is damaged by %s', async (damage, named) => {
    await dialect.journal.ensure(session)
    await dialect.journal.write(session, await acquire('A'), [applied('1'), step])
    await sql.query(damage)
    await expect(dialect.journal.read(session)).rejects.toMatchObject({
      code: 'JOURNAL.DAMAGED',
      message: expect.stringContaining(named),
    })
  })

  it('reports a newer format instead of judging its rows', async () => {
    await dialect.journal.ensure(session)
    await sql.query('UPDATE godwit.godwit_lease SET format = 7; ALTER TABLE godwit.godwit_revision RENAME kind TO sort')
    expect(await dialect.journal.read(session)).toMatchObject({ initialised: true, format: 7 })
  })
})

describe('the lease', () => {
  it('has one holder until it is given back, broken or expired', async () => {
    await dialect.journal.ensure(session)
    const other = await dialect.open({ purpose: 'run' })
    const first = await acquire('A')
    expect(await dialect.locker.acquire(other, { owner: 'B', holder: 'b', ttlMs: 1 })).toMatchObject({
      acquired: false,
      by: { owner: 'A' },
    })
    expect(await dialect.locker.renew(other, first, 1_000)).toBe(true)
    await dialect.locker.release(session, first)
    const second = await acquire('B', 20, other)
    expect(second.fence).toBe(first.fence + 1)
    await new Promise(resolve => setTimeout(resolve, 60))
    const third = await acquire('C')
    expect(await dialect.locker.renew(other, second, 1_000)).toBe(false)
    await dialect.locker.release(other, second)
    expect((await dialect.locker.break(session))?.owner).toBe('C')
    expect(await dialect.locker.break(session)).toBeUndefined()
    expect(await dialect.locker.renew(session, third, 1_000)).toBe(false)
    await other.close()
  })

  it('falls free with the process that held it', async () => {
    await dialect.journal.ensure(session)
    await acquire('A')
    await sql.query("UPDATE godwit.godwit_lease SET backend = 'pglite-of-another-process'")
    expect((await acquire('B')).fence).toBe(2)
  })

  it('waits for the transaction of another session on the same instance', async () => {
    const other = await dialect.open({ purpose: 'run' })
    await sql.run([begin, statement('INSERT INTO t VALUES (8)')])
    const waiting = other.sql?.query('SELECT 1 FROM t WHERE a = 8')
    await sql.run([commit])
    expect(await waiting).toHaveLength(1)
    await other.close()
  })
})
