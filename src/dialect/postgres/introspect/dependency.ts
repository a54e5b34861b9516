// pg_depend as dependencies between objects, and comments. Both are read last, when every row has its object.
import { objectKey } from '../../../schema/model/object.ts'
import { type Catalog, type Reader, type Row, ref } from './catalog.ts'

export const dependencies: Reader = {
  sql: () =>
    `SELECT d.classid::regclass::text AS catalog, d.objid::text AS oid, d.objsubid AS part,
       d.refclassid::regclass::text AS on_catalog, d.refobjid::text AS on_oid, d.refobjsubid AS on_part,
       d.deptype::text AS type
     FROM pg_depend d WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype <> 'e'
       AND (d.deptype <> 'i' OR d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass))
       AND d.classid <> 'pg_namespace'::regclass AND d.refclassid <> 'pg_namespace'::regclass`,
  read(rows, catalog) {
    // What an operator class is made of depends on operators and functions in its stead.
    for (const row of rows) {
      if (row['catalog'] !== 'pg_amop' && row['catalog'] !== 'pg_amproc') continue
      const owner = catalog.keyOf(ref(String(row['on_catalog']), row['on_oid']))
      if (catalog.kindOf(owner ?? '') === 'operator class' && row['type'] !== 'n') {
        catalog.alias(ref(String(row['catalog']), row['oid']), owner)
      }
    }
    for (const row of rows) addDependency(row, catalog)
    throughColumns(catalog)
    partitionedIndexes(catalog)
    inheritedColumns(catalog)
  },
}

function addDependency(row: Row, catalog: Catalog): void {
  const from = find(catalog, row['catalog'], row['oid'], row['part'])
  const on = find(catalog, row['on_catalog'], row['on_oid'], row['on_part'])
  if (from === undefined || on === undefined || from === on) return
  // A sequence that a column owns: the column needs the sequence, not the other way round.
  if (catalog.kindOf(from) === 'sequence' && catalog.kindOf(on) === 'column') return
  // A table is not in need of its own parts.
  if (isWithin(on, from, catalog) || catalog.parentOf(from) === on) return
  // The row type of a table in a column of the same table, and the like.
  if (catalog.kindOf(from) === 'table' && catalog.kindOf(on) === 'constraint') return
  catalog.depend(from, on)
}

function find(catalog: Catalog, name: unknown, oid: unknown, part: unknown): string | undefined {
  const table = String(name)
  return (Number(part) === 0 ? undefined : catalog.keyOf(ref(table, oid, part))) ?? catalog.keyOf(ref(table, oid))
}

function isWithin(key: string, ancestor: string, catalog: Catalog): boolean {
  for (let at = catalog.parentOf(key); at !== null && at !== undefined; at = catalog.parentOf(at)) {
    if (at === ancestor) return true
  }
  return false
}

const TYPE_KINDS: ReadonlySet<string> = new Set(['enum', 'domain', 'composite type', 'range type'])

/** What reads a column also reads its type, of which pg_depend says nothing: it is in the way when the type changes. */
function throughColumns(catalog: Catalog): void {
  const typesOf = (key: string): string[] =>
    [...catalog.dependsOf(key)].filter(on => TYPE_KINDS.has(catalog.kindOf(on) ?? ''))
  for (const key of catalog.keys()) {
    const kind = catalog.kindOf(key)
    // Types that are added meanwhile lead nowhere.
    for (const on of Array.from(catalog.dependsOf(key))) {
      const onKind = catalog.kindOf(on)
      if (onKind !== 'column' && !(kind === 'view' && (onKind === 'view' || onKind === 'table'))) continue
      for (const type of typesOf(on)) catalog.depend(key, type)
    }
  }
}

/** Which of them is made first depends on whether the partition is there already: the renderer knows. */
function partitionedIndexes(catalog: Catalog): void {
  for (const key of catalog.keys()) {
    const parent = catalog.property(key, 'attachedTo')
    if (typeof parent === 'string') catalog.independent(key, parent)
  }
}

/** The column of a child follows the one of its parent. */
function inheritedColumns(catalog: Catalog): void {
  for (const key of catalog.keys()) {
    if (catalog.kindOf(key) !== 'column' || catalog.property(key, 'inherited') === undefined) continue
    const name = catalog.pathOf(key).at(-1) ?? ''
    for (const parent of catalog.dependsOf(catalog.parentOf(key) ?? '')) {
      const column = objectKey('column', [...catalog.pathOf(parent), name])
      if (catalog.has(column)) catalog.depend(key, column)
    }
  }
}

export const comments: Reader = {
  sql: () =>
    `SELECT d.classoid::regclass::text AS catalog, d.objoid::text AS oid, d.objsubid AS part, d.description AS text,
       a.attname AS column
     FROM pg_description d
       LEFT JOIN pg_attribute a ON d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND a.attrelid = d.objoid
         AND a.attnum = d.objsubid
     WHERE d.objoid >= 16384 OR (d.classoid = 'pg_namespace'::regclass AND d.objoid = to_regnamespace('public')
       AND d.description <> 'standard public schema')`,
  read(rows, catalog) {
    for (const row of rows) {
      const key = find(catalog, row['catalog'], row['oid'], row['part'])
      if (key === undefined || catalog.kindOf(key) === 'extension') continue
      const isPart = Number(row['part']) > 0 && catalog.kindOf(key) !== 'column'
      if (isPart) {
        const known = (catalog.property(key, 'columnComments') as Record<string, string> | undefined) ?? {}
        catalog.set(key, { columnComments: { ...known, [String(row['column'])]: String(row['text']) } })
      } else if (row['catalog'] === 'pg_constraint' && catalog.kindOf(key) === 'column') {
        catalog.set(key, { notNullComment: String(row['text']) })
      } else if (row['catalog'] !== 'pg_class' || catalog.kindOf(key) !== 'constraint') {
        catalog.set(key, { comment: String(row['text']) })
      } else {
        catalog.set(key, { indexComment: String(row['text']) })
      }
    }
  },
}
