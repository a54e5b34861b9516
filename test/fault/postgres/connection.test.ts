// The connection breaks at the worst moment: the COMMIT is on its way, or done and its answer is lost. What was done is
// read from the journal, and what the journal cannot tell from the catalog.
import { describe, expect, it } from 'vitest'
import type { JsonAnswer } from '../../bad-input/scene.ts'
import { unavailable } from '../../servers/databases.ts'
import { startProxy } from './proxy.ts'
import { type FaultScene, type Files, withFault } from './scene.ts'

const reason = await unavailable('postgres')

const off = '-- godwit: transaction=off\n'
const table = 'CREATE TABLE t (id int PRIMARY KEY, a int);\nINSERT INTO t SELECT i, i FROM generate_series(1, 100) i;\n'

/** One run through the proxy. */
async function cutAt(fault: FaultScene, at: string, when: 'before' | 'after') {
  const url = new URL(fault.url)
  const proxy = await startProxy(Number(url.port), { at, when })
  try {
    url.port = String(proxy.port)
    fault.configure({}, url.href)
    const answer = await fault.scene.json(['up'])
    expect(proxy.made()).toBe(true)
    return answer
  } finally {
    fault.configure()
    await proxy.close()
  }
}

describe.skipIf(reason).concurrent('PostgreSQL: the connection is cut', () => {
  const files: Files = { '001_t.sql': table, '002_c.sql': 'ALTER TABLE t ADD COLUMN c int;\nUPDATE t SET c = a + 1;\n' }

  it('fault 12: before the server got the COMMIT, the run says that nothing of the revision stays', () =>
    withFault({ files }, async fault => {
      await fault.scene.works(['up', '001'])
      const answer = await cutAt(fault, 'ADD COLUMN c', 'before')
      expect(answer.error?.code).toBe('CONNECT.LOST')
      expect(await fault.scene.applied()).toEqual(['001_t'])
      await fault.recovers()
    }))

  it('fault 12: after the COMMIT, the run reads the journal and says that the revision is applied', () =>
    withFault({ files }, async fault => {
      await fault.scene.works(['up', '001'])
      const answer = await cutAt(fault, 'ADD COLUMN c', 'after')
      expect(answer.error?.code).toBe('CONNECT.LOST')
      expect(answer.error?.why).toContain('was committed')
      expect(answer.databases?.[0]?.steps?.map(step => step.state)).toEqual(['applied'])
      expect(await fault.scene.applied()).toEqual(['001_t', '002_c'])
      await fault.recovers()
    }))

  it.each(['before', 'after'] as const)(
    'fault 12: %s CREATE INDEX CONCURRENTLY was done, the catalog tells the next run',
    when =>
      withFault(
        {
          files: {
            '001_t.sql': table,
            '002_i.sql': `${off}CREATE INDEX CONCURRENTLY t_a ON t (a);\nCREATE TABLE after_it (id int);\n`,
          },
        },
        async fault => {
          await fault.scene.works(['up', '001'])
          const answer = await cutAt(fault, 'CREATE INDEX CONCURRENTLY t_a', when)
          expect(answer.error?.code).toBe('CONNECT.LOST')
          const built = await fault.ask(`SELECT to_regclass('t_a')::oid AS oid`)
          expect(built[0]?.['oid'] === null).toBe(when === 'before')
          await fault.recovers()
          if (when === 'after') expect(await fault.ask(`SELECT 't_a'::regclass::oid AS oid`)).toEqual(built)
        },
      ),
  )

  it('fault 12: a step of a procedure that was cut off is refused with what is known', () =>
    withFault(
      {
        files: {
          '001_t.sql': `${table}CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET a = a + 1; COMMIT; END $$;\n`,
          '002_call.sql': `${off}CALL work();\n`,
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        await cutAt(fault, 'CALL work()', 'after')
        const refused = await fault.scene.fails(['up'], { code: 'JOURNAL.STEP_IN_DOUBT', says: ['CALL'] })
        expect(refused.error?.next.join()).toMatch(/repair --done[\s\S]*repair --retry/)
        await fault.scene.works(['repair', '--done'])
        await fault.recovers()
        expect(await fault.ask('SELECT DISTINCT a - id AS added FROM t')).toEqual([{ added: 1 }])
      },
    ))
})

describe.skipIf(reason).concurrent('PostgreSQL: somebody else is in the way', () => {
  it('fault 16: a second runner waits for the first, and finds nothing left to do', () =>
    withFault({ files: { '001_t.sql': table, '002_c.sql': 'ALTER TABLE t ADD COLUMN c int;\n' } }, async fault => {
      await fault.scene.works(['up', '001'])
      const holder = await fault.hold('SELECT * FROM t')
      const first = fault.start(['up', '--json'])
      await fault.busy('%ADD COLUMN c%', 'Lock')
      const second = fault.start(['up', '--json'])
      // It has seen the lock and asks again from a session that holds nothing.
      await fault.until(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'godwit'
        AND state = 'idle' AND query LIKE '%godwit_lease%' AND backend_start > (SELECT acquired_at FROM godwit.godwit_lease)`)
      await holder.release()
      const applied: string[] = []
      for (const run of [first, second]) {
        const answer = await run.ended
        expect(answer.code, answer.stderr).toBe(0)
        const steps = (JSON.parse(answer.stdout) as JsonAnswer).databases?.[0]?.steps ?? []
        applied.push(...steps.map(step => `${step.revision} ${step.state}`))
      }
      expect(applied).toEqual(['002_c applied'])
      await fault.sound()
      await fault.sameAsClean()
    }))

  it('fault 14: the victim of a deadlock is tried again as a whole', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_u.sql': 'UPDATE t SET a = a + 1000 WHERE id = 1;\nUPDATE t SET a = a + 1000 WHERE id = 2;\n',
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const other = await fault.client()
        // The one whose time is out first is the victim.
        await other.query(`SET deadlock_timeout = '60s'; BEGIN; UPDATE t SET a = a WHERE id = 2`)
        const run = fault.start()
        await fault.busy('%UPDATE t%', 'Lock')
        await other.query('UPDATE t SET a = a WHERE id = 1')
        await other.query('COMMIT')
        const answer = await run.ended
        expect(answer.code, answer.stderr).toBe(0)
        expect(await fault.ask('SELECT id, a FROM t WHERE id < 3 ORDER BY id')).toEqual([
          { id: 1, a: 1001 },
          { id: 2, a: 1002 },
        ])
        await fault.until('SELECT 1 FROM pg_stat_database WHERE datname = current_database() AND deadlocks > 0')
        await fault.sound()
        await fault.sameAsClean()
      },
    ))

  it('fault 13: a lock that is not available is tried for again, named, and the run after it ends well', () =>
    withFault(
      {
        files: { '001_t.sql': table, '002_c.sql': 'ALTER TABLE t ADD COLUMN c int;\n' },
        settings: { lockTimeoutMs: 2_000 },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const holder = await fault.hold('SELECT * FROM t')
        const failed = await fault.scene.json(['up'])
        expect(failed.error?.code).toBe('RUN.LOCK_TIMEOUT')
        expect(JSON.stringify(failed.error)).toContain('bystander')
        await holder.release()
        await fault.recovers()
      },
    ))

  it('fault 15: a statement time-out takes the whole revision back', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_c.sql':
            '-- godwit: statement_timeout=300ms\nALTER TABLE t ADD COLUMN c int;\nSELECT pg_sleep(CASE WHEN EXISTS (SELECT FROM t WHERE id < 0) THEN 60 ELSE 0 END);\n',
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        await fault.ask('INSERT INTO t VALUES (-1, -1)')
        const failed = await fault.scene.json(['up'])
        expect(failed.error?.code).toBe('RUN.STATEMENT_TIMEOUT')
        expect(await fault.ask(`SELECT 1 FROM information_schema.columns WHERE column_name = 'c'`)).toEqual([])
        await fault.ask('DELETE FROM t WHERE id < 0')
        await fault.recovers()
      },
    ))

  it('fault 17: a runner that slept past its lease wakes up and is refused', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_x.sql': `${off}UPDATE t SET a = a + 1000 WHERE id <= 50;\nCREATE INDEX CONCURRENTLY t_a ON t (a);\nUPDATE t SET a = a + 1000 WHERE id > 50;\n`,
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const holder = await fault.hold('INSERT INTO t VALUES (-1, -1)')
        const first = fault.start()
        await fault.busy('%CONCURRENTLY%', 'Lock')
        first.kill('SIGSTOP')
        await holder.release()
        await fault.until('SELECT 1 FROM godwit.godwit_lease WHERE expires_at < clock_timestamp()')
        const second = await fault.scene.works(['up'])
        expect(second.stderr + second.stdout).toContain('002_x')
        first.kill('SIGCONT')
        const late = await first.ended
        expect(late.code).not.toBe(0)
        expect(late.stderr).toMatch(/LOCK\.LOST|CONNECT\.LOST/)
        await fault.sound()
        await fault.sameAsClean()
      },
    ))

  it('fault 17: the transaction of a runner that lost its lease in mid-run is taken back', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_x.ts': `export default {
  async up(m) {
    await m.sql\`UPDATE t SET a = a + 1000\`
    m.log('asleep')
    await new Promise(resolve => setTimeout(resolve, 1500))
  },
}
`,
        },
        ttlMs: 600,
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        const first = fault.start()
        await first.saw('asleep')
        first.kill('SIGSTOP')
        await fault.until('SELECT 1 FROM godwit.godwit_lease WHERE expires_at < clock_timestamp()')
        await fault.scene.works(['up'])
        first.kill('SIGCONT')
        const late = await first.ended
        expect(late.code).not.toBe(0)
        expect(late.stderr).toMatch(/LOCK\.LOST|CONNECT\.LOST/)
        expect(await fault.ask('SELECT DISTINCT a - id AS added FROM t')).toEqual([{ added: 1000 }])
        await fault.sound()
        await fault.sameAsClean()
      },
    ))

  it('fault 20: rows that break a constraint are named, it stays NOT VALID, and VALIDATE is done when they are mended', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_check.sql': `${off}ALTER TABLE t ADD CONSTRAINT filled CHECK (a IS NOT NULL) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT filled;\nALTER TABLE t ALTER COLUMN a SET NOT NULL;\n`,
        },
      },
      async fault => {
        await fault.scene.works(['up', '001'])
        await fault.ask('UPDATE t SET a = NULL WHERE id = 7')
        const failed = await fault.scene.json(['up'])
        expect(failed.error?.code).toBe('RUN.STATEMENT_FAILED_PARTIAL')
        expect(failed.error?.message + (failed.error?.why ?? '')).toContain('filled')
        expect(await fault.ask(`SELECT convalidated FROM pg_constraint WHERE conname = 'filled'`)).toEqual([
          { convalidated: false },
        ])
        await fault.ask('UPDATE t SET a = 7 WHERE id = 7')
        await fault.recovers()
      },
    ))
})

