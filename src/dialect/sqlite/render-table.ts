// All changes of one table at once: in place where ALTER TABLE can do them (https://sqlite.org/lang_altertable.html,
// sections 4 and 5), else by a rebuild.
import type { Change } from '../../schema/change/change.ts'
import type { Rendered, RenderContext, RenderedStatement } from '../../schema/change/renderer.ts'
import type { SchemaObject } from '../../schema/model/object.ts'
import { nameOf, quoted, wordsOf } from './canonical.ts'
import { rebuildTable } from './render-rebuild.ts'
import { type ColumnText, parseTable, type TableText } from './table-text.ts'

export interface Tables {
  readonly before: SchemaObject
  readonly after: SchemaObject
}

/** Undefined when only indexes and triggers change. */
export function renderTableChanges(
  table: Tables,
  changes: readonly Change[],
  context: RenderContext,
): Rendered | undefined {
  const own = changes.filter(change => OWN.has(objectOf(change).kind))
  if (own.length === 0) return undefined
  const inPlace = alterations(table, context)
  if (inPlace) return { statements: inPlace, includes: own.map(change => objectOf(change).key) }
  const indexes = changes.filter(change => objectOf(change).kind === 'index' && staysOn(table.after.key, change))
  // Triggers are made again one by one, because what they name may be on the way as well.
  const includes = [...own, ...indexes].map(change => objectOf(change).key)
  const made = indexesToMake(table.after, context)
  return { statements: [...rebuildTable(table), ...made], includes }
}

/** True when the two tables differ in a way that ALTER TABLE cannot bridge. */
export function needsRebuild(table: Tables, context: RenderContext): boolean {
  const known = answers.get(context) ?? new Map<string, boolean>()
  answers.set(context, known)
  const found = known.get(table.after.key)
  if (found !== undefined) return found
  const isChanged = signature(table.before, context.before) !== signature(table.after, context.after)
  const answer = isChanged && alterations(table, context) === undefined
  known.set(table.after.key, answer)
  return answer
}

const answers = new WeakMap<RenderContext, Map<string, boolean>>()

const OWN: ReadonlySet<string> = new Set(['table', 'column', 'constraint'])

/** What is compared of a table, in one text. */
function signature(table: SchemaObject, index: RenderContext['before']): string {
  const parts = index.children(table.key).filter(part => OWN.has(part.kind))
  return JSON.stringify([table.properties, parts.map(part => [part.key, part.properties]).sort()])
}

const objectOf = (change: Change): SchemaObject => (change.type === 'create' ? change.after : change.before)
const lower = (column: ColumnText): string => column.name.toLowerCase()

/** An index can move to another table under its name. */
function staysOn(table: string, change: Change): boolean {
  return change.type === 'create' || change.type === 'drop' || change.after.parent === table
}

/** Those that went with the old table, unless they come from another one, which the planner moves. */
function indexesToMake(table: SchemaObject, context: RenderContext): RenderedStatement[] {
  return context.after
    .children(table.key, 'index')
    .filter(part => (context.before.get(part.key)?.parent ?? table.key) === table.key)
    .map(part => ({ sql: part.text ?? '' }))
}

/** ADD and DROP COLUMN that lead from one to the other; undefined when they cannot. */
function alterations({ before, after }: Tables, context: RenderContext): RenderedStatement[] | undefined {
  if (before.properties['virtual'] !== undefined || after.properties['virtual'] !== undefined) return undefined
  if (JSON.stringify(before.properties) !== JSON.stringify(after.properties)) return undefined
  const old = parseTable(before.text ?? '')
  const wanted = parseTable(after.text ?? '')
  const was = new Map(old.columns.map(column => [lower(column), column]))
  const will = new Map(wanted.columns.map(column => [lower(column), column]))
  const added = wanted.columns.filter(column => !was.has(lower(column)))
  const dropped = old.columns.filter(column => !will.has(lower(column)))
  for (const column of old.columns) {
    const next = will.get(lower(column))
    if (next && !sameColumn(column, next)) return undefined
  }
  if (!sameConstraints(old, wanted, new Set(added.map(lower)))) return undefined
  if (dropped.some(column => !canDrop(column, old, before, context))) return undefined
  if (added.some(column => !canAdd(column, wanted))) return undefined
  const [name = ''] = after.path
  // A table keeps one column at every moment.
  return [
    ...added.map(column => ({ sql: `ALTER TABLE ${quoted(name)} ADD COLUMN ${column.text}` })),
    ...dropped.map(column => ({
      sql: `ALTER TABLE ${quoted(name)} DROP COLUMN ${quoted(column.name)}`,
      ...(column.generated ? {} : { loses: `the column ${name}.${column.name} and its values` }),
    })),
  ]
}

function sameColumn(a: ColumnText, b: ColumnText): boolean {
  const facts = ({ text: _text, defaultText: _default, ...rest }: ColumnText) => JSON.stringify(rest)
  return facts(a) === facts(b)
}

/** Equal but for those that come with a column. Those that would go with one keep it from being dropped in place. */
function sameConstraints(old: TableText, wanted: TableText, come: ReadonlySet<string>): boolean {
  const list = (text: TableText, without: ReadonlySet<string>) =>
    text.constraints
      .filter(({ inline }) => inline === undefined || !without.has(inline))
      .map(({ name, definition }) => `${name?.toLowerCase() ?? ''} ${definition}`)
      .sort()
      .join('\n')
  return list(old, new Set()) === list(wanted, come)
}

/** Nothing else may name the column. */
function canDrop(column: ColumnText, old: TableText, table: SchemaObject, context: RenderContext): boolean {
  const name = lower(column)
  if (old.constraints.some(constraint => constraint.columns.includes(name))) return false
  const others = old.columns.filter(other => lower(other) !== name)
  if (others.some(other => wordsOf(other.generated?.expression ?? '').some(word => nameOf(word) === name))) return false
  const reached = new Set([table.key])
  for (const key of reached) {
    for (const part of context.before.dependents(key)) {
      if (part.kind === 'column' || part.kind === 'constraint' || reached.has(part.key)) continue
      const next = context.after.get(part.key)
      // One that changes is dropped before and made again after.
      const stays = next !== undefined && JSON.stringify(next.properties) === JSON.stringify(part.properties)
      if (stays && wordsOf(part.text ?? '').some(word => nameOf(word) === name)) return false
      reached.add(part.key)
    }
  }
  return true
}

const FRACTION = /^[+-]?[0-9_]*(?:\.|e)/

function canAdd(column: ColumnText, wanted: TableText): boolean {
  const own = wanted.constraints.filter(constraint => constraint.inline === lower(column))
  if (own.some(({ type }) => type === 'primary key' || type === 'unique')) return false
  // SQLite then checks the rows, and 3.45.1 takes a fraction that is only a default for NULL (measured).
  const isChecked = own.some(({ type }) => type === 'check') || (column.generated && column.notNull)
  if (isChecked && wanted.columns.some(other => other.notNull && FRACTION.test(other.default ?? ''))) return false
  if (column.generated) return column.generated.kind === 'virtual'
  const { defaultText } = column
  const isNull = defaultText === undefined || /^null$/i.test(defaultText)
  if (column.notNull && isNull) return false
  if (defaultText !== undefined && /^(\(|current_)/i.test(defaultText)) return false
  // With enforcement on, a column that refers must begin as NULL.
  return isNull || !own.some(({ type }) => type === 'foreign key')
}
