// What the catalog says of a statement that was begun: for each kind of statement the verdict when it was not carried
// out, and the verdict when it was, with the account of an application that has no privilege on the server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mysql } from '../../../src/dialect/mysql/index.ts'
import type { Recovery, Verdict } from '../../../src/dialect/recovery.ts'
import type { Session } from '../../../src/dialect/session.ts'
import { type FreshMariadb, freshMariadb, unavailable } from '../../servers/databases.ts'

const reason = await unavailable('mariadb')

type Outcome = Verdict['outcome']

interface Case {
  readonly statement: string
  readonly before?: readonly string[]
  /** What happens instead of the statement. Default: nothing. */
  readonly instead?: readonly string[]
  /** When it was not carried out. Default `not-done`. */
  readonly without?: Outcome
  /** When it was. Default `done`. */
  readonly with?: Outcome
}

const table = 'CREATE TABLE t (id int PRIMARY KEY, a int, KEY a_idx (a))'
const other = 'CREATE TABLE u (id int PRIMARY KEY)'
const filled = 'INSERT INTO t VALUES (1, 1)'
const parts =
  'CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)'

const cases: readonly Case[] = [
  { statement: 'CREATE TABLE t (id int)' },
  { statement: 'create /* why */ table `t` -- so\n (id int)' },
  { statement: 'CREATE TABLE `o\'dd "n``ä\\me` (id int)' },
  { statement: 'CREATE TABLE Grün (id int)' },
  { statement: 'CREATE TABLE /*!50100 t */ (id int)' },
  { statement: 'CREATE TABLE t AS SELECT 1 AS id' },
  { statement: 'CREATE TABLE u LIKE t', before: [table] },
  { statement: 'CREATE TABLE IF NOT EXISTS t (id int)', with: 'not-done' },
  { statement: 'CREATE TABLE t (id int)', before: [other], instead: ['CREATE TABLE v (id int)'] },
  { statement: 'CREATE OR REPLACE TABLE t (id int)' },
  { statement: 'CREATE OR REPLACE TABLE t (id int)', before: [table] },
  { statement: `CREATE OR REPLACE ${table.slice(7)}`, before: [table], with: 'not-done' },
  { statement: `CREATE OR REPLACE ${table.slice(7)}`, before: [table, filled], without: 'unknown', with: 'not-done' },
  { statement: 'DROP TABLE t', before: [table] },
  { statement: 'DROP TABLE t, u', before: [table, other] },
  { statement: 'DROP TABLE t, u', before: [table, other], instead: ['DROP TABLE t'], without: 'unknown' },
  { statement: 'DROP TABLE IF EXISTS t', before: [table], with: 'not-done' },
  { statement: 'TRUNCATE TABLE t', before: [table, filled], without: 'unknown' },
  { statement: 'TRUNCATE t', before: [table], without: 'done' },
  { statement: 'RENAME TABLE t TO v', before: [table] },
  { statement: 'RENAME TABLE t TO x, u TO t, x TO u', before: [table, other] },
  { statement: 'RENAME TABLE t TO v, u TO w', before: [table, other] },
  {
    statement: 'RENAME TABLE t TO v, u TO w',
    before: [table, other],
    instead: ['RENAME TABLE t TO v'],
    without: 'unknown',
  },
  {
    statement: 'RENAME TABLE u TO x, v TO u, x TO v',
    before: [other, 'CREATE TABLE v LIKE u'],
    without: 'unknown',
    with: 'unknown',
  },
  { statement: 'ALTER TABLE t ADD COLUMN b int', before: [table] },
  { statement: 'ALTER TABLE t ADD (b int, c int DEFAULT 3)', before: [table] },
  { statement: 'ALTER ONLINE TABLE t ADD b int, ADD INDEX (a, id), ALGORITHM=INPLACE, LOCK=NONE', before: [table] },
  { statement: 'ALTER TABLE t ADD COLUMN IF NOT EXISTS b int', before: [table] },
  { statement: 'ALTER TABLE t WAIT 5 DROP COLUMN a', before: [table] },
  { statement: 'ALTER TABLE t CHANGE a b bigint', before: [table] },
  { statement: 'ALTER TABLE t MODIFY a bigint NOT NULL', before: [table] },
  { statement: 'ALTER TABLE t MODIFY a int COMMENT "é\\\\ \'"', before: [table] },
  { statement: 'ALTER TABLE t ALTER a SET DEFAULT 5', before: [table] },
  { statement: 'ALTER TABLE t RENAME COLUMN a TO b', before: [table] },
  { statement: 'ALTER TABLE t RENAME INDEX a_idx TO b_idx', before: [table] },
  { statement: 'ALTER TABLE t RENAME TO v', before: [table] },
  { statement: 'ALTER TABLE t ADD b int, RENAME TO v', before: [table] },
  { statement: 'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)', before: [table] },
  { statement: 'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id)', before: [table, other] },
  { statement: 'ALTER TABLE t DROP PRIMARY KEY', before: [table] },
  { statement: 'ALTER TABLE t ALTER INDEX a_idx IGNORED', before: [table] },
  { statement: 'ALTER TABLE t ENGINE=Aria', before: [table] },
  { statement: 'ALTER TABLE t COMMENT = "more"', before: [table] },
  { statement: 'ALTER TABLE t CONVERT TO CHARACTER SET latin1', before: ['CREATE TABLE t (a varchar(9))'] },
  { statement: 'ALTER TABLE t FORCE', before: [table], with: 'not-done' },
  { statement: 'ALTER TABLE t AUTO_INCREMENT = 50', before: [table], with: 'not-done' },
  { statement: 'ALTER TABLE t ADD SYSTEM VERSIONING', before: [table] },
  {
    statement: 'ALTER TABLE t ADD COLUMN b int',
    before: [table],
    instead: ['ALTER TABLE t ADD COLUMN other int'],
    without: 'unknown',
  },
  {
    statement: 'ALTER TABLE t DROP INDEX a_idx, ADD INDEX a_idx (a, id)',
    before: [table],
  },
  {
    statement: 'ALTER TABLE p ADD PARTITION (PARTITION p2 VALUES LESS THAN (99))',
    before: [parts.replace(', PARTITION p1 VALUES LESS THAN MAXVALUE', '')],
  },
  { statement: 'ALTER TABLE p DROP PARTITION p0', before: [parts] },
  {
    statement:
      'ALTER TABLE p REORGANIZE PARTITION p1 INTO (PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN MAXVALUE)',
    before: [parts],
  },
  { statement: 'ALTER TABLE p TRUNCATE PARTITION p0', before: [parts], without: 'unknown', with: 'unknown' },
  {
    statement: 'ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE u',
    before: [parts, other, 'INSERT INTO u VALUES (1), (2)'],
  },
  {
    statement: 'ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE u',
    before: [parts, other],
    without: 'unknown',
    with: 'unknown',
  },
  { statement: 'ALTER TABLE p REBUILD PARTITION p0', before: [parts], with: 'not-done' },
  { statement: 'CREATE INDEX b ON t (a, id)', before: [table] },
  { statement: 'CREATE UNIQUE INDEX b USING BTREE ON t (id, a)', before: [table] },
  { statement: 'DROP INDEX a_idx ON t', before: [table] },
  { statement: 'CREATE VIEW v AS SELECT * FROM t', before: [table] },
  { statement: 'CREATE ALGORITHM=MERGE DEFINER=CURRENT_USER SQL SECURITY INVOKER VIEW v AS SELECT 1 AS x' },
  { statement: 'CREATE OR REPLACE VIEW v AS SELECT 1 AS x', with: 'not-done' },
  { statement: 'DROP VIEW v, w', before: ['CREATE VIEW v AS SELECT 1 AS x', 'CREATE VIEW w AS SELECT 1 AS x'] },
  { statement: 'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1', before: [table] },
  { statement: 'DROP TRIGGER g', before: [table, 'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1'] },
  { statement: 'CREATE PROCEDURE q() BEGIN SELECT 1; SELECT 2; END' },
  { statement: 'DROP PROCEDURE q', before: ['CREATE PROCEDURE q() SELECT 1'] },
  { statement: 'CREATE FUNCTION h() RETURNS int RETURN 1' },
  { statement: 'CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1' },
  { statement: 'ALTER EVENT e RENAME TO e2', before: ['CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1'] },
  {
    statement: 'ALTER EVENT e DISABLE',
    before: ['CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1'],
    with: 'not-done',
  },
  { statement: 'CREATE SEQUENCE s' },
  { statement: 'DROP SEQUENCE s', before: ['CREATE SEQUENCE s'] },
  { statement: 'ALTER SEQUENCE s RESTART 1', before: ['CREATE SEQUENCE s'], without: 'unknown', with: 'unknown' },
  { statement: 'ANALYZE TABLE t', before: [table], with: 'not-done' },
  { statement: 'OPTIMIZE TABLE t', before: [table], with: 'not-done' },
  { statement: 'FLUSH TABLES t', before: [table], instead: ['DO 0'] },
  { statement: 'SET @a = 1', with: 'not-done' },
  { statement: 'SELECT SLEEP(0)', with: 'not-done' },
  {
    statement: 'SELECT h()',
    before: [table, 'CREATE FUNCTION h() RETURNS int BEGIN INSERT INTO t VALUES (7, 7); RETURN 1; END'],
    without: 'unknown',
    with: 'unknown',
  },
  { statement: 'CALL q()', before: ['CREATE PROCEDURE q() SELECT 1'], without: 'unknown', with: 'unknown' },
  { statement: 'INSERT INTO t VALUES (5, 5)', before: [table], without: 'unknown', with: 'unknown' },
  { statement: 'SET STATEMENT lock_wait_timeout = 3 FOR ALTER TABLE t ADD b int', before: [table] },
]

