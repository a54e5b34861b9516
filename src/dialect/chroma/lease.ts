// Leases as they lie in Chroma: collections `godwit_lease_<number>`, whose metadata says who holds it and how long.
// The number is the fence. Reading only; lock.ts decides.
import { GodwitError } from '../../core/error.ts'
import type { Fence, LeaseRow } from '../journal.ts'
import type { ChromaClient, CollectionInfo, Metadata } from './client.ts'

/** Collections whose name starts so are godwit's own. */
export const OWN_PREFIX = 'godwit_'

const LEASE_PREFIX = `${OWN_PREFIX}lease_`
const DIGITS = 12

export interface StoredLease {
  readonly fence: number
  readonly collection: CollectionInfo
}

export interface LeaseFacts {
  readonly owner: string
  readonly holder: string
  readonly backend: string
  readonly acquiredAtMs: number
  readonly heartbeatAtMs: number
  readonly expiresAtMs: number
  readonly released: boolean
}

export function leaseName(fence: number): string {
  return LEASE_PREFIX + String(fence).padStart(DIGITS, '0')
}

/** The leases among the collections, lowest number first. */
export function leasesOf(collections: readonly CollectionInfo[]): StoredLease[] {
  return collections
    .filter(({ name }) => name.startsWith(LEASE_PREFIX) && /^\d{12}$/.test(name.slice(LEASE_PREFIX.length)))
    .map(collection => ({ fence: Number(collection.name.slice(LEASE_PREFIX.length)), collection }))
    .sort((a, b) => a.fence - b.fence)
}

export function leaseMetadata(facts: LeaseFacts): Metadata {
  const time = (ms: number) => new Date(ms).toISOString()
  return {
    owner: facts.owner,
    holder: facts.holder,
    backend: facts.backend,
    acquired_at: time(facts.acquiredAtMs),
    heartbeat_at: time(facts.heartbeatAtMs),
    expires_at: time(facts.expiresAtMs),
    released: facts.released,
  }
}

/** @throws GodwitError JOURNAL.DAMAGED */
export function leaseFacts(collection: CollectionInfo): LeaseFacts {
  const metadata = collection.metadata ?? {}
  const text = (key: string) => {
    const value = metadata[key]
    if (typeof value === 'string') return value
    throw damagedLease(collection, key)
  }
  const time = (key: string) => {
    const ms = Date.parse(text(key))
    if (Number.isNaN(ms)) throw damagedLease(collection, key)
    return ms
  }
  const released = metadata['released']
  if (typeof released !== 'boolean') throw damagedLease(collection, 'released')
  return {
    owner: text('owner'),
    holder: text('holder'),
    backend: text('backend'),
    acquiredAtMs: time('acquired_at'),
    heartbeatAtMs: time('heartbeat_at'),
    expiresAtMs: time('expires_at'),
    released,
  }
}

function damagedLease(collection: CollectionInfo, key: string): GodwitError {
  return new GodwitError('JOURNAL.DAMAGED', `the collection ${collection.name} has no valid ${key}`, {
    why: 'godwit wrote it, something else changed it. Nothing was run.',
    next: ['godwit lock break'],
    meta: { collection: collection.name, key },
  })
}

/** The lease as the engine sees it; undefined when it was given back. @throws GodwitError JOURNAL.DAMAGED */
export function leaseRow({ fence, collection }: StoredLease, nowMs: number): LeaseRow | undefined {
  const facts = leaseFacts(collection)
  if (facts.released) return undefined
  return {
    owner: facts.owner,
    holder: facts.holder,
    backend: facts.backend,
    backendStart: '',
    fence,
    acquiredAt: new Date(facts.acquiredAtMs).toISOString(),
    heartbeatAt: new Date(facts.heartbeatAtMs).toISOString(),
    expiresAt: new Date(facts.expiresAtMs).toISOString(),
    expired: facts.expiresAtMs <= nowMs,
    ...(facts.heartbeatAtMs > nowMs ? { ahead: true } : {}),
  }
}

/** Somebody lives on this lease: not given back and not run out. @throws GodwitError JOURNAL.DAMAGED */
export function isLive(lease: StoredLease, nowMs: number): boolean {
  const facts = leaseFacts(lease.collection)
  return !facts.released && facts.expiresAtMs > nowMs
}

/** Our own lease, as long as it is the highest; undefined when it was lost. The next number is the only one that can follow. */
export async function findOwn(client: ChromaClient, fence: Fence): Promise<CollectionInfo | undefined> {
  const [own, next] = await Promise.all([
    client.findCollection(leaseName(fence.fence)),
    client.findCollection(leaseName(fence.fence + 1)),
  ])
  if (own === undefined || next !== undefined) return undefined
  const facts = leaseFacts(own)
  return facts.owner === fence.owner && !facts.released ? own : undefined
}

/**
 * The server's time, if the lease is ours and alive.
 *
 * Chroma cannot join this check and a write into one request. A write that was checked can still land after the lease
 * was lost when the lease runs out while that very request is under way: at most one request, at most
 * `requestTimeoutMs` late, or as late as a process wakes that was stopped in between.
 *
 * @throws GodwitError LOCK.LOST
 */
export async function requireFence(client: ChromaClient, fence: Fence): Promise<number> {
  // fence 0 stands for no lease at all.
  if (fence.fence === 0) return client.now()
  const [own, nowMs] = await Promise.all([findOwn(client, fence), client.now()])
  if (own !== undefined && leaseFacts(own).expiresAtMs > nowMs) return nowMs
  throw new GodwitError('LOCK.LOST', 'the lock was taken over by another runner, or it ran out', {
    why: 'The record that was to be written was not. Steps recorded before it stay.',
    next: ['godwit lock status', 'godwit status'],
  })
}
