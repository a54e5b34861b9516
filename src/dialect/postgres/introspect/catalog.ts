// Collects what the catalog queries found: objects by key, and for each row of a catalog the key it belongs to, so that
// dependencies between rows become dependencies between objects. Objects of extensions are left out.
import { type Json, objectKey, type SchemaObject } from '../../../schema/model/object.ts'
import type { NotCompared } from '../../../schema/model/snapshot.ts'

export type Row = Readonly<Record<string, unknown>>

/** Properties with values to be dropped when they are undefined, null, false or empty. */
export type Facts = Readonly<Record<string, Json | undefined>>

export interface Wanted {
  /** Schemas to look at; undefined = all. */
  readonly schemas: ReadonlySet<string> | undefined
  readonly owners: boolean
  readonly grants: boolean
}

interface Draft {
  readonly kind: string
  readonly key: string
  readonly path: readonly string[]
  readonly parent: string | null
  readonly position: number | undefined
  readonly depends: Set<string>
  properties: Record<string, Json>
}

export interface Addition {
  readonly kind: string
  readonly path: readonly string[]
  readonly parent?: string | null
  readonly position?: number
  readonly depends?: readonly (string | undefined)[]
  readonly facts: Facts
  /** Rows of catalogs that are this object: `pg_class:16400`. */
  readonly refs: readonly string[]
}

/** One part of the introspection: its query, and what becomes of the rows. */
export interface Reader {
  sql(version: number, filter: (schema: string) => string): string
  read(rows: readonly Row[], catalog: Catalog): void
}

export class Catalog {
  /** Of the server: 14 to 18. */
  readonly version: number
  readonly wanted: Wanted
  readonly #drafts = new Map<string, Draft>()
  readonly #refs = new Map<string, string>()
  /** Rows that belong to an extension, with its key. */
  readonly #members = new Map<string, string>()
  readonly #skipped = new Map<string, string[]>()

  constructor(version: number, wanted: Wanted) {
    this.version = version
    this.wanted = wanted
  }

  member(ref: string, extension: string): void {
    this.#members.set(ref, extension)
  }

  isMember(ref: string): boolean {
    return this.#members.has(ref)
  }

  /** Undefined when it belongs to an extension. */
  add(addition: Addition): string | undefined {
    const { kind, path, refs, parent = null, position, depends = [] } = addition
    if (refs.some(ref => this.#members.has(ref))) return undefined
    const key = objectKey(kind, path)
    this.#drafts.set(key, {
      kind,
      key,
      path,
      parent,
      position,
      depends: new Set(depends.filter(one => one !== undefined)),
      properties: compact(addition.facts),
    })
    for (const ref of refs) this.#refs.set(ref, key)
    return key
  }

  /** Another row that stands for an object: its row type, its rule, its default. */
  alias(ref: string, key: string | undefined): void {
    if (key !== undefined) this.#refs.set(ref, key)
  }

  keyOf(ref: string): string | undefined {
    return this.#refs.get(ref) ?? this.#members.get(ref)
  }

  has(key: string): boolean {
    return this.#drafts.has(key)
  }

  property(key: string, name: string): Json | undefined {
    return this.#drafts.get(key)?.properties[name]
  }

  parentOf(key: string): string | null | undefined {
    return this.#drafts.get(key)?.parent
  }

  pathOf(key: string): readonly string[] {
    return this.#drafts.get(key)?.path ?? []
  }

  kindOf(key: string): string | undefined {
    return this.#drafts.get(key)?.kind
  }

  dependsOf(key: string): ReadonlySet<string> {
    return this.#drafts.get(key)?.depends ?? new Set()
  }

  keys(): string[] {
    return [...this.#drafts.keys()]
  }

  set(key: string | undefined, facts: Facts): void {
    const draft = key === undefined ? undefined : this.#drafts.get(key)
    if (draft) draft.properties = { ...draft.properties, ...compact(facts) }
  }

  depend(key: string | undefined, on: string | undefined): void {
    if (key !== undefined && on !== undefined && key !== on) this.#drafts.get(key)?.depends.add(on)
  }

  independent(key: string, of: string): void {
    this.#drafts.get(key)?.depends.delete(of)
  }

  skip(kind: string, name: string): void {
    const names = this.#skipped.get(kind)
    if (names) names.push(name)
    else this.#skipped.set(kind, [name])
  }

  objects(): SchemaObject[] {
    return [...this.#drafts.values()].map(({ depends, position, ...rest }) => ({
      ...rest,
      depends: [...depends],
      ...(position === undefined ? {} : { position }),
    }))
  }

  notCompared(): NotCompared[] {
    return [...this.#skipped.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, names]) => ({ kind, names: names.sort().slice(0, 20), count: names.length }))
  }
}

export function compact(facts: Facts): Record<string, Json> {
  const kept: Record<string, Json> = {}
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined || value === null || value === false || value === '') continue
    if (Array.isArray(value) && value.length === 0) continue
    kept[name] = value
  }
  return kept
}

/** `['fillfactor=70']` as `{ fillfactor: '70' }`; undefined for none. */
export function optionMap(options: unknown): Record<string, string> | undefined {
  if (!Array.isArray(options) || options.length === 0) return undefined
  return Object.fromEntries(
    (options as string[]).map(option => {
      const at = option.indexOf('=')
      return at < 0 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)]
    }),
  )
}

export const ref = (catalog: string, oid: unknown, part?: unknown): string =>
  part === undefined || Number(part) === 0 ? `${catalog}:${String(oid)}` : `${catalog}:${String(oid)}:${String(part)}`
