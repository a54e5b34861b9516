// Statements that stand outside of transactions: killed, cut off or failed, they leave INVALID indexes and pending
// detaches. The next run finds out by the catalog what was done, removes what is left, and goes on.
import { describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'
import { type FaultScene, type Files, withFault } from './scene.ts'

const reason = await unavailable('postgres')

const off = '-- godwit: transaction=off\n'
const table =
  'CREATE TABLE t (id int PRIMARY KEY, a int);\nINSERT INTO t SELECT i, i FROM generate_series(1, 100) i;\nCREATE INDEX t_a ON t (a);\n'
const index = `${off}CREATE TABLE u (id int);\nCREATE INDEX CONCURRENTLY t_id_a ON t (id, a);\nALTER TABLE t ADD COLUMN d int;\n`
const files = { '001_t.sql': table, '002_index.sql': index }

const invalid = (fault: FaultScene) =>
  fault.ask<{ name: string }>('SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid ORDER BY 1')

/** The runner is killed while `text` waits for a transaction of somebody else. */
async function killedWhileWaiting(
  fault: FaultScene,
  text: string,
  holding = 'INSERT INTO t VALUES (-1, -1)',
): Promise<void> {
  await fault.scene.works(['up', '001'])
  const holder = await fault.hold(holding)
  const run = fault.start()
  const { pid } = await fault.busy(text, 'Lock')
  await fault.kill(run)
  await fault.gone(pid)
  await holder.release()
}

describe.skipIf(reason).concurrent('PostgreSQL: a statement with CONCURRENTLY', () => {
  it('fault 3: done and not recorded, it is found in the catalog and not run again', () =>
    withFault({ files }, async fault => {
      await fault.scene.works(['up', '001'])
      const holder = await fault.hold('INSERT INTO t VALUES (-1, -1)')
      const run = fault.start()
      await fault.busy('%CONCURRENTLY%', 'Lock')
      // What comes after the index cannot be written.
      const journal = await fault.hold('LOCK TABLE godwit.godwit_step IN EXCLUSIVE MODE')
      await holder.release()
      const { pid } = await fault.busy('%godwit_step%', 'Lock')
      await fault.kill(run)
      await fault.gone(pid)
      await journal.release()
      const built = await fault.ask(`SELECT 't_id_a'::regclass::oid AS oid`)
      expect(await fault.ask('SELECT done::int, running::int FROM godwit.godwit_step')).toEqual([
        { done: 1, running: 2 },
      ])
      await fault.recovers()
      expect(await fault.ask(`SELECT 't_id_a'::regclass::oid AS oid`)).toEqual(built)
    }))

  it('fault 4: killed while it builds, the INVALID index is dropped and built again', () =>
    withFault({ files }, async fault => {
      await killedWhileWaiting(fault, '%CONCURRENTLY%')
      expect(await invalid(fault)).toEqual([{ name: 't_id_a' }])
      await fault.recovers()
    }))

  it('fault 4: an index whose name the server chose is found and built again', () =>
    withFault(
      { files: { '001_t.sql': table, '002_index.sql': `${off}CREATE INDEX CONCURRENTLY ON t (id, a);\n` } },
      async fault => {
        await killedWhileWaiting(fault, '%CONCURRENTLY%')
        expect(await invalid(fault)).toEqual([{ name: 't_id_a_idx' }])
        await fault.recovers()
      },
    ))

  it('fault 4: IF NOT EXISTS does not take the INVALID index for the one that is wanted', () =>
    withFault(
      {
        files: {
          '001_t.sql': `${table}CREATE SCHEMA app;\nCREATE TABLE app.t (id int, a int);\n`,
          '002_index.sql': `${off}SET search_path = app;\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_unique ON t (a);\n`,
        },
      },
      async fault => {
        await killedWhileWaiting(fault, '%CONCURRENTLY%', 'INSERT INTO app.t VALUES (-1, -1)')
        expect(await invalid(fault)).toEqual([{ name: 'app.t_unique' }])
        await fault.recovers()
      },
    ))

  it('fault 4: a backend that outlives its killed runner builds to the end, and the next run waits for it', () =>
    withFault({ files, settings: { clientConnectionCheckIntervalMs: 0 } }, async fault => {
      await fault.scene.works(['up', '001'])
      const holder = await fault.hold('INSERT INTO t VALUES (-1, -1)')
      const run = fault.start()
      const { pid } = await fault.busy('%CONCURRENTLY%', 'Lock')
      await fault.kill(run)
      const again = fault.start(['up', '--json'])
      // The second runner has taken the lease over and now only waits for that backend.
      await fault.until('SELECT 1 FROM godwit.godwit_lease WHERE fence = 3')
      const built = await fault.ask(`SELECT 't_id_a'::regclass::oid AS oid`)
      expect(await fault.ask(`SELECT 1 FROM pg_stat_activity WHERE pid = ${Number(pid)}`)).toHaveLength(1)
      await holder.release()
      const answer = await again.ended
      expect(answer.code, answer.stdout).toBe(0)
      expect(await fault.ask(`SELECT 't_id_a'::regclass::oid AS oid`)).toEqual(built)
      await fault.sound()
      await fault.sameAsClean()
    }))

  it('fault 4: in a revision in code, it waits longer than lock_timeout, and is built again after a kill', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_index.ts': `export default {
  transaction: 'off',
  async up(m) {
    await m.sql\`UPDATE t SET a = a + 1000\`
    await m.query('CREATE INDEX CONCURRENTLY t_id_a ON t (id, a)')
    await m.sql\`UPDATE t SET a = a + 1000\`
  },
}
`,
        },
        settings: { lockTimeoutMs: 200 },
      },
      async fault => {
        // Not the table itself, or the first step would wait too: a snapshot that is older than the index.
        const snapshot = 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1'
        await killedWhileWaiting(fault, '%CONCURRENTLY%', snapshot)
        expect(await invalid(fault)).toEqual([{ name: 't_id_a' }])
        const holder = await fault.hold(snapshot)
        const run = fault.start()
        await fault.until(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'godwit'
          AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock' AND query_start < clock_timestamp() - interval '400 ms'`)
        await holder.release()
        const answer = await run.ended
        expect(answer.code, answer.stderr).toBe(0)
        expect(await fault.ask('SELECT DISTINCT a - id AS added FROM t')).toEqual([{ added: 2000 }])
        await fault.sound()
        await fault.sameAsClean()
      },
    ))

  const parted = `CREATE TABLE t (id int) PARTITION BY RANGE (id);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (100);
CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (100) TO (200);
INSERT INTO t SELECT generate_series(0, 199);
`
  it.each<[string, Files, string, string]>([
    [
      'REINDEX TABLE CONCURRENTLY',
      { '001_t.sql': table, '002_x.sql': `${off}REINDEX TABLE CONCURRENTLY t;\nALTER TABLE t ADD COLUMN c int;\n` },
      '%REINDEX%',
      'INSERT INTO t VALUES (-1, -1)',
    ],
    [
      'REINDEX INDEX CONCURRENTLY',
      { '001_t.sql': table, '002_x.sql': `${off}REINDEX INDEX CONCURRENTLY t_a;\n` },
      '%REINDEX%',
      'INSERT INTO t VALUES (-1, -1)',
    ],
    [
      'DETACH PARTITION CONCURRENTLY',
      {
        '001_t.sql': parted,
        '002_x.sql': `${off}ALTER TABLE t DETACH PARTITION t_1 CONCURRENTLY;\nDROP TABLE t_1;\n`,
      },
      '%DETACH%',
      'SELECT * FROM t',
    ],
    [
      'DROP INDEX CONCURRENTLY',
      { '001_t.sql': table, '002_x.sql': `${off}DROP INDEX CONCURRENTLY t_a;\n` },
      '%DROP INDEX%',
      'SELECT * FROM t',
    ],
  ])('fault 5: %s, killed while it waits, is completed by the next run', (_, given, text, holding) =>
    withFault({ files: given }, async fault => {
      await killedWhileWaiting(fault, text, holding)
      await fault.recovers()
    }),
  )

  it('fault 15: cut off by a statement time-out, its INVALID index is dropped and built again', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_index.sql':
            '-- godwit: transaction=off statement_timeout=500ms\nCREATE INDEX CONCURRENTLY t_id_a ON t (id, a);\n',
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const holder = await fault.hold('INSERT INTO t VALUES (-1, -1)')
        const failed = await fault.scene.json(['up'])
        expect(failed.error?.code).toBe('RUN.STATEMENT_TIMEOUT')
        expect(await invalid(fault)).toEqual([{ name: 't_id_a' }])
        await holder.release()
        await fault.recovers()
      },
    ))

  it('fault 20: a unique index that met duplicates is dropped and built again when they are gone', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_index.sql': `${off}CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_unique ON t (a);\n`,
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        await fault.ask('INSERT INTO t VALUES (1001, 1)')
        const failed = await fault.scene.json(['up'])
        expect(failed.error?.meta['detail']).toBe('Key (a)=(1) is duplicated.')
        expect(await invalid(fault)).toEqual([{ name: 't_unique' }])
        const still = await fault.scene.json(['up'])
        expect(still.error?.meta['detail']).toBe('Key (a)=(1) is duplicated.')
        await fault.ask('DELETE FROM t WHERE id = 1001')
        await fault.recovers()
      },
    ))

  it('refuses to go on without a temporary table that was lost with the session', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_x.sql': `${off}CREATE TEMP TABLE draft AS SELECT * FROM t;\nCREATE INDEX CONCURRENTLY t_id_a ON t (id, a);\nINSERT INTO t SELECT id + 1000, a FROM draft;\n`,
        },
      },
      async fault => {
        await killedWhileWaiting(fault, '%CONCURRENTLY%')
        const refused = await fault.scene.json(['up'])
        expect(refused.error?.message).toContain('the temporary table draft')
        expect(refused.error?.next.length).toBeGreaterThan(0)
        expect(await fault.ask('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 100 }])
      },
    ))
})
