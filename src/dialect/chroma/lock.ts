// One runner at a time on a store without transactions, built on one atomic act: a collection's name can be taken once.
//
// States. Leases are numbered 1, 2, 3 …; the highest one counts.
//   none               nobody ever ran
//   n live             n's owner runs
//   n released         given back: free
//   n expired          its owner is silent: free to be taken over
// Steps.
//   take      list; highest n is free → create n+1 (one creator succeeds) → list again:
//               a higher one is there       → I was slow: leave mine to its cleaning, look again
//               n is live again             → its owner woke up in time: delete mine, it is held
//               else                        → delete all below, lowest first; only then n+1 is mine
//   renew     n is mine and n+1 does not exist → write the new expiry into n → look again: n there, n+1 not → still mine
//   release   write `released` into n, by id
//   break     create n+1 as released → delete all below
//
// Why it holds. Nobody holds a number before every lower lease is gone, and a runner whose lease is gone has lost.
// The highest lease is deleted by its creator only, and only unconfirmed; so whoever creates a low number from an old list
// finds a higher one, and a confirmed number is never given again: fences rise.
//   two runners take n+1       the server lets one create; the other finds n+1 held.
//   owner wakes, other takes   the owner writes its expiry, then looks for n+1; the other creates n+1, then looks at n's expiry.
//                              At least one sees the other. If both do, nobody holds it until n expires once more.
//   old list, three runners    A lists n; B takes n+1 and gives it back; C takes n+2 and deletes below; A creates n+1
//                              and sees n+2: A holds nothing. The highest was n+2 throughout.
//   break while taking         the later creator fails, or the lower number finds the higher one; both look again, and the
//                              breaker deletes nothing but under a lease of its own.
//   taker dies half-way        n+1 is live without a runner: it expires like any other, and n's owner already counts as lost.
//   late renewal               writes go by collection id: a deleted lease cannot come back, a lower one counts for nothing.
// A delete whose fate is unknown is never repeated: the repetition could hit the same number made by another runner.
// Expiry is judged by the server's clock (/heartbeat), not by ours.
import { GodwitError } from '../../core/error.ts'
import type { LeaseRow } from '../journal.ts'
import type { LeaseAnswer, LeaseRequest, Locker } from '../lock.ts'
import type { ChromaClient, CollectionInfo } from './client.ts'
import { hasCode } from './error.ts'
import { findOwn, isLive, leaseFacts, leaseMetadata, leaseName, leaseRow, leasesOf, type StoredLease } from './lease.ts'
import { clientOf } from './session.ts'

/** How often a runner looks again after another was faster. Each time somebody else got the lock. */
const ATTEMPTS = 3

export const locker: Locker = {
  async acquire(session, request) {
    const client = clientOf(session)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const answer = await tryAcquire(client, request, session.identity.backend)
      if (answer) return answer
    }
    return { acquired: false, by: undefined }
  },

  async renew(session, fence, ttlMs) {
    const client = clientOf(session)
    const [own, nowMs] = await Promise.all([findOwn(client, fence), client.now()])
    if (own === undefined) return false
    const facts = { ...leaseFacts(own), heartbeatAtMs: nowMs, expiresAtMs: nowMs + ttlMs }
    if (!(await writeLease(client, own, facts))) return false
    return (await findOwn(client, fence)) !== undefined
  },

  async release(session, fence) {
    const client = clientOf(session)
    const own = await client.findCollection(leaseName(fence.fence))
    if (own === undefined) return
    const facts = leaseFacts(own)
    if (facts.owner === fence.owner && !facts.released) await writeLease(client, own, { ...facts, released: true })
  },

  async break(session) {
    const client = clientOf(session)
    let { leases, nowMs } = await look(client)
    const victim = leases.at(-1)
    const held = victim && shown(victim, nowMs)
    if (victim === undefined || held === undefined) return undefined
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const number = (leases.at(-1)?.fence ?? 0) + 1
      const times = { acquiredAtMs: nowMs, heartbeatAtMs: nowMs, expiresAtMs: nowMs }
      const facts = { owner: '', holder: 'lock break', backend: session.identity.backend, ...times, released: true }
      const created = await create(client, number, facts)
      ;({ leases, nowMs } = await look(client))
      // Only under a lease of our own may others be deleted: another runner's highest one may still be taken back.
      if (created && leases.at(-1)?.fence === number) {
        await removeBelow(client, leases, number)
        return held
      }
      if (!leases.some(lease => lease.collection.id === victim.collection.id)) return held
    }
    throw new GodwitError(
      'LOCK.HELD',
      `the lock of ${held.holder} was not broken: others are taking it at this moment`,
      {
        next: ['godwit lock status', 'godwit lock break'],
      },
    )
  },
}

