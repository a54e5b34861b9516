// Holding the lock: waiting for it, keeping it by heartbeat, losing it, and never leaving anything behind.
import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/dialect/dialect.ts'
import type { LeaseRow } from '../../src/dialect/journal.ts'
import { GodwitError } from '../../src/core/error.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import { type Call, faulty } from './faulty.ts'
import { newSqlite, project, single, states, table, tables, using } from './project.ts'

const revisions = [table('001_one'), table('002_two')]
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
/** As a store whose heartbeat runs beside the work. */
const server = { capabilities: { server: true } }

/** Takes the lock as another runner would, until `done`. */
async function held(dialect: Dialect, use: () => Promise<void>): Promise<void> {
  await using(dialect, async (_, session) => {
    await dialect.journal.ensure(session)
    const answer = await dialect.locker.acquire(session, { owner: 'other', holder: 'other@host pid 1', ttlMs: 60_000 })
    if (!answer.acquired) throw new Error('the lock is free and was not given')
    await use()
    await dialect.locker.release(session, answer.fence)
  })
}

describe('waiting', () => {
  it('tells who holds the lock, and runs when it is given back', async () => {
    const file = newSqlite()
    const events: RunEvent[] = []
    let run: Promise<unknown> | undefined
    await held(file(), async () => {
      run = single(file(), revisions).up({ on: event => events.push(event) })
      while (!events.some(event => event.type === 'lock-waiting')) await pause(20)
      expect(await tables(file())).toEqual([])
    })
    await run
    expect(events.find(event => event.type === 'lock-waiting')).toMatchObject({ by: { holder: 'other@host pid 1' } })
    expect(await tables(file())).toEqual(['one', 'two'])
  })

  it('ends when the wait is over, for a holder that cannot be read as well', async () => {
    const file = newSqlite()
    await held(file(), async () => {
      const { error } = await single(file(), revisions).up({ lockWaitMs: 0 })
      expect(error).toMatchObject({ code: 'LOCK.HELD', exitCode: 5, meta: { holder: 'other@host pid 1' } })
    })
    const real = file()
    const unknown: Dialect = {
      ...real,
      locker: { ...real.locker, acquire: async () => ({ acquired: false, by: undefined as LeaseRow | undefined }) },
    }
    expect((await single(unknown, revisions).up({ lockWaitMs: 100 })).error).toMatchObject({
      code: 'LOCK.HELD',
      message: 'the lock is held by another process',
      meta: {},
    })
  })

  it('ends when the run is stopped, with the reason of whoever stopped it', async () => {
    const file = newSqlite()
    await held(file(), async () => {
      for (const reason of [undefined, new GodwitError('RUN.ABORTED', 'Ctrl-C')]) {
        const stop = new AbortController()
        setTimeout(() => stop.abort(reason), 150)
        const began = Date.now()
        const { error } = await single(file(), revisions).up({ signal: stop.signal })
        expect(error).toMatchObject({ code: 'RUN.ABORTED', message: reason?.message ?? 'the run was stopped' })
        expect(Date.now() - began).toBeLessThan(2_000)
      }
    })
  })

  it('plans again under the lock: what the other runner did is not done twice, what it undid is', async () => {
    const file = newSqlite()
    const waiting = async (
      first: readonly (typeof revisions)[number][],
      work: (other: ReturnType<typeof single>) => Promise<unknown>,
    ) => {
      await single(file(), first).up()
      let meanwhile: Promise<unknown> = Promise.resolve()
      const dialect = faulty(file(), {
        async before(call: Call) {
          if (call.what !== 'acquire') return
          await meanwhile
          meanwhile = Promise.resolve()
        },
      })
      meanwhile = pause(200).then(() => work(single(file(), revisions)))
      const run = single(dialect, [...revisions, table('003_three')]).up()
      return (await run).databases[0]
    }
    expect(states(await waiting([], other => other.up({ target: '001' })))).toEqual([
      '002_two applied',
      '003_three applied',
    ])
    await single(file(), [...revisions, table('003_three')]).down()
    expect(states(await waiting([], other => other.down()))).toEqual(['002_two applied', '003_three applied'])
    await single(file(), [...revisions, table('003_three')]).down()
    expect(states(await waiting([], () => single(file(), [...revisions, table('003_three')]).up()))).toEqual([])
  })
})

it('does not judge the steps of a runner that is at work', async () => {
  const file = newSqlite()
  const list = [
    { id: '001_a', transaction: 'off' as const, up: 'VACUUM; CREATE TABLE a (id int)', down: 'VACUUM; DROP TABLE a' },
  ]
  const during = async (run: () => Promise<unknown>, direction: 'up' | 'down') => {
    let meanwhile: Promise<unknown> | undefined
    const before = async (call: Call) => {
      if (call.item?.kind !== 'statement' || !call.sql.includes('VACUUM')) return
      meanwhile = run()
      await pause(300)
    }
    expect((await single(faulty(file(), { before }), list)[direction]()).error).toBeUndefined()
    return meanwhile as Promise<Awaited<ReturnType<ReturnType<typeof single>['up']>>>
  }
  expect(await during(() => single(file(), list).up(), 'up')).toMatchObject({ ok: true, databases: [{ steps: [] }] })
  const late = await during(() => single(file(), list).up(), 'down')
  expect(late.error).toBeUndefined()
  expect(states(late.databases[0])).toEqual(['001_a applied'])
  expect((await during(() => single(file(), list).down({ dryRun: true }), 'down')).error?.code).toBe(
    'JOURNAL.STEP_IN_DOUBT',
  )
})

