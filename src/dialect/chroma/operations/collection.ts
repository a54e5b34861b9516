// Making, renaming, changing and removing collections. Each is one step, and each can be repeated: what an unfinished
// attempt left behind is recognised by what the server shows. A collection that differs is never taken for our own.
import { GodwitError } from '../../../core/error.ts'
import type { ChromaClient, CollectionInfo, Distance, HnswChange, HnswConfiguration, Metadata } from '../client.ts'
import { hasCode } from '../error.ts'
import { OWN_PREFIX } from '../lease.ts'
import { exists, missing, refuseOwn, requireCollection, type Scope } from './effect.ts'

export interface CollectionOptions {
  /** How vectors are compared; fixed for the life of the collection. Default `l2`, like the server's. */
  readonly distance?: Distance
  /** Length of the vectors. Default: the first record decides. */
  readonly dimension?: number
  /** Settings of the index; most are fixed for the life of the collection. Defaults are the server's. */
  readonly configuration?: Omit<HnswConfiguration, 'space'>
  readonly metadata?: Metadata
}

export interface CollectionChange {
  readonly name?: string
  /** Replaces all metadata. Chroma cannot store an empty one. */
  readonly metadata?: Metadata
  readonly configuration?: HnswChange
}

export interface Collection {
  readonly id: string
  readonly name: string
  readonly metadata: Metadata
  /** Undefined until the first record. */
  readonly dimension: number | undefined
  readonly distance: Distance | undefined
  readonly configuration: HnswConfiguration
}

const DEFAULT_DISTANCE: Distance = 'l2'

/** Record by which the dimension is fixed; it exists for a moment only. */
const PLACEHOLDER = `${OWN_PREFIX}dimension`

export function collectionOperations({ client, step }: Scope) {
  const modify = (description: string, name: string, change: CollectionChange) =>
    step(description, again => modifyEffect(client, name, change, again)).then(() => undefined)
  return {
    /** @throws GodwitError CHROMA.COLLECTION_EXISTS CHROMA.NAME_RESERVED CHROMA.REQUEST_FAILED */
    async createCollection(name: string, options: CollectionOptions = {}): Promise<void> {
      await step(`create collection ${name}`, again => createEffect(client, name, options, again))
    },

    /** Readers that look the name up see the new name at once; those that keep the id notice nothing. */
    async renameCollection(from: string, to: string): Promise<void> {
      await step(`rename collection ${from} to ${to}`, again => renameEffect(client, from, to, again))
    },

    /** With all its records. @throws GodwitError CHROMA.COLLECTION_MISSING */
    async deleteCollection(name: string): Promise<void> {
      await step(`delete collection ${name}`, async again => {
        refuseOwn(name)
        try {
          await client.deleteCollection(name)
        } catch (error) {
          if (!hasCode(error, 'CHROMA.COLLECTION_MISSING')) throw error
          if (!again) throw missing(name)
        }
      })
    },

    /** @throws GodwitError CHROMA.COLLECTION_MISSING CHROMA.COLLECTION_EXISTS CHROMA.REQUEST_FAILED */
    modifyCollection(name: string, change: CollectionChange): Promise<void> {
      return modify(`modify collection ${name}`, name, change)
    },

    /** Replaces all metadata of the collection. */
    setMetadata(name: string, metadata: Metadata): Promise<void> {
      return modify(`set metadata of collection ${name}`, name, { metadata })
    },

    /** A read, not a step. @throws GodwitError CHROMA.COLLECTION_MISSING */
    async getCollection(name: string): Promise<Collection> {
      return shape(await requireCollection(client, name))
    },

    /** By name, without godwit's own. A read, not a step. */
    async listCollections(): Promise<Collection[]> {
      const all = await client.listCollections()
      return all
        .filter(({ name }) => !name.startsWith(OWN_PREFIX))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(shape)
    },
  }
}

