import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../core/error-codes.ts'
import { GodwitError } from '../../core/error.ts'
import type { Scratch } from '../dialect.ts'
import type { Fence } from '../journal.ts'
import type { LeaseAnswer } from '../lock.ts'
import { ChromaClient } from './client.ts'
import { chroma } from './index.ts'
import { findOwn, leaseFacts, leaseMetadata, leaseName, leasesOf } from './lease.ts'
import { locker } from './lock.ts'
import type { ChromaSession } from './session.ts'
import { type ChromaTarget, resolveTarget } from './settings.ts'

const url = process.env['GODWIT_TEST_CHROMA']
if (url === undefined) console.warn('SKIPPED: the lock of Chroma was not tested, GODWIT_TEST_CHROMA is not set')
const reason = url === undefined ? ' (skipped: GODWIT_TEST_CHROMA is not set)' : ''

type Around = <Result>(request: () => Promise<Result>, name: string) => Promise<Result>

/** The real client; each request of the lock goes through a function of the test, which may delay or refuse it. */
class WatchedClient extends ChromaClient {
  readonly #around: Around

  constructor(target: ChromaTarget, around: Around) {
    super(target)
    this.#around = around
  }

  override listCollections() {
    return this.#around(() => super.listCollections(), 'listCollections')
  }
  override findCollection(name: string) {
    return this.#around(() => super.findCollection(name), 'findCollection')
  }
  override createCollection(...given: Parameters<ChromaClient['createCollection']>) {
    return this.#around(() => super.createCollection(...given), 'createCollection')
  }
  override modifyCollection(...given: Parameters<ChromaClient['modifyCollection']>) {
    return this.#around(() => super.modifyCollection(...given), 'modifyCollection')
  }
  override deleteCollection(name: string) {
    return this.#around(() => super.deleteCollection(name), 'deleteCollection')
  }
  override now() {
    return this.#around(() => super.now(), 'now')
  }
}

/** Lets one waiting request through at a time, in an order that the caller chooses. */
class Gate {
  readonly #waiting: (() => Promise<void>)[] = []
  #busy = 0

  readonly pass: Around = request =>
    new Promise((resolve, reject) => {
      this.#waiting.push(() => request().then(resolve, reject))
    })

  /** Work of the test itself, during which no request passes. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#busy++
    return work().finally(() => this.#busy--)
  }

  async run(runners: readonly (() => Promise<void>)[], choose: () => number): Promise<void> {
    let left = runners.length
    const ends = Promise.all(runners.map(runner => runner().finally(() => left--)))
    ends.catch(() => undefined)
    while (left > 0) {
      // What follows a finished request runs before the next one is chosen.
      await new Promise(resolve => setImmediate(resolve))
      if (this.#busy > 0) continue
      const [next] = this.#waiting.splice(choose() % Math.max(1, this.#waiting.length), 1)
      await next?.()
    }
    await ends
  }
}

describe.skipIf(url === undefined)(`the lock on a Chroma server${reason}`, () => {
  let scratch: Scratch
  let session: ChromaSession
  let target: ChromaTarget

  beforeAll(async () => {
    scratch = await (chroma({ url: url as string }).scratch as () => Promise<Scratch>)()
    session = (await scratch.dialect.open({ purpose: 'run' })) as ChromaSession
    target = resolveTarget({ url: scratch.dialect.target })
  })
  afterAll(async () => {
    await session?.close()
    await scratch?.dispose()
  })

  const ask = (owner: string = randomUUID(), ttlMs = 60_000) =>
    locker.acquire(session, { owner, holder: 'me@here pid 1', ttlMs })

  async function hold(ttlMs?: number): Promise<Fence> {
    const answer = await ask(undefined, ttlMs)
    if (!answer.acquired) throw new Error('the lock is not free')
    return answer.fence
  }

  /** Puts the end of a lease into the past, as if its owner had been silent. */
  async function expire(fence: Fence): Promise<void> {
    const found = await session.client.findCollection(leaseName(fence.fence))
    if (!found) throw new Error('no such lease')
    const metadata = leaseMetadata({ ...leaseFacts(found), expiresAtMs: Date.now() - 60_000 })
    await session.client.modifyCollection(found.id, { metadata })
  }

