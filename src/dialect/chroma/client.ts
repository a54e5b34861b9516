// The Chroma REST interface (/api/v2, server 1.x) with types: one method per request, no rules of godwit.
// Code revisions get it as `session.client` for what the typed operations do not cover. Never prints tokens.
import { hasCode } from './error.ts'
import { stringifyExact } from './json.ts'
import type { ChromaTarget } from './settings.ts'
import { type ChromaRequest, ChromaTransport } from './transport.ts'

/** `bigint` for whole numbers beyond 2^53. */
export type MetadataValue = string | number | boolean | bigint
export type Metadata = Readonly<Record<string, MetadataValue>>

export interface CollectionInfo {
  readonly id: string
  readonly name: string
  readonly metadata: Metadata | null
  /** Set by the first record; null before. */
  readonly dimension: number | null
  readonly configuration_json: { readonly hnsw?: HnswConfiguration | null; readonly [part: string]: unknown }
}

export type Distance = 'cosine' | 'l2' | 'ip'

/** Fixed at creation, except what `HnswChange` has. */
export interface HnswConfiguration {
  readonly space?: Distance
  readonly ef_construction?: number
  readonly ef_search?: number
  readonly max_neighbors?: number
  readonly resize_factor?: number
  readonly sync_threshold?: number
}

/** What the server lets change on an existing collection. */
export interface HnswChange {
  readonly ef_search?: number
  readonly max_neighbors?: number
  readonly num_threads?: number
  readonly resize_factor?: number
  readonly sync_threshold?: number
  readonly batch_size?: number
}

export interface ChromaRecord {
  readonly id: string
  readonly embedding: readonly number[]
  readonly document?: string | null
  readonly metadata?: Metadata | null
  readonly uri?: string | null
}

/** What is left out stays as it is. A metadata value of null removes its key; other keys are kept. */
export interface ChromaRecordChange {
  readonly id: string
  readonly embedding?: readonly number[]
  readonly document?: string
  readonly metadata?: Readonly<Record<string, MetadataValue | null>>
  readonly uri?: string
}

/** A filter of the server, passed on as it is: `{ year: { $gte: 2024 } }`. */
export type Where = Readonly<Record<string, unknown>>

export type RecordPart = 'documents' | 'embeddings' | 'metadatas' | 'uris'

export interface RecordQuery {
  readonly ids?: readonly string[]
  readonly where?: Where
  readonly where_document?: Where
  readonly limit?: number
  readonly offset?: number
  readonly include?: readonly RecordPart[]
}

/** Parts that were not asked for are undefined; those the record lacks are null. */
export interface StoredRecord {
  readonly id: string
  readonly embedding: readonly number[] | null | undefined
  readonly document: string | null | undefined
  readonly metadata: Metadata | null | undefined
  readonly uri: string | null | undefined
}

type Columns = Readonly<Record<'ids' | RecordPart, readonly unknown[] | null | undefined>>

/** The server refuses bodies from 40 MiB on (measured, 1.0.0: 38 MiB taken, 41 MiB refused). */
const MAX_BODY = 32 * 1024 * 1024

export class ChromaClient {
  readonly #target: ChromaTarget
  readonly #transport: ChromaTransport
  readonly #signal: AbortSignal | undefined
  #maxBatch: number | undefined

  constructor(target: ChromaTarget, transport = new ChromaTransport(target), signal?: AbortSignal) {
    this.#target = target
    this.#transport = transport
    this.#signal = signal
  }

