// A run that has to wait for others: who they are is told while it waits and in its error, and no wait is endless.
// On real servers, because nothing else has locks of other sessions.
import { setTimeout as sleep } from 'node:timers/promises'
import mysqlDriver from 'mysql2/promise'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Blocker } from '../../src/dialect/blocker.ts'
import type { Dialect } from '../../src/dialect/dialect.ts'
import { mysql } from '../../src/dialect/mysql/index.ts'
import { postgres } from '../../src/dialect/postgres/index.ts'
import type { PostgresSettings } from '../../src/dialect/postgres/settings.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import type { MemoryRevision } from '../../src/source/memory.ts'
import {
  type FreshDatabase,
  type FreshMariadb,
  freshMariadb,
  freshPostgres,
  unavailable,
} from '../servers/databases.ts'
import { type Call, type Doors, faulty } from './faulty.ts'
import { code, single } from './project.ts'

type Blocked = Extract<RunEvent, { type: 'blocked' }>

/** Runs revisions; `when` sees each event. */
async function run(dialect: Dialect, revisions: readonly MemoryRevision[], when?: (event: RunEvent) => void) {
  const events: RunEvent[] = []
  const on = (event: RunEvent) => {
    events.push(event)
    when?.(event)
  }
  const result = await single(dialect, revisions).up({ on })
  const blocked = events.flatMap(event => (event.type === 'blocked' ? [event] : []))
  return { result, events, blocked, error: result.error, state: result.databases[0]?.steps.at(-1)?.state }
}

const named = (error: { meta: Readonly<Record<string, unknown>> } | undefined) =>
  (error?.meta['blockers'] ?? []) as readonly Blocker[]

