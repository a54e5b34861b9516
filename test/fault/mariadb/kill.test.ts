// The runner is killed (SIGKILL) while a statement that commits by itself is at work, before it, or after it. The
// server goes on for a while: the second run finds its thread, waits for it or ends it, and the catalog says the rest.
import { describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'
import { gated, withFault } from './scene.ts'

const reason = await unavailable('mariadb')

const table =
  'CREATE TABLE t (id int PRIMARY KEY, a int, b int);\nINSERT INTO t SELECT seq, seq, seq FROM seq_1_to_100;\n'
/** Large enough that its rebuild can be seen. */
const large =
  'CREATE TABLE large (id int PRIMARY KEY, a int, b varchar(300));\n' +
  'INSERT INTO large SELECT seq, seq * 7 MOD 1000, REPEAT(MD5(seq), 8) FROM seq_1_to_60000;\n'

describe.skipIf(reason)('MariaDB: the runner is killed', () => {
  it('fault 1: killed with the lock taken and nothing run, the next run goes ahead at once', () =>
    withFault({ files: { '001_t.sql': table }, ttlMs: 60_000 }, async fault => {
      const config = JSON.parse(fault.scene.read('godwit.config.json')) as object
      const hook = `hooks: { beforeRun: () => new Promise(() => { console.error('lock taken'); setInterval(() => {}, 1000) }) }`
      fault.scene.remove('godwit.config.json')
      fault.scene.write('godwit.config.mjs', `export default { ...${JSON.stringify(config)}, ${hook} }\n`)
      const run = fault.start()
      await run.saw('lock taken')
      expect(await fault.ask('SELECT owner FROM godwit_lease WHERE owner IS NOT NULL')).toHaveLength(1)
      await fault.kill(run)
      fault.scene.remove('godwit.config.mjs')
      fault.scene.write('godwit.config.json', JSON.stringify(config))
      const again = await fault.scene.works(['up'])
      // Far below the life of that lease: the named lock of its holder is free, and the server says so.
      expect(again.ms).toBeLessThan(20_000)
      await fault.sound()
      await fault.sameAsClean()
    }))

  const made = `CREATE TABLE c (id int);\nCREATE TABLE d AS SELECT gated(5) AS id;\nINSERT INTO c SELECT id FROM d;\n`

  it('fault 2: a thread that outlives its killed runner is waited for, and what it did is found', () =>
    withFault({ files: { '001_gate.sql': gated, '002_made.sql': made } }, async fault => {
      await fault.scene.works(['up', '001'])
      const gate = await fault.gate()
      const run = fault.start()
      const thread = await fault.atGate()
      await fault.kill(run)
      expect(await fault.step()).toMatchObject({ done: 1, running: 2, total: 3 })
      const again = fault.start(['up', '--json=stream'])
      await again.saw('"survivor"')
      expect(await fault.lives(thread)).toBe(true)
      await gate.release()
      const answer = await again.ended
      expect(answer.code, answer.stderr + answer.stdout).toBe(0)
      const recovered = answer.stdout.split('\n').find(line => line.includes('"recovered"')) ?? '{}'
      expect(JSON.parse(recovered)).toMatchObject({ step: 2, outcome: 'done', revision: '002_made' })
      await fault.sound()
      await fault.sameAsClean()
    }))

  it('fault 2: a thread that does not end within the wait for the lock is ended, and its statement is run again', () =>
    withFault({ files: { '001_gate.sql': gated, '002_made.sql': made } }, async fault => {
      await fault.scene.works(['up', '001'])
      const gate = await fault.gate()
      const run = fault.start()
      const thread = await fault.atGate()
      await fault.kill(run)
      const again = fault.start(['up', '--lock-wait', '3s', '--json=stream'])
      await fault.gone(thread)
      await again.saw('"recovered"')
      await gate.release()
      const answer = await again.ended
      expect(answer.code, answer.stderr + answer.stdout).toBe(0)
      expect(answer.stdout).toContain('"not-done"')
      await fault.sound()
      await fault.sameAsClean()
    }))

  it('fault 2: a statement that only waits ends with its runner, and is run again', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({ '002_c.sql': 'ALTER TABLE t ADD COLUMN c int;\nALTER TABLE t ADD COLUMN d int;\n' })
      const holder = await fault.hold('SELECT * FROM t LIMIT 1')
      const run = fault.start()
      const thread = await fault.waitsForTable('%ADD COLUMN c%')
      await fault.kill(run)
      // The server looks for its client while a statement waits for a metadata lock.
      await fault.gone(thread)
      await holder.release()
      await fault.recovers()
    }))

  it('fault 3: killed between the statement and its journal row, the catalog says that it is done', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({
        '002_c.sql':
          'ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 4;\nUPDATE t SET c = a;\nDROP TABLE IF EXISTS no;\n',
      })
      await fault.killBeforeRow('%ADD COLUMN c%', 'SELECT * FROM t LIMIT 1')
      expect(await fault.step()).toMatchObject({ done: 0, running: 1 })
      const answer = await fault.scene.works(['up', '--json=stream'])
      expect(answer.stdout).toContain('"outcome":"done"')
      await fault.sound()
      await fault.sameAsClean()
    }))

  it('fault 3: of two tables that one DROP names only one is gone: refused, with both told', () =>
    withFault({ files: { '001_t.sql': table, '002_u.sql': 'CREATE TABLE u (id int);\n' } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({ '003_drop.sql': 'CREATE TABLE v (id int);\nDROP TABLE u, t;\n' })
      const holder = await fault.hold('SELECT * FROM t LIMIT 1')
      const run = fault.start()
      const thread = await fault.waitsForTable('%DROP TABLE u%')
      await fault.kill(run)
      await fault.gone(thread)
      await holder.release()
      // A server that dies between the two tables leaves this.
      await fault.ask(`DROP TABLE ${fault.name}.u`)
      const refused = await fault.scene.fails(['up'], {
        code: 'JOURNAL.STEP_IN_DOUBT',
        says: ['table u is gone', 'table t still exists', 'godwit repair --done'],
      })
      expect(refused.error?.next).toContainEqual(expect.stringContaining('godwit repair --retry'))
      await fault.ask(`DROP TABLE ${fault.name}.t`)
      await fault.scene.works(['repair', '--done'])
      await fault.recovers()
    }))

  it('fault 4: killed while an index is built online, the build is waited for and done once', { timeout: 60_000 }, () =>
    withFault({ files: { '001_large.sql': large } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({
        '002_index.sql':
          'ALTER TABLE large ADD INDEX by_b (b, a), ALGORITHM=INPLACE, LOCK=NONE;\nCREATE INDEX by_a ON large (a);\n',
      })
      const run = fault.start()
      await fault.busy('%ADD INDEX by_b%', 'altering table%')
      await fault.kill(run)
      await fault.recovers()
    }),
  )

  const partitioned =
    'CREATE TABLE p (id int PRIMARY KEY, a varchar(300)) PARTITION BY RANGE (id) ' +
    '(PARTITION p0 VALUES LESS THAN (1000), PARTITION p1 VALUES LESS THAN MAXVALUE);\n' +
    'INSERT INTO p SELECT seq, REPEAT(MD5(seq), 8) FROM seq_1_to_60000;\n' +
    'CREATE TABLE swap (id int PRIMARY KEY, a varchar(300));\nINSERT INTO swap VALUES (5, "swapped");\nANALYZE TABLE p, swap;\n'

  it(
    'fault 5: killed while a partition is reorganised, the thread ended: nothing of it stays',
    { timeout: 60_000 },
    () =>
      withFault({ files: { '001_p.sql': partitioned } }, async fault => {
        await fault.scene.works(['up'])
        fault.add({
          '002_split.sql':
            'ALTER TABLE p REORGANIZE PARTITION p1 INTO (PARTITION p1 VALUES LESS THAN (30000), PARTITION p2 VALUES LESS THAN MAXVALUE);\n' +
            'ALTER TABLE p COMMENT = "split";\n',
        })
        const run = fault.start()
        const thread = await fault.busy('%REORGANIZE%', '%')
        await fault.kill(run)
        await fault.ask(`KILL ${thread}`).catch(() => {})
        await fault.gone(thread)
        await fault.recovers()
      }),
  )

  it('fault 5: killed after EXCHANGE PARTITION, before its row: the counts of both sides say that it is done', () =>
    withFault({ files: { '001_p.sql': partitioned } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({ '002_swap.sql': 'ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE swap;\nDROP TABLE swap;\n' })
      await fault.killBeforeRow('%EXCHANGE%', 'SELECT * FROM p LIMIT 1')
      const answer = await fault.scene.works(['up', '--json=stream'])
      expect(answer.stdout).toContain('"outcome":"done"')
      expect(await fault.ask('SELECT COUNT(*) AS n FROM p WHERE id < 1000')).toEqual([{ n: 1 }])
      await fault.sound()
      await fault.sameAsClean()
    }))

  it('fault 6: killed after a foreign key was added unchecked, the next run still proves the rows', () =>
    withFault(
      {
        files: {
          '001_tables.sql': `CREATE TABLE parent (id int PRIMARY KEY);\nCREATE TABLE child (id int PRIMARY KEY, parent int, KEY (parent));\nINSERT INTO parent VALUES (1);\nINSERT INTO child VALUES (1, 1), (2, 9);\n${gated}`,
          '002_key.sql':
            'SET foreign_key_checks = 0;\n' +
            'ALTER TABLE child ADD CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parent (id), ALGORITHM=INPLACE;\n' +
            'CREATE TABLE proof (orphan int, CONSTRAINT none CHECK (orphan IS NULL));\n' +
            'SELECT gated(1);\n' +
            'INSERT INTO proof SELECT c.id FROM child c LEFT JOIN parent p ON p.id = c.parent WHERE p.id IS NULL;\n' +
            'DROP TABLE proof;\n',
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const gate = await fault.gate()
        const run = fault.start()
        const thread = await fault.atGate()
        await fault.kill(run)
        await fault.ask(`KILL ${thread}`)
        await fault.gone(thread)
        await gate.release()
        await fault.scene.fails(['up'], { code: 'RUN.STATEMENT_FAILED_PARTIAL', says: ['none', '002_key'] })
        await fault.ask(`DELETE FROM ${fault.name}.child WHERE id = 2`)
        await fault.scene.works(['up'])
        await fault.sound()
        expect(
          await fault.ask(
            `SELECT constraint_name AS n FROM information_schema.referential_constraints WHERE constraint_schema = '${fault.name}'`,
          ),
        ).toEqual([{ n: 'of_parent' }])
      },
    ))

  const off = '-- godwit: transaction=off\n'
  const batch = (from: number) => `UPDATE t SET b = b + 1000 WHERE id BETWEEN ${from} AND ${from + 24};\n`
  const backfill = off + batch(1) + batch(26) + batch(51) + batch(76)

  it('fault 7: killed inside a batch of a backfill, the batch is taken back and run once', () =>
    withFault({ files: { '001_t.sql': table, '002_fill.sql': backfill } }, async fault => {
      await fault.scene.works(['up', '001'])
      const holder = await fault.hold('SELECT * FROM t WHERE id = 60 FOR UPDATE')
      const run = fault.start()
      const thread = await fault.busy('%BETWEEN 51%')
      await fault.kill(run)
      // The server does not look for the client of a statement that waits for a row: the next run ends it.
      expect(await fault.lives(thread)).toBe(true)
      expect(await fault.step()).toMatchObject({ done: 2, running: null })
      const again = fault.start()
      await fault.gone(thread)
      await holder.release()
      expect((await again.ended).code, (await again.ended).stderr).toBe(0)
      expect(await fault.ask('SELECT DISTINCT b - a AS added FROM t')).toEqual([{ added: 1000 }])
      await fault.sound()
      await fault.sameAsClean()
    }))

  const code = `export default {
  async up(m) {
    for (let from = 1; from < 100; from += 25)
      await m.query('UPDATE t SET b = b + 1000 WHERE id BETWEEN ? AND ?', [from, from + 24])
  },
}
`

  it('fault 7: the same in code', () =>
    withFault({ files: { '001_t.sql': table, '002_fill.ts': code } }, async fault => {
      await fault.scene.works(['up', '001'])
      const holder = await fault.hold('SELECT * FROM t WHERE id = 60 FOR UPDATE')
      const run = fault.start()
      const thread = await fault.busy('UPDATE t%')
      await fault.kill(run)
      const again = fault.start()
      await fault.gone(thread)
      await holder.release()
      expect((await again.ended).code, (await again.ended).stderr).toBe(0)
      expect(await fault.ask('SELECT DISTINCT b - a AS added FROM t')).toEqual([{ added: 1000 }])
      await fault.sound()
      await fault.sameAsClean()
    }))

  it('fault 8: killed between two batches of a backfill, the next run begins at the next batch', () =>
    withFault(
      {
        files: {
          '001_t.sql': table + gated,
          '002_fill.sql': `${off}${batch(1)}${batch(26)}SELECT gated(1);\n${batch(51)}${batch(76)}`,
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const gate = await fault.gate()
        const run = fault.start()
        const thread = await fault.atGate()
        await fault.kill(run)
        await fault.ask(`KILL ${thread}`)
        await fault.gone(thread)
        await gate.release()
        expect(await fault.step()).toMatchObject({ done: 2, total: 5 })
        const answer = await fault.scene.works(['up', '--json=stream'])
        expect(answer.stdout).toContain('"resumedAt":2')
        expect(await fault.ask('SELECT DISTINCT b - a AS added FROM t')).toEqual([{ added: 1000 }])
        await fault.sound()
        await fault.sameAsClean()
      },
    ))

  it('fault 7: rows in a table that takes nothing back are never written twice in silence', () =>
    withFault(
      {
        files: {
          '001_kept.sql': `CREATE TABLE kept (id int) ENGINE=MyISAM;\n${gated}`,
          '002_rows.sql': 'INSERT INTO kept VALUES (1);\nINSERT INTO kept SELECT gated(2);\n',
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const gate = await fault.gate()
        const run = fault.start()
        const thread = await fault.atGate()
        await fault.kill(run)
        await fault.ask(`KILL ${thread}`)
        await fault.gone(thread)
        await gate.release()
        expect(await fault.ask('SELECT id FROM kept')).toEqual([{ id: 1 }])
        await fault.scene.fails(['up'], {
          code: 'JOURNAL.STEP_IN_DOUBT',
          says: ['kept uses MyISAM', 'godwit repair --done'],
        })
        expect(await fault.ask('SELECT id FROM kept')).toEqual([{ id: 1 }])
        // A person empties the table and has the step run again.
        await fault.ask('DELETE FROM kept')
        await fault.scene.works(['repair', '--retry'])
        await fault.recovers()
      },
    ))

  it('fault 7: rows in a table that takes nothing back cost nothing when nobody is killed', () =>
    withFault(
      {
        files: {
          '001_kept.sql': 'CREATE TABLE kept (id int) ENGINE=MyISAM;\nINSERT INTO kept VALUES (1);\n',
          '002_rows.sql': 'INSERT INTO kept VALUES (2);\nINSERT INTO kept VALUES (3);\n',
        },
      },
      async fault => {
        await fault.recovers()
        fault.add({ '003_fails.sql': 'INSERT INTO kept VALUES (4);\nINSERT INTO nowhere VALUES (5);\n' })
        const failed = await fault.scene.run(['up'])
        expect(failed.code).not.toBe(0)
        // Row 4 stays: what godwit says must not be "rolled back".
        expect(failed.stderr).not.toContain('was rolled back')
        await fault.scene.fails(['up'], { code: 'JOURNAL.STEP_IN_DOUBT', says: ['kept uses MyISAM'] })
      },
    ))

  it('fault 9: killed in the middle of a contract revision, it goes on forward', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({
        '002_contract.sql':
          'ALTER TABLE t DROP COLUMN a;\nALTER TABLE t DROP COLUMN b;\nALTER TABLE t ADD COLUMN c int;\n',
      })
      const holder = await fault.hold('SELECT * FROM t LIMIT 1')
      const first = fault.start()
      const thread = await fault.waitsForTable('%DROP COLUMN a%')
      await fault.kill(first)
      await fault.gone(thread)
      await holder.release()
      await fault.killBeforeRow('%DROP COLUMN a%', 'SELECT * FROM t LIMIT 1')
      await fault.killBeforeRow('%DROP COLUMN b%', 'SELECT * FROM t LIMIT 1')
      expect(await fault.step()).toMatchObject({ done: 1, running: 2 })
      await fault.recovers()
    }))

  it('fault 10: killed during a rebuild by copy, the copy is waited for', { timeout: 60_000 }, () =>
    withFault({ files: { '001_large.sql': large } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({
        '002_copy.sql': 'ALTER TABLE large MODIFY a bigint, ALGORITHM=COPY;\nALTER TABLE large DROP COLUMN b;\n',
      })
      const run = fault.start()
      await fault.busy('%ALGORITHM=COPY%', 'copy to tmp table%')
      await fault.kill(run)
      await fault.recovers()
    }),
  )

  it('fault 10: killed during a rebuild by copy, its thread ended: the old table is whole', { timeout: 60_000 }, () =>
    withFault({ files: { '001_large.sql': large } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({
        '002_copy.sql': 'ALTER TABLE large MODIFY a bigint, ALGORITHM=COPY;\nCREATE TABLE after_it (id int);\n',
      })
      const run = fault.start()
      const thread = await fault.busy('%ALGORITHM=COPY%', 'copy to tmp table%')
      await fault.kill(run)
      await fault.ask(`KILL ${thread}`).catch(() => {})
      await fault.gone(thread)
      await fault.recovers()
    }),
  )
})
