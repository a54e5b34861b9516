// The schema of a Chroma database as data: its collections with metadata, dimension, distance and index settings, in one
// request. Sessions see one database of one tenant. Records are data. godwit's own collections are left out.
import { type Json, objectKey, type SchemaObject } from '../../schema/model/object.ts'
import { makeSnapshot } from '../../schema/model/snapshot.ts'
import type { Introspector } from '../introspector.ts'
import type { CollectionInfo, Metadata } from './client.ts'
import { OWN_PREFIX } from './lease.ts'
import { clientOf } from './session.ts'

export const chromaIntrospector: Introspector = {
  async introspect(session) {
    const collections = await clientOf(session).listCollections()
    return makeSnapshot('chroma', collections.filter(({ name }) => !name.startsWith(OWN_PREFIX)).map(collection))
  },
}

function collection({ name, metadata, dimension, configuration_json: configuration }: CollectionInfo): SchemaObject {
  return {
    kind: 'collection',
    key: objectKey('collection', [name]),
    path: [name],
    parent: null,
    depends: [],
    properties: {
      ...(metadata && Object.keys(metadata).length > 0 ? { metadata: exact(metadata) } : {}),
      // Set by the first record, so absent while there is none.
      ...(dimension === null || dimension === undefined ? {} : { dimension }),
      configuration: known(configuration),
    },
  }
}

/** Whole numbers beyond 2^53 as text, because JSON has none. */
const exact = (metadata: Metadata): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  )

/** The server tells the parts that it does not use as null. */
function known(value: unknown): Json {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(known)
  if (typeof value !== 'object' || value === null) return (value ?? null) as Json
  const entries = Object.entries(value).filter(([, entry]) => entry !== null && entry !== undefined)
  return Object.fromEntries(entries.map(([name, entry]) => [name, known(entry)]))
}
