// What the catalog of a real server says of statements that stand outside of transactions: not begun, broken off,
// done by us, done by others; and that a leftover is removed, while nothing else is.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dialect } from '../../../src/dialect/dialect.ts'
import { pglite, postgres } from '../../../src/dialect/postgres/index.ts'
import type { Recovery, Verdict } from '../../../src/dialect/recovery.ts'
import type { Session, SqlSession } from '../../../src/dialect/session.ts'
import { type FreshDatabase, freshPglite, freshPostgres, unavailable } from '../../servers/databases.ts'

const reason = await unavailable('postgres')

describe.skipIf(reason)('recovery on PostgreSQL', () => {
  let fresh: FreshDatabase
  let dialect: Dialect
  let recovery: Recovery
  let session: Session
  let sql: SqlSession

  beforeAll(async () => {
    fresh = await freshPostgres()
    dialect = postgres({ url: fresh.url })
    recovery = dialect.recovery as Recovery
    session = await dialect.open({ purpose: 'run' })
    sql = session.sql as SqlSession
  })
  afterAll(async () => {
    await session?.close()
    await fresh?.dispose()
  })

  const observe = async (statement: string): Promise<string | null> => {
    const expression = recovery.observe(statement)
    if (expression === undefined) return null
    const [row] = await sql.query<{ observed: string | null }>(`SELECT ${expression} AS observed`)
    return row?.observed ?? null
  }
  const decide = (statement: string, observed: string | null): Promise<Verdict> =>
    recovery.decide(session, statement, observed)
  const outcome = async (statement: string, observed: string | null) => (await decide(statement, observed)).outcome
  const cleanUp = async (statement: string) => (await recovery.cleanUp?.(session, statement)) ?? []
  const breakOff = (statement: string) => expect(sql.query(statement)).rejects.toThrow()

  /** A transaction of somebody else that has used `table`; CONCURRENTLY waits for it. */
  async function holding<Result>(text: string, use: () => Promise<Result>): Promise<Result> {
    const client = new pg.Client({ connectionString: fresh.url })
    await client.connect()
    try {
      await client.query('BEGIN')
      await client.query(text)
      return await use()
    } finally {
      await client.end()
    }
  }

  it('tells a named index that is done from one that is not begun', async () => {
    await sql.query('CREATE TABLE named (a int, b int)')
    const statement = 'CREATE INDEX CONCURRENTLY named_a ON named (a)'
    const before = await observe(statement)
    expect(await outcome(statement, before)).toBe('not-done')
    await sql.query(statement)
    expect(await outcome(statement, before)).toBe('done')
    expect(await decide(statement, await observe(statement))).toMatchObject({ outcome: 'not-done' })
    expect(await outcome(statement.replace('INDEX', 'UNIQUE INDEX'), before)).toBe('unknown')
    expect(await outcome(statement.replace('(a)', '(b)'), before)).toBe('unknown')
    expect(await outcome(statement.replace('(a)', '(a DESC)'), before)).toBe('unknown')
    expect(await outcome(statement.replace('(a)', '(a) WHERE a > 0'), before)).toBe('unknown')
    const tolerant = statement.replace('CONCURRENTLY', 'CONCURRENTLY IF NOT EXISTS')
    expect(await outcome(tolerant, await observe(tolerant))).toBe('done')
  })

  it('drops an INVALID index of the statement, also under IF NOT EXISTS, and no other', async () => {
    await sql.query(
      'CREATE TABLE twice (a int); INSERT INTO twice VALUES (1), (1); CREATE INDEX twice_other ON twice (a)',
    )
    const statement = 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS twice_a ON twice (a)'
    const before = await observe(statement)
    await breakOff(statement)
    expect(await decide(statement, before)).toEqual({
      outcome: 'not-done',
      evidence: ['index public.twice_a exists and is INVALID'],
    })
    expect(await cleanUp(statement)).toEqual(['the INVALID index public.twice_a of twice was dropped'])
    expect(await cleanUp(statement)).toEqual([])
    expect(await sql.query(`SELECT relname FROM pg_class WHERE relname LIKE 'twice_%'`)).toEqual([
      { relname: 'twice_other' },
    ])
    await sql.query('DELETE FROM twice')
    await sql.query(statement)
    expect(await outcome(statement, before)).toBe('done')
    expect(await cleanUp(statement)).toEqual([])
  })

  it('finds an index whose name the server chose', async () => {
    await sql.query('CREATE TABLE chosen (a int, "B c" int); CREATE INDEX ON chosen (a)')
    const statement = 'CREATE INDEX CONCURRENTLY ON chosen (a, lower("B c"::text))'
    const before = await observe(statement)
    expect(await outcome(statement, before)).toBe('not-done')
    await sql.query(statement)
    expect(await outcome(statement, before)).toBe('done')
    expect(await outcome(statement, null)).toBe('unknown')
    const same = 'CREATE INDEX CONCURRENTLY ON chosen (a)'
    const known = await observe(same)
    expect(await outcome(same, known)).toBe('not-done')
    await sql.query('INSERT INTO chosen VALUES (1), (1)')
    const broken = 'CREATE UNIQUE INDEX CONCURRENTLY ON chosen (a)'
    const first = await observe(broken)
    await breakOff(broken)
    expect(await outcome(broken, first)).toBe('not-done')
    expect(await cleanUp(same)).toEqual([])
    expect(await cleanUp(broken)).toHaveLength(1)
    await sql.query(same)
    expect(await outcome(same, known)).toBe('done')
  })

  it('finds the table by what the search_path was, and names of more than 63 bytes', async () => {
    const long = 'x'.repeat(80)
    await sql.query('CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop".t (a int); CREATE TABLE t (a int)')
    const statement = `CREATE INDEX CONCURRENTLY ${long} ON t (a)`
    await sql.query('SET search_path = "My Shop"')
    const before = await observe(statement)
    await sql.query(statement)
    await sql.query('RESET search_path')
    expect(await outcome(statement, before)).toBe('done')
    expect(await outcome(statement, null)).toBe('not-done')
  })

  it('leaves an index alone that a living session builds', async () => {
    await sql.query('CREATE TABLE busy (a int)')
    const statement = 'CREATE INDEX CONCURRENTLY busy_a ON busy (a)'
    const before = await observe(statement)
    const builder = new pg.Client({ connectionString: fresh.url })
    await builder.connect()
    const built = await holding('INSERT INTO busy VALUES (1)', async () => {
      const building = builder.query(statement)
      await expect.poll(() => outcome(statement, before), { timeout: 10_000 }).toBe('unknown')
      expect((await decide(statement, before)).evidence[0]).toMatch(/backend \d+ is building an index of busy/)
      await expect(cleanUp(statement)).rejects.toMatchObject({ code: 'JOURNAL.STEP_IN_DOUBT' })
      return { building }
    })
    await built.building
    await builder.end()
    expect(await outcome(statement, before)).toBe('done')
  })

  it('follows DROP INDEX CONCURRENTLY', async () => {
    await sql.query('CREATE TABLE dropped (a int); CREATE INDEX dropped_a ON dropped (a)')
    const statement = 'DROP INDEX CONCURRENTLY dropped_a'
    const before = await observe(statement)
    expect(await outcome(statement, before)).toBe('not-done')
    await sql.query(`SET lock_timeout = '50ms'`)
    await holding('SELECT * FROM dropped', () => breakOff(statement))
    await sql.query('RESET lock_timeout')
    expect((await decide(statement, before)).evidence).toEqual(['index public.dropped_a still exists and is INVALID'])
    await sql.query(statement)
    expect(await outcome(statement, before)).toBe('done')
    expect(await outcome(statement, await observe(statement))).toBe('not-done')
  })

  it.each([
    ['REINDEX INDEX CONCURRENTLY rebuilt_a', 1],
    ['REINDEX TABLE CONCURRENTLY rebuilt', 3],
    ['REINDEX SCHEMA CONCURRENTLY public', undefined],
  ])('removes what %s left, and knows when it is done', async (statement, count) => {
    await sql.query(`DROP TABLE IF EXISTS rebuilt, beside; CREATE TABLE rebuilt (a int, b text); CREATE TABLE beside (a int);
      CREATE INDEX rebuilt_a ON rebuilt (a); CREATE INDEX rebuilt_b ON rebuilt (b); CREATE INDEX beside_a ON beside (a)`)
    const before = await observe(statement)
    expect(await outcome(statement, before)).toBe('not-done')
    await sql.query(`SET lock_timeout = '50ms'`)
    await holding('INSERT INTO rebuilt VALUES (1)', () => breakOff(statement))
    await holding('INSERT INTO beside VALUES (1)', () => breakOff('REINDEX TABLE CONCURRENTLY beside'))
    await sql.query('RESET lock_timeout')
    const verdict = await decide(statement, before)
    expect(verdict.outcome).toBe('not-done')
    expect(verdict.evidence.join()).toContain('_ccnew is left from a rebuild and is INVALID')
    const cleaned = await cleanUp(statement)
    if (count === undefined) expect(cleaned.join()).toContain('beside_a_ccnew')
    else expect(cleaned).toHaveLength(count)
    const left = await sql.query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE relname ~ '_ccnew'`)
    expect(left.map(row => row.name)).toEqual(count === undefined ? [] : ['beside_a_ccnew'])
    await sql.query(statement)
    expect(await outcome(statement, before)).toBe(count === undefined ? 'not-done' : 'done')
    await cleanUp('REINDEX TABLE CONCURRENTLY beside')
  })

  it('completes a pending detach', async () => {
    await sql.query(
      `CREATE TABLE parted (a int) PARTITION BY LIST (a); CREATE TABLE part PARTITION OF parted FOR VALUES IN (1)`,
    )
    const statement = 'ALTER TABLE parted DETACH PARTITION part CONCURRENTLY'
    const before = await observe(statement)
    expect(await outcome(statement, before)).toBe('not-done')
    await sql.query(`SET lock_timeout = '50ms'`)
    await holding('SELECT * FROM parted', () => breakOff(statement))
    await sql.query('RESET lock_timeout')
    expect((await decide(statement, before)).evidence).toEqual([
      'the detach of public.part from public.parted is pending',
    ])
    expect(await cleanUp(statement)).toEqual(['the pending detach of public.part from public.parted was completed'])
    expect(await outcome(statement, before)).toBe('done')
    expect(await outcome(statement, null)).toBe('done')
  })

  it('follows databases', async () => {
    const name = `${fresh.name}_made`
    const [create, drop] = [`CREATE DATABASE ${name} TEMPLATE template0`, `DROP DATABASE ${name}`]
    const before = await observe(create)
    expect(await outcome(create, before)).toBe('not-done')
    await sql.query(create)
    expect(await outcome(create, before)).toBe('done')
    expect(await outcome(create, await observe(create))).toBe('not-done')
    expect(await outcome(create, null)).toBe('unknown')
    const there = await observe(drop)
    expect(await outcome(drop, there)).toBe('not-done')
    await sql.query(drop)
    expect(await outcome(drop, there)).toBe('done')
  })

  it('says unknown for a procedure and not-done for what may be repeated', async () => {
    expect(await outcome('CALL work()', null)).toBe('unknown')
    expect(await outcome('VACUUM named', null)).toBe('not-done')
  })

  it('sees the backend of a former runner, and ends that one only', async () => {
    const other = await dialect.open({ purpose: 'run' })
    const running = other.sql?.query('SELECT pg_sleep(60)')
    running?.catch(() => {})
    const [row] = await sql.query<{ started: string }>(
      `SELECT to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS started
       FROM pg_stat_activity WHERE pid = ${other.identity.backend}`,
    )
    const identity = { backend: other.identity.backend, backendStart: row?.started ?? '' }
    await expect.poll(async () => (await recovery.survivor?.(session, identity))?.statement).toBe('SELECT pg_sleep(60)')
    const somebody = { backend: identity.backend, backendStart: '2000-01-01T00:00:00.000000Z' }
    expect(await recovery.survivor?.(session, somebody)).toBeUndefined()
    await recovery.end?.(session, somebody)
    expect(await recovery.end?.(session, { backend: identity.backend, backendStart: '' })).toBe(false)
    expect(await recovery.survivor?.(session, identity)).toBeDefined()
    expect(await recovery.end?.(session, identity)).toBe(true)
    await expect(running).rejects.toThrow()
    await expect.poll(() => recovery.survivor?.(session, identity)).toBeUndefined()
    await other.close()
  })

  it('may not end the backend of a stronger user', async () => {
    const weak = `${fresh.name}_weak`
    await sql.query(`CREATE ROLE ${weak} LOGIN PASSWORD 'weak'`)
    const url = new URL(fresh.url)
    url.username = weak
    url.password = 'weak'
    const low = await postgres({ url: url.href }).open({ purpose: 'run' })
    try {
      const [row] = await sql.query<{ started: string }>(
        `SELECT to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS started
         FROM pg_stat_activity WHERE pid = ${session.identity.backend}`,
      )
      const identity = { backend: session.identity.backend, backendStart: row?.started ?? '' }
      expect(await recovery.survivor?.(low, identity)).toBeDefined()
      expect(await recovery.end?.(low, identity)).toBe(false)
    } finally {
      await low.close()
      await sql.query(`DROP ROLE ${weak}`)
    }
  })
})

it('recovery in PGlite decides indexes and reindexes as a server does', async () => {
  const fresh = await freshPglite()
  const dialect = pglite({ dataDir: fresh.file })
  const recovery = dialect.recovery as Recovery
  const session = await dialect.open({ purpose: 'run' })
  const sql = session.sql as SqlSession
  try {
    await sql.query('CREATE TABLE t (a int)')
    for (const statement of ['CREATE INDEX CONCURRENTLY i ON t (a)', 'REINDEX TABLE CONCURRENTLY t']) {
      const [row] = await sql.query<{ observed: string }>(`SELECT ${recovery.observe(statement)} AS observed`)
      const before = row?.observed ?? null
      expect((await recovery.decide(session, statement, before)).outcome).toBe('not-done')
      expect(await recovery.cleanUp?.(session, statement)).toEqual([])
      await sql.query(statement)
      expect((await recovery.decide(session, statement, before)).outcome).toBe('done')
    }
    expect(recovery.survivor).toBeUndefined()
  } finally {
    await session.close()
    await fresh.dispose()
  }
})
