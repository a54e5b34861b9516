// What only a real server shows: locks of other sessions, time-outs, cancelled and cut connections, a server that dies.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgres } from '../../src/dialect/postgres/index.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import { type FreshDatabase, freshPostgres, unavailable } from '../servers/databases.ts'
import { type Server, startPostgres } from '../servers/postgres.ts'
import { code, single, states, table } from './project.ts'

const reason = await unavailable('postgres')

/** A promise that others resolve. */
function signal() {
  let resolve = () => {}
  const promise = new Promise<void>(done => (resolve = done))
  return { promise, resolve }
}

describe.skipIf(reason !== undefined)('a real PostgreSQL', () => {
  let fresh: FreshDatabase
  let other: pg.Client

  beforeAll(async () => {
    fresh = await freshPostgres()
    other = new pg.Client({ connectionString: fresh.url })
    await other.connect()
  })
  afterAll(async () => {
    await other?.end()
    await fresh?.dispose()
  })

  /** Empties the database and opens the library on it. */
  const start = async (revisions: Parameters<typeof single>[1]) => {
    await other.query('ROLLBACK')
    await other.query('DROP SCHEMA IF EXISTS godwit CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public')
    return single(postgres({ url: fresh.url }), revisions)
  }
  const tables = async () =>
    (await other.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)).rows.map(
      row => row.tablename,
    )
  const lockOf = async (godwit: Awaited<ReturnType<typeof start>>) => (await godwit.lockStatus()).databases[0]?.lock
  /** Waits until a backend of the run executes a statement with this text, and gives its process id. */
  /** The backend that sleeps now; what its message holds besides is done or comes later. */
  const sleeping = async (): Promise<number> => {
    for (let n = 0; n < 200; n++) {
      // Inside a transaction the server shows what it showed first.
      await other.query('SELECT pg_stat_clear_snapshot()')
      const { rows } = await other.query(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
      )
      if (rows[0]) return rows[0].pid
      await new Promise(resolve => setTimeout(resolve, 25))
    }
    throw new Error('nobody sleeps')
  }

  const waiting = { id: '002_column', up: '-- godwit: lock_timeout=200ms\nALTER TABLE one ADD b int', down: 'SELECT 1' }

  it('waits for a lock in short attempts, and gets it when it is free', { timeout: 20_000 }, async () => {
    const godwit = await start([table('001_one'), waiting])
    await godwit.up({ target: '001' })
    await other.query('BEGIN; SELECT * FROM one')
    const events: RunEvent[] = []
    const { error } = await godwit.up({
      on: event => {
        events.push(event)
        if (event.type === 'retry' && event.attempt === 2) void other.query('COMMIT')
      },
    })
    expect(error).toBeUndefined()
    expect(events.flatMap(event => (event.type === 'retry' ? [event.attempt] : []))).toEqual([1, 2])
  })

  it('gives up a lock after four attempts, and says so', { timeout: 20_000 }, async () => {
    const godwit = await start([table('001_one'), waiting])
    await godwit.up({ target: '001' })
    await other.query('BEGIN; SELECT * FROM one')
    const { error, databases } = await godwit.up()
    expect(error).toMatchObject({ code: 'RUN.LOCK_TIMEOUT', where: { file: '002_column', line: 2 } })
    expect(states(databases[0])).toEqual(['002_column rolled-back'])
    await other.query('ROLLBACK')
    expect((await godwit.up()).error).toBeUndefined()
  })

  it('runs the victim of a deadlock again', { timeout: 30_000 }, async () => {
    const godwit = await start([
      {
        id: '001_two',
        up: 'CREATE TABLE a (id int); CREATE TABLE b (id int); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)',
      },
      {
        id: '002_dead',
        up: `-- godwit: lock_timeout=10s\nSET LOCAL deadlock_timeout = '100ms';\nUPDATE a SET id = 2;\nSELECT pg_sleep(0.5);\nUPDATE b SET id = 2;`,
      },
    ])
    await godwit.up({ target: '001' })
    await other.query(`BEGIN; SET LOCAL deadlock_timeout = '20s'; UPDATE b SET id = 3`)
    const reasons: string[] = []
    const run = godwit.up({ on: event => event.type === 'retry' && reasons.push(event.reason) })
    await sleeping()
    const theirs = other.query('UPDATE a SET id = 3').then(() => other.query('COMMIT'))
    expect((await run).error).toBeUndefined()
    await theirs
    expect(reasons).toEqual([expect.stringContaining('deadlock')])
    expect((await other.query('SELECT id FROM a')).rows).toEqual([{ id: 2 }])
  })

  it('ends a statement that runs longer than its header allows', async () => {
    const godwit = await start([
      { id: '001_slow', up: '-- godwit: statement_timeout=200ms\nCREATE TABLE a (id int);\nSELECT pg_sleep(30)' },
    ])
    const { error } = await godwit.up()
    expect(error).toMatchObject({ code: 'RUN.STATEMENT_TIMEOUT', where: { line: 3 } })
    expect(await tables()).toEqual([])
  })

  for (const [kind, revision] of [
    ['SQL', { id: '001_slow', up: 'CREATE TABLE a (id int);\nSELECT pg_sleep(30)' }],
    ['code', code('001_slow', m => m.run('CREATE TABLE a (id int); SELECT pg_sleep(30)'))],
  ] as const) {
    for (const dryRun of [false, true]) {
      it(`stops ${kind} within a second, ${dryRun ? 'in a dry run' : 'rolls back and frees the lock'}`, async () => {
        const godwit = await start([revision])
        const stop = new AbortController()
        const run = godwit.up({ signal: stop.signal, dryRun })
        await sleeping()
        const began = Date.now()
        stop.abort()
        const { error, databases } = await run
        expect(Date.now() - began).toBeLessThan(1_500)
        expect(error).toMatchObject({ code: 'RUN.ABORTED', meta: { state: 'rolled-back' } })
        expect(states(databases[0])).toEqual(['001_slow rolled-back'])
        expect(await tables()).toEqual([])
        expect(await lockOf(godwit)).toBeNull()
      })
    }
  }

  it('says that the connection was lost when its backend was ended, and the next run finishes', {
    timeout: 20_000,
  }, async () => {
    const godwit = await start([
      table('001_one'),
      { id: '002_slow', up: 'CREATE TABLE two (id int);\nSELECT pg_sleep(3)' },
    ])
    const run = godwit.up()
    await other.query('SELECT pg_terminate_backend($1)', [await sleeping()])
    const { error, databases } = await run
    expect(error).toMatchObject({ code: 'CONNECT.LOST', meta: { revision: '002_slow', state: 'rolled-back' } })
    expect(states(databases[0])).toEqual(['001_one applied', '002_slow rolled-back'])
    expect(await tables()).toEqual(['one'])
    expect((await godwit.up()).error).toBeUndefined()
    expect(await tables()).toEqual(['one', 'two'])
  })

  it('rolls back code whose backend was ended', { timeout: 20_000 }, async () => {
    const godwit = await start([code('001_slow', m => m.run('CREATE TABLE a (id int); SELECT pg_sleep(30)'))])
    const run = godwit.up()
    await other.query('SELECT pg_terminate_backend($1)', [await sleeping()])
    expect((await run).error).toMatchObject({ code: 'CONNECT.LOST', meta: { state: 'rolled-back' } })
    expect(await tables()).toEqual([])
  })

  for (const transaction of ['on', 'off'] as const) {
    it(`says that the lock was taken over when a successor ended its connection, code with transaction=${transaction}`, {
      timeout: 20_000,
    }, async () => {
      const reached = signal()
      const goOn = signal()
      const pausing = (pause: () => unknown, last = 'SELECT 1') =>
        code(
          '001_code',
          async m => {
            await m.query('CREATE TABLE a (id int)')
            await pause()
            await m.query(last)
          },
          { transaction },
        )
      const first = (
        await start([
          pausing(() => {
            reached.resolve()
            return goOn.promise
          }),
        ])
      ).up()
      await reached.promise
      await other.query(`UPDATE godwit.godwit_lease SET expires_at = now() - interval '1 hour'`)
      // It fails at the last statement, so that the journal does not have the revision.
      const failing = pausing(() => undefined, 'SELECT no_such')
      const next = await single(postgres({ url: fresh.url }), [failing]).up()
      expect(next.error?.message).toContain('no_such')
      goOn.resolve()
      const { error, databases } = await first
      // Steps that the successor has taken over are no longer this run's to judge.
      const state = transaction === 'on' ? 'rolled-back' : 'in-doubt'
      expect(error).toMatchObject({ code: 'LOCK.LOST', meta: { state } })
      expect(states(databases[0])).toEqual([`001_code ${state}`])
    })
  }

  it('says so, too, when the successor has done the revision', { timeout: 20_000 }, async () => {
    const reached = signal()
    const goOn = signal()
    const made = (pause: () => unknown) =>
      code('001_code', async m => {
        await m.query('CREATE TABLE a (id int)')
        await pause()
        await m.query('SELECT 1')
      })
    const godwit = await start([
      made(() => {
        reached.resolve()
        return goOn.promise
      }),
    ])
    const first = godwit.up()
    await reached.promise
    await other.query(`UPDATE godwit.godwit_lease SET expires_at = now() - interval '1 hour'`)
    expect((await single(postgres({ url: fresh.url }), [made(() => undefined)]).up()).error).toBeUndefined()
    goOn.resolve()
    expect((await first).error).toMatchObject({ code: 'LOCK.LOST', why: expect.stringContaining('was committed') })
  })

  it('removes an INVALID index that IF NOT EXISTS would take for the wanted one, whoever left it', async () => {
    const invalid = async () =>
      (await other.query('SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid')).rows
    const leave = async (name: string, on: string) => {
      await other.query(`INSERT INTO ${on} VALUES (1), (1)`)
      await other.query(`CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${on} (id)`).catch(() => undefined)
      expect(await invalid()).toEqual([{ name }])
      await other.query(`DELETE FROM ${on}`)
    }
    const index = (name: string, on: string) => `CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ${name} ON ${on} (id)`
    const alone = {
      id: '002_index',
      transaction: 'off' as const,
      up: `CREATE TABLE two (id int);\n${index('i', 'one')};\nCREATE TABLE three (id int);\n${index('j', 'one')}`,
    }
    const revisions = [
      table('001_one'),
      alone,
      code('003_code', m => m.query(index('k', 'two')), { transaction: 'off' }),
    ]
    const godwit = await start(revisions)
    await godwit.up({ target: '001' })
    const events: RunEvent[] = []
    for (const [target, name, on] of [
      ['002', 'i', 'one'],
      ['003', 'k', 'two'],
    ] as const) {
      await leave(name, on)
      expect((await godwit.up({ target, on: event => events.push(event) })).error).toBeUndefined()
      expect(await invalid()).toEqual([])
    }
    expect(events.flatMap(event => (event.type === 'recovered' ? [`${event.revision} ${event.step}`] : []))).toEqual([
      '002_index 2',
      '003_code 1',
    ])
    expect((await godwit.verify()).ok).toBe(true)
  })

  it('waits for the backend of a runner that is gone, then asks the catalog', { timeout: 20_000 }, async () => {
    const index = { id: '002_index', transaction: 'off' as const, up: 'CREATE INDEX CONCURRENTLY i ON one (id)' }
    const godwit = await start([table('001_one'), index])
    await godwit.up({ target: '001' })
    await other.query('BEGIN; SELECT * FROM one')
    await other.query('INSERT INTO one VALUES (1)')
    const dead = new AbortController()
    // A runner whose lease is taken away while the server builds the index for it.
    const run = godwit.up({ signal: dead.signal })
    const third = new pg.Client({ connectionString: fresh.url })
    await third.connect()
    for (;;) {
      const { rows } = await third.query(
        "SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND state = 'active'",
      )
      if (rows.length > 0) break
    }
    await third.query(`UPDATE godwit.godwit_lease SET expires_at = now() - interval '1 hour'`)
    const events: RunEvent[] = []
    const next = single(postgres({ url: fresh.url }), [table('001_one'), index]).up({
      on: event => {
        events.push(event)
        if (event.type === 'survivor') void other.query('COMMIT')
      },
    })
    expect((await next).error).toBeUndefined()
    await run
    expect(events.find(event => event.type === 'survivor')).toMatchObject({ ending: false })
    expect(events.find(event => event.type === 'recovered')).toMatchObject({ step: 1, outcome: 'done' })
    await third.end()
  })

  it('goes on after a statement that stands alone', async () => {
    const up = 'CREATE INDEX CONCURRENTLY i ON one (id);\nCREATE INDEX CONCURRENTLY j ON one (nothing);'
    const godwit = await start([table('001_one'), { id: '002_index', transaction: 'off', up }])
    const { error } = await godwit.up()
    expect(error).toMatchObject({ code: 'RUN.STATEMENT_FAILED_PARTIAL', where: { line: 2 } })
    const mended = single(postgres({ url: fresh.url }), [
      table('001_one'),
      { id: '002_index', transaction: 'off', up: up.replace('nothing', 'id') },
    ])
    expect((await mended.up()).error).toBeUndefined()
  })
})