  const numbers = async () => leasesOf(await session.client.listCollections()).map(lease => lease.fence)

  it('gives the lock to exactly one of 8 runners, 50 times, with rising fences', async () => {
    let last = 0
    for (let round = 0; round < 50; round++) {
      const answers: LeaseAnswer[] = await Promise.all(Array.from({ length: 8 }, () => ask()))
      const won = answers.filter(answer => answer.acquired)
      expect(won).toHaveLength(1)
      const fence = won[0]?.fence as Fence
      expect(fence.fence).toBeGreaterThan(last)
      last = fence.fence
      // By turns: given back, expired, broken.
      if (round % 3 === 0) await locker.release(session, fence)
      else if (round % 3 === 1) await expire(fence)
      else expect(await locker.break(session)).toMatchObject({ owner: fence.owner })
    }
    await freeUp()
  }, 120_000)

  it('lets a waking owner and 7 runners that take over never both hold it', async () => {
    for (let round = 0; round < 30; round++) {
      const old = await hold()
      await expire(old)
      const [renewed, ...answers] = await Promise.all([
        locker.renew(session, old, 60_000),
        ...Array.from({ length: 7 }, () => ask()),
      ])
      const won = answers.filter(answer => answer.acquired)
      expect(won.length + (renewed ? 1 : 0)).toBeLessThanOrEqual(1)
      // A winner keeps it, and the old owner finds out. Without a winner at most the old owner is left.
      const still = await Promise.all(
        [old, ...won.map(answer => answer.fence)].map(fence => locker.renew(session, fence, 60_000)),
      )
      if (won.length > 0) expect(still).toEqual([false, true])
      else expect(still).toHaveLength(1)
      await freeUp()
    }
  }, 120_000)

  it('says who holds it', async () => {
    const fence = await hold()
    const answer = await ask()
    expect(answer).toMatchObject({ acquired: false, by: { ...fence, holder: 'me@here pid 1', expired: false } })
    await locker.release(session, fence)
  })

  it('gives the same run its own lock again, after an answer that was lost', async () => {
    const owner = randomUUID()
    const first = await ask(owner)
    const second = await ask(owner)
    expect(second).toEqual(first)
    await freeUp()
  })

  it('keeps a lease alive by renewing and ends it by release', async () => {
    const fence = await hold(500)
    expect(await locker.renew(session, fence, 60_000)).toBe(true)
    await new Promise(resolve => setTimeout(resolve, 700))
    expect((await ask()).acquired).toBe(false)
    await locker.release(session, fence)
    expect(await locker.renew(session, fence, 60_000)).toBe(false)
    await expect(locker.release(session, fence)).resolves.toBeUndefined()
    await freeUp()
  })

  it('can be taken when its time ran out by the server’s clock', async () => {
    const old = await hold(300)
    await new Promise(resolve => setTimeout(resolve, 400))
    const fence = await hold()
    expect(fence.fence).toBe(old.fence + 1)
    expect(await locker.renew(session, old, 60_000)).toBe(false)
    expect(await numbers()).toEqual([fence.fence])
    await freeUp()
  })

  it('ends the lease of a holder by force, and tells whose it was', async () => {
    expect(await locker.break(session)).toBeUndefined()
    const fence = await hold()
    expect(await locker.break(session)).toMatchObject(fence)
    expect(await locker.renew(session, fence, 60_000)).toBe(false)
    expect((await hold()).fence).toBeGreaterThan(fence.fence)
    await freeUp()
  })

  it('holds nothing when it created a number from an old list', async () => {
    const high = await hold()
    const low = high.fence - 1
    const now = Date.now()
    const times = { acquiredAtMs: now, heartbeatAtMs: now, expiresAtMs: now + 60_000 }
    const facts = { owner: 'late', holder: 'late', backend: '', ...times, released: false }
    await session.client.createCollection(leaseName(low), { metadata: leaseMetadata(facts) })
    expect(await locker.renew(session, { owner: 'late', fence: low }, 60_000)).toBe(false)
    expect(await locker.renew(session, high, 60_000)).toBe(true)
    await locker.release(session, high)
    const next = await hold()
    expect(next.fence).toBe(high.fence + 1)
    expect(await numbers()).toEqual([next.fence])
    await freeUp()
  })

