// Databases that cannot be reached or changed: wrong password, host, port, name, rights; files that are no databases.
// No answer holds the password, whatever the driver says.
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '../servers/process.ts'
import { freshChroma, unavailable } from '../servers/databases.ts'
import { withScene } from './scene.ts'
import {
  askMariadb,
  askPostgres,
  type BadStore,
  duckdbStore,
  mariadbStore,
  postgresStore,
  sqliteStore,
  withDatabase,
} from './store.ts'

const revision = { '001_one.sql': 'CREATE TABLE one (id int);\n' }
const password = 'pa55/w@rd:%41'
const nobody = 65_534
const verbs = [['up'], ['status'], ['verify'], ['up', '--dry-run'], ['up', '--verbose']]

/** The URL with other parts; `password` is written as people do, encoded. */
function changed(url: string, part: 'password' | 'hostname' | 'port' | 'pathname', value: string): string {
  const parsed = new URL(url)
  parsed[part] = part === 'password' ? encodeURIComponent(value) : value
  return parsed.href
}

describe.each([
  ['PostgreSQL', postgresStore],
  ['MariaDB', mariadbStore],
] as const)('connection to %s', (_, store: BadStore) => {
  const test = it.skipIf(store.unavailable)

  test.concurrent('never prints the password it was refused with', () =>
    withDatabase(store, database =>
      withScene(
        async scene => {
          scene.revisions(revision)
          for (const verb of verbs)
            await scene.fails(verb, { code: 'CONNECT.AUTHENTICATION_FAILED', says: [/password|Access denied/] })
          const debug = await scene.run(['up'], { env: { GODWIT_DEBUG: '1' } })
          expect(debug.stderr).toContain('CONNECT.AUTHENTICATION_FAILED')
          const stream = await scene.run(['up', '--json=stream'])
          expect(stream.code).toBe(2)
          expect(await database.tables()).toEqual([])
        },
        changed(database.url, 'password', password),
        [password, encodeURIComponent(password), 'pa55'],
      ),
    ))

  test.concurrent('names the host, the port or the database that is not there', async () => {
    const database = await store.fresh()
    const port = String(await freePort())
    const cases = [
      ['hostname', 'no-such-host.invalid', 'CONNECT.REFUSED', 'no-such-host.invalid'],
      ['port', port, 'CONNECT.REFUSED', port],
      ['pathname', '/godwit_absent', 'CONNECT.DATABASE_MISSING', 'godwit_absent'],
    ] as const
    try {
      for (const [part, value, code, words] of cases)
        await withScene(
          async scene => {
            scene.revisions(revision)
            for (const verb of [['up'], ['status']]) await scene.fails(verb, { code, says: [words] })
          },
          changed(
            changed(database.url, 'password', part === 'pathname' ? new URL(database.url).password : password),
            part,
            value,
          ),
          part === 'pathname' ? [] : [password, encodeURIComponent(password)],
        )
    } finally {
      await database.dispose()
    }
  })
})

