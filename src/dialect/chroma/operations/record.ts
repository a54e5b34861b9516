// Adding, changing and removing records in batches, each batch a step of its own. Chroma answers "done" also where it
// passed over a record; these operations look first and refuse instead.
import { GodwitError } from '../../../core/error.ts'
import type { ChromaClient, ChromaRecord, ChromaRecordChange, RecordQuery, StoredRecord, Where } from '../client.ts'
import { distanceOf } from './collection.ts'
import { UNTOUCHED, refuseOwn, requireCollection, type Scope } from './effect.ts'
import { checkRecords, invalid, isSameRecord } from './record-check.ts'

export interface BatchOptions {
  /** Records per step. Default 500. */
  readonly batchSize?: number
}

export type RecordFilter = {
  readonly ids?: readonly string[]
  /** A filter on metadata: `{ year: { $lt: 2020 } }`. */
  readonly where?: Where
  /** A filter on the text: `{ $contains: 'draft' }`. */
  readonly whereDocument?: Where
}

export type RecordSource<Item> = Iterable<Item> | AsyncIterable<Item>

export const DEFAULT_BATCH = 500

export function recordOperations({ client, step }: Scope) {
  return {
    /**
     * New records. One that exists already is an error, unless an unfinished attempt of this step wrote the very same.
     * @throws GodwitError CHROMA.RECORD_EXISTS CHROMA.RECORD_INVALID CHROMA.COLLECTION_MISSING
     */
    async addRecords(name: string, records: RecordSource<ChromaRecord>, options: BatchOptions = {}): Promise<void> {
      await inBatches('add', name, records, options, async (batch, again) => {
        const collection = await prepare(name, batch, true)
        const present = await existingIds(client, collection.id, batch)
        if (present.size > 0) {
          if (!again) throw recordExists(name, [...present][0] ?? '')
          const parts = { include: ['documents', 'embeddings', 'metadatas', 'uris'] } as const
          const stored = await client.getRecords(collection.id, { ids: [...present], ...parts })
          const given = new Map(batch.map(record => [record.id, record]))
          const differs = (found: StoredRecord) => {
            const record = given.get(found.id)
            return record !== undefined && !isSameRecord(found, record, distanceOf(collection))
          }
          const other = stored.find(differs)
          if (other !== undefined) throw recordExists(name, other.id)
        }
        await client.writeRecords(
          collection.id,
          'add',
          batch.filter(record => !present.has(record.id)),
        )
      })
    },

    /** What a change leaves out stays. @throws GodwitError CHROMA.RECORD_MISSING CHROMA.RECORD_INVALID CHROMA.COLLECTION_MISSING */
    async updateRecords(
      name: string,
      changes: RecordSource<ChromaRecordChange>,
      options: BatchOptions = {},
    ): Promise<void> {
      await inBatches('update', name, changes, options, async batch => {
        const collection = await prepare(name, batch, false)
        const present = await existingIds(client, collection.id, batch)
        const absent = batch.find(({ id }) => !present.has(id))
        if (absent !== undefined) throw recordMissing(name, absent.id)
        await client.writeRecords(collection.id, 'update', batch)
      })
    },

    /** New or changed records. Metadata of an existing record is joined with the new. Every record needs its embedding. */
    async upsertRecords(name: string, records: RecordSource<ChromaRecord>, options: BatchOptions = {}): Promise<void> {
      await inBatches('upsert', name, records, options, async batch => {
        const collection = await prepare(name, batch, true)
        await client.writeRecords(collection.id, 'upsert', batch)
      })
    },

    /** Ids that do not exist are passed over. At least one condition is needed; several must all hold. */
    async deleteRecords(name: string, filter: RecordFilter): Promise<void> {
      await step(`delete records of ${name}`, async () => {
        refuseOwn(name)
        const { ids, where, whereDocument } = filter
        const empty = (part: Where | undefined) => part === undefined || Object.keys(part).length === 0
        if (ids === undefined && empty(where) && empty(whereDocument)) {
          throw invalid('*', `of ${name} cannot be deleted without ids or a filter`)
        }
        const collection = await requireCollection(client, name)
        const filters = {
          ...(empty(where) ? {} : { where: where as Where }),
          ...(empty(whereDocument) ? {} : { where_document: whereDocument as Where }),
        }
        if (ids === undefined) return client.deleteRecords(collection.id, filters)
        for (const part of await inRequests(client, ids)) {
          await client.deleteRecords(collection.id, { ids: part, ...filters })
        }
      })
    },

    /** A read, not a step. */
    async count(name: string): Promise<number> {
      return client.count((await requireCollection(client, name)).id)
    },

    /** Records in the order in which they were first added. Default parts: documents and metadatas. A read, not a step. */
    async get(name: string, query: RecordQuery = {}): Promise<StoredRecord[]> {
      return client.getRecords((await requireCollection(client, name)).id, query)
    },
  }

  async function inBatches<Item extends { readonly id: string }>(
    verb: string,
    name: string,
    items: RecordSource<Item>,
    options: BatchOptions,
    effect: (batch: readonly Item[], again: boolean) => Promise<void>,
  ): Promise<void> {
    const size = batchSize(options.batchSize)
    let first = 1
    let batch: Item[] = []
    const flush = async () => {
      const part = batch
      batch = []
      // Places, not contents: an embedding made anew is seldom the same to the last digit, and the step must be found again.
      await step(`${verb} records ${first} to ${first + part.length - 1} of ${name}`, again => effect(part, again))
      first += part.length
    }
    for await (const item of items) {
      batch.push(item)
      if (batch.length === size) await flush()
    }
    if (batch.length > 0) await flush()
  }

  async function prepare(name: string, batch: readonly (ChromaRecord | ChromaRecordChange)[], embeddings: boolean) {
    refuseOwn(name)
    const collection = await requireCollection(client, name)
    checkRecords(batch, { embeddings, dimension: collection.dimension ?? undefined })
    return collection
  }
}

