// A server whose DDL commits by itself: files that stop in the middle, killed threads, and what the next run does.
import mysqlDriver, { type Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mysql } from '../../src/dialect/mysql/index.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import { type FreshMariadb, freshMariadb, unavailable } from '../servers/databases.ts'
import { code, single, states, table } from './project.ts'

const reason = await unavailable('mariadb')

describe.skipIf(reason !== undefined)('a real MariaDB', () => {
  let fresh: FreshMariadb
  let root: Connection

  beforeAll(async () => {
    fresh = await freshMariadb()
    root = await mysqlDriver.createConnection(fresh.rootUrl)
  })
  afterAll(async () => {
    await root?.end()
    await fresh?.dispose()
  })

  const rows = async (sql: string) => (await root.query(sql))[0] as Record<string, unknown>[]
  const tables = async () =>
    (
      await rows(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name NOT LIKE 'godwit%' ORDER BY 1`,
      )
    ).map(row => row['name'])
  const open = (revisions: Parameters<typeof single>[1]) => single(mysql({ url: fresh.url }), revisions)
  const start = async (revisions: Parameters<typeof single>[1]) => {
    await root.query(`DROP DATABASE ${fresh.name}`)
    await root.query(`CREATE DATABASE ${fresh.name}`)
    await root.query(`USE ${fresh.name}`)
    return open(revisions)
  }
  const thread = async (text: string): Promise<number> => {
    for (let n = 0; n < 200; n++) {
      const [row] = await rows(
        `SELECT id FROM information_schema.processlist WHERE db = '${fresh.name}' AND id <> CONNECTION_ID() AND info LIKE '%${text}%'`,
      )
      if (row) return Number(row['id'])
      await new Promise(resolve => setTimeout(resolve, 25))
    }
    throw new Error(`nobody runs ${text}`)
  }

  const up = (third: string) =>
    `SET @size = 3;\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (@size);\nCREATE TABLE ${third};\nINSERT INTO a VALUES (@size + 1);`

  it('goes on at the statement that failed, with what was set for the session', async () => {
    const godwit = await start([{ id: '001_a', up: up('b (id nothing)') }])
    const failed = await godwit.up()
    expect(failed.error).toMatchObject({ code: 'RUN.STATEMENT_FAILED_PARTIAL', where: { file: '001_a', line: 4 } })
    expect((await godwit.status()).databases[0]).toMatchObject({
      state: 'partial',
      partial: [{ done: 3, total: 5, inDoubt: false }],
    })
    expect(await tables()).toEqual(['a'])
    const mended = open([{ id: '001_a', up: up('b (id int)') }])
    const events: RunEvent[] = []
    expect((await mended.up({ on: event => events.push(event) })).error).toBeUndefined()
    expect(events.find(event => event.type === 'revision-start')).toMatchObject({ resumedAt: 3 })
    expect((await rows('SELECT id FROM a ORDER BY id')).map(row => row['id'])).toEqual([3, 4])
    expect((await mended.verify()).ok).toBe(true)
  })

  for (const dryRun of [false, true]) {
    it(`stops within a second${dryRun ? ' in a dry run' : ' and frees the lock'}`, async () => {
      const godwit = await start([{ id: '001_slow', up: 'CREATE TABLE a (id int);\nSELECT SLEEP(30)' }])
      const stop = new AbortController()
      let began = Number.NaN
      const run = godwit.up({
        signal: stop.signal,
        dryRun,
        on: event => {
          if (event.type !== 'statement-start' || !event.text.includes('SLEEP')) return
          setTimeout(() => {
            began = Date.now()
            stop.abort()
          }, 200)
        },
      })
      const { error, databases } = await run
      expect(Date.now() - began).toBeLessThan(1_500)
      expect(error?.code).toBe('RUN.ABORTED')
      expect(states(databases[0])).toEqual([`001_slow ${dryRun ? 'rolled-back' : 'partial'}`])
      expect((await godwit.lockStatus()).databases[0]?.lock).toBeNull()
      expect(await tables()).toEqual(dryRun ? [] : ['a'])
    })
  }

  it('asks the catalog when its thread was killed at a statement that stands alone', { timeout: 20_000 }, async () => {
    const slow = 'ALTER TABLE a ADD b int'
    const godwit = await start([
      {
        id: '001_a',
        up: `CREATE TABLE a (id int);\nINSERT INTO a VALUES (1), (2);\nCREATE TABLE c AS SELECT SLEEP(5);\n${slow};`,
      },
    ])
    const run = godwit.up()
    await root.query(`KILL CONNECTION ${await thread('CREATE TABLE c')}`)
    const { error, databases } = await run
    expect(error).toMatchObject({ code: 'CONNECT.LOST', meta: { state: 'partial' } })
    expect(states(databases[0])).toEqual(['001_a partial'])
    expect((await godwit.status()).databases[0]?.partial).toMatchObject([{ done: 2, total: 4, inDoubt: false }])
    expect((await godwit.lockStatus()).databases[0]?.lock).toBeNull()
    expect(await tables()).toEqual(['a'])
    const mended = open([
      {
        id: '001_a',
        up: `CREATE TABLE a (id int);\nINSERT INTO a VALUES (1), (2);\nCREATE TABLE c AS SELECT SLEEP(0);\n${slow};`,
      },
    ])
    const events: RunEvent[] = []
    expect((await mended.up({ on: event => events.push(event) })).error).toBeUndefined()
    expect(events.find(event => event.type === 'revision-start')).toMatchObject({ resumedAt: 2 })
    expect(await tables()).toEqual(['a', 'c'])
    expect(await rows('SELECT * FROM c')).toHaveLength(1)
    expect(await rows('SELECT id, b FROM a ORDER BY id')).toEqual([
      { id: 1, b: null },
      { id: 2, b: null },
    ])
    expect((await mended.status()).databases[0]).toMatchObject({ state: 'current', partial: [] })
    expect((await mended.verify()).ok).toBe(true)
  })

  it('rolls back rows whose thread was killed, and the next run goes on', { timeout: 20_000 }, async () => {
    const revisions = (seconds: number) => [
      table('001_a', 'a'),
      { id: '002_rows', up: `INSERT INTO a VALUES (1);\nINSERT INTO a SELECT SLEEP(${seconds})` },
    ]
    const godwit = await start(revisions(5))
    const run = godwit.up()
    await root.query(`KILL CONNECTION ${await thread('SLEEP(5)')}`)
    expect((await run).error?.code).toBe('CONNECT.LOST')
    expect(await rows('SELECT * FROM a')).toEqual([])
    expect((await open(revisions(0)).up()).error).toBeUndefined()
    expect(await rows('SELECT * FROM a')).toHaveLength(2)
  })

  it('rolls back the step of code whose thread was killed, and goes on there', { timeout: 20_000 }, async () => {
    const filling = (seconds: number) => [
      code('001_code', async m => {
        await m.query('CREATE TABLE a (id int)')
        await m.query(`INSERT INTO a SELECT SLEEP(${seconds})`)
      }),
    ]
    const godwit = await start(filling(5))
    const run = godwit.up()
    await root.query(`KILL CONNECTION ${await thread('SLEEP(5)')}`)
    const { error, databases } = await run
    expect(error).toMatchObject({ code: 'CONNECT.LOST', meta: { state: 'partial' } })
    expect(states(databases[0])).toEqual(['001_code partial'])
    expect((await godwit.status()).databases[0]?.partial).toMatchObject([{ done: 1, inDoubt: false }])
    expect(await rows('SELECT * FROM a')).toEqual([])
    const mended = open(filling(0))
    const events: RunEvent[] = []
    expect((await mended.up({ on: event => events.push(event) })).error).toBeUndefined()
    expect(events.find(event => event.type === 'revision-start')).toMatchObject({ resumedAt: 1 })
    expect(await rows('SELECT id FROM a')).toEqual([{ id: 0 }])
    expect((await mended.status()).databases[0]).toMatchObject({ state: 'current', partial: [] })
  })

  it('knows a connection that ended while the code did something else', { timeout: 20_000 }, async () => {
    let kill: (() => Promise<unknown>) | undefined = async () => {
      for (const { id } of await rows(
        `SELECT id FROM information_schema.processlist WHERE db = '${fresh.name}' AND id <> CONNECTION_ID()`,
      ))
        await root.query(`KILL CONNECTION ${String(id)}`)
    }
    const revisions = [
      code('001_code', async m => {
        await m.query('CREATE TABLE a (id int)')
        await kill?.()
        await m.query('INSERT INTO a VALUES (1)')
      }),
    ]
    const godwit = await start(revisions)
    const { error } = await godwit.up()
    expect(error).toMatchObject({ code: 'CONNECT.LOST', meta: { state: 'partial' } })
    expect((await godwit.lockStatus()).databases[0]?.lock).toBeNull()
    kill = undefined
    expect((await godwit.up()).error).toBeUndefined()
    expect(await rows('SELECT id FROM a')).toEqual([{ id: 1 }])
  })

  it('says that a change of a table that takes nothing back is in doubt, and not that it was rolled back', async () => {
    const fill = { id: '002_fill', up: 'INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (no_such)' }
    const first = { id: '001_a', up: 'CREATE TABLE a (id int) ENGINE=MyISAM' }
    const godwit = await start([first, fill])
    const { error, databases } = await godwit.up()
    expect(error).toMatchObject({ code: 'JOURNAL.STEP_IN_DOUBT', message: expect.stringContaining('002_fill') })
    expect(error?.meta['evidence']).toEqual([expect.stringContaining('no_such'), expect.stringContaining('MyISAM')])
    expect(states(databases[0])).toEqual(['001_a applied', '002_fill in-doubt'])
    expect(await rows('SELECT * FROM a')).toHaveLength(1)
    expect((await godwit.up()).error?.code).toBe('JOURNAL.STEP_IN_DOUBT')
    // Who looked takes back the row that stayed, and says so.
    await root.query('DELETE FROM a')
    expect((await godwit.repair({ inDoubt: 'retry' })).databases[0]?.actions[0]?.done).toBe('step 1 will be run again')
    const mended = open([first, { ...fill, up: 'INSERT INTO a VALUES (1)' }])
    expect((await mended.up()).error).toBeUndefined()
    expect(await rows('SELECT id FROM a')).toEqual([{ id: 1 }])
  })

  it('tries on a scratch database that is gone afterwards, up and down, with code and with a failure', async () => {
    const revisions = [
      { id: '001_a', up: 'CREATE TABLE a (id int);\nINSERT INTO a VALUES (1)', down: 'DROP TABLE a' },
      code('002_code', m => m.query('CREATE TABLE b (id int)'), {
        down: (async (m: { query(sql: string): Promise<unknown> }) => void (await m.query('DROP TABLE b'))) as never,
      }),
    ]
    const godwit = await start(revisions)
    const before = (await rows('SHOW DATABASES')).length
    const tried = await godwit.up({ dryRun: true })
    expect(tried).toMatchObject({ ok: true, databases: [{ dryRunIn: 'scratch' }] })
    expect(await tables()).toEqual([])
    await godwit.up()
    const back = await godwit.down({ dryRun: true, target: 'base' })
    expect(states(back.databases[0])).toEqual(['002_code tried', '001_a tried'])
    const broken = open([
      ...revisions,
      { id: '003_bad', up: 'CREATE TABLE c (id int);\nINSERT INTO nowhere VALUES (1)' },
    ])
    const { error, databases } = await broken.up({ dryRun: true })
    expect(error).toMatchObject({ code: 'RUN.STATEMENT_FAILED', where: { file: '003_bad', line: 2 } })
    expect(error?.why).toContain('The database itself was not touched.')
    expect(states(databases[0])).toEqual(['003_bad rolled-back'])
    expect(await rows('SHOW DATABASES')).toHaveLength(before)
    expect(await tables()).toEqual(['a', 'b'])
    expect((await broken.status()).databases[0]?.partial).toEqual([])
  })
})
