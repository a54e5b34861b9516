// The server dies, its disk is full, or the connection to it is cut: servers of these tests' own, with the settings of
// production for what is written to disk.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'
import { startMariadb } from '../../servers/mariadb.ts'
import type { Server } from '../../servers/postgres.ts'
import { proxied } from './proxy.ts'
import { FaultScene, gated, withFault } from './scene.ts'

const reason = await unavailable('mariadb')

const table =
  'CREATE TABLE t (id int PRIMARY KEY, a int, b int);\nINSERT INTO t SELECT seq, seq, seq FROM seq_1_to_100;\n'
const large =
  'CREATE TABLE large (id int PRIMARY KEY, a int, b varchar(300));\n' +
  'INSERT INTO large SELECT seq, seq, REPEAT(MD5(seq), 8) FROM seq_1_to_60000;\n'

describe.skipIf(reason)('MariaDB: the server is killed', () => {
  let server: Server
  let count = 0

  beforeAll(async () => {
    server = await startMariadb()
  })
  afterAll(() => server?.stop())

  /** What is confirmed is on the disk, as by default; the tests' servers do without. */
  const durable = async () => {
    const root = new FaultScene(server.url, server.url, { files: {} })
    await root.ask('SET GLOBAL innodb_flush_log_at_trx_commit = 1')
    await root.dispose()
  }
  const onOwn = async (files: Readonly<Record<string, string>>, use: (fault: FaultScene) => Promise<void>) => {
    const name = `godwit_crash_${++count}`
    const root = new FaultScene(server.url, server.url, { files: {} })
    await root.ask(`CREATE DATABASE ${name}`)
    await root.dispose()
    await durable()
    const fault = new FaultScene(
      server.url.replace(/\/mysql$/, `/${name}`),
      server.url.replace(/\/mysql$/, `/${name}`),
      {
        files,
      },
    )
    try {
      await use(fault)
    } finally {
      await fault.dispose()
    }
  }
  const crash = async (fault: FaultScene, after: () => Promise<unknown>) => {
    const run = fault.start()
    await after()
    await server.kill('SIGKILL')
    const answer = await run.ended
    expect(answer.code, answer.stderr).toBe(7)
    expect(answer.stderr).toContain('CONNECT.LOST')
    fault.forgetConnection()
    await server.restart()
    await durable()
  }

  it(
    'fault 11: killed in the middle of several DDL statements, the run goes on at the statement that was cut',
    { timeout: 90_000 },
    () =>
      onOwn(
        {
          '001_t.sql': table + gated,
          '002_many.sql':
            'CREATE TABLE one (id int);\nALTER TABLE t ADD COLUMN c int;\nCREATE TABLE d AS SELECT gated(5) AS id;\n' +
            'ALTER TABLE t DROP COLUMN a;\nINSERT INTO one SELECT id FROM d;\nDROP TABLE d;\n',
        },
        async fault => {
          await fault.scene.works(['up', '001'])
          const gate = await fault.gate()
          await crash(fault, () => fault.atGate())
          await gate.release()
          expect(await fault.step()).toMatchObject({ done: 2, running: 3 })
          const answer = await fault.scene.works(['up', '--json=stream'])
          expect(answer.stdout).toContain('"outcome":"not-done"')
          await fault.sound()
          await fault.sameAsClean()
        },
      ),
  )

  it(
    'fault 10: killed during a rebuild by copy, the old table is whole and the copy is gone',
    { timeout: 90_000 },
    () =>
      onOwn({ '001_large.sql': large }, async fault => {
        await fault.scene.works(['up'])
        fault.add({
          '002_copy.sql': 'ALTER TABLE large MODIFY a bigint, ALGORITHM=COPY;\nCREATE TABLE later (id int);\n',
        })
        await crash(fault, () => fault.busy('%ALGORITHM=COPY%', 'copy to tmp table%'))
        expect(await fault.step()).toMatchObject({ done: 0, running: 1 })
        await fault.recovers()
      }),
  )

  it('fault 11: killed at any moment, again and again', { timeout: 110_000 }, () =>
    onOwn({ '001_t.sql': table }, async fault => {
      await fault.scene.works(['up'])
      const statements = [
        'ALTER TABLE t ADD COLUMN c1 int',
        'CREATE TABLE one (id int PRIMARY KEY)',
        'INSERT INTO one SELECT id FROM t',
        'RENAME TABLE one TO two',
        'ALTER TABLE t ADD INDEX by_a (a), ALGORITHM=COPY',
        'CREATE VIEW v AS SELECT id FROM two',
        'UPDATE t SET b = b + 1000',
        'ALTER TABLE t CHANGE c1 c2 bigint, DROP INDEX by_a',
        'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 1',
        'DROP VIEW v',
        'ALTER TABLE two RENAME TO three',
        'DELETE FROM three WHERE id > 50',
      ]
      fault.add({ '002_many.sql': `${statements.join(';\n')};\n` })
      const seed = Math.floor(Math.random() * 1e9)
      console.log(`seed ${seed}`)
      let rounds = 0
      for (let round = 0; round < 4; round++) {
        const run = fault.start(['up', '--json=stream'])
        const at = (seed * (round + 3)) % statements.length
        const met = await run.saw(`"index":${at},`).then(
          () => true,
          () => false,
        )
        if (!met) break
        await new Promise(resolve => setTimeout(resolve, (seed >> (round * 3)) % 12))
        await server.kill('SIGKILL')
        await run.ended
        fault.forgetConnection()
        await server.restart()
        await durable()
        rounds++
      }
      await fault.scene.works(['up'])
      expect(rounds).toBeGreaterThan(0)
      await fault.sound()
      await fault.sameAsClean()
      expect(await fault.ask('SELECT DISTINCT b - a AS added FROM t')).toEqual([{ added: 1000 }])
    }),
  )
})

