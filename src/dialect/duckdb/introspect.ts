// The schema of a DuckDB database as data, from its catalog functions, in one round and a second one for what types
// mean. Names of any case are one name in DuckDB, so keys are in lower case. Types of columns come expanded: a column of
// an enum type does not depend on the type.
import { GodwitError } from '../../core/error.ts'
import { type Json, objectKey, type SchemaObject } from '../../schema/model/object.ts'
import { makeSnapshot, type NotCompared, type Snapshot } from '../../schema/model/snapshot.ts'
import type { Introspector } from '../introspector.ts'
import type { Session } from '../session.ts'
import { quoted } from './journal.ts'
import { nameIn, quotedWord } from './name.ts'
import { entriesOf, namedIn, sequencesIn } from './text.ts'

export const duckdbIntrospector: Introspector = { introspect }

/** What a user made in this database. godwit's own tables are in a schema of their own. */
const OWN = `database_name = current_database() AND schema_name NOT IN ('information_schema', 'pg_catalog', 'godwit')`

const QUERIES = [
  `SELECT schema_name AS s, oid FROM duckdb_schemas() WHERE NOT internal AND ${OWN} ORDER BY s`,
  `SELECT schema_name AS s, table_name AS n, table_oid AS oid, comment, sql FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND ${OWN} ORDER BY ALL`,
  `SELECT table_oid AS oid, column_name AS n, column_index AS i, column_default AS d, is_nullable AS nullable, data_type AS t, comment FROM duckdb_columns() WHERE NOT internal AND ${OWN} ORDER BY oid, i`,
  `SELECT schema_name AS s, table_name AS n, table_oid AS oid, constraint_type AS type, constraint_text AS text, constraint_column_names AS columns, referenced_table AS parent, referenced_column_names AS targets FROM duckdb_constraints() WHERE ${OWN} AND constraint_type <> 'NOT NULL' ORDER BY oid, constraint_index`,
  `SELECT schema_name AS s, index_name AS n, index_oid AS oid, table_oid AS owner, is_unique AS u, sql, comment FROM duckdb_indexes() WHERE ${OWN} ORDER BY ALL`,
  `SELECT schema_name AS s, view_name AS n, view_oid AS oid, sql, comment FROM duckdb_views() WHERE NOT internal AND NOT temporary AND ${OWN} ORDER BY ALL`,
  `SELECT schema_name AS s, sequence_name AS n, sequence_oid AS oid, start_value AS start, min_value AS least, max_value AS most, increment_by AS step, cycle, comment FROM duckdb_sequences() WHERE NOT temporary AND ${OWN} ORDER BY ALL`,
  `SELECT schema_name AS s, type_name AS n, type_oid AS oid, comment FROM duckdb_types() WHERE NOT internal AND ${OWN} ORDER BY ALL`,
  `SELECT schema_name AS s, function_name AS n, function_oid AS oid, function_type AS type, parameters, macro_definition AS sql, comment FROM duckdb_functions() WHERE NOT internal AND function_type IN ('macro', 'table_macro') AND ${OWN} ORDER BY s, n, type, len(parameters), sql`,
  `SELECT objid AS need, refobjid AS dependent FROM duckdb_dependencies()`,
] as const

interface Row {
  readonly s: string
  readonly n: string
  readonly oid: number
  readonly sql: string
  readonly comment: string | null
  readonly [other: string]: unknown
}

type Mutable = Omit<SchemaObject, 'depends'> & { depends: string[] }

async function introspect(session: Session): Promise<Snapshot> {
  const { sql } = session
  if (sql === undefined) throw new GodwitError('INTERNAL.BUG', 'a session of DuckDB has no SQL side')
  const results = (await sql.queryAll(QUERIES)) as unknown as Row[][]
  const types = results[7] as Row[]
  const written = types.map(({ s, n }, at) => `typeof(NULL::${quoted(s)}.${quoted(n)}) AS t${at}`)
  const [expanded = {}] = types.length === 0 ? [] : await sql.query(`SELECT ${written.join(', ')}`)
  return snapshotOf(
    results,
    types.map((_, at) => String(expanded[`t${at}`])),
  )
}