describe.skipIf(postgresStore.unavailable)('rights on PostgreSQL', () => {
  it.concurrent('refuses a server that only reads', () =>
    withDatabase(postgresStore, async database => {
      const name = new URL(database.url).pathname.slice(1)
      await askPostgres(database.url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`)
      await withScene(async scene => {
        scene.revisions(revision)
        expect((await scene.json(['status'])).databases?.[0]?.state).toBe('uninitialised')
        await scene.fails(['up'], { code: 'CONNECT.READ_ONLY', says: [/read.only/] })
        expect(await database.tables()).toEqual([])
      }, database.url)
    }))

  it.concurrent('names the privilege that is missing, for the journal and for a table', () =>
    withDatabase(postgresStore, async database => {
      const role = `reader_${process.pid}_${Math.floor(Math.random() * 1e9)}`
      await askPostgres(
        database.url,
        `CREATE ROLE ${role} LOGIN PASSWORD 'secret-of-reader'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
      )
      const url = new URL(database.url)
      url.username = role
      url.password = 'secret-of-reader'
      try {
        await withScene(
          async scene => {
            scene.revisions(revision)
            const refused = await scene.fails(['up'], { code: 'RUN.PERMISSION_DENIED', says: ['permission denied'] })
            expect(refused.error?.next.join()).toMatch(/GRANT/)
            expect(await database.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'godwit'`)).toEqual([])
            await askPostgres(database.url, `CREATE SCHEMA godwit AUTHORIZATION ${role}`)
            await scene.fails(['up'], {
              code: 'RUN.PERMISSION_DENIED',
              says: ['permission denied for schema public', 'migrations/001_one.sql:1', '001_one was rolled back'],
            })
            expect(await database.tables()).toEqual([])
            await askPostgres(database.url, `GRANT CREATE ON SCHEMA public TO ${role}`)
            await scene.works(['up'])
            expect(await database.tables()).toEqual(['one'])
          },
          url.href,
          ['secret-of-reader'],
        )
      } finally {
        await askPostgres(database.url, `DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
      }
    }))
})

describe.skipIf(mariadbStore.unavailable)('rights on MariaDB', () => {
  it.concurrent('names the privilege that is missing', () =>
    withDatabase(mariadbStore, async database => {
      const user = `reader_${Math.floor(Math.random() * 1e9)}`
      const root = changed(database.url, 'password', 'root-secret').replace('//app:', '//root:')
      const name = new URL(database.url).pathname.slice(1)
      const ask = async (sql: string) => askMariadb(root, sql)
      await ask(`CREATE USER ${user}@'%' IDENTIFIED BY 'secret-of-reader'`)
      await ask(`GRANT SELECT ON ${name}.* TO ${user}@'%'`)
      const url = new URL(database.url)
      url.username = user
      url.password = 'secret-of-reader'
      try {
        await withScene(
          async scene => {
            scene.revisions(revision)
            const refused = await scene.fails(['up'], { code: 'RUN.PERMISSION_DENIED', says: [/denied/] })
            expect(refused.error?.next.join()).toMatch(/GRANT/)
            expect(await database.tables()).toEqual([])
          },
          url.href,
          ['secret-of-reader'],
        )
      } finally {
        await ask(`DROP USER ${user}@'%'`)
      }
    }))
})

describe.each([
  ['SQLite', sqliteStore, 'sqlite'],
  ['DuckDB', duckdbStore, 'duckdb'],
] as const)('file of %s', (_, store, scheme) => {
  it.concurrent('is refused when it is a text, and stays as it was', () =>
    withScene(async scene => {
      const text = 'This is a shopping list.\n'.repeat(400)
      scene.revisions(revision).write('app.db', text)
      for (const verb of [['up'], ['status']])
        await scene.fails(
          verb,
          { code: 'CONNECT.FILE_INVALID', says: ['app.db'] },
          { env: { DATABASE_URL: `${scheme}:app.db` } },
        )
      expect(scene.read('app.db')).toBe(text)
    }))

  it.concurrent('is refused when it is a folder, or lies in a folder that is not there', () =>
    withScene(async scene => {
      scene.revisions(revision)
      mkdirSync(scene.path('app.db'))
      const at = (url: string) => ({ env: { DATABASE_URL: url } })
      await scene.fails(['up'], { code: 'CONNECT.FILE_INVALID', says: ['app.db', 'folder'] }, at(`${scheme}:app.db`))
      await scene.fails(
        ['up'],
        { code: 'CONNECT.FILE_INVALID', says: ['absent', 'mkdir'] },
        at(`${scheme}:absent/app.db`),
      )
    }))

  it.skipIf(process.getuid?.() !== 0).concurrent('is refused when this user may only read it or its folder', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        scene.revisions(revision)
        await scene.works(['up'])
        scene.revisions({ '002_two.sql': 'CREATE TABLE two (id int);\n' })
        const file = database.file as string
        const folder = join(file, '..')
        chmodSync(folder, 0o755)
        chmodSync(file, 0o444)
        const options = { uid: nobody }
        await scene.fails(
          ['up'],
          { code: 'CONNECT.READ_ONLY', says: ['can only be read', /may not write the file/] },
          options,
        )
        expect((await scene.json(['status'], options)).databases?.[0]).toMatchObject({ state: 'pending' })
        chmodSync(file, 0o666)
        await scene.fails(
          ['up'],
          { code: 'CONNECT.READ_ONLY', says: ['can only be read', /may not write the folder/] },
          options,
        )
        expect(await database.tables()).toEqual(['one'])
        chmodSync(folder, 0o777)
        chownSync(folder, nobody, nobody)
        for (const name of ['-wal', '-shm', '.wal'])
          try {
            chmodSync(file + name, 0o666)
          } catch {
            // this store keeps no such file
          }
        await scene.works(['up'], options)
        expect(await database.tables()).toEqual(['one', 'two'])
      }, database.url),
    ),
  )

  it.skipIf(process.getuid?.() !== 0).concurrent(
    'is refused when its folder may not be entered or written, and none is made',
    () =>
      withScene(async scene => {
        scene.revisions(revision)
        mkdirSync(scene.path('data'))
        const options = { uid: nobody, env: { DATABASE_URL: `${scheme}:data/app.db` } }
        await scene.fails(['up'], { code: 'CONNECT.READ_ONLY', says: ['data'] }, options)
        chmodSync(scene.path('data'), 0o700)
        writeFileSync(scene.path('data/app.db'), '')
        for (const verb of ['up', 'status'])
          await scene.fails([verb], { code: 'CONNECT.FILE_INVALID', says: ['may not enter the folder'] }, options)
      }),
  )
})

describe('connection to Chroma', async () => {
  const reason = await unavailable('chroma')

  it.skipIf(reason).concurrent('names what is not there', async () => {
    const fresh = await freshChroma()
    const port = String(await freePort())
    const module = `export default { async up(m) { await m.createCollection('one') } }\n`
    try {
      const cases = [
        [fresh.url.replace(/:\d+\//, `:${port}/`), 'CONNECT.REFUSED', port],
        [fresh.url.replace('127.0.0.1', 'no-such-host.invalid'), 'CONNECT.REFUSED', 'no-such-host.invalid'],
        [fresh.url.replace('default_tenant', 'absent_tenant'), 'CONNECT.DATABASE_MISSING', 'absent_tenant'],
      ] as const
      for (const [url, code, words] of cases)
        await withScene(async scene => {
          scene.revisions({ '001_one.ts': module })
          await scene.fails(['up'], { code, says: [words] })
          await scene.fails(['status'], { code, says: [words] })
        }, url)
    } finally {
      await fresh.dispose()
    }
  })

  it.skipIf(reason).concurrent('refuses SQL files', async () => {
    const fresh = await freshChroma()
    try {
      await withScene(async scene => {
        scene.revisions(revision)
        await scene.fails(['up'], { code: 'SQL.UNSUPPORTED', says: ['migrations/001_one.sql'] })
      }, fresh.url)
    } finally {
      await fresh.dispose()
    }
  })
})