describe('heartbeat', () => {
  const slow = (ms: number) => ({
    id: '003_slow',
    up: (() => pause(ms)) as never,
  })
  const beating = (dialect: Dialect, ttlMs = 300) =>
    project({ main: { dialect, revisions: [...revisions, slow(700)], lock: { waitMs: 1_000, ttlMs } } })

  it('renews beside the work, on a session of its own that is closed at the end', async () => {
    const file = newSqlite()
    const calls: string[] = []
    const after = (call: Call) => void calls.push(`${call.what} ${call.purpose ?? ''}`.trim())
    expect((await beating(faulty(file(), { ...server, after })).up()).error).toBeUndefined()
    expect(calls.filter(call => call === 'renew').length).toBeGreaterThanOrEqual(2)
    expect(calls.filter(call => call === 'open heartbeat')).toHaveLength(1)
    expect(calls.filter(call => call === 'close heartbeat')).toHaveLength(1)
  })

  it('tries again on another session when a beat fails, and closes the broken one', async () => {
    const file = newSqlite()
    const calls: string[] = []
    let opened = 0
    let renewed = 0
    const doors = {
      ...server,
      before(call: Call) {
        if (call.what === 'open' && call.purpose === 'heartbeat' && ++opened === 1)
          throw new Error('no connection left')
        if (call.what === 'renew' && ++renewed === 1) throw new Error('cut')
      },
      after: (call: Call) => void calls.push(`${call.what} ${call.purpose}`),
    }
    expect((await beating(faulty(file(), doors)).up()).error).toBeUndefined()
    expect(opened).toBeGreaterThanOrEqual(3)
    const count = (name: string) => calls.filter(call => call === name).length
    expect(count('close heartbeat')).toBe(count('open heartbeat'))
  })

  it('stops the run when the lock was taken over', async () => {
    const file = newSqlite()
    const dialect = faulty(file(), server)
    const stopped: unknown[] = []
    const run = project({
      main: {
        dialect,
        revisions: [
          ...revisions,
          {
            id: '003_code',
            up: (async (m: { signal: AbortSignal }) => {
              await using(file(), (_, session) => file().locker.break(session))
              await new Promise(resolve => m.signal.addEventListener('abort', resolve))
              stopped.push((m.signal.reason as GodwitError).code)
            }) as never,
            transaction: 'off' as const,
          },
        ],
        lock: { waitMs: 1_000, ttlMs: 300 },
      },
    })
    const { error, databases } = await run.up()
    expect(stopped).toEqual(['LOCK.LOST'])
    expect(error?.code).toBe('LOCK.LOST')
    expect(states(databases[0])).toEqual(['001_one applied', '002_two applied', '003_code rolled-back'])
  })

  it('is between the revisions where a second session would be in the way', async () => {
    const file = newSqlite()
    const calls: string[] = []
    const doors = { after: (call: Call) => void calls.push(call.what) }
    const revision = (id: string) => ({ id, up: (() => pause(130)) as never })
    const run = (dialect: Dialect, ids: string[]) =>
      project({ main: { dialect, revisions: ids.map(revision), lock: { waitMs: 1_000, ttlMs: 300 } } }).up()
    expect((await run(faulty(file(), doors), ['001_a', '002_b', '003_c'])).error).toBeUndefined()
    expect(calls).toContain('renew')
    const broken = {
      before: async (call: Call) => {
        if (call.what === 'renew') await using(file(), (_, session) => file().locker.break(session))
      },
    }
    const { error, databases } = await run(faulty(file(), broken), ['001_a', '002_b', '003_c', '004_d', '005_e'])
    expect(error?.code).toBe('LOCK.LOST')
    expect(states(databases[0])).toEqual(['004_d applied', '005_e pending'])
  })
})

it('outlives a release and a close that fail', async () => {
  const file = newSqlite()
  const before = (call: Call) => {
    if (call.what === 'release' || call.what === 'close') throw new Error('made by the test')
  }
  expect((await single(faulty(file(), { before }), revisions).up()).ok).toBe(true)
  await single(file(), []).lockBreak()
  expect((await single(file(), revisions).status()).databases[0]?.state).toBe('current')
})

it('is not asked for by a run that was stopped before it began', async () => {
  const file = newSqlite()
  const { error } = await single(file(), revisions).up({ signal: AbortSignal.abort() })
  expect(error?.code).toBe('RUN.ABORTED')
  expect((await single(file(), revisions).status()).databases[0]?.state).toBe('uninitialised')
})

it('asks the store to stop again and again, whatever it answers', async () => {
  const file = newSqlite()
  let asked = 0
  const stop = new AbortController()
  const before = (call: Call) => {
    if (call.what === 'cancel' && ++asked < 3) throw new Error('not heard')
  }
  const { error } = await single(faulty(file(), { before }), [
    {
      id: '001_slow',
      up: (async () => {
        stop.abort()
        await pause(700)
      }) as never,
    },
    table('002_two'),
  ]).up({ signal: stop.signal })
  expect(error?.code).toBe('RUN.ABORTED')
  expect(asked).toBeGreaterThanOrEqual(3)
  expect(await tables(file())).toEqual([])
})