/** The name as it was made, where that is not in lower case. */
const spelled = (name: string): Record<string, Json> => (name === name.toLowerCase() ? {} : { spelled: name })
const lower = (path: readonly string[]): string[] => path.map(name => name.toLowerCase())

function snapshotOf(results: readonly Row[][], expanded: readonly string[]): Snapshot {
  const [schemas, tables, columns, constraints, indexes, views, sequences, types, macros, dependencies] = results as [
    Row[],
    Row[],
    Row[],
    Row[],
    Row[],
    Row[],
    Row[],
    Row[],
    Row[],
    Row[],
  ]
  const objects = new Map<string, Mutable>()
  const byOid = new Map<number, Mutable>()
  const add = (
    kind: string,
    path: readonly string[],
    properties: Record<string, Json>,
    more: Partial<Mutable> & { readonly row?: Row } = {},
  ) => {
    const { row, ...rest } = more
    const [s = ''] = path
    const inSchema = s === 'main' || kind === 'schema' ? [] : [objectKey('schema', [s.toLowerCase()])]
    const object: Mutable = {
      kind,
      key: objectKey(kind, lower(path)),
      path,
      parent: null,
      properties: { ...spelled(path.at(-1) ?? ''), ...properties, ...(row?.comment ? { comment: row.comment } : {}) },
      ...rest,
      depends: [...(rest.depends ?? []), ...inSchema],
    }
    objects.set(object.key, object)
    if (row) byOid.set(row.oid, object)
    return object
  }
  for (const row of schemas) add('schema', [row.s], {}, { row })
  for (const [at, row] of types.entries()) add('type', [row.s, row.n], { definition: expanded[at] ?? '' }, { row })
  for (const row of sequences) {
    const { start, least, most, step, cycle } = row
    const properties = {
      start: String(start),
      minimum: String(least),
      maximum: String(most),
      increment: String(step),
      ...(cycle ? { cycle: true } : {}),
    }
    add('sequence', [row.s, row.n], properties, { row })
  }
  const columnsOf = groupBy(columns, row => row.oid)
  for (const row of tables) {
    const table = add('table', [row.s, row.n], {}, { row })
    const entries = entriesOf(row.sql)
    for (const [at, column] of (columnsOf.get(row.oid) ?? []).entries()) {
      const properties = columnProperties(column, entries[at] ?? '')
      const added = add('column', [row.s, row.n, column.n], properties, { parent: table.key, position: at + 1 })
      if (column.comment) (added.properties as Record<string, Json>)['comment'] = column.comment
    }
  }
  for (const row of constraints) {
    const table = byOid.get(row.oid)
    if (!table) continue
    const parent = row['parent'] as string | null
    const inTable = (row['columns'] as string[]).map(name => objectKey('column', lower([row.s, row.n, name])))
    const depends = parent ? [...inTable, objectKey('table', lower([row.s, parent]))] : inTable
    // DuckDB's own text of a foreign key is empty for one to the table itself, and does not quote a keyword (1.5.6).
    const list = (names: unknown) => (names as string[]).map(quotedWord).join(', ')
    const text =
      parent === null
        ? String(row['text'])
        : `FOREIGN KEY (${list(row['columns'])}) REFERENCES ${nameIn([row.s, parent])}(${list(row['targets'])})`
    const properties = { type: String(row['type']).toLowerCase(), definition: text }
    for (let nth = 1; ; nth++) {
      const path = [...table.path, nth === 1 ? text : `${text} #${nth}`]
      if (objects.has(objectKey('constraint', lower(path)))) continue
      add('constraint', path, properties, { parent: table.key, depends })
      break
    }
  }
  for (const row of indexes) {
    const table = byOid.get(Number(row['owner']))
    if (!table) continue
    const definition = bare(row.sql).replace(/^CREATE (?:UNIQUE )?INDEX (?:"(?:[^"]|"")*"|\S+) ON /, '')
    const depends = [...objects.values()]
      .filter(({ kind, parent }) => kind === 'column' && parent === table.key)
      .map(({ key }) => key)
    add(
      'index',
      [row.s, row.n],
      { definition, ...(row['u'] ? { unique: true } : {}) },
      { row, parent: table.key, depends, text: bare(row.sql) },
    )
  }
  for (const row of views)
    add(
      'view',
      [row.s, row.n],
      { definition: bare(row.sql).replace(/^CREATE VIEW /, '') },
      { row, text: bare(row.sql) },
    )
  for (const overloads of groupBy(macros, ({ s, n, type }) => JSON.stringify([s, n, type])).values()) {
    const [row] = overloads as [Row]
    const list = overloads.map(({ parameters, sql }) => ({ parameters: parameters as string[], definition: sql }))
    add(row['type'] === 'macro' ? 'macro' : 'table macro', [row.s, row.n], { overloads: list }, { row })
  }
  for (const { need, dependent } of dependencies as unknown as { need: number; dependent: number }[]) {
    const [before, after] = [byOid.get(need), byOid.get(dependent)]
    // What a table uses is told by its columns and constraints.
    if (before && after?.kind === 'type') after.depends.push(before.key)
  }
  addNamed(objects)
  return makeSnapshot('duckdb', [...objects.values()], notCompared(objects))
}

