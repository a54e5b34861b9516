// Copying a collection into a new one, with another distance, dimension or content: the heart of re-embedding.
// Batches are upserts whose progress is kept in the journal collection, so that a broken copy goes on where it was.
// At the end the numbers must agree, else the step fails and the next attempt starts over.
import { GodwitError } from '../../../core/error.ts'
import type {
  ChromaClient,
  ChromaRecord,
  CollectionInfo,
  Distance,
  HnswConfiguration,
  Metadata,
  StoredRecord,
} from '../client.ts'
import { copyRecord, JOURNAL_COLLECTION, readCopy, recordId, type StoredCopy } from '../journal-record.ts'
import { createEffect, distanceOf } from './collection.ts'
import { exists, refuseOwn, requireCollection, type Scope } from './effect.ts'
import { batchSize } from './record.ts'
import { checkRecords, invalid } from './record-check.ts'

export interface CopyProgress {
  readonly from: string
  readonly to: string
  /** Records read so far, also by earlier attempts. */
  readonly done: number
  /** Records of the source when this attempt began. */
  readonly total: number
}

export interface CopyOptions {
  /** Default: the source's. */
  readonly distance?: Distance
  /** Length of the new vectors. Default: the first new vector's. Another one than the source's needs `embed` or `transform`. */
  readonly dimension?: number
  /** Default: the source's. */
  readonly configuration?: Omit<HnswConfiguration, 'space'>
  /** Metadata of the new collection. Default: the source's. */
  readonly metadata?: Metadata
  /** New vectors for the documents of one batch, in the same order. Every record must have a document. */
  readonly embed?: (
    documents: readonly string[],
    records: readonly ChromaRecord[],
  ) => Promise<readonly (readonly number[])[]>
  /** Changes a record before it is embedded and written; undefined leaves it out. */
  readonly transform?: (record: ChromaRecord) => ChromaRecord | undefined | Promise<ChromaRecord | undefined>
  /** Records per request and per call of `embed`. Default 500. */
  readonly batchSize?: number
  readonly onProgress?: (progress: CopyProgress) => void
}

export function copyOperations({ client, step, signal }: Scope) {
  return {
    /**
     * Makes `to` and fills it with the records of `from`, which stays as it is. Two steps.
     *
     * Records added to `from` during the copy are taken along; records changed there behind the copy's back are not, and
     * records deleted there make the copy fail: stop the writers, or write to both collections. Vectors of a source with
     * the distance cosine come back from the server with its rounding, in the last digit (measured, 1.0.0).
     *
     * @example
     * await m.copyCollection('docs', 'docs_v2', { distance: 'cosine', dimension: 1536, embed: texts => embedAll(texts) })
     * @throws GodwitError CHROMA.COPY_INCOMPLETE CHROMA.COLLECTION_MISSING CHROMA.COLLECTION_EXISTS CHROMA.RECORD_INVALID
     */
    async copyCollection(from: string, to: string, options: CopyOptions = {}): Promise<void> {
      const size = batchSize(options.batchSize)
      await step(`create collection ${to} like ${from}`, async again => {
        const source = await requireSource(client, from, to, options)
        const { space: _space, ...configuration } = source.configuration_json.hnsw ?? {}
        const metadata = options.metadata ?? source.metadata ?? undefined
        const like = {
          distance: options.distance ?? distanceOf(source) ?? 'l2',
          configuration: { ...configuration, ...options.configuration },
          ...(options.dimension === undefined ? {} : { dimension: options.dimension }),
          ...(metadata === undefined ? {} : { metadata }),
        }
        await createEffect(client, to, like, again)
      })
      await step(`copy records of ${from} to ${to}`, async again => {
        const source = await requireSource(client, from, to, options)
        const target = await requireCollection(client, to)
        const log = await openLog(client, source, target, again)
        if (log.progress.state !== 'done') await copyAll({ client, signal, source, target, size, options, log })
      })
    },
  }
}

interface CopyLog {
  progress: StoredCopy
  save(progress: StoredCopy): Promise<void>
}

interface Copying {
  readonly client: ChromaClient
  readonly signal: AbortSignal
  readonly source: CollectionInfo
  readonly target: CollectionInfo
  readonly size: number
  readonly options: CopyOptions
  readonly log: CopyLog
}

