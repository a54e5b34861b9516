// A DuckDB session, its file lock, journal and lease on real files.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { isGodwitError } from '../../core/error.ts'
import type { JournalWrite } from '../journal.ts'
import type { BatchFailure } from '../session.ts'
import { type BatchItem } from '../session.ts'
import { newFile, rejection, sqlOf, statements } from './duckdb.fixture.ts'
import { duckdb } from './index.ts'

const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs')
const holder = fileURLToPath(new URL('./holder.fixture.ts', import.meta.url))

const begin: BatchItem = { kind: 'begin' }
const commit: BatchItem = { kind: 'commit' }

async function hold(path: string, milliseconds: number) {
  const child = spawn(process.execPath, [jiti, holder, path, String(milliseconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

describe('session', () => {
  it('never rounds: bigints, decimals and times come back whole', async () => {
    const session = await duckdb(':memory:').open({ purpose: 'run' })
    expect(
      await sqlOf(session).query(
        `SELECT 9007199254740993 AS big, 170141183460469231731687303715884105727::HUGEINT AS huge, 7::BIGINT AS small,
           0.10::DECIMAL(9, 2) AS d, TIMESTAMP '2020-01-02 03:04:05.678' AS ts, [1::BIGINT, 2] AS list, {'a': 1} AS s,
           $1 AS p, $2 AS q`,
        [true, -9007199254740993n],
      ),
    ).toEqual([
      {
        big: 9007199254740993n,
        huge: 170141183460469231731687303715884105727n,
        small: 7,
        d: '0.10',
        ts: '2020-01-02 03:04:05.678',
        list: [1, 2],
        s: { a: 1 },
        p: true,
        q: -9007199254740993n,
      },
    ])
    expect(session.serverVersion).toMatch(/^DuckDB \d+\.\d+/)
    await session.close()
  })

  it('names the failed item and its offset, keeps the text of DuckDB, and rolls back cleanly', async () => {
    const dialect = duckdb(newFile())
    const session = await dialect.open({ purpose: 'run' })
    const sql = sqlOf(session)
    const failure = (await rejection(
      sql.run([begin, ...statements('CREATE TABLE a (x INT)', 'SELECT x,\n  nope FROM a'), commit]),
    )) as BatchFailure
    expect([failure.index, failure.offset]).toEqual([2, 12])
    expect(dialect.mapError(failure)).toMatchObject({ code: 'RUN.STATEMENT_FAILED' })
    expect(dialect.mapError(failure).message).toContain('Referenced column "nope" not found')
    await sql.rollback()
    await sql.rollback()
    await expect(sql.query('SELECT * FROM a')).rejects.toThrow('does not exist')
    await session.close()
    await session.close()
    await sql.rollback()
  })

  it('reports affected rows of data changes only', async () => {
    const seen: (number | undefined)[] = []
    const sql = sqlOf(await duckdb(':memory:').open({ purpose: 'run' }))
    await sql.run(
      statements(
        'CREATE TABLE a (x INT)',
        'INSERT INTO a VALUES (1), (2)',
        'UPDATE a SET x = 3 WHERE x = 9',
        'SELECT 1',
      ),
      { done: (_, affected) => seen.push(affected) },
    )
    expect(seen).toEqual([undefined, 2, 0, undefined])
  })

  it('stops a statement that runs too long, and from outside', async () => {
    const dialect = duckdb(':memory:')
    const session = await dialect.open({ purpose: 'run' })
    const endless = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range * b.range = 3'
    const late = await rejection(
      sqlOf(session).run([{ kind: 'begin', settings: { statementTimeoutMs: 50 } }, ...statements(endless)]),
    )
    expect(dialect.mapError(late).code).toBe('RUN.STATEMENT_TIMEOUT')
    await sqlOf(session).rollback()
    setTimeout(() => void session.cancel(), 50)
    expect(dialect.mapError(await rejection(sqlOf(session).run(statements(endless)))).code).toBe('RUN.ABORTED')
    expect(await sqlOf(session).query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('refuses a COMMIT inside a block before anything of it ran', async () => {
    const sql = sqlOf(await duckdb(':memory:').open({ purpose: 'run' }))
    const failure = (await rejection(
      sql.run([begin, ...statements('CREATE TABLE a (x INT); COMMIT; CREATE TABLE b (x INT)')]),
    )) as BatchFailure
    expect(isGodwitError(failure.cause) && failure.cause.code).toBe('SQL.TRANSACTION_INSIDE')
    await sql.rollback()
    expect(await sql.query('SELECT table_name FROM duckdb_tables()')).toEqual([])
  })

  it('puts settings and the default database back on reset', async () => {
    const sql = sqlOf(await duckdb(':memory:').open({ purpose: 'run' }))
    const zone = await sql.query("SELECT current_setting('TimeZone') AS zone")
    await sql.run([
      ...statements("ATTACH ':memory:' AS other", 'USE other', "SET TimeZone = 'Asia/Tokyo'"),
      { kind: 'reset' },
    ])
    expect(await sql.query("SELECT current_database() AS d, current_setting('TimeZone') AS zone")).toEqual([
      { d: 'memory', zone: zone[0]?.['zone'] },
    ])
  })

  it('maps a conflict of two transactions', async () => {
    const dialect = duckdb(newFile())
    const [one, two] = [await dialect.open({ purpose: 'run' }), await dialect.open({ purpose: 'run' })]
    await sqlOf(one).run(statements('CREATE TABLE a (x INT)', 'INSERT INTO a VALUES (1)'))
    await sqlOf(one).run([begin, ...statements('UPDATE a SET x = 2')])
    expect(dialect.mapError(await rejection(sqlOf(two).run(statements('UPDATE a SET x = 3')))).code).toBe(
      'RUN.DEADLOCK',
    )
    await sqlOf(one).rollback()
    await one.close()
    await two.close()
  })

  it('reads a missing file as an empty database without making it', async () => {
    const path = newFile()
    const dialect = duckdb(path)
    const session = await dialect.open({ purpose: 'read' })
    expect((await dialect.journal.read(session)).initialised).toBe(false)
    await session.close()
    expect(existsSync(path)).toBe(false)
  })

  it('says why a file cannot be opened', async () => {
    const path = newFile()
    writeFileSync(path, 'this is a text file '.repeat(2000))
    expect(await rejection(duckdb(path).open({ purpose: 'run' }))).toMatchObject({
      code: 'CONNECT.FILE_INVALID',
      message: expect.stringContaining('not a valid DuckDB database file'),
    })
    expect(await rejection(duckdb(`${newFile()}/x.db`).open({ purpose: 'run' }))).toMatchObject({
      code: 'CONNECT.FILE_INVALID',
      why: expect.stringContaining('does not exist'),
    })
    expect(await rejection(duckdb({ url: newFile(), config: { nosuch: '1' } }).open({ purpose: 'run' }))).toMatchObject(
      { code: 'CONFIG.FILE_INVALID', message: expect.stringContaining('nosuch') },
    )
    expect(await rejection(duckdb({ url: newFile(), readOnly: true }).open({ purpose: 'run' }))).toMatchObject({
      code: 'CONNECT.READ_ONLY',
    })
  })

  it('keeps one database in memory for all sessions of a dialect, and another for scratch', async () => {
    const dialect = duckdb(':memory:')
    const first = await dialect.open({ purpose: 'run' })
    await sqlOf(first).run(statements('CREATE TABLE a (x INT)'))
    await first.close()
    expect(await sqlOf(await dialect.open({ purpose: 'read' })).query('SELECT * FROM a')).toEqual([])
    const scratch = await dialect.scratch?.()
    const empty = await scratch?.dialect.open({ purpose: 'run' })
    expect(empty && (await sqlOf(empty).query('SELECT table_name FROM duckdb_tables()'))).toEqual([])
    await empty?.close()
    await scratch?.dispose()
  })
})

describe('file', () => {
  it('names the process that has it open, waits for it, and takes over its lease', async () => {
    const path = newFile()
    const child = await hold(path, 60_000)
    expect(await rejection(duckdb({ url: path, lockWaitMs: 100 }).open({ purpose: 'run' }))).toMatchObject({
      code: 'LOCK.HELD',
      meta: { pid: child.pid },
    })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    expect(await rejection(duckdb(path).open({ purpose: 'run', signal: controller.signal }))).toMatchObject({
      code: 'RUN.ABORTED',
    })
    setTimeout(() => child.kill('SIGKILL'), 200)
    const dialect = duckdb(path)
    const session = await dialect.open({ purpose: 'run' })
    expect((await dialect.journal.read(session)).lease?.owner).toBe('other')
    expect(await dialect.locker.acquire(session, { owner: 'me', holder: 'me', ttlMs: 1000 })).toMatchObject({
      acquired: true,
      fence: { owner: 'me', fence: 2 },
    })
    await session.close()
  }, 60_000)

  it('is shared by the sessions of a process and free for others after the last one', async () => {
    const path = newFile()
    const [run, read] = [await duckdb(path).open({ purpose: 'run' }), await duckdb(path).open({ purpose: 'read' })]
    await sqlOf(run).run(statements('CREATE TABLE a (x INT)'))
    expect(await sqlOf(read).query('SELECT * FROM a')).toEqual([])
    await run.close()
    await read.close()
    const child = await hold(path, 0)
    expect(await once(child, 'exit')).toEqual([0, null])
  }, 60_000)
})

const applied = (id: string): JournalWrite => ({
  type: 'applied',
  id,
  checksum: 'd'.repeat(64),
  fileHash: 'e'.repeat(64),
  source: "it's $$ -- x\n",
  startedAtMs: Date.now() - 50,
  statements: 2,
  kind: 'applied',
  appliedBy: 'me',
  tool: '0',
  run: 'run',
})

describe('journal and lease', () => {
  it.each(['godwit.duckdb', 'my base.x.duckdb', 'system.db', ':memory:'])('write and read in %s', async name => {
    const dialect = duckdb(name === ':memory:' ? name : newFile(name))
    const session = await dialect.open({ purpose: 'run' })
    const { journal, locker } = dialect
    await sqlOf(session).query("SET TimeZone = 'Asia/Tokyo'")
    expect((await journal.read(session)).initialised).toBe(false)
    await journal.ensure(session)
    await journal.ensure(session)
    const answer = await locker.acquire(session, { owner: 'me', holder: 'me@here', ttlMs: 60_000 })
    if (!answer.acquired) throw new Error('not acquired')
    const step = { revision: 'b', direction: 'up', done: 1, running: 2, total: 3, hashes: ['x'], error: null } as const
    await journal.write(session, answer.fence, [
      { type: 'run-start', run: { id: 'run', verb: 'up', by: 'me', tool: '0' } },
      applied('a'),
      applied('b'),
      { type: 'step', step },
      { type: 'step', step: { ...step, done: 2, running: 3 } },
      { type: 'run-end', run: 'run', ok: true, applied: ['a'], undone: [], error: undefined },
    ])
    const read = await journal.read(session)
    expect(read).toMatchObject({
      initialised: true,
      format: 2,
      steps: [{ ...step, done: 2, running: 3 }],
      lease: { owner: 'me' },
    })
    expect(read.applied).toMatchObject([
      { id: 'a', sequence: 1 },
      { id: 'b', sequence: 2 },
    ])
    expect(read.lease?.expired).toBe(false)
    const [first] = read.applied
    expect(first?.ms).toBeGreaterThanOrEqual(50)
    expect(first?.ms).toBeLessThan(5000)
    expect(Math.abs(Date.parse(first?.appliedAt ?? '') - Date.now())).toBeLessThan(5000)
    expect(await journal.source(session, 'a')).toBe("it's $$ -- x\n")
    expect(await journal.runs(session, 5)).toMatchObject([{ id: 'run', ok: true }])
    await journal.write(session, answer.fence, [{ type: 'undone', id: 'b' }])
    await journal.write(session, answer.fence, [applied('b')])
    expect(await journal.read(session)).toMatchObject({ applied: [{ id: 'a' }, { id: 'b' }], steps: [] })
    await locker.release(session, answer.fence)
    expect((await journal.read(session)).lease).toBeUndefined()
    await session.close()
  })

  it('measures the time of the work inside its transaction', async () => {
    const dialect = duckdb(':memory:')
    const session = await dialect.open({ purpose: 'run' })
    await dialect.journal.ensure(session)
    const startedAtMs = Date.now()
    await sqlOf(session).run([begin, ...statements('SELECT 1')])
    await new Promise(resolve => setTimeout(resolve, 120))
    const write = { ...applied('a'), startedAtMs } as JournalWrite
    await sqlOf(session).run([...(dialect.journal.render?.({ owner: '', fence: 0 }, [write]) ?? []), commit])
    expect((await dialect.journal.read(session)).applied[0]?.ms).toBeGreaterThanOrEqual(110)
  })

  it('rolls the work back when the lease is lost, and one of two runs of a process gets it', async () => {
    const dialect = duckdb(newFile())
    const { journal, locker } = dialect
    const [one, two] = [await dialect.open({ purpose: 'run' }), await dialect.open({ purpose: 'run' })]
    await Promise.all([journal.ensure(one), journal.ensure(two)])
    const request = { holder: 'h', ttlMs: 60_000 }
    const answers = await Promise.all([
      locker.acquire(one, { ...request, owner: 'one' }),
      locker.acquire(two, { ...request, owner: 'two' }),
    ])
    expect(answers.filter(answer => answer.acquired)).toHaveLength(1)
    const answer = answers.find(found => found.acquired)
    if (!answer?.acquired) throw new Error('not acquired')
    expect(await locker.renew(two, answer.fence, 1000)).toBe(true)
    expect((await locker.break(two))?.owner).toBe(answer.fence.owner)
    expect(await locker.renew(two, answer.fence, 1000)).toBe(false)
    const error = await rejection(
      sqlOf(one).run([
        begin,
        ...statements('CREATE TABLE a (x INT)'),
        ...(journal.render?.(answer.fence, [applied('a')]) ?? []),
      ]),
    )
    expect(journal.isFenceViolation(error)).toBe(true)
    await sqlOf(one).rollback()
    expect(await rejection(journal.write(one, answer.fence, [applied('a')]))).toMatchObject({ code: 'LOCK.LOST' })
    expect(await sqlOf(one).query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")).toEqual([])
    await one.close()
    await two.close()
  })
})