/** Undefined: another runner was faster, look again. */
async function tryAcquire(
  client: ChromaClient,
  request: LeaseRequest,
  backend: string,
): Promise<LeaseAnswer | undefined> {
  const { leases, nowMs } = await look(client)
  const top = leases.at(-1)
  const live = top !== undefined && isLive(top, nowMs)
  // Ours already: created by an earlier try whose answer was lost on the way.
  const ours = live && leaseFacts(top.collection).owner === request.owner
  if (live && !ours) return { acquired: false, by: leaseRow(top, nowMs) }
  const number = ours ? top.fence : (top?.fence ?? 0) + 1
  if (!ours) {
    const times = { acquiredAtMs: nowMs, heartbeatAtMs: nowMs, expiresAtMs: nowMs + request.ttlMs }
    const facts = { owner: request.owner, holder: request.holder, backend, ...times, released: false }
    if (!(await create(client, number, facts))) return undefined
  }
  const seen = await look(client)
  const highest = seen.leases.at(-1)
  if (highest?.fence !== number) return undefined
  const before = seen.leases.find(lease => lease.fence === number - 1)
  if (before !== undefined && wokeUp(before, request.owner, seen.nowMs)) {
    await remove(client, number)
    return { acquired: false, by: leaseRow(before, seen.nowMs) }
  }
  const previous = before && leaseRow(before, seen.nowMs)
  await removeBelow(client, seen.leases, number)
  return { acquired: true, fence: { owner: request.owner, fence: number }, ...(previous ? { previous } : {}) }
}

function wokeUp(lease: StoredLease, owner: string, nowMs: number): boolean {
  return isLive(lease, nowMs) && leaseFacts(lease.collection).owner !== owner
}

async function look(client: ChromaClient): Promise<{ leases: StoredLease[]; nowMs: number }> {
  const [collections, nowMs] = await Promise.all([client.listCollections(), client.now()])
  return { leases: leasesOf(collections), nowMs }
}

/** False: the number is taken. */
async function create(
  client: ChromaClient,
  number: number,
  facts: Parameters<typeof leaseMetadata>[0],
): Promise<boolean> {
  try {
    await client.createCollection(leaseName(number), { metadata: leaseMetadata(facts) })
    return true
  } catch (error) {
    if (hasCode(error, 'CHROMA.COLLECTION_EXISTS')) return false
    throw error
  }
}

/** False: it was deleted, so somebody else holds a higher one. */
async function writeLease(
  client: ChromaClient,
  own: CollectionInfo,
  facts: Parameters<typeof leaseMetadata>[0],
): Promise<boolean> {
  try {
    await client.modifyCollection(own.id, { metadata: leaseMetadata(facts) })
    return true
  } catch (error) {
    if (hasCode(error, 'CHROMA.COLLECTION_MISSING')) return false
    throw error
  }
}

async function remove(client: ChromaClient, number: number): Promise<void> {
  try {
    await client.deleteCollection(leaseName(number))
  } catch (error) {
    if (!hasCode(error, 'CHROMA.COLLECTION_MISSING')) throw error
  }
}

/** Ends every runner that could still believe in a lower lease; a failure means that ours was not obtained. */
async function removeBelow(client: ChromaClient, leases: readonly StoredLease[], number: number): Promise<void> {
  for (const lease of leases) {
    if (lease.fence >= number) return
    await remove(client, lease.fence)
  }
}

/** Also for a lease that something else damaged: breaking it is the way out. */
function shown(lease: StoredLease, nowMs: number): LeaseRow | undefined {
  try {
    return leaseRow(lease, nowMs)
  } catch {
    const time = new Date(nowMs).toISOString()
    const unknown = { owner: '', holder: 'unknown', backend: '', backendStart: '' }
    return { ...unknown, fence: lease.fence, acquiredAt: time, heartbeatAt: time, expiresAt: time, expired: true }
  }
}
