// The schema of a SQLite database as data: from the statements that `sqlite_schema` keeps, taken apart. Two queries,
// however many tables there are. Names of any case are one name in SQLite, so keys are in lower case.
import { GodwitError } from '../../core/error.ts'
import { type Json, objectKey, type SchemaObject } from '../../schema/model/object.ts'
import { makeSnapshot, type Snapshot } from '../../schema/model/snapshot.ts'
import type { Introspector } from '../introspector.ts'
import type { Session } from '../session.ts'
import { canonical, type Word, wordsOf } from './canonical.ts'
import { type ConstraintText, parseTable, type TableText } from './table-text.ts'

export const sqliteIntrospector: Introspector = { introspect }

interface Row {
  readonly type: 'table' | 'index' | 'view' | 'trigger'
  readonly name: string
  readonly owner: string
  readonly sql: string
}

async function introspect(session: Session): Promise<Snapshot> {
  const { sql } = session
  if (sql === undefined) throw new GodwitError('INTERNAL.BUG', 'a session of SQLite has no SQL side')
  const rows = await sql.query<Row>(
    `SELECT type, name, tbl_name AS owner, sql FROM main.sqlite_schema
      WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'godwit\\_%' ESCAPE '\\'
        AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
      ORDER BY name`,
  )
  const relations = new Map<string, string>()
  for (const { type, name } of rows) {
    if (type === 'table' || type === 'view') relations.set(name.toLowerCase(), objectKey(type, [name.toLowerCase()]))
  }
  const objects = rows.flatMap(row => {
    const words = wordsOf(row.sql)
    if (row.type === 'table') return is(words[1], 'virtual') ? [virtualTable(row, words)] : table(row)
    if (row.type === 'index') return [index(row, words)]
    return [body(row, words, relations)]
  })
  return makeSnapshot('sqlite', objects)
}

const is = (word: Word | undefined, text: string): boolean => word?.kind === 'word' && word.text === text

function virtualTable({ name, sql }: Row, words: readonly Word[]): SchemaObject {
  const using = words.findIndex(word => is(word, 'using'))
  return {
    kind: 'table',
    key: objectKey('table', [name.toLowerCase()]),
    path: [name],
    parent: null,
    depends: [],
    properties: { virtual: canonical(words.slice(using + 1)) },
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
      // Tables and columns keep the case in which they were made.
      spelled: row.name,
      ...(parsed.strict ? { strict: true } : {}),
      ...(parsed.withoutRowid ? { withoutRowid: true } : {}),
    },
    text: row.sql,
  }
  const columns = parsed.columns.map((column, index): SchemaObject => {
    const properties: Record<string, Json> = { spelled: column.name, type: column.type }
    if (column.notNull) properties['notNull'] = true
    if (column.notNullConflict !== undefined) properties['notNullConflict'] = column.notNullConflict
    if (column.default !== undefined) properties['default'] = column.default
    if (column.collation !== undefined && column.collation !== 'binary') properties['collation'] = column.collation
    if (column.generated !== undefined) properties['generated'] = { ...column.generated }
    return {
      kind: 'column',
      key: objectKey('column', [name, column.name.toLowerCase()]),
      path: [row.name, column.name],
      parent: key,
      depends: [],
      position: index + 1,
      properties,
      text: column.text,
    }
  })
  return [own, ...columns, ...constraints(row.name, key, parsed)]
}

function constraints(name: string, parent: string, { constraints: all }: TableText): SchemaObject[] {
  const seen = new Map<string, SchemaObject>()
  for (const constraint of all) {
    const object = constraintObject(name, parent, constraint)
    seen.set(object.key, object)
  }
  return [...seen.values()]
}

/** One without a name is known by what it says. */
export function constraintKey(table: string, { name, definition }: ConstraintText): string {
  return objectKey('constraint', [table.toLowerCase(), name?.toLowerCase() ?? definition])
}

function constraintObject(table: string, parent: string, constraint: ConstraintText): SchemaObject {
  const { type, name, definition, columns } = constraint
  return {
    kind: 'constraint',
    key: constraintKey(table, constraint),
    path: [table, name ?? definition],
    parent,
    depends: columns.map(column => objectKey('column', [table.toLowerCase(), column])),
    properties: { type, definition },
  }
}

function index({ name, owner, sql }: Row, words: readonly Word[]): SchemaObject {
  const on = words.findIndex(word => is(word, 'on'))
  const unique = words.slice(0, on).some(word => is(word, 'unique'))
  const rest = words.slice(on + 2).filter(word => !is(word, 'asc'))
  return {
    kind: 'index',
    key: objectKey('index', [name.toLowerCase()]),
    path: [name],
    parent: objectKey('table', [owner.toLowerCase()]),
    depends: rest.map(word => objectKey('column', [owner.toLowerCase(), word.text.toLowerCase()])),
    properties: { table: owner.toLowerCase(), definition: canonical(rest), ...(unique ? { unique: true } : {}) },
    text: sql,
  }
}

/** A view or a trigger: everything it names may be a table or view that it needs. */
function body(
  { type, name, owner, sql }: Row,
  words: readonly Word[],
  relations: ReadonlyMap<string, string>,
): SchemaObject {
  const start = words.findIndex(word => word.text.toLowerCase() === name.toLowerCase())
  const rest = words.slice(start + 1)
  const self = objectKey(type, [name.toLowerCase()])
  const needs = rest.flatMap(word => (word.kind === 'sign' ? [] : (relations.get(nameOf(word)) ?? [])))
  return {
    kind: type,
    key: self,
    path: [name],
    parent: type === 'trigger' ? (relations.get(owner.toLowerCase()) ?? null) : null,
    depends: needs.filter(key => key !== self),
    properties: { definition: canonical(rest) },
    text: sql,
  }
}

const nameOf = (word: Word): string => (word.kind === 'string' ? word.text.slice(1, -1) : word.text).toLowerCase()