describe.skipIf(reason)('MariaDB: the connection is cut while COMMIT is answered', () => {
  const rows = 'INSERT INTO t (id, a) VALUES (1001, 5);\nUPDATE t SET b = 12 WHERE id = 1001;\n'

  it('fault 12: cut before the server had the message, nothing of it is there', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({ '002_rows.sql': rows })
      const proxy = await proxied(fault.url, { text: 'VALUES (1001, 5)', when: 'before' })
      try {
        fault.configure({}, proxy.url)
        const answer = await fault.scene.run(['up'])
        expect(answer.code, answer.stderr).toBe(6)
        expect(answer.stderr).toContain('CONNECT.LOST')
        expect(await fault.ask('SELECT * FROM t WHERE id = 1001')).toEqual([])
        await fault.recovers()
      } finally {
        await proxy.close()
      }
    }))

  it('fault 12: cut after the server committed, the journal row proves it', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({ '002_rows.sql': rows })
      const done = () => fault.until(`SELECT 1 AS x FROM godwit_revision WHERE id = '002_rows'`)
      const proxy = await proxied(fault.url, { text: 'VALUES (1001, 5)', when: 'after', done })
      try {
        fault.configure({}, proxy.url)
        const answer = await fault.scene.run(['up'])
        expect(answer.code, answer.stderr).toBe(7)
        expect(answer.stderr.replace(/\s+/g, ' ')).toContain('002_rows was committed')
        await fault.recovers()
      } finally {
        await proxy.close()
      }
    }))

  it('fault 12: cut while the answer to a DDL statement is on its way, the catalog proves it', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({ '002_ddl.sql': 'CREATE TABLE twelve (id int);\nALTER TABLE t DROP COLUMN a;\n' })
      const done = () =>
        fault.until(
          `SELECT 1 AS x FROM information_schema.tables WHERE table_schema = '${fault.name}' AND table_name = 'twelve'`,
        )
      const proxy = await proxied(fault.url, { text: 'CREATE TABLE twelve', when: 'after', done })
      try {
        fault.configure({}, proxy.url)
        const answer = await fault.scene.run(['up'])
        expect(answer.code, answer.stderr).toBe(7)
        expect(answer.stderr).toContain('CONNECT.LOST')
        await fault.recovers()
      } finally {
        await proxy.close()
      }
    }))
})

const system = (command: string, ...args: readonly string[]): boolean => spawnSync(command, [...args]).status === 0

/** Why no small disk can be made here. */
function noDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux may mount a small disk'
  const folder = mkdtempSync(join(tmpdir(), 'godwit-mount-'))
  const mounted = system('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder)
  if (mounted) system('umount', folder)
  rmSync(folder, { recursive: true, force: true })
  return mounted ? undefined : 'mounting is not allowed here'
}
const diskless = reason ?? noDisk()
if (diskless !== undefined) console.warn(`full disk of MariaDB: NOT TESTED, ${diskless}`)

describe.skipIf(diskless)('MariaDB: the disk is full', () => {
  const disk = mkdtempSync(join(tmpdir(), 'godwit-disk-'))
  const before = process.env['TMPDIR']
  let server: Server | undefined

  beforeAll(async () => {
    expect(system('mount', '-t', 'tmpfs', '-o', 'size=220m,mode=777', 'tmpfs', disk)).toBe(true)
    process.env['TMPDIR'] = disk
    server = await startMariadb()
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  afterAll(async () => {
    await server?.stop()
    system('umount', '-l', disk)
    rmSync(disk, { recursive: true, force: true })
  })

  it('fault 19: rows and a rebuild that do not fit are taken back, and the run goes on when there is room', {
    timeout: 90_000,
  }, async () => {
    const own = server as Server
    const root = new FaultScene(own.url, own.url, { files: {} })
    await root.ask('CREATE DATABASE godwit_disk')
    await root.dispose()
    const url = own.url.replace(/\/mysql$/, '/godwit_disk')
    const fault = new FaultScene(url, url, { files: { '001_large.sql': large } })
    try {
      await fault.scene.works(['up'])
      fault.add({
        '002_fill.sql':
          'CREATE TABLE fill LIKE large;\nINSERT INTO fill SELECT * FROM large;\nALTER TABLE large ADD COLUMN c int, ALGORITHM=COPY;\n',
      })
      mkdirSync(join(disk, 'balloon'))
      const balloon = join(disk, 'balloon', 'air')
      const free = Number(/(\d+)\s+\d+%/.exec(spawnSync('df', ['-k', disk]).stdout.toString())?.[1] ?? 0)
      writeFileSync(balloon, Buffer.alloc(Math.max(0, free - 6_000) * 1024))
      await fault.scene.fails(['up'], { code: 'RUN.STATEMENT_FAILED_PARTIAL', says: ['make room'] })
      expect(await fault.step()).toMatchObject({ done: 1, running: null })
      expect(await fault.ask('SELECT COUNT(*) AS n FROM fill')).toEqual([{ n: 0 }])
      // Room for the rows, and not for the copy of the table.
      writeFileSync(balloon, '')
      rmSync(balloon)
      await fault.scene.works(['up'])
      await fault.sound()
      await fault.sameAsClean()
    } finally {
      await fault.dispose()
    }
  })
})
