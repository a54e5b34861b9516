// A table made anew with its rows: SQLite's own procedure of making a new table, copying, dropping the old one and taking
// its name (https://sqlite.org/lang_altertable.html, section 7). Rowids and the AUTOINCREMENT counter are kept. Foreign
// keys must be off meanwhile, or DROP TABLE would delete child rows: the runner and printed scripts turn them off.
import type { RenderedStatement } from '../../schema/change/renderer.ts'
import type { SchemaObject } from '../../schema/model/object.ts'
import { nameOf, quoted, unquoted, type Word, wordsOf } from './canonical.ts'
import { type ColumnText, parseTable, ROWIDS, type TableText } from './table-text.ts'

interface Tables {
  readonly before: SchemaObject
  readonly after: SchemaObject
}

/** Without the indexes, triggers and views of the table, which went with it. */
export function rebuildTable({ before, after }: Tables): RenderedStatement[] {
  const [oldName = ''] = before.path
  const [name = ''] = after.path
  const next = `godwit_new_${name}`
  const [old, wanted] = [shapeOf(before), shapeOf(after)]
  const loses = lossOf(old, wanted, oldName)
  return [
    { sql: renamed(after.text ?? '', next) },
    ...copy(old, wanted, oldName, next),
    { sql: `DROP TABLE ${quoted(oldName)}`, ...(loses === undefined ? {} : { loses }) },
    { sql: `ALTER TABLE ${quoted(next)} RENAME TO ${quoted(name)}` },
  ]
}

/** A table as far as its rows matter. */
interface Shape {
  readonly columns: readonly ColumnText[]
  /** The name under which the number of a row can be read and written; undefined: it has none. */
  readonly rowid: string | undefined
  /** The column that is the row's number. */
  readonly rowidColumn: string | undefined
  readonly counts: boolean
  readonly conflicts: boolean
  /** Rows are kept elsewhere: they are read from there again by `rebuild`, or cannot be copied. */
  readonly outside?: 'another table' | 'nowhere'
}

function shapeOf(table: SchemaObject): Shape {
  const text = table.text ?? ''
  if (table.properties['virtual'] !== undefined) return virtualShape(text)
  const parsed = parseTable(text)
  const column = rowidColumn(parsed)
  const taken = new Set(parsed.columns.map(lower))
  return {
    columns: parsed.columns,
    rowid: parsed.withoutRowid ? undefined : ROWIDS.find(name => !taken.has(name)),
    rowidColumn: column,
    counts: parsed.constraints.some(({ definition }) => definition.endsWith(' autoincrement')),
    conflicts: / on\s+conflict /i.test(text),
  }
}

const lower = (column: ColumnText): string => column.name.toLowerCase()

function rowidColumn({ columns, constraints, withoutRowid }: TableText): string | undefined {
  if (withoutRowid) return undefined
  const key = constraints.find(({ isRowid }) => isRowid)
  return columns
    .map(column => ({ name: lower(column), type: column.type }))
    .find(({ name, type }) => type === 'INTEGER' && key?.columns[0] === name)?.name
}

/** Arguments that are no options are columns in FTS and R-Tree tables. */
function virtualShape(sql: string): Shape {
  const words = wordsOf(sql)
  const open = words.findIndex(word => word.kind === 'sign' && word.text === '(')
  const args = open === -1 ? [] : argumentsOf(words.slice(open + 1, -1))
  const option = (name: string) => args.find(([first, sign]) => nameOf(first) === name && sign?.text === '=')
  const content = option('content')
  const columns = args
    .filter(([, sign]) => sign?.text !== '=')
    .filter(([first]) => nameOf(first) !== 'tokenize')
    .map(([first]) =>
      plainColumn(first?.kind === 'word' ? sql.slice(first.start, first.end) : unquoted(first?.text ?? '')),
    )
  const module = nameOf(words[words.findIndex(word => word.text === 'using' && word.kind === 'word') + 1])
  return {
    columns: columns
      .map(column => ({ ...column, name: column.name.replace(/^\+/, '') }))
      .filter(({ name }) => name !== ''),
    rowid: module.startsWith('fts') ? 'rowid' : undefined,
    rowidColumn: undefined,
    counts: false,
    conflicts: false,
    ...(content === undefined
      ? {}
      : { outside: unquoted(content[2]?.text ?? "''") === '' ? 'nowhere' : 'another table' }),
  }
}

function argumentsOf(words: readonly Word[]): Word[][] {
  const list: Word[][] = [[]]
  for (const word of words) {
    if (word.kind === 'sign' && word.text === ',') list.push([])
    // An auxiliary column of an R-Tree: `+note TEXT`.
    else if (word.kind !== 'sign' || word.text !== '+') list.at(-1)?.push(word)
  }
  return list.filter(entry => entry.length > 0)
}