describe.skipIf(reason !== undefined)('a PostgreSQL that dies in mid-run', () => {
  let server: Server | undefined
  afterAll(() => server?.stop())

  it('loses nothing: what was committed stays, the rest is done by the next run', { timeout: 60_000 }, async () => {
    server = await startPostgres()
    const { url } = server
    const revisions = [
      table('001_one'),
      { id: '002_slow', up: 'CREATE TABLE two (id int);\nSELECT pg_sleep(2)' },
      table('003_three'),
    ]
    const godwit = single(postgres({ url }), revisions)
    let killed: Promise<void> | undefined
    const { error, databases } = await godwit.up({
      live: true,
      on: event => {
        if (event.type !== 'statement-start' || !event.text.includes('pg_sleep')) return
        killed = new Promise(resolve => setTimeout(resolve, 200)).then(async () => {
          await server?.kill('SIGKILL')
          await server?.restart()
        })
      },
    })
    await killed
    expect(error?.code).toBe('CONNECT.LOST')
    expect(states(databases[0])).toEqual(['001_one applied', '002_slow rolled-back', '003_three pending'])
    expect((await godwit.up()).error).toBeUndefined()
    expect((await godwit.verify()).ok).toBe(true)
    expect((await godwit.status()).databases[0]?.applied.map(row => row.id)).toEqual([
      '001_one',
      '002_slow',
      '003_three',
    ])
  })
})