export function distanceOf(collection: CollectionInfo): Distance | undefined {
  const { hnsw, spann } = collection.configuration_json
  return (hnsw ?? (spann as HnswConfiguration | null | undefined))?.space
}

export async function createEffect(
  client: ChromaClient,
  name: string,
  options: CollectionOptions,
  again: boolean,
): Promise<void> {
  refuseOwn(name)
  const found = await client.findCollection(name)
  if (found !== undefined) {
    // What a broken attempt leaves has no records but its own; anything else is somebody's data.
    if (!again || !isAsAsked(found, options) || (await holdsData(client, found))) throw exists(name)
    return fixDimension(client, found, options.dimension)
  }
  const distance = options.distance ?? DEFAULT_DISTANCE
  const hnsw = { ...options.configuration, space: distance }
  const made = await client.createCollection(name, { metadata: options.metadata, hnsw })
  if (distanceOf(made) !== distance) {
    await client.deleteCollection(name)
    throw new GodwitError('CHROMA.REQUEST_FAILED', `the server made ${name} with the distance ${distanceOf(made)}`, {
      why: `${distance} was asked for. The collection was deleted again.`,
    })
  }
  await fixDimension(client, made, options.dimension)
}

async function holdsData(client: ChromaClient, { id }: CollectionInfo): Promise<boolean> {
  const records = await client.getRecords(id, { limit: 2, include: [] })
  return records.some(record => record.id !== PLACEHOLDER)
}

/** Chroma takes the dimension from the first record ever written and keeps it when that record goes (measured, 1.0.0). */
async function fixDimension(client: ChromaClient, made: CollectionInfo, dimension: number | undefined): Promise<void> {
  if (dimension === undefined) return
  if (made.dimension === null) {
    const embedding = Array.from({ length: dimension }, (_, index) => (index === 0 ? 1 : 0))
    await client.writeRecords(made.id, 'upsert', [{ id: PLACEHOLDER, embedding }])
  }
  await client.deleteRecords(made.id, { ids: [PLACEHOLDER] })
}

function isAsAsked(found: CollectionInfo, options: CollectionOptions): boolean {
  const actual = (found.configuration_json.hnsw ?? {}) as Record<string, unknown>
  return (
    distanceOf(found) === (options.distance ?? DEFAULT_DISTANCE) &&
    Object.entries(options.configuration ?? {}).every(([key, value]) => actual[key] === value) &&
    sameMetadata(found.metadata ?? {}, options.metadata ?? {}) &&
    (found.dimension === null || options.dimension === undefined || found.dimension === options.dimension)
  )
}

export function sameMetadata(a: Metadata, b: Metadata): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => a[key] === b[key])
}

export async function renameEffect(client: ChromaClient, from: string, to: string, again: boolean): Promise<void> {
  refuseOwn(from, to)
  const [source, target] = await Promise.all([client.findCollection(from), client.findCollection(to)])
  if (source !== undefined && target !== undefined) throw exists(to)
  if (source === undefined && target !== undefined && again) return
  if (source === undefined) throw missing(from)
  await client.modifyCollection(source.id, { name: to })
}

async function modifyEffect(
  client: ChromaClient,
  name: string,
  change: CollectionChange,
  again: boolean,
): Promise<void> {
  refuseOwn(name, ...(change.name === undefined ? [] : [change.name]))
  let found = await client.findCollection(name)
  if (found === undefined && change.name !== undefined && again) {
    found = await client.findCollection(change.name)
  }
  if (found === undefined) throw missing(name)
  const rename = change.name !== undefined && change.name !== found.name ? change.name : undefined
  await client.modifyCollection(found.id, { name: rename, metadata: change.metadata, hnsw: change.configuration })
}

function shape(info: CollectionInfo): Collection {
  return {
    id: info.id,
    name: info.name,
    metadata: info.metadata ?? {},
    dimension: info.dimension ?? undefined,
    distance: distanceOf(info),
    configuration: info.configuration_json.hnsw ?? {},
  }
}