  it('refuses a lease that something else changed, and break puts it right', async () => {
    const fence = await hold()
    const found = await session.client.findCollection(leaseName(fence.fence))
    await session.client.modifyCollection(found?.id ?? '', { metadata: { hello: 1 } })
    await expect(ask()).rejects.toMatchObject({ code: 'JOURNAL.DAMAGED' })
    expect(await locker.break(session)).toMatchObject({ holder: 'unknown', fence: fence.fence })
    await locker.release(session, await hold())
  })

  /** A session of the same database whose requests pass through `around` first. */
  const watched = (around: Around): ChromaSession => ({ ...session, client: new WatchedClient(target, around) })

  it('never has two holders, in whatever order the requests of an old owner, three runners and a break arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat({ max: 999 })), fc.boolean(), async (choices, withBreak) => {
        await freeUp()
        const old = await hold()
        await expire(old)
        const claims = new Map<string, Fence>()
        const fences: number[] = []
        const valid = async (fence: Fence) => (await findOwn(session.client, fence)) !== undefined
        const claim = async (name: string, fence: Fence) => {
          // Broken before it could begin: every write of this runner is refused.
          if (withBreak && !(await valid(fence))) return
          // Leases live long here: only a break may end one before its holder gives it back.
          if (!withBreak) expect([...claims.keys()]).toEqual([])
          for (const other of claims.values()) expect(await valid(other)).toBe(false)
          // A renewed lease may meet a runner that looked before the renewal: it creates a number and takes it back.
          if (!withBreak && name !== 'old') expect(await valid(fence)).toBe(true)
          claims.set(name, fence)
          fences.push(fence.fence)
        }
        const gate = new Gate()
        const runner = (name: string) => async () => {
          const own = watched(gate.pass)
          for (let turn = 0; turn < 2; turn++) {
            const answer = await locker.acquire(own, { owner: `${name} ${turn}`, holder: name, ttlMs: 60_000 })
            if (!answer.acquired) continue
            await gate.alone(() => claim(name, answer.fence))
            await gate.pass(async () => undefined, 'turn')
            claims.delete(name)
            await locker.release(own, answer.fence)
          }
        }
        const owner = async () => {
          const own = watched(gate.pass)
          if (await locker.renew(own, old, 60_000)) {
            await gate.alone(() => claim('old', old))
            await gate.pass(async () => undefined, 'turn')
            claims.delete('old')
          }
        }
        const breaker = async () => {
          // It may give up, and says so; what must never happen is two holders.
          await locker.break(watched(gate.pass)).catch(error => expect(error).toMatchObject({ code: 'LOCK.HELD' }))
        }
        const all = [owner, runner('a'), runner('b'), runner('c'), ...(withBreak ? [breaker] : [])]
        await gate.run(all, () => choices.next().value ?? 0)
        expect(fences).toEqual([...new Set(fences)].sort((x, y) => x - y))
      }),
      { numRuns: 40 },
    )
  }, 240_000)

  it('holds nothing when others took and gave back the lock between its look and its creation', async () => {
    await freeUp()
    let disturbed = false
    const slow = watched(async (request, name) => {
      if (name === 'createCollection' && !disturbed) {
        disturbed = true
        await locker.release(session, await hold())
        await hold()
      }
      return request()
    })
    const answer = await locker.acquire(slow, { owner: 'slow', holder: 'slow', ttlMs: 60_000 })
    expect(answer).toMatchObject({ acquired: false, by: { holder: 'me@here pid 1' } })
    await freeUp()
  })

  it('is broken under a lease of the breaker only, also when a taker steps back at that moment', async () => {
    await freeUp()
    const old = await hold()
    await expire(old)
    // The taker looks while the lease is expired; its owner wakes up; the breaker comes between its creation and its look.
    let looked = 0
    let broken: unknown
    const taker = watched(async (request, name) => {
      if (name === 'createCollection') expect(await locker.renew(session, old, 60_000)).toBe(true)
      if (name === 'deleteCollection') {
        let first = true
        const breaker = watched(async (inner, which) => {
          // The breaker's first look is older than the taker's number.
          if (which === 'listCollections' && first) {
            first = false
            return ((await inner()) as unknown as { name: string }[]).filter(
              one => one.name !== leaseName(old.fence + 1),
            ) as never
          }
          return inner()
        })
        broken = await locker.break(breaker)
      }
      if (name === 'listCollections') looked++
      return request()
    })
    const answer = await locker.acquire(taker, { owner: 'taker', holder: 'taker', ttlMs: 60_000 })
    expect(answer.acquired).toBe(false)
    expect(looked).toBe(2)
    expect(broken).toMatchObject(old)
    expect(await locker.renew(session, old, 60_000)).toBe(false)
    expect((await hold()).fence).toBeGreaterThan(old.fence + 1)
    await freeUp()
  })

  it('says that it could not break a lock that others keep taking', async () => {
    await freeUp()
    const fence = await hold()
    const late = watched((request, name) => {
      if (name === 'createCollection') throw new GodwitError('CHROMA.COLLECTION_EXISTS', 'made by the test')
      return request()
    })
    await expect(locker.break(late)).rejects.toMatchObject({ code: 'LOCK.HELD' })
    expect(await locker.renew(session, fence, 60_000)).toBe(true)
    const robbed = watched(async (request, name) => {
      if (name !== 'createCollection') return request()
      await locker.break(session)
      throw new GodwitError('CHROMA.COLLECTION_EXISTS', 'made by the test')
    })
    expect(await locker.break(robbed)).toMatchObject(fence)
  })

  it('gives up when it is never the first, and passes on what the server says', async () => {
    await freeUp()
    const failing = (code: ErrorCode) =>
      watched((request, name) => {
        if (name === 'createCollection') throw new GodwitError(code, 'made by the test')
        return request()
      })
    const request = { owner: 'x', holder: 'x', ttlMs: 60_000 }
    expect(await locker.acquire(failing('CHROMA.COLLECTION_EXISTS'), request)).toEqual({
      acquired: false,
      by: undefined,
    })
    await expect(locker.acquire(failing('CONNECT.LOST'), request)).rejects.toMatchObject({ code: 'CONNECT.LOST' })
  })

  it('is not obtained when a lower lease cannot be removed', async () => {
    await freeUp()
    await locker.release(session, await hold())
    const stuck = watched((request, name) => {
      if (name === 'deleteCollection') throw new GodwitError('CONNECT.LOST', 'made by the test')
      return request()
    })
    const request = { owner: 'y', holder: 'y', ttlMs: 60_000 }
    await expect(locker.acquire(stuck, request)).rejects.toMatchObject({ code: 'CONNECT.LOST' })
    expect((await locker.acquire(session, request)).acquired).toBe(true)
    await freeUp()
  })

  it('is lost when the lease goes away during a renewal, and a failed renewal is no loss', async () => {
    await freeUp()
    const fence = await hold()
    const fails = watched((request, name) => {
      if (name === 'modifyCollection') throw new GodwitError('CONNECT.LOST', 'made by the test')
      return request()
    })
    await expect(locker.renew(fails, fence, 60_000)).rejects.toMatchObject({ code: 'CONNECT.LOST' })
    const robbed = watched(async (request, name) => {
      if (name === 'modifyCollection') await locker.break(session)
      return request()
    })
    expect(await locker.renew(robbed, fence, 60_000)).toBe(false)
    await freeUp()
  })

  it.each([['owner'], ['expires_at'], ['released']])('refuses a lease without a valid %s', async key => {
    await freeUp()
    const fence = await hold()
    const found = await session.client.findCollection(leaseName(fence.fence))
    const metadata = { ...found?.metadata, [key]: key === 'expires_at' ? 'tomorrow' : 1 }
    await session.client.modifyCollection(found?.id ?? '', { metadata })
    await expect(ask()).rejects.toMatchObject({ code: 'JOURNAL.DAMAGED', meta: { key } })
    await freeUp()
  })

  async function freeUp(): Promise<void> {
    await locker.break(session)
  }
})
