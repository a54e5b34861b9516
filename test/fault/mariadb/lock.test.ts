// Locks, time limits and other runners: whoever waits is told for whom, what was taken back is tried again, and a
// runner that lost its lease writes nothing more.
import { describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'
import { proxied } from './proxy.ts'
import { gated, withFault } from './scene.ts'

const reason = await unavailable('mariadb')

const table =
  'CREATE TABLE t (id int PRIMARY KEY, a int, b int);\nINSERT INTO t SELECT seq, seq, seq FROM seq_1_to_100;\n'
const off = '-- godwit: transaction=off\n'

describe.skipIf(reason)('MariaDB: locks, time limits and other runners', () => {
  it('fault 13: a lock that is not available is tried again, then given up with whoever may hold it', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      await fault.scene.works(['up'])
      fault.configure({ lockTimeoutMs: 1_000 }, fault.rootUrl)
      fault.add({ '002_c.sql': 'ALTER TABLE t ADD COLUMN c int;\nALTER TABLE t ADD COLUMN d int;\n' })
      const holder = await fault.hold('SELECT * FROM t LIMIT 1')
      const answer = await fault.scene.run(['up', '--json=stream'])
      expect(answer.code).toBe(6)
      expect(answer.stdout.match(/"type":"retry"/g)).toHaveLength(3)
      expect(answer.stdout).toContain('RUN.LOCK_TIMEOUT')
      expect(answer.stdout).toContain(`may be held by pid ${holder.thread}`)
      await holder.release()
      await fault.recovers()
    }))

  it('fault 14: the victim of a deadlock is run again as a whole', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({
        '002_group.sql': `${off}BEGIN;\nUPDATE t SET b = b + 1000 WHERE id = 1;\nUPDATE t SET b = b + 1000 WHERE id = 2;\nCOMMIT;\n`,
      })
      const other = await fault.client()
      await other.query('START TRANSACTION; UPDATE t SET a = a + 500 WHERE id BETWEEN 2 AND 60')
      const run = fault.start(['up', '--json=stream'])
      await fault.busy('%WHERE id = 2%')
      // The server takes back the transaction that changed fewer rows.
      await other.query('UPDATE t SET a = a + 500 WHERE id = 1')
      await run.saw('"type":"retry"')
      await other.query('COMMIT')
      const answer = await run.ended
      expect(answer.code, answer.stderr + answer.stdout).toBe(0)
      expect(answer.stdout).toContain('Deadlock found')
      expect(await fault.ask('SELECT b - id AS added FROM t WHERE id IN (1, 2)')).toEqual([
        { added: 1000 },
        { added: 1000 },
      ])
      expect(await fault.ask('SELECT COUNT(*) AS n FROM t WHERE a = id + 500')).toEqual([{ n: 60 }])
      await fault.sound()
    }))

  it('fault 15: a statement that takes too long is taken back, rows and DDL alike', () =>
    withFault({ files: { '001_t.sql': table + gated }, settings: { statementTimeoutMs: 1_500 } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({
        '002_slow.sql':
          'CREATE TABLE c (id int);\nCREATE TABLE d AS SELECT gated(1) AS id;\nUPDATE t SET b = gated(b);\n',
      })
      const gate = await fault.gate()
      await fault.scene.fails(['up'], { code: 'RUN.STATEMENT_FAILED_PARTIAL', says: ['max_statement_time'] })
      expect(await fault.ask(`SHOW TABLES LIKE 'd'`)).toEqual([])
      expect(await fault.step()).toMatchObject({ done: 1, running: null })
      await gate.release()
      await fault.recovers()
      fault.add({ '003_rows.sql': 'UPDATE t SET a = 0 WHERE id < 50;\nUPDATE t SET a = gated(a);\n' })
      const second = await fault.gate()
      await fault.scene.fails(['up'], { code: 'RUN.STATEMENT_TIMEOUT', says: ['003_rows was rolled back'] })
      expect(await fault.ask('SELECT COUNT(*) AS n FROM t WHERE a = 0')).toEqual([{ n: 0 }])
      await second.release()
      await fault.recovers()
    }))

  it('fault 16: of two runners at the same time one runs and the other finds nothing to do', () =>
    withFault(
      { files: { '001_t.sql': table + gated, '002_c.sql': 'CREATE TABLE c AS SELECT gated(1) AS id;\n' } },
      async fault => {
        await fault.scene.works(['up', '001'])
        const gate = await fault.gate()
        const first = fault.start()
        await fault.atGate()
        const second = fault.start(['up', '--json=stream'])
        await second.saw('"lock-waiting"')
        await gate.release()
        expect((await first.ended).code).toBe(0)
        const answer = await second.ended
        expect(answer.code, answer.stderr + answer.stdout).toBe(0)
        expect(answer.stdout).not.toContain('revision-start')
        await fault.sound()
        await fault.sameAsClean()
      },
    ))

  it('fault 17: a runner that slept past its lease writes nothing when it wakes', () =>
    withFault(
      {
        files: {
          '001_t.sql': table + gated,
          '002_work.sql':
            'CREATE TABLE c AS SELECT gated(1) AS id;\nUPDATE t SET b = b + 1000;\nCREATE TABLE d (id int);\n',
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const gate = await fault.gate()
        const sleeper = fault.start(['up', '--json'])
        await fault.atGate()
        sleeper.kill('SIGSTOP')
        await fault.until('SELECT 1 AS expired FROM godwit_lease WHERE expires_at <= UTC_TIMESTAMP(6)')
        const other = fault.start(['up', '--json=stream'])
        await other.saw('"lock-acquired"')
        await gate.release()
        const answer = await other.ended
        expect(answer.code, answer.stderr + answer.stdout).toBe(0)
        sleeper.kill('SIGCONT')
        const woken = await sleeper.ended
        // Its connection was ended by the run that came after, so it may see no more than that.
        expect([6, 7], woken.stdout).toContain(woken.code)
        expect(woken.stdout).toMatch(/LOCK\.LOST|CONNECT\.LOST/)
        // Neither the rows were changed twice nor the journal written twice.
        expect(await fault.ask('SELECT DISTINCT b - id AS added FROM t')).toEqual([{ added: 1000 }])
        await fault.sound()
        await fault.sameAsClean()
      },
    ))

  it('fault 17: the journal refuses the next write of a runner whose lock was broken while it slept', () =>
    withFault(
      {
        files: {
          '001_t.sql': table + gated,
          '002_work.sql': 'CREATE TABLE c AS SELECT gated(1) AS id;\nUPDATE t SET b = b + 1000;\n',
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const gate = await fault.gate()
        const sleeper = fault.start(['up', '--json'])
        await fault.atGate()
        sleeper.kill('SIGSTOP')
        await fault.scene.works(['lock', 'break', '--yes'])
        await gate.release()
        await fault.until(
          `SELECT 1 AS made FROM information_schema.tables WHERE table_schema = '${fault.name}' AND table_name = 'c'`,
        )
        sleeper.kill('SIGCONT')
        const woken = await sleeper.ended
        expect(woken.code, woken.stdout).toBe(6)
        expect(woken.stdout).toContain('LOCK.LOST')
        expect(await fault.ask('SELECT DISTINCT b - id AS added FROM t')).toEqual([{ added: 0 }])
        await fault.recovers()
      },
    ))

  it('fault 18: a proxy that spreads one session over two connections is refused before anything is run', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      const proxy = await proxied(fault.url, 'spread')
      try {
        fault.configure({}, proxy.url)
        await fault.scene.fails(['up'], { code: 'CONNECT.POOLER', says: ['instead of the proxy'] })
        expect(await fault.ask(`SHOW TABLES LIKE 't'`)).toEqual([])
      } finally {
        await proxy.close()
      }
      fault.configure()
      await fault.recovers()
    }))

  it('fault 20: rows that break a new constraint are told, and nothing of it stays', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      const spoil = 'UPDATE t SET a = 7, b = NULL WHERE id = 8'
      await fault.scene.works(['up'])
      await fault.ask(spoil)
      fault.add({ '002_unique.sql': 'CREATE TABLE c (id int);\nALTER TABLE t ADD UNIQUE INDEX only_a (a);\n' })
      fault.add({ '003_not_null.sql': 'ALTER TABLE t MODIFY b int NOT NULL;\n' })
      fault.add({ '004_check.sql': 'ALTER TABLE t ADD CONSTRAINT small CHECK (a < 90);\n' })
      await fault.scene.fails(['up'], {
        code: 'RUN.STATEMENT_FAILED_PARTIAL',
        says: ["Duplicate entry '7' for key 'only_a'", '002_unique'],
      })
      expect(await fault.ask(`SHOW INDEX FROM t WHERE Key_name = 'only_a'`)).toEqual([])
      await fault.ask('UPDATE t SET a = 8 WHERE id = 8')
      await fault.scene.fails(['up'], { code: 'RUN.STATEMENT_FAILED', says: ["column 'b'", 'row 8'] })
      await fault.ask('UPDATE t SET b = 8 WHERE id = 8')
      await fault.scene.fails(['up'], { code: 'RUN.STATEMENT_FAILED', says: ['CONSTRAINT `small` failed'] })
      await fault.ask('UPDATE t SET a = 0 - a WHERE a >= 90')
      await fault.scene.works(['up'])
      await fault.sound()
      expect(await fault.ask('SELECT COUNT(*) AS n FROM godwit_revision')).toEqual([{ n: 4 }])
    }))
})
