// The schema of a SQLite database as data: from the statements that `sqlite_schema` keeps, taken apart. One query,
// however many tables there are. Names of any case are one name in SQLite, so keys are in lower case.
import { GodwitError } from '../../core/error.ts'
import { type Json, objectKey, type SchemaObject } from '../../schema/model/object.ts'
import { makeSnapshot, type Snapshot } from '../../schema/model/snapshot.ts'
import type { Introspector } from '../introspector.ts'
import type { Session } from '../session.ts'
import { canonicalBody, relationsIn } from './body-text.ts'
import { canonical, isWord, nameOf, type Word, wordsOf } from './canonical.ts'
import type { ConstraintText } from './constraint-text.ts'
import { parseTable, ROWIDS, type TableText } from './table-text.ts'

export const sqliteIntrospector: Introspector = { introspect }

interface Row {
  readonly type: 'table' | 'index' | 'view' | 'trigger'
  readonly name: string
  readonly owner: string
  readonly sql: string
}

/** Tables that a virtual table keeps its rows in belong to it. */
const SCHEMA = `SELECT type, name, tbl_name AS owner, sql FROM main.sqlite_schema
  WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    AND tbl_name NOT IN ('godwit_revision', 'godwit_run', 'godwit_step', 'godwit_lease')
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow')
  ORDER BY name`

async function introspect(session: Session): Promise<Snapshot> {
  const { sql } = session
  if (sql === undefined) throw new GodwitError('INTERNAL.BUG', 'a session of SQLite has no SQL side')
  return snapshotOfRows(await sql.query<Row>(SCHEMA))
}

function snapshotOfRows(rows: readonly Row[]): Snapshot {
  const relations = new Map<string, string>()
  const names = new Set<string>(ROWIDS)
  for (const { type, name } of rows) {
    if (type !== 'table' && type !== 'view') continue
    relations.set(name.toLowerCase(), objectKey(type, [name.toLowerCase()]))
    names.add(name.toLowerCase())
  }
  const tables = rows
    .filter(row => row.type === 'table')
    .flatMap(row => {
      const words = wordsOf(row.sql)
      const objects = isWord(words[1], 'virtual') ? [virtualTable(row, words)] : table(row)
      for (const { kind, path } of objects) if (kind === 'column') names.add((path[1] ?? '').toLowerCase())
      return objects
    })
  const others = rows
    .filter(row => row.type !== 'table')
    .map(row => {
      const words = wordsOf(row.sql)
      return row.type === 'index' ? index(row, words, names) : body(row, words, relations, names)
    })
  return makeSnapshot('sqlite', [...tables, ...others])
}

/** The name as it was made, where that is not in lower case: tables and columns are shown so. */
const spelled = (name: string): Record<string, Json> => (name === name.toLowerCase() ? {} : { spelled: name })

function virtualTable({ name, sql }: Row, words: readonly Word[]): SchemaObject {
  const using = words.findIndex(word => isWord(word, 'using'))
  return {
    kind: 'table',
    key: objectKey('table', [name.toLowerCase()]),
    path: [name],
    parent: null,
    depends: [],
    properties: { ...spelled(name), virtual: canonical(words.slice(using + 1), new Set()) },
    text: sql,
  }
}

function table(row: Row): SchemaObject[] {
  const parsed = parseTable(row.sql)
  const name = row.name.toLowerCase()
  const key = objectKey('table', [name])
  const own: SchemaObject = {
    kind: 'table',
    key,
    path: [row.name],
    parent: null,
    depends: [],
    properties: {
      ...spelled(row.name),
      ...(parsed.strict ? { strict: true } : {}),
      ...(parsed.withoutRowid ? { withoutRowid: true } : {}),
    },
    text: row.sql,
  }
  const columns = parsed.columns.map((column, at): SchemaObject => {
    const properties: Record<string, Json> = { ...spelled(column.name), type: column.type }
    if (column.notNull) properties['notNull'] = true
    if (column.notNullConflict !== undefined) properties['notNullConflict'] = column.notNullConflict
    if (column.default !== undefined) properties['default'] = column.default
    if (column.collation !== undefined) properties['collation'] = column.collation
    if (column.generated !== undefined) properties['generated'] = { ...column.generated }
    return {
      kind: 'column',
      key: objectKey('column', [name, column.name.toLowerCase()]),
      path: [row.name, column.name],
      parent: key,
      depends: [],
      position: at + 1,
      properties,
      text: column.text,
    }
  })
  return [own, ...columns, ...constraints(row.name, key, parsed)]
}

/** SQLite takes two constraints of one name, and the same one twice. */
function constraints(name: string, parent: string, { constraints: all }: TableText): SchemaObject[] {
  const seen = new Map<string, SchemaObject>()
  for (const constraint of all) {
    let object = constraintObject(name, parent, constraint, 1)
    for (let nth = 2; seen.has(object.key); nth++) object = constraintObject(name, parent, constraint, nth)
    seen.set(object.key, object)
  }
  return [...seen.values()]
}

/** One without a name is known by what it says. */
function constraintObject(table: string, parent: string, constraint: ConstraintText, nth: number): SchemaObject {
  const { type, name, definition, columns } = constraint
  const own = `${name ?? definition}${nth > 1 ? ` #${nth}` : ''}`
  return {
    kind: 'constraint',
    key: objectKey('constraint', [table.toLowerCase(), name === undefined ? own : own.toLowerCase()]),
    path: [table, own],
    parent,
    depends: columns.map(column => objectKey('column', [table.toLowerCase(), column])),
    properties: { type, definition },
  }
}

function index({ name, owner, sql }: Row, words: readonly Word[], names: ReadonlySet<string>): SchemaObject {
  const on = words.findIndex(word => isWord(word, 'on'))
  const isUnique = words.slice(0, on).some(word => isWord(word, 'unique'))
  const rest = words.slice(on + 2).filter(word => !isWord(word, 'asc'))
  return {
    kind: 'index',
    key: objectKey('index', [name.toLowerCase()]),
    path: [name],
    parent: objectKey('table', [owner.toLowerCase()]),
    depends: rest.map(word => objectKey('column', [owner.toLowerCase(), nameOf(word)])),
    properties: {
      ...spelled(name),
      table: owner.toLowerCase(),
      definition: canonical(rest, names),
      ...(isUnique ? { unique: true } : {}),
    },
    text: sql,
  }
}

function body(
  { type, name, owner, sql }: Row,
  words: readonly Word[],
  relations: ReadonlyMap<string, string>,
  names: ReadonlySet<string>,
): SchemaObject {
  const start = words.findIndex(word => nameOf(word) === name.toLowerCase())
  const rest = words.slice(start + 1)
  const self = objectKey(type, [name.toLowerCase()])
  const needs = [...relationsIn(rest)].flatMap(needed => relations.get(needed) ?? [])
  return {
    kind: type,
    key: self,
    path: [name],
    parent: type === 'trigger' ? (relations.get(owner.toLowerCase()) ?? null) : null,
    depends: needs.filter(key => key !== self),
    properties: {
      ...spelled(name),
      // SQLite keeps the table of a trigger in the case in which the trigger wrote it.
      ...(type === 'trigger' ? { table: owner } : {}),
      definition: canonicalBody(sql, rest, names),
    },
    text: sql,
  }
}
