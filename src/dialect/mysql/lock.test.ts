// Journal and lease on a real server.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FreshMariadb, freshMariadb, unavailable } from '../../../test/servers/databases.ts'
import type { Dialect } from '../dialect.ts'
import type { Fence, JournalWrite } from '../journal.ts'
import { BatchFailure, type Session } from '../session.ts'
import { mysql } from './index.ts'

const reason = await unavailable('mariadb')
const ttlMs = 60_000

describe.skipIf(reason !== undefined)(`journal and lease ${reason ?? ''}`, () => {
  let fresh: FreshMariadb
  let dialect: Dialect
  let sessions: Session[]
  beforeEach(async () => {
    fresh = await freshMariadb()
    dialect = mysql({ url: fresh.url })
    sessions = []
  })
  afterEach(async () => {
    for (const session of sessions) await session.close()
    await fresh.dispose()
  })
  async function open(purpose: 'run' | 'read' | 'heartbeat' = 'run', of = dialect): Promise<Session> {
    const session = await of.open({ purpose })
    sessions.push(session)
    return session
  }
  const request = (owner: string) => ({ owner, holder: `me on ${owner}`, ttlMs })
  async function acquire(session: Session, owner: string): Promise<Fence> {
    const answer = await dialect.locker.acquire(session, request(owner))
    if (!answer.acquired) throw new Error(`held by ${answer.by?.holder}`)
    return answer.fence
  }
  /** The server forgets a closed connection a moment later, long before the lease expires. */
  const once = <Result>(take: () => Promise<Result>) => vi.waitFor(take, { timeout: 20_000, interval: 20 })
  const applied = (id: string, source = "CREATE TABLE `ü` (a int); -- 'x' \\ 😀"): JournalWrite => ({
    type: 'applied',
    id,
    checksum: 'c',
    fileHash: undefined,
    source,
    startedAtMs: Date.now() - 1500,
    statements: 2,
    kind: 'applied',
    appliedBy: 'me@here',
    tool: '0.1.0',
    run: 'r1',
  })

  it('reads nothing before it is created, and is created by several at once', async () => {
    const session = await open('read')
    expect(await dialect.journal.read(session)).toMatchObject({ initialised: false, format: 0, applied: [] })
    const many = await Promise.all([open(), open(), open(), open()])
    await Promise.all(many.map(each => dialect.journal.ensure(each)))
    expect(await dialect.journal.read(session)).toEqual({
      initialised: true,
      format: 2,
      applied: [],
      steps: [],
      lease: undefined,
    })
  })

  it('keeps what is written, exactly, and measures the time by one clock', async () => {
    const session = await open()
    await dialect.journal.ensure(session)
    const fence = await acquire(session, 'a')
    const step = {
      revision: 'r2_ü',
      direction: 'up',
      done: 1,
      running: 2,
      total: 3,
      hashes: ['x', 'y'],
      error: "it's \\ 😀",
    } as const
    await dialect.journal.write(session, fence, [
      { type: 'run-start', run: { id: 'r1', verb: 'up', by: 'me', tool: 't' } },
      applied('r1'),
      applied('r1b'),
      { type: 'step', step },
      { type: 'run-end', run: 'r1', ok: true, applied: ['r1'], undone: [], error: undefined },
    ])
    const state = await dialect.journal.read(await open('read'))
    expect(state.applied.map(row => [row.id, row.sequence])).toEqual([
      ['r1', 1],
      ['r1b', 2],
    ])
    const [first] = state.applied
    expect(first?.appliedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(Math.abs(Date.parse(first?.appliedAt ?? '') - Date.now())).toBeLessThan(60_000)
    expect(first?.ms).toBeGreaterThanOrEqual(1490)
    expect(first?.ms).toBeLessThan(5000)
    expect(state.steps).toMatchObject([step])
    expect(await dialect.journal.source(session, 'r1')).toBe("CREATE TABLE `ü` (a int); -- 'x' \\ 😀")
    expect(await dialect.journal.runs(session, 5)).toMatchObject([{ id: 'r1', verb: 'up', ok: true }])
    await dialect.journal.write(session, fence, [
      { type: 'undone', id: 'r1' },
      { type: 'step-end', revision: 'r2_ü' },
    ])
    const after = await dialect.journal.read(session)
    expect([after.applied.map(row => row.id), after.steps]).toEqual([['r1b'], []])
  })

  it('refuses every write once the lease is lost, under any mode, and rolls back the work with it', async () => {
    const session = await open()
    await dialect.journal.ensure(session)
    const fence = await acquire(session, 'a')
    await dialect.journal.write(session, fence, [
      { type: 'run-start', run: { id: 'r1', verb: 'up', by: 'me', tool: 't' } },
    ])
    await session.sql?.run([{ kind: 'statement', sql: 'CREATE TABLE w (fence int NOT NULL)' }])
    await dialect.locker.break(await open())
    const step = { revision: 'x', direction: 'up', done: 0, running: 1, total: 1, hashes: [], error: null } as const
    const writes: JournalWrite[] = [
      applied('z'),
      { type: 'undone', id: 'z' },
      { type: 'step', step },
      { type: 'step-end', revision: 'none' },
      { type: 'run-start', run: { id: 'r2', verb: 'up', by: 'me', tool: 't' } },
      { type: 'run-end', run: 'r1', ok: true, applied: [], undone: [], error: undefined },
    ]
    for (const mode of ['STRICT_TRANS_TABLES', '', 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES']) {
      await session.sql?.run([{ kind: 'statement', sql: `SET sql_mode = '${mode}'` }])
      for (const write of writes) {
        const failure = await session.sql
          ?.run([
            { kind: 'begin' },
            { kind: 'statement', sql: 'INSERT INTO w VALUES (1)' },
            ...(dialect.journal.render?.(fence, [write]) ?? []),
            { kind: 'commit' },
          ])
          .catch((error: unknown) => error)
        expect(failure, write.type).toBeInstanceOf(BatchFailure)
        expect(dialect.journal.isFenceViolation((failure as BatchFailure).cause), write.type).toBe(true)
        expect(dialect.journal.isFenceViolation(failure), write.type).toBe(true)
        await session.sql?.rollback()
        expect(await session.sql?.query('SELECT @@sql_mode AS mode')).toEqual([{ mode }])
        await expect(dialect.journal.write(session, fence, [write])).rejects.toMatchObject({ code: 'LOCK.LOST' })
      }
    }
    expect(await session.sql?.query('SELECT * FROM w')).toEqual([])
    await session.sql?.run([{ kind: 'reset' }])
    // A column of that name in a table of the user's is another matter.
    const theirs = await session.sql
      ?.run([{ kind: 'statement', sql: 'INSERT INTO w VALUES (NULL)' }])
      .catch((error: unknown) => error)
    expect(theirs).toBeInstanceOf(BatchFailure)
    expect(dialect.journal.isFenceViolation(theirs)).toBe(false)
  })

  it('writes the same after a revision changed character set, mode and database', async () => {
    const session = await open()
    await dialect.journal.ensure(session)
    const fence = await acquire(session, 'a')
    await session.sql?.run([
      { kind: 'statement', sql: "SET sql_mode = 'ORACLE'" },
      { kind: 'statement', sql: 'SET NAMES latin1' },
      { kind: 'statement', sql: "SET time_zone = '+09:00'" },
      { kind: 'statement', sql: 'USE information_schema' },
      ...(dialect.journal.render?.(fence, [applied('é😀')]) ?? []),
      { kind: 'reset' },
    ])
    const { applied: rows } = await dialect.journal.read(session)
    expect(rows.map(row => row.id)).toEqual(['é😀'])
    expect(Math.abs(Date.parse(rows[0]?.appliedAt ?? '') - Date.now())).toBeLessThan(60_000)
  })

  it('gives the lease to one at a time, and again after it is given back', async () => {
    const [one, two] = [await open(), await open()]
    await dialect.journal.ensure(one)
    const first = await acquire(one, 'one')
    for (let attempt = 0; attempt < 3; attempt++) {
      const answer = await dialect.locker.acquire(two, request('two'))
      expect(answer).toMatchObject({
        acquired: false,
        by: { owner: 'one', holder: 'me on one', expired: false, backend: one.identity.backend },
      })
    }
    const heartbeat = await open('heartbeat')
    expect(await dialect.locker.renew(heartbeat, first, ttlMs)).toBe(true)
    await dialect.locker.release(one, first)
    const second = await acquire(two, 'two')
    expect(second.fence).toBe(first.fence + 1)
    expect(await dialect.locker.renew(heartbeat, first, ttlMs)).toBe(false)
    await dialect.locker.release(one, first)
    expect((await dialect.journal.read(one)).lease?.owner).toBe('two')
  })

  it('gives an unreleased lease on when it is expired, or at once when its connection is gone', async () => {
    const [one, two, three] = [await open(), await open(), await open()]
    await dialect.journal.ensure(one)
    const short = await dialect.locker.acquire(one, { ...request('one'), ttlMs: 2_000 })
    expect(short.acquired).toBe(true)
    expect((await dialect.locker.acquire(two, request('two'))).acquired).toBe(false)
    await new Promise(resolve => setTimeout(resolve, 2_200))
    await acquire(two, 'two')
    // Session one still has the named lock, so the holder could not write that it has it: only expiry counts.
    await two.close()
    expect((await dialect.locker.acquire(three, request('three'))).acquired).toBe(false)
    await dialect.locker.break(three)
    await one.close()
    // The server ends a connection after it was closed here, and its named lock with it.
    const left = `SELECT id FROM information_schema.processlist WHERE id = ${one.identity.backend}`
    await once(async () => expect(await three.sql?.query(left)).toEqual([]))
    await acquire(three, 'three')
    await three.close()
    const four = await open()
    await once(() => acquire(four, 'four'))
  })

  it('does not take a holder for dead whose connection it may not see', async () => {
    const root = await open('run', mysql({ url: fresh.rootUrl }))
    const app = await open()
    await dialect.journal.ensure(root)
    await acquire(root, 'root')
    expect(
      await app.sql?.query(`SELECT id FROM information_schema.processlist WHERE id = ${root.identity.backend}`),
    ).toEqual([])
    expect((await dialect.locker.acquire(app, request('app'))).acquired).toBe(false)
    await root.close()
    await once(() => acquire(app, 'app'))
  })

  it('breaks a lease and says whose it was', async () => {
    const [one, two] = [await open(), await open()]
    await dialect.journal.ensure(one)
    expect(await dialect.locker.break(two)).toBeUndefined()
    const fence = await acquire(one, 'one')
    expect(await dialect.locker.break(two)).toMatchObject({ owner: 'one', fence: fence.fence })
    expect(await dialect.locker.renew(two, fence, ttlMs)).toBe(false)
  })

  it('gives the lease to exactly one of many that ask at once', async () => {
    await dialect.journal.ensure(await open())
    const runners = await Promise.all(Array.from({ length: 8 }, () => open()))
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        runners.map((runner, index) => dialect.locker.acquire(runner, request(`${round}-${index}`))),
      )
      const winners = answers.flatMap((answer, index) => (answer.acquired ? [{ index, fence: answer.fence }] : []))
      expect(winners).toHaveLength(1)
      const [winner] = winners
      if (winner !== undefined) await dialect.locker.release(runners[winner.index] as Session, winner.fence)
    }
  })
})