function groupBy<Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group) group.push(row)
    else groups.set(keyOf(row), [row])
  }
  return groups
}

const bare = (sql: string): string => sql.replace(/;\s*$/, '')

function columnProperties(column: Row, entry: string): Record<string, Json> {
  const type = String(column['t'])
  const rest = entry.slice(entry.indexOf(type) + type.length)
  const properties: Record<string, Json> = { type }
  if (column['nullable'] === false) properties['notNull'] = true
  const collation = /^ COLLATE ("(?:[^"]|"")*"|[\w.]+)/.exec(rest)?.[1]
  if (collation !== undefined) properties['collation'] = collation
  const value = column['d'] as string | null
  const generated = /^(?: COLLATE \S+)? GENERATED ALWAYS AS\s?\(([\s\S]*)\)/.exec(rest)?.[1]
  if (generated !== undefined) properties['generated'] = { kind: 'virtual', expression: generated }
  else if (value !== null && value !== undefined) properties['default'] = value
  return properties
}

/** What texts name and the catalog does not tell. */
function addNamed(objects: ReadonlyMap<string, Mutable>): void {
  const find = (kinds: readonly string[], path: readonly string[], schema: string): string[] => {
    const places =
      path.length > 1
        ? [path.slice(-2)]
        : [
            ['main', ...path],
            [schema.toLowerCase(), ...path],
          ]
    return places.flatMap(place => kinds.map(kind => objectKey(kind, place))).filter(key => objects.has(key))
  }
  for (const object of objects.values()) {
    const [schema = ''] = object.path
    const { definition, overloads, generated, default: value } = object.properties
    const texts = [definition, value, (generated as { expression?: string } | undefined)?.expression]
      .concat((overloads as { definition: string }[] | undefined)?.map(entry => entry.definition))
      .filter(text => typeof text === 'string')
    if (object.kind === 'type') continue
    for (const text of texts) {
      const { relations, functions } = namedIn(text)
      if (['view', 'macro', 'table macro'].includes(object.kind))
        object.depends.push(...relations.flatMap(path => find(['table', 'view'], path, schema)))
      object.depends.push(...functions.flatMap(path => find(['macro', 'table macro'], path, schema)))
      object.depends.push(
        ...sequencesIn(text).flatMap(name => find(['sequence'], name.toLowerCase().split('.'), schema)),
      )
    }
  }
}

/** The catalog tells the names of a macro's parameters and not their default values. */
function notCompared(objects: ReadonlyMap<string, Mutable>): NotCompared[] {
  const names = [...objects.values()]
    .filter(({ properties }) =>
      (properties['overloads'] as { parameters: string[] }[] | undefined)?.some(
        ({ parameters }) => parameters.length > 0,
      ),
    )
    .map(({ path }) => path.join('.'))
  return names.length === 0
    ? []
    : [{ kind: 'default value of a macro parameter', names: names.slice(0, 20), count: names.length }]
}