describe.skipIf(reason).concurrent('PostgreSQL: the revision or the database is another one than before', () => {
  const half = {
    '001_t.sql': table,
    '002_x.sql': `${off}ALTER TABLE t ADD COLUMN c int;\nALTER TABLE t ADD COLUMN a int;\n`,
  }

  it('fault 22: a file that was edited in its done part is refused, one edited after it is taken', () =>
    withFault({ files: half }, async fault => {
      expect((await fault.scene.json(['up'])).error?.code).toBe('RUN.STATEMENT_FAILED_PARTIAL')
      fault.add({ '002_x.sql': `${off}ALTER TABLE t ADD COLUMN c bigint;\nALTER TABLE t ADD COLUMN d int;\n` })
      await fault.scene.fails(['up'], { code: 'JOURNAL.PARTIAL_EDITED', says: ['002_x'] })
      expect(await fault.ask(`SELECT 1 FROM information_schema.columns WHERE column_name = 'd'`)).toEqual([])
      fault.add({ '002_x.sql': `${off}ALTER TABLE t ADD COLUMN c int;\nALTER TABLE t ADD COLUMN d int;\n` })
      await fault.recovers()
    }))

  it('fault 22: a database that was restored to an older point goes on from that point', () =>
    withFault(
      {
        files: {
          '001_t.sql': table,
          '002_x.sql': `${off}ALTER TABLE t ADD COLUMN c int;\nUPDATE t SET c = a + 1;\nUPDATE t SET c = c + 1;\n`,
        },
      },
      async fault => {
        const name = decodeURIComponent(new URL(fault.url).pathname.slice(1))
        const server = new URL(fault.url)
        server.pathname = '/postgres'
        const admin = await fault.client(server.href)
        await fault.scene.works(['up', '001'])
        await fault.sound()
        await admin.query(`CREATE DATABASE ${name}_old TEMPLATE ${name}`)
        const holder = await fault.hold('SELECT * FROM t WHERE id = 1 FOR UPDATE')
        const run = fault.start()
        const { pid } = await fault.busy('%c = a + 1%', 'Lock')
        await fault.kill(run)
        await fault.gone(pid)
        await holder.release()
        await fault.until(
          `SELECT 1 WHERE (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) = 1`,
        )
        await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
        await admin.query(`CREATE DATABASE ${name} TEMPLATE ${name}_old`)
        await admin.query(`DROP DATABASE ${name}_old`)
        expect(await fault.scene.applied()).toEqual(['001_t'])
        await fault.recovers()
      },
    ))
})
