// The server itself breaks: it is stopped at once, one of its processes dies, its disk is full. On servers of our own,
// which keep what they confirmed as a server of production does.
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, serverAccount } from '../../servers/account.ts'
import { record, unavailable } from '../../servers/databases.ts'
import { removeFolder } from '../../servers/process.ts'
import { durable, type Server, startPostgres } from '../../servers/postgres.ts'
import { type Files, withFault } from './scene.ts'

const reason = await unavailable('postgres')

const off = '-- godwit: transaction=off\n'
const table = 'CREATE TABLE t (id int PRIMARY KEY, a int);\nINSERT INTO t SELECT i, i FROM generate_series(1, 100) i;\n'
const slow = 'CREATE TABLE slow (id int);\n'
const sleep = 'SELECT pg_sleep(CASE WHEN EXISTS (SELECT FROM slow) THEN 300 ELSE 0 END);\n'

const transaction: Files = {
  '001_t.sql': table + slow,
  '002_x.sql': `ALTER TABLE t ADD COLUMN c int;\nUPDATE t SET c = a;\n${sleep}ALTER TABLE t ADD COLUMN d int;\n`,
}
const steps: Files = {
  '001_t.sql': table + slow,
  '002_x.sql': `${off}UPDATE t SET a = a + 1000;\nCREATE INDEX CONCURRENTLY t_a ON t (a);\nUPDATE t SET a = a + 1000;\n`,
}

describe.skipIf(reason)('PostgreSQL: the server breaks', () => {
  let server: Server
  let databases = 0
  beforeAll(async () => {
    server = await startPostgres('18', durable)
  })
  afterAll(() => server?.stop())

  /** A database of its own for each test: the server is stopped by all of them, one after the other. */
  const fresh = async (): Promise<string> => {
    const url = new URL(server.url)
    url.pathname = `/broken_${++databases}`
    await withFault({ files: {}, url: server.url }, fault =>
      fault.ask(`CREATE DATABASE broken_${databases}`).then(() => {}),
    )
    return url.href
  }

  /** An immediate stop ends without a checkpoint: the next start replays the log (manual 18.5). */
  const stops: readonly [string, (pid: number) => Promise<void>][] = [
    [
      'an immediate stop',
      async () => {
        await server.kill('SIGQUIT')
        await server.restart()
      },
    ],
    [
      'SIGKILL of its first process',
      async () => {
        await server.kill('SIGKILL')
        await restartWhenFree()
      },
    ],
    [
      'SIGKILL of one backend',
      async pid => {
        process.kill(pid, 'SIGKILL')
      },
    ],
  ]

  /** Processes of the killed server hold its memory for a moment. */
  async function restartWhenFree(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await server.restart()
      } catch (error) {
        if (attempt === 20) throw error
        await new Promise(resolve => setTimeout(resolve, 250))
      }
    }
  }

  it.each(stops)('fault 11: %s takes a transaction back, and the next run finishes', async (_, stop) => {
    await withFault({ files: transaction, url: await fresh() }, async fault => {
      await fault.scene.works(['up', '001'])
      await fault.ask('INSERT INTO slow VALUES (1)')
      const run = fault.start()
      const { pid } = await fault.busy('%pg_sleep%', 'Timeout')
      await stop(Number(pid))
      const answer = await run.ended
      // 6 when the server was back in time to prove that nothing stays.
      expect([6, 7], answer.stderr).toContain(answer.code)
      expect(answer.stderr).toContain('CONNECT.LOST')
      await fault.untilThere()
      expect(await fault.ask(`SELECT 1 FROM information_schema.columns WHERE column_name = 'c'`)).toEqual([])
      await fault.ask('TRUNCATE slow')
      await fault.recovers()
    })
  })

  it.each(stops)('fault 11: %s in CREATE INDEX CONCURRENTLY, and the next run finishes', async (_, stop) => {
    await withFault({ files: steps, url: await fresh() }, async fault => {
      await fault.scene.works(['up', '001'])
      const holder = await fault.hold('INSERT INTO t VALUES (-1, -1)')
      const run = fault.start()
      const { pid } = await fault.busy('%CONCURRENTLY%', 'Lock')
      await stop(Number(pid))
      await holder.release()
      const answer = await run.ended
      expect(answer.code, answer.stderr).toBe(7)
      await fault.untilThere()
      expect(await fault.ask('SELECT indisvalid FROM pg_index WHERE NOT indisvalid')).toEqual([{ indisvalid: false }])
      await fault.recovers()
      expect(await fault.ask('SELECT DISTINCT a - id AS added FROM t')).toEqual([{ added: 2000 }])
    })
  })
})

const small = reason ?? noDisk()
await record({ subject: 'PostgreSQL on a full disk', ...(small === undefined ? {} : { reason: small }) })

function noDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux may mount a small disk'
  const folder = makeFolder('disk')
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0
  if (mounted) spawnSync('umount', [folder])
  removeFolder(folder)
  return mounted ? undefined : 'mounting is not allowed here'
}

describe.skipIf(small)('PostgreSQL: the disk is full', () => {
  let server: Server
  let disk: string
  beforeAll(async () => {
    server = await startPostgres()
    disk = join(server.folder, 'disk')
    mkdirSync(disk)
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status).toBe(0)
    const account = serverAccount()
    if (account) chownSync(disk, account.uid, account.gid)
    await withFault({ files: {}, url: server.url }, fault =>
      fault.ask(`CREATE TABLESPACE small LOCATION '${disk}'`).then(() => {}),
    )
  })
  afterAll(async () => {
    spawnSync('umount', ['-l', disk])
    await server?.stop()
  })
  const size = (text: string) => expect(spawnSync('mount', ['-o', `remount,size=${text}`, disk]).status).toBe(0)

  const filled = `INSERT INTO big SELECT i, md5(i::text) FROM generate_series(1, 100000) i;\n`
  it.each<[string, string, string]>([
    ['takes a transaction back', '', `CREATE TABLE big (id int, word text) TABLESPACE small;\n${filled}`],
    [
      'leaves an INVALID index that the next run removes',
      '001',
      `${off}CREATE TABLE other (id int);\nCREATE INDEX CONCURRENTLY big_word ON big (word) TABLESPACE small;\n`,
    ],
  ])('fault 19: it %s, and the next run finishes when there is room', async (_, first, body) => {
    size('4m')
    const files: Files = {
      '001_t.sql': first === '' ? table : `CREATE TABLE big (id int, word text);\n${filled}`,
      '002_big.sql': body,
    }
    const url = new URL(server.url)
    url.pathname = first === '' ? '/disk_one' : '/disk_two'
    await withFault({ files: {}, url: server.url }, fault =>
      fault.ask(`CREATE DATABASE ${url.pathname.slice(1)}`).then(() => {}),
    )
    await withFault({ files, url: url.href }, async fault => {
      const failed = await fault.scene.json(['up'])
      expect(JSON.stringify(failed.error)).toMatch(/RUN\.DISK_FULL|No space left/)
      expect(await fault.scene.applied()).toEqual(['001_t'])
      size('256m')
      await fault.scene.works(['up'])
      await fault.sound()
      expect(await fault.scene.applied()).toEqual(['001_t', '002_big'])
      expect(await fault.ask('SELECT count(*)::int AS n FROM big')).toEqual([{ n: 100_000 }])
      await fault.ask('DROP TABLE big')
    })
  })
})