const reason = await unavailable('postgres')
describe.skipIf(reason)('on PostgreSQL', () => {
  let fresh: FreshDatabase
  let holder: pg.Client
  let pid: string
  beforeEach(async () => {
    fresh = await freshPostgres()
    holder = new pg.Client({ connectionString: fresh.url, application_name: 'billing' })
    await holder.connect()
    await holder.query('CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1)')
    pid = String((await holder.query('SELECT pg_backend_pid() AS pid')).rows[0].pid)
  })
  afterEach(async () => {
    await holder?.end()
    await fresh?.dispose()
  })
  const dialect = (settings: PostgresSettings = {}) => postgres({ url: fresh.url, ...settings })
  const hold = (sql = 'LOCK TABLE t') => holder.query(`BEGIN; ${sql}`)
  const release = () => holder.query('ROLLBACK')

  it('names the holder while it waits and in the error', { timeout: 30_000 }, async () => {
    await hold("UPDATE t SET n = 2 /* PASSWORD 's3cret' */")
    const revision = { id: '001_a', up: 'ALTER TABLE t ADD COLUMN a int', lockTimeout: '700ms' }
    const { blocked, error, events } = await run(dialect(), [revision])
    await release()
    expect(blocked[0]).toMatchObject({
      revision: '001_a',
      by: [{ backend: pid, user: 'postgres', application: 'billing', state: 'idle in transaction' }],
    })
    expect(blocked[0]?.by[0]?.query).toBe('BEGIN; UPDATE t SET n = 2 /* PASSWORD *** */')
    expect(blocked[0]?.waitedMs).toBeGreaterThan(300)
    expect(events.filter(event => event.type === 'retry')).toHaveLength(3)
    expect(error).toMatchObject({
      code: 'RUN.LOCK_TIMEOUT',
      why: expect.stringContaining(`held by pid ${pid} (postgres, billing)`),
    })
    expect(error?.next.at(-1)).toContain(`SELECT pg_terminate_backend(${pid})`)
    expect(named(error)).toMatchObject([{ backend: pid, since: expect.stringMatching(/^20.*Z$/) }])
    expect(JSON.stringify(error)).not.toContain('s3cret')
  })

  it('goes on by itself when the holder ends in between', { timeout: 30_000 }, async () => {
    await hold()
    const { result, events } = await run(
      dialect({ lockTimeoutMs: 1_200 }),
      [{ id: '002_b', up: 'ALTER TABLE t ADD COLUMN b int' }],
      event => {
        if (event.type === 'retry') void release()
      },
    )
    expect(result.error).toBeUndefined()
    expect(events.filter(event => event.type === 'retry')).toHaveLength(1)
  })

  it('looks in the middle of a short wait', { timeout: 30_000 }, async () => {
    await hold()
    const { error } = await run(dialect({ lockTimeoutMs: 300 }), [
      { id: '003_c', up: 'ALTER TABLE t ADD COLUMN c int' },
    ])
    await release()
    expect(named(error)).toMatchObject([{ backend: pid }])
  })

  it('waits as long as it is told to, and lets a stop win', { timeout: 30_000 }, async () => {
    await hold()
    const stop = new AbortController()
    const revisions = [{ id: '004_d', up: 'ALTER TABLE t ADD COLUMN d int' }]
    const on = (event: RunEvent) => void (event.type === 'blocked' && stop.abort())
    const { error } = await single(dialect({ lockTimeoutMs: 0 }), revisions).up({ on, signal: stop.signal })
    await release()
    expect(error).toMatchObject({ code: 'RUN.ABORTED', meta: { state: 'rolled-back' } })
    expect(named(error)).toEqual([])
  })

  it('names nobody of the statement before where each is told', { timeout: 30_000 }, async () => {
    await hold('UPDATE t SET n = 3')
    const up = 'UPDATE t SET n = 4; SELECT 1/0'
    const on = (event: RunEvent) => void (event.type === 'blocked' && event.by.length > 0 && release())
    const { error } = await single(dialect(), [{ id: '005_e', up }]).up({ on, live: true } as never)
    expect(error?.code).toBe('RUN.STATEMENT_FAILED')
    expect(named(error)).toEqual([])
  })

  it('withdraws what it told when the same statement goes on', { timeout: 30_000 }, async () => {
    await hold('UPDATE t SET n = 3')
    const { result, blocked } = await run(
      dialect(),
      [{ id: '006_f', up: 'DO $$ BEGIN UPDATE t SET n = 4; PERFORM pg_sleep(3.6); END $$' }],
      event => {
        if (event.type === 'blocked' && event.by.length > 0) void release()
      },
    )
    expect(result.error).toBeUndefined()
    expect(blocked.map(event => [event.by.length, event.waitedMs === 0])).toEqual([
      [1, false],
      [0, true],
    ])
  })

  it('names the holder to a code revision', { timeout: 30_000 }, async () => {
    await hold()
    const { error, blocked } = await run(dialect({ lockTimeoutMs: 900 }), [
      code('007_g', m => m.query('ALTER TABLE t ADD COLUMN g int')),
    ])
    await release()
    expect(blocked.length).toBeGreaterThan(0)
    expect(error).toMatchObject({ code: 'RUN.LOCK_TIMEOUT', why: expect.stringContaining(`held by pid ${pid}`) })
  })

  it('names the holder to a code revision that goes step by step', { timeout: 30_000 }, async () => {
    await hold()
    const { error } = await run(dialect({ lockTimeoutMs: 900 }), [
      code('007_h', m => m.query('ALTER TABLE t ADD COLUMN g int'), { transaction: 'off' }),
    ])
    await release()
    expect(named(error)).toMatchObject([{ backend: pid }])
  })

  it('opens nothing for a fast run, and nothing stays open after a slow one', { timeout: 30_000 }, async () => {
    const calls: Call[] = []
    const doors: Doors = { before: call => void calls.push(call) }
    const fast = { id: '008_i', up: 'SELECT 1' }
    await run(faulty(dialect(), doors), [fast])
    expect(calls.filter(call => call.purpose === 'heartbeat')).toEqual([])
    await run(faulty(dialect(), doors), [fast, { id: '009_j', up: 'SELECT pg_sleep(1.3)' }])
    const heart = calls.filter(call => call.purpose === 'heartbeat').map(call => call.what)
    expect(heart).toEqual(['open', 'query', 'close'])
  })

  it('runs on where nobody can be asked', { timeout: 30_000 }, async () => {
    const revisions: MemoryRevision[] = []
    for (const what of ['open', 'query']) {
      const doors: Doors = {
        before(call) {
          if (call.purpose === 'heartbeat' && call.what === what) throw new Error('made by the test')
        },
      }
      revisions.push({ id: `010_${what}`, up: 'SELECT pg_sleep(1.3)' })
      const { result } = await run(faulty(dialect(), doors), revisions)
      expect(result.error).toBeUndefined()
    }
  })

  it('ends while the second session is still being opened', { timeout: 30_000 }, async () => {
    const closed: string[] = []
    const doors: Doors = {
      before: async call => {
        if (call.purpose !== 'heartbeat') return
        if (call.what === 'close') closed.push(call.what)
      },
      after: async call => {
        if (call.purpose === 'heartbeat' && call.what === 'open') await sleep(600)
      },
    }
    const { result, blocked } = await run(faulty(dialect(), doors), [{ id: '011_k', up: 'SELECT pg_sleep(1.2)' }])
    expect(result.error).toBeUndefined()
    expect(blocked).toEqual([])
    await sleep(700)
    expect(closed).toEqual(['close'])
  })

  it('forgets an answer that comes when something else runs', { timeout: 30_000 }, async () => {
    await hold('UPDATE t SET n = 3')
    const doors: Doors = {
      after: async call => {
        if (call.purpose !== 'heartbeat' || call.what !== 'query') return
        await release()
        await sleep(300)
      },
    }
    const { result, blocked } = await run(faulty(dialect(), doors), [
      { id: '012_l', up: 'UPDATE t SET n = 4; SELECT pg_sleep(0.8)' },
    ])
    expect(result.error).toBeUndefined()
    expect(blocked).toEqual([])
  })

  it('says who is behind a user that may not see queries', { timeout: 30_000 }, async () => {
    await holder.query(
      `CREATE ROLE "${fresh.name}" LOGIN PASSWORD 'plain'; GRANT ALL ON DATABASE ${fresh.name} TO "${fresh.name}"`,
    )
    await holder.query(`ALTER TABLE t OWNER TO "${fresh.name}"`)
    await hold()
    const waits = postgres({ url: fresh.url, user: fresh.name, password: 'plain' })
    const session = await waits.open({ purpose: 'run' })
    const asks = await waits.open({ purpose: 'heartbeat' })
    const waiting = session.sql?.query('SELECT * FROM t')
    await sleep(300)
    const found = await waits.blockers?.(asks, session.identity)
    expect(await waits.blockers?.(asks, asks.identity)).toEqual([])
    expect(await waits.blockers?.(asks, { backend: '', backendStart: '' })).toEqual([])
    await release()
    await waiting
    await session.close()
    await asks.close()
    await holder.query(`ALTER TABLE t OWNER TO postgres; DROP OWNED BY "${fresh.name}"; DROP ROLE "${fresh.name}"`)
    expect(found).toEqual([
      {
        backend: pid,
        user: 'postgres',
        application: 'billing',
        since: '',
        state: '',
        query: '',
        end: `SELECT pg_terminate_backend(${pid})`,
        hint: expect.stringContaining('pg_read_all_stats'),
      },
    ])
  })

  it('names a prepared transaction that may be the holder', { timeout: 30_000 }, async () => {
    await hold("LOCK TABLE t; PREPARE TRANSACTION 'it''s'")
    const { error } = await run(dialect({ lockTimeoutMs: 300 }), [
      { id: '013_m', up: 'ALTER TABLE t ADD COLUMN m int' },
    ])
    await holder.query("ROLLBACK PREPARED 'it''s'")
    expect(named(error)).toMatchObject([
      { backend: '', user: 'postgres', state: 'prepared transaction', possible: true },
    ])
    expect(error?.next.at(-1)).toContain("ROLLBACK PREPARED 'it''s';")
  })

  it('tells a blocker that waits for another one', { timeout: 30_000 }, async () => {
    await hold()
    const second = new pg.Client({ connectionString: fresh.url })
    await second.connect()
    const waiting = second.query('BEGIN; LOCK TABLE t; ROLLBACK')
    await sleep(100)
    const { blocked } = await run(dialect(), [{ id: '014_n', up: 'ALTER TABLE t ADD COLUMN n2 int' }], event => {
      if (event.type === 'blocked') void release()
    })
    await waiting
    await second.end()
    expect(blocked[0]?.by.map(by => by.backend).sort()).toHaveLength(2)
    expect(blocked[0]?.by.find(by => by.waitsFor)?.waitsFor).toEqual([pid])
  })

  describe('CONCURRENTLY', () => {
    const index = (name: string): MemoryRevision => ({
      id: name,
      transaction: 'off',
      up: `CREATE INDEX CONCURRENTLY ${name.slice(4)} ON t (n)`,
    })

    it('waits longer than lock_timeout for an old transaction, and names it', { timeout: 30_000 }, async () => {
      await hold('UPDATE t SET n = 3')
      const { result, blocked } = await run(dialect({ lockTimeoutMs: 500 }), [index('020_long')], event => {
        if (event.type === 'blocked') setTimeout(release, 1_000)
      })
      expect(result.error).toBeUndefined()
      expect(blocked[0]?.by).toMatchObject([{ backend: pid }])
    })

    it('keeps what is done before it', { timeout: 30_000 }, async () => {
      await hold('UPDATE t SET n = 3')
      const up = 'CREATE TABLE before (id int); CREATE INDEX CONCURRENTLY after ON t (n)'
      const { error, state } = await run(dialect({ concurrentWaitMs: 1_000 }), [
        { id: '023_two', transaction: 'off', up },
      ])
      await release()
      expect(error).toMatchObject({ code: 'RUN.STATEMENT_FAILED_PARTIAL', meta: { reason: 'RUN.LOCK_TIMEOUT' } })
      expect(error?.why).toContain('1 of 2 steps stay')
      expect(error?.why).toContain('An INVALID index may remain.')
      expect(state).toBe('partial')
    })

    it('is not cut where no bound is wanted', { timeout: 30_000 }, async () => {
      await hold('UPDATE t SET n = 3')
      const { error } = await run(dialect({ concurrentWaitMs: 0 }), [index('024_endless')], event => {
        if (event.type === 'blocked') setTimeout(release, 1_200)
      })
      expect(error).toBeUndefined()
    })

    it('is cut at its bound, and says what may be left', { timeout: 30_000 }, async () => {
      await hold('UPDATE t SET n = 3')
      const began = Date.now()
      const { error, state } = await run(dialect({ concurrentWaitMs: 1_500 }), [index('021_cut')])
      const left = await holder.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'cut'::regclass")
      await release()
      expect(Date.now() - began).toBeLessThan(8_000)
      expect(error).toMatchObject({
        code: 'RUN.LOCK_TIMEOUT',
        message: 'the statement was cancelled: it waited 1.5 s for others',
        why: expect.stringContaining('An INVALID index may remain.'),
        where: { file: '021_cut', line: 1 },
      })
      expect(error?.why).toContain(`held by pid ${pid} (postgres, billing), idle in transaction`)
      expect(error?.why).not.toContain('nothing of it stays')
      expect(error?.next.slice(0, 2)).toEqual([
        'psql -c "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"',
        'psql -c "DROP INDEX CONCURRENTLY IF EXISTS cut"',
      ])
      expect(state).toBe('rolled-back')
      expect(left.rows).toEqual([{ indisvalid: false }])
      await holder.query('DROP INDEX cut')
    })

    it('is not tried again where it would meet what its first attempt left', { timeout: 30_000 }, async () => {
      await hold('UPDATE t SET n = 3')
      const { error, events } = await run(dialect(), [{ ...index('022_once'), lockTimeout: '600ms' }])
      await release()
      expect(error?.code).toBe('RUN.LOCK_TIMEOUT')
      expect(events.some(event => event.type === 'retry')).toBe(false)
    })
  })
})

