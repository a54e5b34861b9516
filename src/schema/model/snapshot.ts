// A whole schema as data: what an introspector returns, what a diff compares, what is stored and fingerprinted.
import { sha256 } from '../../core/checksum.ts'
import type { Json, SchemaObject } from './object.ts'

/** Version of the snapshot's form; snapshots of another version are not compared. */
export const SNAPSHOT_VERSION = 1

export interface Snapshot {
  readonly version: typeof SNAPSHOT_VERSION
  /** The dialect's name; snapshots of different dialects are not compared. */
  readonly dialect: string
  /** Sorted by key. */
  readonly objects: readonly SchemaObject[]
  /** Things that were seen and cannot be compared, by name: never ignored in silence. */
  readonly notCompared: readonly NotCompared[]
  /** Major version of the server it was read from; not compared. Some alterations are only possible in newer ones. */
  readonly serverVersion?: number
}

export interface NotCompared {
  /** `operator class`, `large object` … */
  readonly kind: string
  /** At most 20 names. */
  readonly names: readonly string[]
  readonly count: number
}

export function makeSnapshot(
  dialect: string,
  objects: readonly SchemaObject[],
  notCompared: readonly NotCompared[] = [],
): Snapshot {
  const known = new Set(objects.map(object => object.key))
  const kept = objects.map(object => ({
    ...object,
    depends: [...new Set(object.depends)].filter(key => known.has(key) && key !== object.key).sort(),
  }))
  kept.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return { version: SNAPSHOT_VERSION, dialect, objects: kept, notCompared }
}

/** Fast look-ups in a snapshot. */
export interface SnapshotIndex {
  readonly snapshot: Snapshot
  get(key: string): SchemaObject | undefined
  /** Parts of an object, in the order of their position, else of their key. */
  children(key: string, kind?: string): readonly SchemaObject[]
  /** Objects whose `depends` or `parent` name it. */
  dependents(key: string): readonly SchemaObject[]
}

export function indexSnapshot(snapshot: Snapshot): SnapshotIndex {
  const byKey = new Map(snapshot.objects.map(object => [object.key, object]))
  const parts = new Map<string, SchemaObject[]>()
  const dependents = new Map<string, SchemaObject[]>()
  for (const object of snapshot.objects) {
    if (object.parent !== null) append(parts, object.parent, object)
    for (const key of object.parent === null ? object.depends : [...object.depends, object.parent]) {
      append(dependents, key, object)
    }
  }
  for (const list of parts.values()) list.sort((a, b) => (a.position ?? 0) - (b.position ?? 0))
  return {
    snapshot,
    get: key => byKey.get(key),
    children: (key, kind) => {
      const all = parts.get(key) ?? []
      return kind === undefined ? all : all.filter(object => object.kind === kind)
    },
    dependents: key => dependents.get(key) ?? [],
  }
}

function append(map: Map<string, SchemaObject[]>, key: string, object: SchemaObject): void {
  const list = map.get(key)
  if (list) list.push(object)
  else map.set(key, [object])
}

/** SHA-256 over what is compared. Two schemas that a diff finds equal have the same fingerprint. */
export function fingerprint(snapshot: Snapshot, ordered: ReadonlySet<string> = new Set()): string {
  const text = snapshot.objects.map(object =>
    canonicalJson([object.key, object.properties as Json, ordered.has(object.kind) ? (object.position ?? null) : null]),
  )
  return sha256(`${snapshot.version}\n${snapshot.dialect}\n${text.join('\n')}`)
}

/** JSON with sorted names; null and absent are the same. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value as Record<string, Json>)
      .filter(([, entry]) => entry !== null && entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${canonicalJson(entry)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
