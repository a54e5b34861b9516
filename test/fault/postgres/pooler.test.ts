// A real PgBouncer. In transaction mode each transaction has another server connection, so a plan of several
// transactions is refused, one of a single transaction passes, and other clients of the pool notice nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { record, serverUrl, unavailable } from '../../servers/databases.ts'
import { type Pooler, pgbouncerUnavailable, startPgbouncer } from '../../servers/pgbouncer.ts'
import { type FaultScene, type Files, withFault } from './scene.ts'

const reason = (await unavailable('postgres')) ?? pgbouncerUnavailable()
await record({ subject: 'PostgreSQL behind PgBouncer', ...(reason === undefined ? {} : { reason }) })

const one = { '001_t.sql': 'CREATE TABLE t (id int);\nINSERT INTO t VALUES (1);\n' }
const two = { ...one, '002_u.sql': 'CREATE TABLE u (id int);\n' }
const off = {
  '001_t.sql': '-- godwit: transaction=off\nCREATE TABLE t (id int);\nCREATE INDEX CONCURRENTLY i ON t (id);\n',
}

describe.skipIf(reason)('PostgreSQL behind PgBouncer', () => {
  let transaction: Pooler
  let session: Pooler
  /** They take start-up parameters and forget them. */
  let deaf: readonly Pooler[] = []
  beforeAll(async () => {
    const server = await serverUrl('postgres')
    transaction = await startPgbouncer(server, 'transaction')
    session = await startPgbouncer(server, 'session', { size: 5 })
    const more = 'ignore_startup_parameters = options'
    deaf = [
      await startPgbouncer(server, 'transaction', { more }),
      await startPgbouncer(server, 'session', { size: 5, more }),
    ]
  })
  afterAll(async () => {
    await transaction?.stop()
    await session?.stop()
    for (const pooler of deaf) await pooler.stop()
  })

  /** Settings of the server connections that other clients of the pool get. */
  async function leftInPool(fault: FaultScene): Promise<unknown[]> {
    const found: unknown[] = []
    const clients = [
      await fault.client(transaction.through(fault.url)),
      await fault.client(transaction.through(fault.url)),
    ]
    for (const client of clients) await client.query('BEGIN')
    for (const client of clients)
      found.push(
        (await client.query(`SELECT current_setting('lock_timeout') AS wait, current_setting('search_path') AS path`))
          .rows[0],
      )
    for (const client of clients) await client.query('COMMIT')
    for (const client of clients) await client.end()
    return found
  }
  const untouched = { wait: '0', path: '"$user", public' }

  it.each<[string, Files]>([
    ['several revisions', two],
    ['a revision of several steps', off],
  ])('fault 18: %s are refused before anything is run, with what to do', (_, files) =>
    withFault({ files }, async fault => {
      fault.configure({}, transaction.through(fault.url))
      const refused = await fault.scene.fails(['up'], { code: 'CONNECT.POOLER', next: false })
      expect(refused.error?.next.join()).toContain('the URL of the server itself')
      expect(await fault.ask(`SELECT to_regclass('t') AS t`)).toEqual([{ t: null }])
      expect(await fault.ask('SELECT owner FROM godwit.godwit_lease WHERE owner IS NOT NULL')).toEqual([])
      expect(await leftInPool(fault)).toEqual([untouched, untouched])
      fault.configure()
      await fault.recovers()
    }),
  )

  it('fault 18: a plan of one transaction is run', () =>
    withFault({ files: one }, async fault => {
      fault.configure({ searchPath: 'app' }, transaction.through(fault.url))
      await fault.ask('CREATE SCHEMA app')
      await fault.scene.works(['up'])
      expect(await fault.ask('SELECT id FROM app.t')).toEqual([{ id: 1 }])
      expect(await fault.ask('SELECT owner FROM godwit.godwit_lease WHERE owner IS NOT NULL')).toEqual([])
      expect(await leftInPool(fault)).toEqual([untouched, untouched])
      fault.add(two)
      await fault.scene.works(['up'])
      expect(await fault.scene.applied()).toEqual(['001_t', '002_u'])
      expect(await leftInPool(fault)).toEqual([untouched, untouched])
    }))

  it('fault 18: a pool in session mode is no obstacle', () =>
    withFault(
      { files: { ...two, '003_i.sql': '-- godwit: transaction=off\nCREATE INDEX CONCURRENTLY i ON t (id);\n' } },
      async fault => {
        fault.configure({ searchPath: 'app' }, session.through(fault.url))
        await fault.ask('CREATE SCHEMA app')
        await fault.scene.works(['up'])
        expect(await fault.ask('SELECT id FROM app.t')).toEqual([{ id: 1 }])
        expect(
          await fault.ask(`SELECT 1 AS there FROM pg_indexes WHERE schemaname = 'app' AND indexname = 'i'`),
        ).toEqual([{ there: 1 }])
      },
    ))

  it('fault 18: where a pooler forgets the settings, one transaction is refused too, and a session makes them again', () =>
    withFault({ files: one }, async fault => {
      await fault.ask('CREATE SCHEMA app')
      fault.configure({ searchPath: 'app' }, deaf[0]?.through(fault.url))
      await fault.scene.fails(['up'], { code: 'CONNECT.POOLER', next: false })
      fault.configure({ searchPath: 'app' }, deaf[1]?.through(fault.url))
      await fault.scene.works(['up'])
      expect(await fault.ask('SELECT id FROM app.t')).toEqual([{ id: 1 }])
    }))
})
