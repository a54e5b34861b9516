// What every operation shares: the client, the step, the guard of godwit's own names and the refusals.
// `again` of an effect: this very step was begun by an attempt that did not record its end.
import { GodwitError } from '../../../core/error.ts'
import type { StepRunner } from '../../operations.ts'
import type { ChromaClient, CollectionInfo } from '../client.ts'
import { OWN_PREFIX } from '../lease.ts'

/** Says to the engine that the effect changed nothing, so that its step need not count as begun. */
export const UNTOUCHED = { untouched: true } as const

export interface Scope {
  readonly client: ChromaClient
  readonly step: StepRunner
  readonly signal: AbortSignal
}

/** @throws GodwitError CHROMA.NAME_RESERVED */
export function refuseOwn(...names: readonly string[]): void {
  const own = names.find(name => name.startsWith(OWN_PREFIX))
  if (own === undefined) return
  throw new GodwitError('CHROMA.NAME_RESERVED', `${own} is a name of godwit itself`, {
    why: `Names that start with ${OWN_PREFIX} hold the journal and the lock. Nothing was done in this step.`,
    next: ['choose another name for the collection'],
    meta: UNTOUCHED,
  })
}

/** @throws GodwitError CHROMA.COLLECTION_MISSING */
export async function requireCollection(client: ChromaClient, name: string): Promise<CollectionInfo> {
  const collection = await client.findCollection(name)
  if (collection !== undefined) return collection
  throw missing(name)
}

export function missing(name: string): GodwitError {
  return new GodwitError('CHROMA.COLLECTION_MISSING', `the collection ${name} does not exist`, {
    why: 'Nothing was done in this step.',
    next: ['godwit status'],
    meta: UNTOUCHED,
  })
}

export function exists(name: string, detail = ''): GodwitError {
  return new GodwitError('CHROMA.COLLECTION_EXISTS', `the collection ${name} exists already${detail}`, {
    why: 'Nothing was done in this step.',
    next: ['godwit status'],
    meta: UNTOUCHED,
  })
}
