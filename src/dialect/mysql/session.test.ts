// What the session promises, against a real server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshMariadb, freshMariadb, unavailable } from '../../../test/servers/databases.ts'
import { isGodwitError } from '../../core/error.ts'
import { BatchFailure, type BatchItem, type Session, type SqlSession } from '../session.ts'
import { mysql } from './index.ts'

const reason = await unavailable('mariadb')

const statement = (sql: string): BatchItem => ({ kind: 'statement', sql })

describe.skipIf(reason !== undefined)(`a session ${reason ?? ''}`, () => {
  let fresh: FreshMariadb
  let session: Session
  let sql: SqlSession
  beforeAll(async () => {
    fresh = await freshMariadb()
    session = await mysql({ url: fresh.url }).open({ purpose: 'run' })
    sql = session.sql as SqlSession
  })
  afterAll(async () => {
    await session?.close()
    await session?.close()
    await fresh?.dispose()
  })

  async function run(
    items: readonly BatchItem[],
    on: SqlSession = sql,
  ): Promise<{ done: [number, number | undefined][]; failure?: BatchFailure }> {
    const done: [number, number | undefined][] = []
    try {
      await on.run(items, { done: (index, rows) => done.push([index, rows]) })
      return { done }
    } catch (error) {
      if (error instanceof BatchFailure) return { done, failure: error }
      throw error
    }
  }
  const one = async (query: string): Promise<unknown> => Object.values((await sql.query(query))[0] ?? {})[0]

  it('reports each item once, in order, with the rows it changed', async () => {
    const { done, failure } = await run([
      statement('CREATE TABLE a (id int PRIMARY KEY, t longtext) DEFAULT CHARSET utf8mb4'),
      { kind: 'begin' },
      statement("INSERT INTO a VALUES (1, 'x;y'), (2, 'it''s')"),
      statement('SELECT * FROM a'),
      statement("UPDATE a SET t = 'z' WHERE id > 0;  -- both"),
      { kind: 'commit' },
      statement('INSERT INTO a VALUES (3, NULL) RETURNING id'),
      statement('DELETE FROM a WHERE id = 3'),
    ])
    expect(failure).toBeUndefined()
    expect(done).toEqual([
      [0, 0],
      [1, 0],
      [2, 2],
      [3, undefined],
      [4, 2],
      [5, 0],
      [6, undefined],
      [7, 1],
    ])
  })

  it('names the item that failed, runs nothing after it, and finds the place in its text', async () => {
    const broken = '\n-- ünïcode 😀\nINSERT INTO b\n  VALEUS (1)'
    const { done, failure } = await run([
      statement('CREATE TABLE b (id int)'),
      statement('INSERT INTO b VALUES (1)'),
      statement(broken),
      statement('INSERT INTO b VALUES (2)'),
      { kind: 'journal', sql: 'INSERT INTO b VALUES (3)' },
    ])
    expect(done.map(([index]) => index)).toEqual([0, 1])
    expect([failure?.index, failure?.offset, failure?.connectionLost]).toEqual([2, broken.indexOf('VALEUS'), false])
    expect(failure?.message).not.toContain('INSERT INTO b VALUES (2)')
    expect(await one('SELECT GROUP_CONCAT(id) FROM b')).toBe('1')
  })

  it('finds a fault at the end of a text, and none where the server tells no place', async () => {
    const open = 'CREATE TABLE c (a int'
    expect((await run([statement(open)])).failure?.offset).toBe(open.length)
    expect((await run([statement('SELECT nothing FROM b')])).failure?.offset).toBeUndefined()
    expect((await run([statement('SELECT 1 +\n+ + FROM\n')])).failure?.index).toBe(0)
  })

  it('tells a failure in the midst of rows from one of the next statement', async () => {
    const { done, failure } = await run([
      statement('SELECT 1 UNION SELECT (SELECT 1 UNION SELECT 2)'),
      statement('INSERT INTO b VALUES (9)'),
    ])
    expect([done, failure?.index]).toEqual([[], 0])
    expect(await one('SELECT COUNT(*) FROM b WHERE id = 9')).toBe(0)
  })

  it('rolls back an open transaction, and bears a rollback without one', async () => {
    const { failure } = await run([{ kind: 'begin' }, statement('INSERT INTO b VALUES (50)'), statement('nonsense')])
    expect(failure?.index).toBe(2)
    await sql.rollback()
    await sql.rollback()
    expect(await one('SELECT COUNT(*) FROM b WHERE id = 50')).toBe(0)
  })

  it('refuses a text of two statements before anything of it runs', async () => {
    const { done, failure } = await run([
      statement('INSERT INTO b VALUES (60)'),
      statement('INSERT INTO b VALUES (61); DROP TABLE b'),
    ])
    expect(failure?.index).toBe(1)
    expect(isGodwitError(failure?.cause) && failure.cause.code).toBe('SQL.SYNTAX_INVALID')
    expect(done.length).toBeLessThan(2)
    expect(await one('SELECT COUNT(*) FROM b WHERE id = 61')).toBe(0)
    await expect(sql.query('SELECT 1; DROP TABLE b')).rejects.toThrow('2 statements')
  })

  it('runs bodies, calls with several results, and counts on after them', async () => {
    const body = 'CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; INSERT INTO b VALUES (70); END'
    const { done, failure } = await run([statement(body), statement('CALL p()'), statement('DROP PROCEDURE p')])
    expect(failure).toBeUndefined()
    expect(done.map(([index]) => index)).toEqual([0, 1, 2])
  })

  it('counts right where backslashes do not escape', async () => {
    const { failure } = await run([
      statement("SET sql_mode = 'NO_BACKSLASH_ESCAPES'"),
      statement('SELECT 1'),
      statement("INSERT INTO a VALUES (80, '\\')"),
      statement('INSERT INTO b VALUES (80)'),
      { kind: 'reset' },
    ])
    expect(failure).toBeUndefined()
    expect(await one('SELECT t FROM a WHERE id = 80')).toBe('\\')
  })

  it('keeps integers of 64 bits exact and times as text', async () => {
    const [row] = await sql.query(
      "SELECT 9007199254740993 a, 18446744073709551615 b, -9223372036854775808 c, 7 d, 1.50 e, TIMESTAMP('2026-01-02 03:04:05.678901') f",
    )
    expect(row).toMatchObject({
      b: '18446744073709551615',
      c: '-9223372036854775808',
      d: 7,
      e: '1.50',
      f: '2026-01-02 03:04:05.678901',
    })
    expect(row?.['a']).toBe('9007199254740993')
    const [bound] = await sql.query('SELECT CAST(? AS SIGNED) a, ? b, ? c FROM b LIMIT ?', [
      9007199254740993n,
      "it's \\",
      null,
      1,
    ])
    expect(bound).toMatchObject({ a: '9007199254740993', b: "it's \\", c: null })
  })

  it('answers several queries in order', async () => {
    expect(await sql.queryAll(['SELECT 1 a', 'SELECT 2 a FROM b WHERE id = -1', 'SELECT 3 a UNION SELECT 4'])).toEqual([
      [{ a: 1 }],
      [],
      [{ a: 3 }, { a: 4 }],
    ])
    await expect(sql.queryAll(['SELECT 1', 'SELECT nothing'])).rejects.toThrow('nothing')
  })

  it('holds settings inside their transaction only', async () => {
    const before = await one('SELECT @@lock_wait_timeout')
    await run([{ kind: 'begin', settings: { lockTimeoutMs: 2500, statementTimeoutMs: 1500 } }])
    expect(
      await sql.query('SELECT @@lock_wait_timeout a, @@innodb_lock_wait_timeout b, @@max_statement_time c'),
    ).toEqual([{ a: 3, b: 3, c: 1.5 }])
    await run([{ kind: 'commit' }])
    expect(await one('SELECT @@lock_wait_timeout')).toBe(before)
    await run([{ kind: 'begin', settings: { lockTimeoutMs: 2500 } }, statement('broken')])
    await sql.rollback()
    expect(await one('SELECT @@lock_wait_timeout')).toBe(before)
  })

  it('puts back what a revision sets', async () => {
    const state =
      'SELECT @@sql_mode a, @@foreign_key_checks b, @@time_zone c, @@lock_wait_timeout d, DATABASE() e, @@character_set_client f, @@tx_isolation g'
    const before = await sql.query(state)
    const { failure } = await run([
      statement("SET sql_mode = '', foreign_key_checks = 0, time_zone = '+05:00', lock_wait_timeout = 7"),
      statement('SET NAMES latin1'),
      statement("INSERT INTO a VALUES (90, 'ü')"),
      statement('SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE'),
      statement('USE information_schema'),
      { kind: 'settings', settings: { lockTimeoutMs: 1000, statementTimeoutMs: 1000 } },
      { kind: 'reset' },
    ])
    expect(failure).toBeUndefined()
    expect(await sql.query(state)).toEqual(before)
    expect(await one('SELECT HEX(t) FROM a WHERE id = 90')).toBe('C3BC')
  })

  it('stops a statement that waits too long for a lock, or runs too long', async () => {
    const dialect = mysql({ url: fresh.url, lockTimeoutMs: 1000 })
    const other = await dialect.open({ purpose: 'run' })
    await run([{ kind: 'begin' }, statement('UPDATE b SET id = id')])
    for (const waits of ['UPDATE b SET id = id', 'ALTER TABLE b ADD COLUMN x int']) {
      const { failure } = await run([statement(waits)], other.sql)
      expect(dialect.mapError(failure).code).toBe('RUN.LOCK_TIMEOUT')
    }
    await sql.rollback()
    const { failure } = await run(
      [{ kind: 'settings', settings: { statementTimeoutMs: 100 } }, statement('SELECT SLEEP(5)')],
      other.sql,
    )
    expect([failure?.index, dialect.mapError(failure).code]).toEqual([1, 'RUN.STATEMENT_TIMEOUT'])
    await other.close()
  })

  it('stops a running statement from outside, and does nothing when none runs', async () => {
    await session.cancel()
    const running = run([statement('UPDATE b SET id = id + SLEEP(20)'), statement('INSERT INTO b VALUES (99)')])
    await new Promise(resolve => setTimeout(resolve, 300))
    await session.cancel()
    const { failure } = await running
    expect([failure?.index, failure?.connectionLost, mysql({ url: fresh.url }).mapError(failure).code]).toEqual([
      0,
      false,
      'RUN.ABORTED',
    ])
    expect(await one('SELECT 1')).toBe(1)
  })

  it('reports a lost connection as such, in the midst and afterwards', async () => {
    const dialect = mysql({ url: fresh.url })
    const victim = await dialect.open({ purpose: 'run' })
    const running = run([statement('INSERT INTO b VALUES (100)'), statement('SELECT SLEEP(20)')], victim.sql)
    await new Promise(resolve => setTimeout(resolve, 300))
    await sql.query(`KILL ${victim.identity.backend}`)
    const { done, failure } = await running
    expect(done.map(([index]) => index)).toEqual([0])
    expect([failure?.index, failure?.connectionLost, dialect.mapError(failure).code]).toEqual([1, true, 'CONNECT.LOST'])
    const again = await run([statement('SELECT 1')], victim.sql)
    expect([again.failure?.index, again.failure?.connectionLost]).toEqual([0, true])
    await expect(victim.sql?.query('SELECT 1')).rejects.toThrow()
    await expect(victim.sql?.query('SELECT ?', [1])).rejects.toThrow()
    await victim.sql?.rollback()
    await victim.cancel()
    await victim.close()
  })

  it('lets calls that overlap wait for each other', async () => {
    const answers = await Promise.all([
      sql.query('SELECT SLEEP(0.1), 1 a'),
      sql.query('SELECT 2 a'),
      sql.query('SELECT ? a', [3]),
    ])
    expect(answers.map(rows => (rows[0] as { a: number }).a)).toEqual([1, 2, 3])
  })

  it('sends thousands of statements and one of many megabytes', async () => {
    const long = 'x'.repeat(3_000_000)
    const many = Array.from({ length: 3000 }, (_, index) =>
      statement(`INSERT INTO a VALUES (${1000 + index}, '${index}')`),
    )
    const { done, failure } = await run([
      { kind: 'begin' },
      ...many,
      statement(`INSERT INTO a VALUES (5000, '${long}')`),
      { kind: 'commit' },
    ])
    expect(failure).toBeUndefined()
    expect(done).toHaveLength(3003)
    expect(await one('SELECT LENGTH(t) FROM a WHERE id = 5000')).toBe(3_000_000)
  })

  it('names the server and the connection', async () => {
    expect(session.serverVersion).toMatch(/^(MariaDB|MySQL) \d+\.\d+\.\d+$/)
    expect(session.identity.backend).toBe(String(await one('SELECT CONNECTION_ID()')))
  })

  it('says what is wrong with an address, an account or a database, without the password', async () => {
    const url = new URL(fresh.url)
    const code = async (
      changes: Partial<Record<'password' | 'port' | 'pathname' | 'host', string>>,
    ): Promise<string> => {
      const changed = new URL(url)
      Object.assign(changed, changes)
      const error = await mysql({ url: changed.href, connectTimeoutMs: 2000 })
        .open({ purpose: 'read' })
        .then(
          opened => opened.close(),
          caught => caught,
        )
      if (!isGodwitError(error)) throw error
      for (const text of [JSON.stringify(error), String(error), String((error.cause as Error)?.stack)])
        expect(text).not.toContain(changed.password)
      return error.code
    }
    expect(await code({ password: 'wrong-password' })).toBe('CONNECT.AUTHENTICATION_FAILED')
    expect(await code({ port: '1' })).toBe('CONNECT.REFUSED')
    expect(await code({ pathname: '/godwit_nothing_there' })).toBe('CONNECT.DATABASE_MISSING')
    const socket = mysql({ url: `mysql://a:b-secret@localhost/x?socket=/nowhere/my.sock` })
    await expect(socket.open({ purpose: 'read' })).rejects.toMatchObject({ code: 'CONNECT.REFUSED' })
  })

  it('makes a scratch database of the same kind and removes it', async () => {
    const scratch = await mysql({ url: fresh.rootUrl }).scratch?.()
    if (scratch === undefined) throw new Error('no scratch')
    const inside = await scratch.dialect.open({ purpose: 'run' })
    const [row] = (await inside.sql?.query('SELECT DATABASE() name, @@collation_database c')) ?? []
    await inside.close()
    expect(row).toMatchObject({
      name: expect.stringMatching(/^godwit_scratch_/),
      c: await one('SELECT @@collation_database'),
    })
    await scratch.dispose()
    await scratch.dispose()
    await expect(scratch.dialect.open({ purpose: 'read' })).rejects.toMatchObject({ code: 'CONNECT.DATABASE_MISSING' })
  })

  it('opens no more connections than the pool has', async () => {
    const dialect = mysql({ url: fresh.url, poolSize: 1, connectTimeoutMs: 300 })
    const first = await dialect.open({ purpose: 'read' })
    await expect(dialect.open({ purpose: 'read' })).rejects.toMatchObject({ code: 'CONNECT.TIMEOUT' })
    const second = dialect.open({ purpose: 'read' })
    await first.close()
    await (await second).close()
  })
})