const absent = await unavailable('mariadb')
describe.skipIf(absent)('on MariaDB', () => {
  let fresh: FreshMariadb
  let holder: mysqlDriver.Connection
  let thread: string
  beforeEach(async () => {
    fresh = await freshMariadb()
    holder = await mysqlDriver.createConnection({ uri: fresh.rootUrl, multipleStatements: true })
    await holder.query('CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2)')
    thread = String(holder.threadId)
  })
  afterEach(async () => {
    await holder?.query('ROLLBACK; UNLOCK TABLES')
    await holder?.query("UNINSTALL SONAME 'metadata_lock_info'").catch(() => undefined)
    await holder?.end()
    await fresh?.dispose()
  })
  const root = (lockTimeoutMs = 1_000) => mysql({ url: fresh.rootUrl, lockTimeoutMs })
  const hold = (sql = 'UPDATE t SET n = n + 1 WHERE id = 1') => holder.query(`BEGIN; ${sql}`)
  const release = () => holder.query('ROLLBACK; UNLOCK TABLES')

  it('names who holds a row lock', { timeout: 30_000 }, async () => {
    await hold()
    const { error, blocked } = await run(root(), [{ id: '001_a', up: 'UPDATE t SET n = 7' }])
    await release()
    expect(blocked[0]?.by).toMatchObject([{ backend: thread, user: 'root', state: 'idle in transaction' }])
    expect(error).toMatchObject({
      code: 'RUN.LOCK_TIMEOUT',
      why: expect.stringContaining(`was held by pid ${thread} (root, `),
    })
    expect(error?.next.at(-1)).toContain(`KILL ${thread}`)
    expect(named(error)).toMatchObject([{ since: expect.stringMatching(/^20.*Z$/) }])
  })

  it('names who may hold a metadata lock, and tries the statement again', { timeout: 30_000 }, async () => {
    await hold()
    const { result, blocked, events } = await run(
      root(),
      [{ id: '002_b', up: 'CREATE TABLE b (id int); ALTER TABLE t ADD COLUMN b int; CREATE TABLE c (id int)' }],
      event => {
        if (event.type === 'retry') void release()
      },
    )
    expect(result.error).toBeUndefined()
    // Transactions of other tests on this server may hold it too.
    expect(blocked[0]?.by).toContainEqual(expect.objectContaining({ backend: thread, possible: true }))
    expect(events.filter(event => event.type === 'retry')).toHaveLength(1)
    expect(events.filter(event => event.type === 'revision-start')).toHaveLength(1)
  })

  it('gives up after four attempts and keeps what is done', { timeout: 60_000 }, async () => {
    await hold()
    const { error, state, events } = await run(root(1_000), [
      { id: '003_c', up: 'CREATE TABLE d (id int); ALTER TABLE t ADD COLUMN c int' },
    ])
    await release()
    expect(events.filter(event => event.type === 'retry')).toHaveLength(3)
    expect(error).toMatchObject({ code: 'RUN.STATEMENT_FAILED_PARTIAL', meta: { reason: 'RUN.LOCK_TIMEOUT' } })
    expect(error?.why).toContain(`may be held by pid ${thread}`)
    expect(state).toBe('partial')
    expect(
      (await run(root(), [{ id: '003_c', up: 'CREATE TABLE d (id int); ALTER TABLE t ADD COLUMN c int' }])).error,
    ).toBeUndefined()
  })

  it('stops during the pause of a statement', { timeout: 60_000 }, async () => {
    await hold()
    const stop = new AbortController()
    const revisions = [{ id: '004_d', up: 'ALTER TABLE t ADD COLUMN d int' }]
    const on = (event: RunEvent) => void (event.type === 'retry' && stop.abort())
    const { error } = await single(root(1_000), revisions).up({ on, signal: stop.signal })
    await release()
    expect(error).toMatchObject({ code: 'RUN.ABORTED', meta: { reason: 'RUN.LOCK_TIMEOUT' } })
  })

  it('says that an account without PROCESS sees nobody', { timeout: 30_000 }, async () => {
    await hold()
    const { blocked } = await run(
      mysql({ url: fresh.url, lockTimeoutMs: 2_000 }),
      [{ id: '005_e', up: 'ALTER TABLE t ADD COLUMN e int' }],
      event => {
        if (event.type === 'blocked') void release()
      },
    )
    expect(blocked[0]?.by).toMatchObject([{ backend: '', hint: expect.stringContaining('GRANT PROCESS') }])
  })

  it('says that the holder of LOCK TABLES is not known', { timeout: 30_000 }, async () => {
    await holder.query('LOCK TABLES t WRITE')
    const { blocked } = await run(root(), [{ id: '006_f', up: 'ALTER TABLE t ADD COLUMN f int' }], event => {
      if (event.type === 'blocked') void release()
    })
    expect(blocked[0]?.by).toMatchObject([{ backend: '', hint: expect.stringContaining('metadata_lock_info') }])
  })

  it('names who holds a metadata lock where the plugin is there', { timeout: 30_000 }, async () => {
    await holder.query("INSTALL SONAME 'metadata_lock_info'")
    const seen: Blocked[] = []
    const revisions: MemoryRevision[] = []
    for (const [id, dialect] of [
      ['007_g', root()],
      ['008_h', mysql({ url: fresh.url })],
    ] as const) {
      await holder.query('LOCK TABLES t WRITE')
      revisions.push({ id, up: `ALTER TABLE t ADD COLUMN c${id} int` })
      const { blocked } = await run(dialect, revisions, event => {
        if (event.type === 'blocked') void release()
      })
      seen.push(blocked[0] as Blocked)
    }
    // Found by the table's name in the statement, so that another test's statement may be among them: each is only possible.
    const found = seen[0]?.by.find(one => one.backend === thread)
    expect(found).toMatchObject({ user: 'root', state: 'Sleep', possible: true })
    expect(seen[0]?.by.every(one => one.possible)).toBe(true)
    expect(seen[1]?.by).toMatchObject([{ backend: thread, user: '', hint: expect.stringContaining('PROCESS') }])
  })
})