describe.skipIf(reason)('what the catalog says of a statement that was begun', () => {
  let fresh: FreshMariadb
  let session: Session
  let recovery: Recovery

  beforeAll(async () => {
    fresh = await freshMariadb()
    const dialect = mysql({ url: fresh.url })
    recovery = dialect.recovery as Recovery
    session = await dialect.open({ purpose: 'run' })
  })
  afterAll(async () => {
    await session?.close()
    await fresh?.dispose()
  })

  const run = (sql: string) => session.sql?.run([{ kind: 'statement', sql, alone: true }])
  const empty = async () => {
    await run(`DROP DATABASE ${fresh.name}`)
    await run(`CREATE DATABASE ${fresh.name}`)
    await run(`USE ${fresh.name}`)
  }
  /** As the intent row stores it: evaluated inside an INSERT, with the strict mode of the journal. */
  const observed = async (statement: string): Promise<string | null> => {
    const expression = recovery.observe(statement)
    if (expression === undefined) return null
    expect(expression).toMatch(/^[\x20-\x5b\x5d-\x7e]*$/)
    await run('CREATE TABLE IF NOT EXISTS godwit_kept (v longtext)')
    await run('DELETE FROM godwit_kept')
    await session.sql?.run([{ kind: 'journal', sql: `INSERT INTO godwit_kept VALUES (${expression})` }])
    const [row] = (await session.sql?.query('SELECT v FROM godwit_kept')) ?? []
    expect(String(row?.['v'])).toMatch(/^[\x21-\x7e]*$/)
    return String(row?.['v'])
  }

  it.each(cases)('$statement', async ({ statement, before = [], instead = [], ...expected }) => {
    for (const carriedOut of [false, true]) {
      if (carriedOut && instead.length > 0) continue
      await empty()
      for (const sql of before) await run(sql)
      const seen = await observed(statement)
      for (const sql of carriedOut ? [statement] : instead) await run(sql)
      const { outcome, evidence } = await recovery.decide(session, statement, seen)
      const wanted = carriedOut ? (expected.with ?? 'done') : (expected.without ?? 'not-done')
      expect(outcome, `${carriedOut ? 'carried out' : 'not carried out'}: ${evidence.join('; ')}`).toBe(wanted)
      expect(evidence.length).toBeGreaterThan(0)
    }
  })

  it('tells a statement of another schema, and of the schema that USE had set', async () => {
    await empty()
    const next = `${fresh.name}_next`
    await run(`CREATE DATABASE ${next}`)
    try {
      const qualified = `CREATE TABLE \`${next}\`.t (id int)`
      const first = await observed(qualified)
      expect((await recovery.decide(session, qualified, first)).outcome).toBe('not-done')
      await run(qualified)
      expect((await recovery.decide(session, qualified, first)).outcome).toBe('done')
      await run('CREATE TABLE godwit_kept2 (v longtext)')
      await run(`USE ${next}`)
      const there = await observed('DROP TABLE t')
      await run('DROP TABLE t')
      await run(`USE ${fresh.name}`)
      // A new run is in the configured database again, where a table t stands.
      await run('CREATE TABLE t (id int)')
      expect(await recovery.decide(session, 'DROP TABLE t', there)).toEqual({
        outcome: 'done',
        evidence: ['table t is gone'],
      })
      const database = `DROP DATABASE ${next}`
      const seen = await observed(database)
      expect((await recovery.decide(session, database, seen)).outcome).toBe('not-done')
      await run(database)
      expect((await recovery.decide(session, database, seen)).outcome).toBe('done')
    } finally {
      await run(`DROP DATABASE IF EXISTS ${next}`)
    }
  })

  it('refuses to guess without an observation', async () => {
    await empty()
    expect((await recovery.decide(session, 'CREATE TABLE t (id int)', null)).outcome).toBe('unknown')
    expect((await recovery.decide(session, 'CREATE TABLE t (id int)', 'something else')).outcome).toBe('unknown')
  })

  it('costs no more with 500 tables', { timeout: 60_000 }, async () => {
    await empty()
    const statement = 'ALTER TABLE t ADD b int'
    await run(table)
    const cost = async () => {
      const expression = recovery.observe(statement)
      const began = performance.now()
      for (let n = 0; n < 30; n++) await session.sql?.query(`SELECT ${expression} AS v`)
      return (performance.now() - began) / 30
    }
    await cost()
    const few = await cost()
    for (let n = 0; n < 500; n++) await run(`CREATE TABLE many_${n} (id int PRIMARY KEY)`)
    const many = await cost()
    console.log(`observing an ALTER TABLE: ${few.toFixed(2)} ms beside 1 table, ${many.toFixed(2)} ms beside 500`)
    // A scan of 500 tables takes about 5 ms for each of the look-ups.
    expect(many).toBeLessThan(few * 3 + 3)
  })

  it('knows what lives in its session only', () => {
    expect(recovery.sessionBound?.('CREATE TEMPORARY TABLE d (id int)')).toBe('the temporary table d')
    expect(recovery.sessionBound?.('SELECT 1 INTO @x')).toBe('the variable @x')
    expect(recovery.sessionBound?.('SELECT @x := 1')).toBe('the variable @x')
    expect(recovery.sessionBound?.('SELECT @@version, @x')).toBeUndefined()
    expect(recovery.sessionBound?.('SET @x = 1')).toBeUndefined()
    expect(recovery.sessionBound?.('CREATE TABLE d (id int)')).toBeUndefined()
  })

  it('tells rows that a ROLLBACK leaves from rows that it takes back', async () => {
    await empty()
    await run('CREATE TABLE plain (id int) ENGINE=InnoDB')
    await run('CREATE TABLE kept (id int) ENGINE=MyISAM')
    await run('CREATE TABLE watched (id int) ENGINE=InnoDB')
    await run('CREATE TRIGGER log_it AFTER INSERT ON watched FOR EACH ROW INSERT INTO kept VALUES (NEW.id)')
    await run('CREATE VIEW behind AS SELECT * FROM kept')
    await run('CREATE FUNCTION writes() RETURNS int BEGIN INSERT INTO kept VALUES (1); RETURN 1; END')
    const holds = async (...statements: string[]) => {
      const condition = recovery.keeps?.(statements)
      if (condition === undefined) return undefined
      const [row] = (await session.sql?.query(`SELECT ${condition} AS holds`)) ?? []
      return Number(row?.['holds']) === 1
    }
    expect(await holds('INSERT INTO plain VALUES (1)')).toBe(false)
    expect(await holds('INSERT INTO kept VALUES (1)')).toBe(true)
    expect(await holds('INSERT INTO plain VALUES (1)', 'DELETE FROM kept')).toBe(true)
    expect(await holds(`REPLACE LOW_PRIORITY \`${fresh.name}\`.\`kept\` (id) VALUES (1)`)).toBe(true)
    expect(await holds('UPDATE plain p JOIN kept k ON k.id = p.id SET p.id = 1')).toBe(true)
    expect(await holds('UPDATE plain SET id = 2 WHERE id = 1')).toBe(false)
    expect(await holds('DELETE k FROM kept AS k WHERE 1')).toBe(true)
    expect(await holds('WITH c AS (SELECT 1) DELETE FROM plain')).toBe(false)
    expect(await holds('INSERT INTO watched VALUES (1)')).toBe(true)
    expect(await holds('INSERT INTO behind VALUES (1)')).toBe(true)
    expect(await holds('INSERT INTO plain VALUES (writes())')).toBe(true)
    expect(await holds('INSERT INTO plain VALUES (LAST_DAY(1))')).toBe(false)
    expect(await holds('INSERT INTO absent VALUES (1)')).toBe(false)
    expect(await holds('ALTER TABLE kept ADD a int')).toBeUndefined()
    const verdict = async (text: string) => (await recovery.decide(session, text, null)).evidence
    expect(await verdict('DELETE FROM plain;\nINSERT INTO kept VALUES (1)')).toEqual([
      'table kept uses MyISAM, which takes nothing back',
    ])
    expect(await verdict('INSERT INTO watched VALUES (1);\nDELETE FROM plain')).toEqual([
      expect.stringContaining('through a trigger'),
    ])
  })
})
