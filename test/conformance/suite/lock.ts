// One runner at a time, on every store.
import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/dialect/session.ts'
import type { FreshStore, StoreCase } from '../store/store.ts'
import { applied, open, withStore } from './project.ts'

async function withSessions(
  fresh: FreshStore,
  count: number,
  use: (sessions: Session[]) => Promise<void>,
): Promise<void> {
  const dialect = fresh.dialect()
  const sessions: Session[] = []
  try {
    for (let n = 0; n < count; n++) sessions.push(await dialect.open({ purpose: 'run' }))
    await dialect.journal.ensure(sessions[0] as Session)
    await use(sessions)
  } finally {
    for (const session of sessions) await session.close()
  }
}

const request = (owner: string, ttlMs = 30_000) => ({ owner, holder: `${owner}@host pid 1`, ttlMs })

export function lockSuite(store: StoreCase): void {
  describe('lock', () => {
    it('lets one in, names the holder to the other, and lets it in after the release', () =>
      withStore(store, async fresh => {
        const { locker, journal } = fresh.dialect()
        await withSessions(fresh, 2, async ([a, b]) => {
          const first = await locker.acquire(a as Session, request('first'))
          expect(first).toMatchObject({ acquired: true, fence: { owner: 'first' } })
          const second = await locker.acquire(b as Session, request('second'))
          expect(second).toMatchObject({ acquired: false, by: { owner: 'first', holder: 'first@host pid 1' } })
          expect((await journal.read(b as Session)).lease).toMatchObject({ owner: 'first', expired: false })
          if (first.acquired) await locker.release(a as Session, first.fence)
          expect((await journal.read(b as Session)).lease).toBeUndefined()
          const third = await locker.acquire(b as Session, request('second'))
          expect(third.acquired).toBe(true)
          if (first.acquired && third.acquired) expect(third.fence.fence).toBeGreaterThan(first.fence.fence)
        })
      }))

    it('is renewed by its holder only, and refuses the writes of one who lost it', () =>
      withStore(store, async fresh => {
        const { locker, journal } = fresh.dialect()
        await withSessions(fresh, 2, async ([a, b]) => {
          const first = await locker.acquire(a as Session, request('first'))
          if (!first.acquired) throw new Error('the lock is free and was not given')
          expect(await locker.renew(a as Session, first.fence, 30_000)).toBe(true)
          expect(await locker.break(b as Session)).toMatchObject({ owner: 'first' })
          const second = await locker.acquire(b as Session, request('second'))
          expect(second.acquired).toBe(true)
          expect(await locker.renew(a as Session, first.fence, 30_000)).toBe(false)
          const write = { type: 'run-start', run: { id: 'late', verb: 'up', by: 'first', tool: 'test' } } as const
          await expect(journal.write(a as Session, first.fence, [write])).rejects.toThrow()
          await locker.release(a as Session, first.fence)
          expect((await journal.read(b as Session)).lease).toMatchObject({ owner: 'second' })
        })
      }))

    it('is taken over when its time is out', () =>
      withStore(store, async fresh => {
        const { locker } = fresh.dialect()
        await withSessions(fresh, 2, async ([a, b]) => {
          const first = await locker.acquire(a as Session, request('first', 1_000))
          expect(first.acquired).toBe(true)
          await new Promise(resolve => setTimeout(resolve, 2_500))
          const second = await locker.acquire(b as Session, request('second'))
          expect(second.acquired).toBe(true)
        })
      }))

    it('is waited for, and refused with its holder when the wait is over', () =>
      withStore(store, async fresh => {
        const revisions = [{ id: '001_one', ...store.words.make('one') }]
        const { locker } = fresh.dialect()
        await withSessions(fresh, 1, async ([a]) => {
          const first = await locker.acquire(a as Session, request('first'))
          const refused = await open(fresh, revisions, { lock: { waitMs: 300, ttlMs: 30_000 } }).up()
          expect(refused.error).toMatchObject({ code: 'LOCK.HELD', message: expect.stringContaining('first@host') })
          expect(await fresh.things()).toEqual([])
          if (first.acquired) await locker.release(a as Session, first.fence)
        })
        expect((await open(fresh, revisions).up()).ok).toBe(true)
      }))

    it('is broken by hand', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, [])
        const { locker } = fresh.dialect()
        await withSessions(fresh, 1, async ([a]) => {
          await locker.acquire(a as Session, request('first'))
          expect((await godwit.lockStatus()).databases[0]?.lock).toMatchObject({ holder: 'first@host pid 1' })
          expect((await godwit.lockBreak()).databases[0]?.lock).toMatchObject({ owner: 'first' })
          expect((await godwit.lockStatus()).databases[0]?.lock).toBeNull()
        })
      }))

    it('lets two runners of one moment apply each revision once', () =>
      withStore(store, async fresh => {
        const revisions = [
          { id: '001_one', ...store.words.make('one') },
          { id: '002_rows', ...store.words.fill('one', 5) },
          { id: '003_two', ...store.words.make('two') },
        ]
        const results = await Promise.all([
          open(fresh, revisions).up(),
          open(fresh, revisions).up(),
          open(fresh, revisions).up(),
        ])
        for (const result of results) expect(result.error).toBeUndefined()
        const done = results.flatMap(
          result => result.databases[0]?.steps.filter(step => step.state === 'applied') ?? [],
        )
        expect(done.map(step => step.revision).sort()).toEqual(['001_one', '002_rows', '003_two'])
        expect(await applied(open(fresh, revisions))).toHaveLength(3)
        expect(await fresh.rows('one')).toBe(5)
      }))
  })
}