const plainColumn = (name: string): ColumnText => ({
  name,
  type: '',
  notNull: false,
  notNullConflict: undefined,
  default: undefined,
  defaultText: undefined,
  collation: undefined,
  generated: undefined,
  text: name,
})

function copied(old: Shape, wanted: Shape): readonly ColumnText[] {
  const was = new Set(old.columns.map(lower))
  return wanted.columns.filter(column => !column.generated && was.has(lower(column)))
}

function canCopy(old: Shape, wanted: Shape): boolean {
  if (old.outside === 'nowhere' || wanted.outside !== undefined) return false
  return copied(old, wanted).length > 0 || (old.rowid !== undefined && wanted.rowid !== undefined)
}

function copy(old: Shape, wanted: Shape, from: string, to: string): RenderedStatement[] {
  if (wanted.outside === 'another table')
    return [{ sql: `INSERT INTO ${quoted(to)} (${quoted(to)}) VALUES ('rebuild')` }]
  if (!canCopy(old, wanted)) return []
  const was = new Map(old.columns.map(column => [lower(column), column]))
  const both = copied(old, wanted)
  const targets = both.map(column => quoted(column.name))
  const values = both.map(column => valueOf(was.get(lower(column)) as ColumnText, column))
  // A row keeps its number, unless that is copied along with its column.
  const isCopied = wanted.rowidColumn !== undefined && was.has(wanted.rowidColumn)
  if (old.rowid !== undefined && wanted.rowid !== undefined && !isCopied) {
    targets.unshift(wanted.rowid)
    values.unshift(old.rowid)
  }
  // The new table's own ON CONFLICT would pass over rows without a word.
  const insert = wanted.conflicts ? 'INSERT OR ABORT' : 'INSERT'
  const note = fitNote(old, wanted, from)
  const statements: RenderedStatement[] = [
    {
      sql: `${insert} INTO ${quoted(to)} (${targets.join(', ')})\nSELECT ${values.join(', ')} FROM ${quoted(from)}`,
      ...(note === undefined ? {} : { note }),
    },
  ]
  if (old.counts && wanted.counts) {
    statements.push(
      { sql: `DELETE FROM sqlite_sequence WHERE name = ${literal(to)}` },
      {
        sql: `INSERT INTO sqlite_sequence (name, seq)\nSELECT ${literal(to)}, seq FROM sqlite_sequence WHERE name = ${literal(from)}`,
      },
    )
  }
  return statements
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A column that must not be NULL any more gets its default where it is. */
function valueOf(before: ColumnText, after: ColumnText): string {
  const name = quoted(before.name)
  const { defaultText } = after
  if (!after.notNull || before.notNull || defaultText === undefined || /^null$/i.test(defaultText)) return name
  return `coalesce(${name}, ${defaultText})`
}

/** Which rows would not fit. */
function fitNote(old: Shape, wanted: Shape, table: string): string | undefined {
  const was = new Map(old.columns.map(column => [lower(column), column]))
  const strict = wanted.columns.filter(
    column => column.notNull && !column.generated && (column.defaultText ?? 'null').toLowerCase() === 'null',
  )
  const lines = strict.flatMap(column => {
    const before = was.get(lower(column))
    if (before?.notNull || lower(column) === wanted.rowidColumn) return []
    const shown = `${table}.${column.name}`
    return before
      ? `fails while ${shown} is NULL in a row: SELECT count(*) FROM ${quoted(table)} WHERE ${quoted(before.name)} IS NULL`
      : `fails while ${table} has rows: ${shown} is new, NOT NULL and has no default`
  })
  return lines.length === 0 ? undefined : lines.join('\n')
}

function lossOf(old: Shape, wanted: Shape, table: string): string | undefined {
  if (wanted.outside === 'another table') return undefined
  if (!canCopy(old, wanted)) return `the rows of ${table}, which cannot be copied`
  const kept = new Set(copied(old, wanted).map(lower))
  const lost = old.columns.filter(column => !kept.has(lower(column)) && !column.generated)
  const names = lost.map(column => `${table}.${column.name}`)
  if (names.length === 0) return undefined
  return names.length === 1
    ? `the column ${names[0]} and its values`
    : `the columns ${names.join(', ')} and their values`
}

/** CREATE TABLE under another name, where the table names itself in its checks too. */
function renamed(sql: string, name: string): string {
  if (/^\s*create\s+virtual\b/i.test(sql)) {
    // CREATE VIRTUAL TABLE name
    const table = wordsOf(sql)[3]
    return table ? `${sql.slice(0, table.start)}${quoted(name)}${sql.slice(table.end)}` : sql
  }
  const { name: own, selfNames } = parseTable(sql)
  let text = sql
  for (const { start, end } of [own, ...selfNames].sort((a, b) => b.start - a.start)) {
    text = `${text.slice(0, start)}${quoted(name)}${text.slice(end)}`
  }
  return text
}
