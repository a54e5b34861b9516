// The runner is killed while a transaction is open, or between two of them: the server ends what was open, and the
// second run begins there.
import { describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'
import { withFault } from './scene.ts'

const reason = await unavailable('postgres')

const table =
  'CREATE TABLE t (id int PRIMARY KEY, a int, b int);\nINSERT INTO t SELECT i, i, i FROM generate_series(1, 100) i;\n'
const off = '-- godwit: transaction=off\n'
/** Statements that call it take long for as long as the table `slow` has a row. */
const slow = `CREATE TABLE slow (id int);
CREATE FUNCTION slowly(value int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_sleep(300) FROM slow;
  RETURN value;
END $$;
`

describe.skipIf(reason).concurrent('PostgreSQL: the runner is killed', () => {
  it('fault 1: killed with the lock taken and nothing run, the next run goes ahead at once', () =>
    withFault({ files: { '001_t.sql': table }, ttlMs: 60_000 }, async fault => {
      const config = JSON.parse(fault.scene.read('godwit.config.json')) as object
      const hook = `hooks: { beforeRun: () => new Promise(() => { console.error('lock taken'); setInterval(() => {}, 1000) }) }`
      fault.scene.remove('godwit.config.json')
      fault.scene.write('godwit.config.mjs', `export default { ...${JSON.stringify(config)}, ${hook} }\n`)
      const run = fault.start()
      await run.saw('lock taken')
      expect(await fault.ask('SELECT owner FROM godwit.godwit_lease WHERE owner IS NOT NULL')).toHaveLength(1)
      await fault.kill(run)
      fault.scene.remove('godwit.config.mjs')
      fault.scene.write('godwit.config.json', JSON.stringify(config))
      const again = await fault.scene.works(['up'])
      // Far below the life of that lease: its holder is gone, and the server says so.
      expect(again.ms).toBeLessThan(20_000)
      await fault.sound()
      await fault.sameAsClean()
    }))

  it('fault 2: killed while a transactional ALTER TABLE waits, nothing of it stays', () =>
    withFault({ files: { '001_t.sql': table } }, async fault => {
      await fault.scene.works(['up'])
      fault.add({ '002_c.sql': 'ALTER TABLE t ADD COLUMN c int;\nALTER TABLE t ADD COLUMN d int;\n' })
      const holder = await fault.hold('SELECT * FROM t')
      const run = fault.start()
      const { pid } = await fault.busy('%ADD COLUMN c%', 'Lock')
      await fault.kill(run)
      // The server looks for its client twice a second and ends the backend, although the lock is still held.
      await fault.gone(pid)
      await holder.release()
      expect(await fault.ask(`SELECT 1 FROM information_schema.columns WHERE column_name = 'c'`)).toEqual([])
      await fault.recovers()
    }))

  it('fault 2: a backend that outlives its killed runner is ended before the next run begins', () =>
    withFault(
      {
        files: {
          '001_slow.sql': slow,
          '002_c.sql': `CREATE TABLE c (id int);\nSELECT slowly(1);\nINSERT INTO c VALUES (1);\n`,
        },
        settings: { clientConnectionCheckIntervalMs: 0 },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        await fault.ask('INSERT INTO slow VALUES (1)')
        const run = fault.start()
        const { pid } = await fault.busy('%slowly(1)%', 'Timeout')
        await fault.kill(run)
        expect(await fault.ask(`SELECT 1 FROM pg_stat_activity WHERE pid = ${Number(pid)}`)).toHaveLength(1)
        // It sleeps on: its one query has seen the row.
        await fault.ask('DELETE FROM slow')
        const again = fault.start()
        await fault.gone(pid)
        expect((await again.ended).code, (await again.ended).stderr).toBe(0)
        await fault.sound()
        await fault.sameAsClean()
      },
    ))

  it('fault 2: a backend that may not be ended is named, and nothing is run', () =>
    withFault(
      {
        files: { '001_slow.sql': slow, '002_c.sql': `CREATE TABLE c (id int);\nSELECT slowly(1);\n` },
        settings: { clientConnectionCheckIntervalMs: 0 },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        await fault.ask('INSERT INTO slow VALUES (1)')
        const run = fault.start()
        const { pid } = await fault.busy('%slowly(1)%', 'Timeout')
        await fault.kill(run)
        const weak = new URL(fault.url)
        weak.username = `${weak.pathname.slice(1)}_weak`
        weak.password = 'weak'
        try {
          await fault.ask(`CREATE ROLE ${weak.username} LOGIN PASSWORD 'weak'; GRANT ALL ON SCHEMA public, godwit TO ${weak.username};
            GRANT ALL ON ALL TABLES IN SCHEMA public, godwit TO ${weak.username}`)
          fault.configure({ clientConnectionCheckIntervalMs: 0 }, weak.href)
          const refused = await fault.scene.json(['up', '--lock-wait', '4s'])
          expect(refused.error?.code).toBe('LOCK.SURVIVOR')
          expect(JSON.stringify(refused.error)).toContain(String(pid))
          expect(await fault.ask(`SELECT to_regclass('c') AS c`)).toEqual([{ c: null }])
          fault.configure({ clientConnectionCheckIntervalMs: 0 })
          await fault.ask('DELETE FROM slow')
          // Somebody who may has to end it.
          await fault.ask(`SELECT pg_terminate_backend(${Number(pid)})`)
          await fault.gone(pid)
          await fault.recovers()
        } finally {
          await fault.ask(`DROP OWNED BY ${weak.username}; DROP ROLE ${weak.username}`)
        }
      },
    ))

  it('fault 6: killed between NOT VALID and VALIDATE, the next run begins at VALIDATE', () =>
    withFault(
      {
        files: {
          '001_t.sql': table + slow,
          '002_check.sql': `${off}ALTER TABLE t ADD CONSTRAINT positive CHECK (slowly(a) > 0) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT positive;\n`,
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        await fault.ask('INSERT INTO slow VALUES (1)')
        const run = fault.start()
        const { pid } = await fault.busy('%VALIDATE CONSTRAINT%', 'Timeout')
        await fault.kill(run)
        await fault.gone(pid)
        const found = await fault.ask(`SELECT convalidated FROM pg_constraint WHERE conname = 'positive'`)
        expect(found).toEqual([{ convalidated: false }])
        expect(await fault.ask('SELECT done::int FROM godwit.godwit_step')).toEqual([{ done: 1 }])
        await fault.ask('TRUNCATE slow')
        await fault.recovers()
      },
    ))

  const batch = (from: number) => `UPDATE t SET b = b + 1000 WHERE id BETWEEN ${from} AND ${from + 24};\n`
  const backfill = off + batch(1) + batch(26) + batch(51) + batch(76)

  it('fault 7: killed inside a batch of a backfill, the batch is taken back and run once', () =>
    withFault({ files: { '001_t.sql': table, '002_fill.sql': backfill } }, async fault => {
      await fault.scene.works(['up', '001'])
      const holder = await fault.hold('SELECT * FROM t WHERE id = 60 FOR UPDATE')
      const run = fault.start()
      const { pid } = await fault.busy('%BETWEEN 51%', 'Lock')
      await fault.kill(run)
      await fault.gone(pid)
      await holder.release()
      expect(await fault.ask('SELECT done::int, running FROM godwit.godwit_step')).toEqual([{ done: 2, running: null }])
      expect(await fault.ask('SELECT max(b) FROM t WHERE id > 50')).toEqual([{ max: 100 }])
      await fault.recovers()
      expect(await fault.ask('SELECT DISTINCT b - a AS added FROM t')).toEqual([{ added: 1000 }])
    }))

  it('fault 8: killed between two batches of a backfill, the next run begins with the next batch', () =>
    withFault({ files: { '001_t.sql': table + slow, '002_fill.sql': backfill } }, async fault => {
      await fault.scene.works(['up', '001'])
      // The commit of the second batch waits: its journal row is the last thing before it.
      await fault.ask(`CREATE FUNCTION slow_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM slowly(1); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER slow_step AFTER INSERT OR UPDATE ON godwit.godwit_step DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.done = 2) EXECUTE FUNCTION slow_step(); INSERT INTO slow VALUES (1)`)
      const run = fault.start()
      const { pid } = await fault.busy('%', 'Timeout')
      await fault.kill(run)
      // Whatever the server still does with what it was sent, each batch and its row are there together.
      await fault.ask('TRUNCATE slow').catch(() => undefined)
      await fault.gone(pid)
      const [step] = await fault.ask<{ done: number }>('SELECT done::int FROM godwit.godwit_step')
      const [data] = await fault.ask<{ batches: number }>('SELECT count(*)::int / 25 AS batches FROM t WHERE b > 1000')
      expect(step?.done).toBe(data?.batches)
      await fault.ask('DROP FUNCTION slow_step CASCADE')
      await fault.recovers()
      expect(await fault.ask('SELECT DISTINCT b - a AS added FROM t')).toEqual([{ added: 1000 }])
    }))

  it('fault 7: a backfill in code that is killed inside a batch goes on with that batch', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_fill.ts': `export const options = { transaction: 'off' }
export default {
  transaction: 'off',
  async up(m) {
    for (let from = 1; from < 100; from += 25) await m.query('UPDATE t SET b = b + 1000 WHERE id BETWEEN $1 AND $2', [from, from + 24])
  },
}
`,
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const holder = await fault.hold('SELECT * FROM t WHERE id = 60 FOR UPDATE')
        const run = fault.start()
        const { pid } = await fault.busy('UPDATE t %', 'Lock')
        await fault.kill(run)
        await fault.gone(pid)
        await holder.release()
        await fault.recovers()
        expect(await fault.ask('SELECT DISTINCT b - a AS added FROM t')).toEqual([{ added: 1000 }])
      },
    ))

  it('fault 9: killed in the middle of a contract step, all of it is taken back', () =>
    withFault(
      {
        files: {
          '001_t.sql': `${table}CREATE TABLE old (id int);\n`,
          '002_drop.sql': 'ALTER TABLE t DROP COLUMN a;\nDROP TABLE old;\nALTER TABLE t DROP COLUMN b;\n',
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const holder = await fault.hold('SELECT * FROM old')
        const run = fault.start()
        const { pid } = await fault.busy('%DROP TABLE old%', 'Lock')
        await fault.kill(run)
        await fault.gone(pid)
        await holder.release()
        expect(await fault.ask('SELECT a, b FROM t WHERE id = 7')).toEqual([{ a: 7, b: 7 }])
        await fault.recovers()
      },
    ))

  it('fault 9: a contract step with transaction=off goes on forward at the column where it was killed', () =>
    withFault(
      {
        files: {
          '001_t.sql': `${table}CREATE TABLE old (id int);\n`,
          '002_drop.sql': `${off}ALTER TABLE t DROP COLUMN a;\nDROP TABLE old;\nALTER TABLE t DROP COLUMN b;\n`,
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const holder = await fault.hold('SELECT * FROM old')
        const run = fault.start()
        const { pid } = await fault.busy('%DROP TABLE old%', 'Lock')
        await fault.kill(run)
        await fault.gone(pid)
        await holder.release()
        expect(await fault.ask('SELECT done::int FROM godwit.godwit_step')).toEqual([{ done: 1 }])
        await fault.recovers()
      },
    ))

  it('fault 10: killed during a table rebuild by hand, the old table stays whole', () =>
    withFault(
      {
        files: {
          '001_t.sql': `${table + slow}CREATE TABLE child (t int REFERENCES t (id) ON DELETE CASCADE);\nINSERT INTO child SELECT id FROM t;\n`,
          '002_rebuild.sql': `CREATE TABLE n (id bigint PRIMARY KEY, a int, b int);
INSERT INTO n SELECT slowly(id), a, b FROM t;
ALTER TABLE child DROP CONSTRAINT child_t_fkey;
DROP TABLE t;
ALTER TABLE n RENAME TO t;
ALTER TABLE child ADD CONSTRAINT child_t_fkey FOREIGN KEY (t) REFERENCES t (id) ON DELETE CASCADE;
`,
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        await fault.ask('INSERT INTO slow VALUES (1)')
        const run = fault.start()
        const { pid } = await fault.busy('%INSERT INTO n%', 'Timeout')
        await fault.kill(run)
        await fault.gone(pid)
        expect(await fault.ask(`SELECT to_regclass('n') AS n, (SELECT count(*)::int FROM child) AS rows`)).toEqual([
          { n: null, rows: 100 },
        ])
        await fault.ask('TRUNCATE slow')
        await fault.recovers()
      },
    ))
})
