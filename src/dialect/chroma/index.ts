// The door `godwit/chroma`: a Chroma server (1.x, /api/v2) as a store of revisions written in TypeScript.
// Talks plain HTTP; needs no driver package. SQL revisions are refused: this store has no SQL.
import type { Dialect } from '../dialect.ts'
import { capabilities } from './capability.ts'
import { mapError } from './error.ts'
import { journal } from './journal.ts'
import { locker } from './lock.ts'
import { chromaOperations } from './operations/index.ts'
import { createScratch } from './scratch.ts'
import { openSession } from './session.ts'
import { type ChromaSettings, type ChromaTarget, resolveTarget } from './settings.ts'

/**
 * A Chroma database as a store.
 *
 * Chroma has neither transactions nor tables. godwit keeps its journal in the collection `godwit_journal` and its lock
 * in `godwit_lease_…`, and records every step of a revision before and after it, so that a broken run is continued.
 * The lock is checked before each journal write, by a request of its own: a write can land after the lock was lost only
 * while that single request is under way.
 *
 * A Chroma 1.0 server loses its indexing thread when a client is killed in the middle of a request on records
 * (chroma-core/chroma issue 4365); it then has to be restarted, after which the next run goes on.
 *
 * @example
 * chroma({ url: 'chroma://localhost:8000/default_tenant/default_database' })
 * chroma({ url: 'https://chroma.example.com/acme/products', token: secret })
 * @throws GodwitError CONFIG.URL_MISSING CONFIG.URL_INVALID CONFIG.FILE_INVALID
 */
export function chroma(settings: ChromaSettings): Dialect {
  return dialectOf(resolveTarget(settings))
}

function dialectOf(target: ChromaTarget): Dialect {
  return {
    name: 'chroma',
    capabilities,
    target: target.shown,
    sql: undefined,
    operations: chromaOperations,
    journal,
    locker,
    open: options => openSession(target, options),
    mapError: error => mapError(target, error),
    schema: async () => (await import('./schema.ts')).schemaPart,
    scratch: () => createScratch(target, dialectOf),
  }
}

export { defineChromaRevision } from './revision.ts'
export type { ChromaRevision } from './revision.ts'
export type { ChromaSettings } from './settings.ts'
export type { ChromaContext } from './operations/index.ts'
export type { CollectionOptions, CollectionChange, Collection } from './operations/collection.ts'
export type { BatchOptions, RecordFilter } from './operations/record.ts'
export type { CopyOptions, CopyProgress } from './operations/copy.ts'
export type { SwitchNames } from './operations/switch.ts'
export { ChromaClient } from './client.ts'
export type {
  ChromaRecord,
  ChromaRecordChange,
  CollectionInfo,
  Distance,
  HnswChange,
  HnswConfiguration,
  Metadata,
  MetadataValue,
  RecordQuery,
  StoredRecord,
  Where,
} from './client.ts'
