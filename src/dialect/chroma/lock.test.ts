import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Scratch } from '../dialect.ts'
import type { Fence } from '../journal.ts'
import type { LeaseAnswer } from '../lock.ts'
import { chroma } from './index.ts'
import { leaseFacts, leaseMetadata, leaseName, leasesOf } from './lease.ts'
import { locker } from './lock.ts'
import type { ChromaSession } from './session.ts'

const url = process.env['GODWIT_TEST_CHROMA']
if (url === undefined) console.warn('SKIPPED: the lock of Chroma was not tested, GODWIT_TEST_CHROMA is not set')
const reason = url === undefined ? ' (skipped: GODWIT_TEST_CHROMA is not set)' : ''

describe.skipIf(url === undefined)(`the lock on a Chroma server${reason}`, () => {
  let scratch: Scratch
  let session: ChromaSession

  beforeAll(async () => {
    scratch = await (chroma({ url: url as string }).scratch as () => Promise<Scratch>)()
    session = (await scratch.dialect.open({ purpose: 'run' })) as ChromaSession
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

  async function freeUp(): Promise<void> {
    await locker.break(session)
  }
})