async function requireSource(
  client: ChromaClient,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<CollectionInfo> {
  refuseOwn(from, to)
  const source = await requireCollection(client, from)
  const { dimension, embed, transform } = options
  const differs = dimension !== undefined && source.dimension !== null && dimension !== source.dimension
  if (differs && !embed && !transform) {
    throw invalid('*', `of ${from} has ${source.dimension} dimensions; ${dimension} need embed or transform`)
  }
  return source
}

/** Where the copy stands. @throws GodwitError CHROMA.COLLECTION_EXISTS for a target filled by something else */
async function openLog(
  client: ChromaClient,
  source: CollectionInfo,
  target: CollectionInfo,
  begun: boolean,
): Promise<CopyLog> {
  const journal = await requireCollection(client, JOURNAL_COLLECTION)
  const ids = [recordId('copy', target.id)]
  const [stored] = await client.getRecords(journal.id, { ids, include: ['documents'] })
  const found = stored && readCopy(stored)
  const log: CopyLog = {
    progress: { to: target.id, from: source.id, read: 0, last: '', skipped: 0, state: 'running' },
    async save(progress) {
      await client.writeRecords(journal.id, 'upsert', [copyRecord(progress)])
      log.progress = progress
    },
  }
  if (found !== undefined && found.from === source.id && found.state !== 'failed') log.progress = found
  else if (found !== undefined || begun) await empty(client, target.id)
  else {
    const count = await client.count(target.id)
    if (count > 0) throw exists(target.name, ` and has ${count} records`)
  }
  if (log.progress !== found) await log.save(log.progress)
  return log
}

async function empty(client: ChromaClient, collectionId: string): Promise<void> {
  const limit = await client.maxBatchSize()
  for (;;) {
    const records = await client.getRecords(collectionId, { limit, include: [] })
    if (records.length === 0) return
    await client.deleteRecords(collectionId, { ids: records.map(({ id }) => id) })
  }
}

async function copyAll(copying: Copying): Promise<void> {
  const { client, signal, source, target, options, log } = copying
  const total = await client.count(source.id)
  for (;;) {
    signal.throwIfAborted()
    const { read, skipped } = log.progress
    const page = await nextPage(copying)
    if (page === undefined) return refuse(copying, total, `Records were deleted from ${source.name} meanwhile.`)
    const last = page.at(-1)
    if (last === undefined) break
    const records = await convert(page, options, target)
    await client.writeRecords(target.id, 'upsert', records)
    const left = page.length - records.length
    await log.save({ ...log.progress, read: read + page.length, last: last.id, skipped: skipped + left })
    options.onProgress?.({ from: source.name, to: target.name, done: log.progress.read, total })
  }
  if ((await client.count(target.id)) !== log.progress.read - log.progress.skipped) {
    await refuse(copying, total, `Two records got the same id, or something else writes to ${target.name}.`)
  }
  await log.save({ ...log.progress, state: 'done' })
}

/**
 * The records after those that were read; empty at the end; undefined when a record before them is gone. Records keep
 * their order, and new ones come last: the place of the last one that was read shows whether all before it are there.
 */
async function nextPage({ client, source, size, log }: Copying): Promise<StoredRecord[] | undefined> {
  const { read, last } = log.progress
  const include = ['documents', 'embeddings', 'metadatas', 'uris'] as const
  if (read === 0) return client.getRecords(source.id, { limit: size, offset: 0, include })
  const [anchor, ...page] = await client.getRecords(source.id, { limit: size + 1, offset: read - 1, include })
  return anchor?.id === last ? page : undefined
}

/** @throws GodwitError CHROMA.COPY_INCOMPLETE always */
async function refuse({ client, source, target, log }: Copying, before: number, reason: string): Promise<never> {
  const [after, copied] = await Promise.all([client.count(source.id), client.count(target.id)])
  const { read, skipped } = log.progress
  await log.save({ ...log.progress, state: 'failed' })
  throw new GodwitError('CHROMA.COPY_INCOMPLETE', `${target.name} is no whole copy of ${source.name}`, {
    why:
      `${reason} ${source.name} had ${before} records and has ${after}; ${read} were read, ${skipped} left out, ` +
      `${target.name} has ${copied}. The next attempt empties ${target.name} and starts over.`,
    next: ['stop what writes to the collections', 'godwit up'],
    meta: { before, after, read, skipped, copied },
  })
}

async function convert(
  page: readonly StoredRecord[],
  options: CopyOptions,
  target: CollectionInfo,
): Promise<ChromaRecord[]> {
  const { embed, transform, dimension } = options
  let records: ChromaRecord[] = []
  for (const stored of page) {
    const record = toRecord(stored)
    const changed = transform ? await transform(record) : record
    if (changed !== undefined) records.push(changed)
  }
  if (embed && records.length > 0) {
    const documents = records.map(record => {
      if (typeof record.document === 'string') return record.document
      throw invalid(record.id, 'has no document to embed; give it one, or leave it out, with transform')
    })
    const vectors = await embed(documents, records)
    if (vectors.length !== records.length) {
      throw invalid(
        records[0]?.id ?? '*',
        `and its batch of ${records.length} got ${vectors.length} vectors from embed`,
      )
    }
    records = records.map((record, index) => ({ ...record, embedding: vectors[index] ?? [] }))
  }
  checkRecords(records, { embeddings: true, dimension: dimension ?? target.dimension ?? undefined })
  return records
}

/** The server says null where nothing was given. */
const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined

function toRecord({ id, embedding, document, metadata, uri }: StoredRecord): ChromaRecord {
  return {
    id,
    embedding: embedding ?? [],
    ...(isAbsent(document) ? {} : { document }),
    ...(isAbsent(metadata) ? {} : { metadata }),
    ...(isAbsent(uri) ? {} : { uri }),
  }
}