/** @throws GodwitError CHROMA.RECORD_INVALID */
export function batchSize(asked: number | undefined): number {
  if (asked === undefined) return DEFAULT_BATCH
  if (Number.isSafeInteger(asked) && asked > 0) return asked
  throw new GodwitError('CHROMA.RECORD_INVALID', `batchSize ${asked} is no whole number from 1`)
}

/** Ids in lists that the server takes at once. */
export async function inRequests(client: ChromaClient, ids: readonly string[]): Promise<string[][]> {
  const most = await client.maxBatchSize()
  return Array.from({ length: Math.ceil(ids.length / most) }, (_, index) => ids.slice(index * most, (index + 1) * most))
}

async function existingIds(
  client: ChromaClient,
  collectionId: string,
  batch: readonly { readonly id: string }[],
): Promise<Set<string>> {
  const found = new Set<string>()
  for (const ids of await inRequests(
    client,
    batch.map(({ id }) => id),
  )) {
    for (const { id } of await client.getRecords(collectionId, { ids, include: [] })) found.add(id)
  }
  return found
}

function recordExists(name: string, id: string): GodwitError {
  return new GodwitError('CHROMA.RECORD_EXISTS', `record ${id} of ${name} exists already`, {
    why: 'Nothing of this batch was sent. Chroma would have kept the old record and said nothing.',
    next: ['use upsertRecords or updateRecords in the revision'],
    meta: { ...UNTOUCHED, collection: name, record: id },
  })
}

function recordMissing(name: string, id: string): GodwitError {
  return new GodwitError('CHROMA.RECORD_MISSING', `record ${id} of ${name} does not exist`, {
    why: 'Nothing of this batch was sent. Chroma would have passed over it and said nothing.',
    next: ['use upsertRecords in the revision'],
    meta: { ...UNTOUCHED, collection: name, record: id },
  })
}
