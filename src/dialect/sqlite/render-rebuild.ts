// All changes of one table: in place where ALTER TABLE can do them, else by SQLite's own procedure of making a new table,
// copying the rows and taking the old one's name (https://sqlite.org/lang_altertable.html, section 7), with the rowids and
// the AUTOINCREMENT counter kept. Foreign keys must be off meanwhile, or DROP TABLE would delete child rows: the runner
// turns them off.
import type { Change } from '../../schema/change/change.ts'
import type { Rendered, RenderContext, RenderedStatement } from '../../schema/change/renderer.ts'
import type { SchemaObject } from '../../schema/model/object.ts'
import { quoted, wordsOf } from './canonical.ts'
import { constraintKey } from './introspect.ts'
import { type ColumnText, parseTable, type TableText } from './table-text.ts'

interface Tables {
  readonly before: SchemaObject
  readonly after: SchemaObject
}

/** Undefined when only indexes and triggers change. */
export function renderTableChanges(
  table: Tables,
  changes: readonly Change[],
  context: RenderContext,
): Rendered | undefined {
  const own = changes.filter(change => ['table', 'column', 'constraint'].includes(objectOf(change).kind))
  if (own.length === 0) return undefined
  const inPlace = isVirtual(table) ? undefined : alterations(table, context)
  if (inPlace) return { statements: inPlace, includes: own.map(change => objectOf(change).key) }
  return { statements: rebuild(table, context), includes: changes.map(change => objectOf(change).key) }
}

/** True when the two tables differ in a way that ALTER TABLE cannot bridge. */
export function needsRebuild(before: SchemaObject, after: SchemaObject, context: RenderContext): boolean {
  return isVirtual({ before, after }) || alterations({ before, after }, context) === undefined
}

const objectOf = (change: Change): SchemaObject => (change.type === 'create' ? change.after : change.before)
const isVirtual = ({ before, after }: Tables): boolean =>
  before.properties['virtual'] !== undefined || after.properties['virtual'] !== undefined
const lower = (column: ColumnText): string => column.name.toLowerCase()

/** ADD and DROP COLUMN that lead from one to the other; undefined when they cannot. */
function alterations({ before, after }: Tables, context: RenderContext): RenderedStatement[] | undefined {
  if (JSON.stringify(before.properties) !== JSON.stringify(after.properties)) return undefined
  const old = parseTable(before.text ?? '')
  const wanted = parseTable(after.text ?? '')
  const was = new Map(old.columns.map(column => [lower(column), column]))
  const will = new Map(wanted.columns.map(column => [lower(column), column]))
  const added = wanted.columns.filter(column => !was.has(lower(column)))
  const dropped = old.columns.filter(column => !will.has(lower(column)))
  const [table = ''] = after.path
  const gone = new Set(dropped.map(lower))
  const come = new Set(added.map(lower))
  for (const column of old.columns) {
    const next = will.get(lower(column))
    if (next && !sameColumn(column, next)) return undefined
  }
  if (!sameConstraints(old, wanted, table, gone, come)) return undefined
  if (dropped.some(column => !canDrop(column, old, before, context))) return undefined
  if (added.some(column => !canAdd(column, wanted))) return undefined
  // A table keeps one column at every moment.
  const name = quoted(table)
  return [
    ...added.map(column => ({ sql: `ALTER TABLE ${name} ADD COLUMN ${column.text}` })),
    ...dropped.map(column => ({
      sql: `ALTER TABLE ${name} DROP COLUMN ${quoted(column.name)}`,
      ...(column.generated ? {} : { loses: `the column ${table}.${column.name} and its values` }),
    })),
  ]
}

function sameColumn(a: ColumnText, b: ColumnText): boolean {
  const facts = ({ text: _text, defaultText: _default, ...rest }: ColumnText) => JSON.stringify(rest)
  return facts(a) === facts(b)
}

/** Equal but for those that come and go with a column. */
function sameConstraints(
  old: TableText,
  wanted: TableText,
  table: string,
  gone: ReadonlySet<string>,
  come: ReadonlySet<string>,
): boolean {
  const keys = (text: TableText, without: ReadonlySet<string>) =>
    text.constraints
      .filter(constraint => constraint.inline === undefined || !without.has(constraint.inline))
      .map(constraint => `${constraintKey(table, constraint)} ${constraint.definition}`)
      .sort()
      .join('\n')
  return keys(old, gone) === keys(wanted, come)
}

/** https://sqlite.org/lang_altertable.html, section 5: nothing else may name the column. */
function canDrop(column: ColumnText, old: TableText, table: SchemaObject, context: RenderContext): boolean {
  const name = lower(column)
  if (old.constraints.some(constraint => constraint.columns.includes(name))) return false
  const others = old.columns.filter(other => lower(other) !== name)
  if (others.some(other => other.generated?.expression.split(' ').includes(name))) return false
  const stay = (part: SchemaObject) => context.after.get(part.key) !== undefined
  const mentions = (part: SchemaObject) => wordsOf(part.text ?? '').some(word => word.text.toLowerCase() === name)
  return !context.before
    .dependents(table.key)
    .some(part => part.kind !== 'column' && part.kind !== 'constraint' && stay(part) && mentions(part))
}