  /** The same connection, whose requests also end when `signal` is aborted. */
  within(signal: AbortSignal): ChromaClient {
    return new ChromaClient(this.#target, this.#transport, signal)
  }

  cancel(): void {
    this.#transport.cancel()
  }

  close(): void {
    this.#transport.close()
  }

  async version(): Promise<string> {
    return String(await this.#send({ method: 'GET', path: 'version' }))
  }

  /** The server's clock, ms since the epoch. */
  async now(): Promise<number> {
    const answer = (await this.#send({ method: 'GET', path: 'heartbeat' })) as Record<string, number | bigint>
    return Math.floor(Number(answer['nanosecond heartbeat']) / 1e6)
  }

  /** The most records the server takes in one request. */
  async maxBatchSize(): Promise<number> {
    if (this.#maxBatch === undefined) {
      const answer = (await this.#send({ method: 'GET', path: 'pre-flight-checks' })) as { max_batch_size?: number }
      this.#maxBatch = answer.max_batch_size ?? 1000
    }
    return this.#maxBatch
  }

  /** @throws GodwitError CONNECT.DATABASE_MISSING */
  async checkDatabase(): Promise<void> {
    await this.#send({ method: 'GET', path: this.#base() })
  }

  /** @throws GodwitError CONNECT.DATABASE_MISSING */
  async checkTenant(): Promise<void> {
    await this.#send({ method: 'GET', path: `tenants/${encodeURIComponent(this.#target.tenant)}` })
  }

  async createDatabase(name = this.#target.database): Promise<void> {
    await this.#send({ method: 'POST', path: `${this.#databases()}`, body: { name } })
  }

  async deleteDatabase(name = this.#target.database): Promise<void> {
    await this.#send({ method: 'DELETE', path: `${this.#databases()}/${encodeURIComponent(name)}` })
  }

  /** All collections in one request, so that the list is of one moment (no default limit; measured, 1.0.0). */
  async listCollections(): Promise<readonly CollectionInfo[]> {
    return (await this.#send({ method: 'GET', path: `${this.#base()}/collections` })) as CollectionInfo[]
  }

  /** Undefined when there is none of that name. */
  async findCollection(name: string): Promise<CollectionInfo | undefined> {
    try {
      const path = `${this.#base()}/collections/${encodeURIComponent(name)}`
      return (await this.#send({ method: 'GET', path })) as CollectionInfo
    } catch (error) {
      if (hasCode(error, 'CHROMA.COLLECTION_MISSING')) return undefined
      throw error
    }
  }

  /** Exactly one of several callers succeeds. @throws GodwitError CHROMA.COLLECTION_EXISTS */
  async createCollection(
    name: string,
    options: { readonly metadata?: Metadata | undefined; readonly hnsw?: HnswConfiguration | undefined } = {},
  ): Promise<CollectionInfo> {
    const body = {
      name,
      ...(options.metadata && Object.keys(options.metadata).length > 0 ? { metadata: options.metadata } : {}),
      ...(options.hnsw ? { configuration: { hnsw: options.hnsw } } : {}),
    }
    return (await this.#send({ method: 'POST', path: `${this.#base()}/collections`, body })) as CollectionInfo
  }

  /** By id: a collection of the same name made later is never hit. Metadata is replaced as a whole. */
  async modifyCollection(
    id: string,
    change: {
      readonly name?: string | undefined
      readonly metadata?: Metadata | undefined
      readonly hnsw?: HnswChange | undefined
    },
  ): Promise<void> {
    const body = {
      ...(change.name === undefined ? {} : { new_name: change.name }),
      ...(change.metadata === undefined ? {} : { new_metadata: change.metadata }),
      ...(change.hnsw === undefined ? {} : { new_configuration: { hnsw: change.hnsw } }),
    }
    await this.#send({ method: 'PUT', path: `${this.#base()}/collections/${id}`, body })
  }

  /** By name: the server knows no other way. @throws GodwitError CHROMA.COLLECTION_MISSING */
  async deleteCollection(name: string): Promise<void> {
    await this.#send({ method: 'DELETE', path: `${this.#base()}/collections/${encodeURIComponent(name)}` })
  }

  async count(collectionId: string): Promise<number> {
    return Number(await this.#send({ method: 'GET', path: `${this.#base()}/collections/${collectionId}/count` }))
  }

  /** Records in the order in which they were first added, which changes of a record do not alter (measured, 1.0.0). */
  async getRecords(collectionId: string, query: RecordQuery): Promise<StoredRecord[]> {
    const path = `${this.#base()}/collections/${collectionId}/get`
    const answer = (await this.#send({ method: 'POST', path, body: query, reads: true })) as Columns
    return (answer.ids ?? []).map(
      (id, index) =>
        ({
          id,
          embedding: answer.embeddings?.[index],
          document: answer.documents?.[index],
          metadata: answer.metadatas?.[index],
          uri: answer.uris?.[index],
        }) as StoredRecord,
    )
  }

  /**
   * `add` keeps a record whose id exists and says nothing; `update` passes over unknown ids and says nothing;
   * `upsert` joins metadata with what is there. In as many requests as the server's limits ask for.
   */
  async writeRecords(
    collectionId: string,
    verb: 'add' | 'update' | 'upsert',
    records: readonly (ChromaRecord | ChromaRecordChange)[],
  ): Promise<void> {
    if (records.length === 0) return
    const most = await this.maxBatchSize()
    const body = columns(records)
    if (records.length > most || (records.length > 1 && stringifyExact(body).length > MAX_BODY)) {
      const half = Math.ceil(records.length / 2)
      await this.writeRecords(collectionId, verb, records.slice(0, half))
      await this.writeRecords(collectionId, verb, records.slice(half))
      return
    }
    await this.#send({ method: 'POST', path: `${this.#base()}/collections/${collectionId}/${verb}`, body })
  }

  /** Without ids and filter the server does nothing. Unknown ids are passed over. */
  async deleteRecords(
    collectionId: string,
    what: { readonly ids?: readonly string[]; readonly where?: Where; readonly where_document?: Where },
  ): Promise<void> {
    await this.#send({ method: 'POST', path: `${this.#base()}/collections/${collectionId}/delete`, body: what })
  }

  #send(request: ChromaRequest): Promise<unknown> {
    return this.#transport.send(request, this.#signal)
  }

  #databases(): string {
    return `tenants/${encodeURIComponent(this.#target.tenant)}/databases`
  }

  #base(): string {
    return `${this.#databases()}/${encodeURIComponent(this.#target.database)}`
  }
}

/** One array per part; a part that no record has is left out, since an array of nulls would be refused for embeddings. */
function columns(records: readonly (ChromaRecord | ChromaRecordChange)[]): Record<string, unknown> {
  const part = (name: 'embedding' | 'document' | 'metadata' | 'uri', key: RecordPart) =>
    records.some(record => record[name] !== undefined && record[name] !== null)
      ? { [key]: records.map(record => record[name] ?? null) }
      : {}
  return {
    ids: records.map(record => record.id),
    ...part('embedding', 'embeddings'),
    ...part('document', 'documents'),
    ...part('metadata', 'metadatas'),
    ...part('uri', 'uris'),
  }
}
