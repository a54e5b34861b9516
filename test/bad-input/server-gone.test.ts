// A server of our own that is killed while a revision runs: the call ends with an error, and when the server is back
// the next run finishes; nothing is lost and nothing is done twice.
import { afterAll, describe, expect, it } from 'vitest'
import { startChroma } from '../servers/chroma.ts'
import { startMariadb } from '../servers/mariadb.ts'
import { type Server, startPostgres } from '../servers/postgres.ts'
import { unavailable } from '../servers/databases.ts'
import { withScene } from './scene.ts'
import { askMariadb, askPostgres } from './store.ts'

const files = (wait: string) => ({
  '001_one.sql': 'CREATE TABLE one (id int);\nINSERT INTO one VALUES (1);\n',
  '002_two.sql': `CREATE TABLE two (id int);\nINSERT INTO two VALUES (1);\n${wait};\nINSERT INTO two VALUES (2);\n`,
  '003_three.sql': 'CREATE TABLE three (id int);\n',
})

const servers: Server[] = []
afterAll(async () => {
  await Promise.all(servers.map(server => server.stop()))
})
const keep = async (starting: Promise<Server>): Promise<Server> => {
  const server = await starting
  servers.push(server)
  return server
}

/** Asks until the server has what it is asked for. */
async function until(ask: () => Promise<unknown[]>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if ((await ask().catch(() => [])).length > 0) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('the statement never began')
}

describe('a server that is killed while a revision runs', async () => {
  const reasons = {
    postgres: await unavailable('postgres'),
    mariadb: await unavailable('mariadb'),
    chroma: await unavailable('chroma'),
  }

  it.skipIf(reasons.postgres).concurrent('PostgreSQL: is told, and the next run finishes', async () => {
    const server = await keep(startPostgres())
    // The tests' servers do without: what they confirm may then be lost with them.
    await askPostgres(server.url, 'ALTER DATABASE postgres SET synchronous_commit = on')
    await withScene(
      async scene => {
        scene.revisions(files('SELECT pg_sleep(60)'))
        const run = scene.start(['up'])
        await until(() => askPostgres(server.url, `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`))
        await server.kill('SIGKILL')
        const answer = await run.ended
        expect(answer.code, answer.stderr).toBe(7)
        expect(answer.stderr).toContain('CONNECT.LOST')
        expect(answer.stderr).toContain('002_two')
        if (process.env.GODWIT_TEST_SHOW) console.log(answer.stdout + answer.stderr)
        await scene.fails(['status'], { code: 'CONNECT.REFUSED' })
        await server.restart()
        expect(await scene.applied()).toEqual(['001_one'])
        scene.revisions(files('SELECT 1'))
        await scene.works(['up'])
        expect(await scene.applied()).toEqual(['001_one', '002_two', '003_three'])
        const rows = await askPostgres(
          server.url,
          'SELECT (SELECT count(*)::int FROM one) AS one, (SELECT count(*)::int FROM two) AS two',
        )
        expect(rows).toEqual([{ one: 1, two: 2 }])
      },
      server.url,
      ['secret'],
    )
  })

  it.skipIf(reasons.mariadb).concurrent(
    'MariaDB: the statement at work is in doubt, is settled by a person, and the next run finishes',
    async () => {
      const server = await keep(startMariadb())
      await askMariadb(server.url, 'SET GLOBAL innodb_flush_log_at_trx_commit = 1')
      await askMariadb(server.url, 'CREATE DATABASE godwit_gone')
      const url = server.url.replace(/\/mysql$/, '/godwit_gone')
      // What a procedure did the catalog cannot tell.
      await askMariadb(url, 'CREATE PROCEDURE pause() DO SLEEP(60)')
      await withScene(
        async scene => {
          scene.revisions(files('CALL pause()'))
          const run = scene.start(['up'])
          await until(() =>
            askMariadb(server.url, `SELECT 1 FROM information_schema.processlist WHERE state = 'User sleep'`),
          )
          await server.kill('SIGKILL')
          const answer = await run.ended
          expect(answer.code, answer.stderr).toBe(7)
          expect(answer.stderr).toContain('CONNECT.LOST')
          expect(answer.stderr).toContain('002_two')
          if (process.env.GODWIT_TEST_SHOW) console.log(answer.stdout + answer.stderr)
          await server.restart()
          expect(await scene.applied()).toEqual(['001_one'])
          await scene.fails(['up'], { code: 'JOURNAL.STEP_IN_DOUBT', says: ['step 3', 'godwit repair --retry'] })
          await scene.works(['repair', '--done'])
          await scene.works(['up'])
          expect(await scene.applied()).toEqual(['001_one', '002_two', '003_three'])
          const rows = await askMariadb(
            url,
            'SELECT (SELECT count(*) FROM one) AS one, (SELECT count(*) FROM two) AS two',
          )
          expect(rows.map(row => [Number(row['one']), Number(row['two'])])).toEqual([[1, 2]])
        },
        url,
        ['root-secret'],
      )
    },
  )

  it.skipIf(reasons.chroma).concurrent('Chroma: is told, and the next run finishes', async () => {
    const server = await keep(startChroma())
    const url = server.url.replace('http:', 'chroma:')
    const body = (ms: number): string =>
      `export default {\n  async up(m) {\n    await m.createCollection('one')\n    m.log('waiting')\n    await new Promise(resolve => setTimeout(resolve, ${ms}))\n    await m.createCollection('two')\n  },\n}\n`
    await withScene(async scene => {
      // The lock of a runner whose server died is free when its lease has expired.
      scene.write('godwit.config.json', JSON.stringify({ databases: { main: { url, lock: { ttlMs: 3_000 } } } }))
      scene.revisions({ '001_one.ts': body(700) })
      const run = scene.start(['up'])
      await run.saw('waiting')
      await server.kill('SIGKILL')
      const answer = await run.ended
      if (process.env.GODWIT_TEST_SHOW) console.log(answer.stdout + answer.stderr)
      expect([6, 7], answer.stderr).toContain(answer.code)
      expect(answer.stderr).toMatch(/CONNECT\.(LOST|REFUSED)|RUN\.CODE_FAILED_PARTIAL/)
      await server.restart()
      await scene.works(['up'])
      expect(await scene.applied()).toEqual(['001_one'])
      const collections = (await (
        await fetch(`${server.url}/api/v2/tenants/default_tenant/databases/default_database/collections`)
      ).json()) as { name: string }[]
      expect(
        collections
          .map(one => one.name)
          .filter(name => !name.startsWith('godwit_'))
          .toSorted(),
      ).toEqual(['one', 'two'])
    }, url)
  })
})