/** https://sqlite.org/lang_altertable.html, section 4. */
function canAdd(column: ColumnText, wanted: TableText): boolean {
  const own = wanted.constraints.filter(constraint => constraint.inline === lower(column))
  if (own.some(({ type }) => type === 'primary key' || type === 'unique')) return false
  if (own.length < wanted.constraints.filter(constraint => constraint.columns.includes(lower(column))).length)
    return false
  if (column.generated) return column.generated.kind === 'virtual'
  const { defaultText } = column
  const isNull = defaultText === undefined || /^null$/i.test(defaultText)
  if (column.notNull && isNull) return false
  if (defaultText !== undefined && /^(\(|current_)/i.test(defaultText)) return false
  // With enforcement on, a column that refers must begin as NULL.
  return isNull || !own.some(({ type }) => type === 'foreign key')
}

function rebuild({ before, after }: Tables, context: RenderContext): RenderedStatement[] {
  const [oldName = ''] = before.path
  const [name = ''] = after.path
  if (isVirtual({ before, after })) {
    return [
      { sql: `DROP TABLE ${quoted(oldName)}`, loses: `the rows of ${oldName}, which cannot be copied` },
      { sql: after.text ?? '' },
    ]
  }
  const old = parseTable(before.text ?? '')
  const wanted = parseTable(after.text ?? '')
  const next = `godwit_new_${name}`
  const made = `${(after.text ?? '').slice(0, wanted.name.start)}${quoted(next)}${(after.text ?? '').slice(wanted.name.end)}`
  const statements: RenderedStatement[] = [{ sql: made.replace(/^(\s*create\s+table\s+)if\s+not\s+exists\s+/i, '$1') }]
  statements.push(...copy(old, wanted, oldName, next))
  statements.push({ sql: `DROP TABLE ${quoted(oldName)}`, ...lossOf(old, wanted, oldName) })
  statements.push({ sql: `ALTER TABLE ${quoted(next)} RENAME TO ${quoted(name)}` })
  for (const kind of ['index', 'trigger']) {
    for (const part of context.after.children(after.key, kind)) statements.push({ sql: part.text ?? '' })
  }
  return statements
}

function lossOf(old: TableText, wanted: TableText, table: string): { loses?: string } {
  const will = new Set(wanted.columns.map(lower))
  const lost = old.columns
    .filter(column => !will.has(lower(column)) && !column.generated)
    .map(column => `${table}.${column.name}`)
  if (lost.length === 0) return {}
  return {
    loses:
      lost.length === 1 ? `the column ${lost[0]} and its values` : `the columns ${lost.join(', ')} and their values`,
  }
}

function copy(old: TableText, wanted: TableText, from: string, to: string): RenderedStatement[] {
  const was = new Map(old.columns.map(column => [lower(column), column]))
  const both = wanted.columns.filter(column => !column.generated && was.has(lower(column)))
  if (both.length === 0) return []
  const targets = both.map(column => quoted(column.name))
  const values = both.map(column => valueOf(was.get(lower(column)) as ColumnText, column))
  if (keepsRowid(old) && keepsRowid(wanted)) {
    targets.unshift('rowid')
    values.unshift('rowid')
  }
  const statements: RenderedStatement[] = [
    { sql: `INSERT INTO ${quoted(to)} (${targets.join(', ')})\nSELECT ${values.join(', ')} FROM ${quoted(from)}` },
  ]
  if (counts(old) && counts(wanted)) {
    const literal = (name: string) => `'${name.replaceAll("'", "''")}'`
    statements.push(
      { sql: `DELETE FROM sqlite_sequence WHERE name = ${literal(to)}` },
      {
        sql: `INSERT INTO sqlite_sequence (name, seq)\nSELECT ${literal(to)}, seq FROM sqlite_sequence WHERE name = ${literal(from)}`,
      },
    )
  }
  return statements
}

/** A column that must not be NULL any more gets its default where it is. */
function valueOf(before: ColumnText, after: ColumnText): string {
  const name = quoted(before.name)
  const { defaultText } = after
  return after.notNull && !before.notNull && defaultText !== undefined ? `coalesce(${name}, ${defaultText})` : name
}

const counts = (text: TableText): boolean =>
  text.constraints.some(({ definition }) => definition.endsWith('autoincrement'))

/** The rowid has no column of its own, and its name is free. */
function keepsRowid(text: TableText): boolean {
  if (text.withoutRowid || text.columns.some(column => lower(column) === 'rowid')) return false
  return !text.columns.some(
    column =>
      column.type === 'INTEGER' &&
      text.constraints.some(
        ({ type, columns }) => type === 'primary key' && columns.length === 1 && columns[0] === lower(column),
      ),
  )
}
