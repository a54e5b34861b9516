// What a schema is made of: a flat list of objects as plain data. A table and its columns, constraints and indexes are
// objects of their own, tied by `parent`; what must exist before what is told by `depends`. No object names a database:
// what a store has beyond others is a kind or a property that only its own introspector and renderer know.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export interface SchemaObject {
  /** `schema`, `table`, `column`, `constraint`, `index`, `view`, `function` …; the same thing has the same kind on every store. */
  readonly kind: string
  /** Identity within a snapshot, made by `objectKey`: `column:public.invoice.id`. */
  readonly key: string
  /** Names, outermost first: `['public', 'invoice', 'id']`. Of overloaded routines the last name carries the argument types. */
  readonly path: readonly string[]
  /** Key of the object it is a part of and vanishes with (a column's table); null = stands by itself. */
  readonly parent: string | null
  /** Keys of the objects that must exist before it, sorted; its parent need not be repeated. Keys that are not in the snapshot are left out. */
  readonly depends: readonly string[]
  /** Place among its siblings of the same kind, from 1, where the store keeps one (columns, enum labels are a property). */
  readonly position?: number
  /** Everything else that is compared. Absent and null mean the same; introspectors leave out what has its usual value. */
  readonly properties: Readonly<Record<string, Json>>
  /** The statement as somebody wrote it, where the store keeps that text; not compared. */
  readonly text?: string
  /** Of a view, where they were asked for and are no property of it; not compared. */
  readonly columns?: readonly ViewColumn[]
}

export interface ViewColumn {
  readonly name: string
  /** As the server writes it; empty where it knows none. */
  readonly type: string
  /** It can never be null; absent: it may, or is not known. */
  readonly notNull?: boolean
}

/** `kind:a.b.c`; parts that are not plain lower-case words are quoted, so that no two paths give one key. */
export function objectKey(kind: string, path: readonly string[]): string {
  return `${kind}:${path.map(part => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : JSON.stringify(part))).join('.')}`
}
