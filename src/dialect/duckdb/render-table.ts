// All changes of a DuckDB table at once: ALTER TABLE where it can do them (with the indexes of the table dropped around
// it, which would stand in its way), else the table is made anew: rows set aside, dropped, created, rows put back. Tables
// that refer to a rebuilt one are rebuilt along with it, because DuckDB drops no table that another one refers to.
import type { Change } from '../../schema/change/change.ts'
import type { Rendered, RenderContext, RenderedStatement } from '../../schema/change/renderer.ts'
import type { SchemaObject } from '../../schema/model/object.ts'
import type { SnapshotIndex } from '../../schema/model/snapshot.ts'
import { standardLiteral } from '../sql/literal.ts'
import { nameIn, quotedWord } from './name.ts'
import { wordsOf } from './text.ts'

interface Tables {
  readonly before: SchemaObject
  readonly after: SchemaObject
}

const OWN: ReadonlySet<string> = new Set(['table', 'column', 'constraint'])
const objectOf = (change: Change): SchemaObject => (change.type === 'create' ? change.after : change.before)
const last = (object: SchemaObject): string => quotedWord(object.path.at(-1) ?? '')

/** Undefined when only indexes and comments of the table change. */
export function rebuildTables(table: Tables, changes: readonly Change[], context: RenderContext): Rendered | undefined {
  const own = changes.filter(change => OWN.has(objectOf(change).kind))
  const group = groupOf(table.after.key, context)
  if (own.length === 0 && group.length === 0) return undefined
  if (group.length === 0) {
    const statements = alterations(table, context) as RenderedStatement[]
    const around = statements.some(
      ({ sql }) => !sql.startsWith('COMMENT') && !/ (?:ADD COLUMN|(?:SET|DROP) DEFAULT)\b/.test(sql),
    )
    const indexes = around ? indexChanges(changes, context, table.after) : []
    const [drops, makes] = around ? indexStatements([table], context) : [[], []]
    return {
      statements: [...drops, ...statements, ...makes],
      includes: [...own.map(change => objectOf(change).key), ...indexes],
    }
  }
  const tables = group.map(key => ({
    before: context.before.get(key) as SchemaObject,
    after: context.after.get(key) as SchemaObject,
  }))
  const parts = tables.flatMap(({ before, after }) => [
    ...context.before.children(before.key),
    ...context.after.children(after.key),
  ])
  const kept = parts.filter(part => part.kind !== 'index' || staysOn(part, context))
  return {
    statements: rebuild(tables, context),
    includes: [...group, ...kept.map(({ key }) => key)],
    rebuilt: group.filter(key => key !== table.after.key),
  }
}

/** An index may move to another table under its name: then the planner drops and makes it. */
function staysOn(index: SchemaObject, context: RenderContext): boolean {
  const [before, after] = [context.before.get(index.key), context.after.get(index.key)]
  return !before || !after || before.parent === after.parent
}

const indexChanges = (changes: readonly Change[], context: RenderContext, table: SchemaObject): string[] =>
  changes
    .map(objectOf)
    .filter(part => part.kind === 'index' && part.parent === table.key && staysOn(part, context))
    .map(({ key }) => key)

function indexStatements(
  tables: readonly Tables[],
  context: RenderContext,
): [RenderedStatement[], RenderedStatement[]] {
  const list = (index: SnapshotIndex, key: string) =>
    index.children(key, 'index').filter(part => staysOn(part, context))
  const drops = tables.flatMap(({ before }) =>
    list(context.before, before.key).map(part => ({ sql: `DROP INDEX ${nameIn(part.path)}` })),
  )
  const makes = tables.flatMap(({ after }) =>
    list(context.after, after.key).flatMap(part => [{ sql: part.text ?? '' }, ...commentsOf('INDEX', part)]),
  )
  return [drops, makes]
}

/** The tables that must be made anew together with this one; none when it can stay. */
function groupOf(key: string, context: RenderContext): readonly string[] {
  const known = groups.get(context) ?? findGroups(context)
  groups.set(context, known)
  return known.get(key) ?? []
}

const groups = new WeakMap<RenderContext, ReadonlyMap<string, readonly string[]>>()

function findGroups(context: RenderContext): ReadonlyMap<string, readonly string[]> {
  const both = context.before.snapshot.objects.filter(({ kind, key }) => kind === 'table' && context.after.get(key))
  const found = new Map<string, Set<string>>()
  const join = (a: string, b: string) => {
    const all = new Set([...(found.get(a) ?? [a]), ...(found.get(b) ?? [b])])
    for (const one of all) found.set(one, all)
  }
  const waiting = both.filter(table => needsRebuild(table, context)).map(({ key }) => key)
  for (const key of waiting) join(key, key)
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    for (const child of childrenOf(key, context.before)) {
      if (child === key || !context.after.get(child)) continue
      const isNew = !found.has(child)
      join(key, child)
      if (isNew) waiting.push(child)
    }
  }
  return new Map([...found].map(([key, set]) => [key, [...set].sort()]))
}

/** Tables with a foreign key to this one. */
const childrenOf = (key: string, index: SnapshotIndex): string[] =>
  index
    .dependents(key)
    .flatMap(({ kind, parent, properties }) =>
      kind === 'constraint' && parent !== null && properties['type'] === 'foreign key' ? [parent] : [],
    )

function needsRebuild(before: SchemaObject, context: RenderContext): boolean {
  const after = context.after.get(before.key) as SchemaObject
  const list = (index: SnapshotIndex) =>
    JSON.stringify(
      index
        .children(before.key)
        .filter(({ kind }) => OWN.has(kind))
        .map(({ key, properties }) => [key, properties]),
    )
  if (
    JSON.stringify(before.properties) === JSON.stringify(after.properties) &&
    list(context.before) === list(context.after)
  )
    return false
  return alterations({ before, after }, context) === undefined
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** Undefined when ALTER TABLE cannot do it. */
function alterations({ before, after }: Tables, context: RenderContext): RenderedStatement[] | undefined {
  const constraints = (index: SnapshotIndex, key: string) =>
    index
      .children(key, 'constraint')
      .map(part => part.key)
      .sort()
  if (!same(before.properties['spelled'], after.properties['spelled'])) return undefined
  if (!same(constraints(context.before, before.key), constraints(context.after, after.key))) return undefined
  const old = context.before.children(before.key, 'column')
  const wanted = context.after.children(after.key, 'column')
  const was = new Map(old.map(column => [column.key, column]))
  const will = new Map(wanted.map(column => [column.key, column]))
  const held = heldColumns(before, context.before)
  const name = nameIn(after.path)
  const statements: RenderedStatement[] = []
  const alter = (column: SchemaObject, what: string, more: Partial<RenderedStatement> = {}) =>
    statements.push({ sql: `ALTER TABLE ${name} ALTER COLUMN ${last(column)} ${what}`, ...more })
  for (const column of wanted.filter(({ key }) => !was.has(key))) {
    const { type, generated, collation, default: value, notNull } = column.properties
    // A default that is computed fills the rows, which DuckDB does not take with other alterations in one transaction.
    if (generated || notNull || /\(/.test(String(value ?? ''))) return undefined
    const words = [
      String(type),
      ...(collation ? [`COLLATE ${String(collation)}`] : []),
      ...(value === undefined ? [] : [`DEFAULT ${String(value)}`]),
    ]
    statements.push(
      { sql: `ALTER TABLE ${name} ADD COLUMN ${last(column)} ${words.join(' ')}` },
      ...commentOfColumn(column),
    )
  }
  for (const column of old) {
    const next = will.get(column.key)
    const isHeld = held.has((column.path.at(-1) ?? '').toLowerCase())
    if (!next) {
      // Nor may an index be on a column behind it.
      if (isHeld || (column.position ?? 0) < lastIndexed(before, context.before)) return undefined
      statements.push({
        sql: `ALTER TABLE ${name} DROP COLUMN ${last(column)}`,
        ...(column.properties['generated']
          ? {}
          : { loses: `the column ${after.path.join('.')}.${column.path.at(-1)} and its values` }),
      })
      continue
    }
    const [a, b] = [column.properties, next.properties]
    if (!same(a['spelled'], b['spelled']) || !same(a['generated'], b['generated'])) return undefined
    const retyped = !same(a['type'], b['type']) || !same(a['collation'], b['collation'])
    // DuckDB 1.5.6 cannot write such an alteration into its log: `Cannot serialize non-constant type parameter`.
    const isNested = /\(.*\(/s.test(String(b['type']))
    if (retyped && (isHeld || isNested || b['generated'])) return undefined
    if (a['default'] !== undefined && (retyped || !same(a['default'], b['default']))) alter(column, 'DROP DEFAULT')
    if (a['notNull'] && (retyped || !b['notNull'])) alter(column, 'DROP NOT NULL')
    if (retyped) {
      const value = converted(last(column), String(a['type']), String(b['type']))
      const using = value === last(column) ? '' : ` USING ${value}`
      alter(column, `TYPE ${String(b['type'])}${b['collation'] ? ` COLLATE ${String(b['collation'])}` : ''}${using}`)
    }
    if (b['default'] !== undefined && (retyped || !same(a['default'], b['default'])))
      alter(column, `SET DEFAULT ${String(b['default'])}`)
    // The default would have to be filled in, which DuckDB does not take in one transaction with the alteration.
    if (b['notNull'] && !a['notNull'] && b['default'] !== undefined) return undefined
    if (b['notNull'] && (retyped || !a['notNull'])) {
      alter(column, 'SET NOT NULL', a['notNull'] ? {} : { note: nullNote(name, column) })
    }
    if (!same(a['comment'], b['comment'])) statements.push(...commentOfColumn(next, true))
  }
  if (!same(before.properties['comment'], after.properties['comment']))
    statements.push(...commentsOf('TABLE', after, true))
  return statements
}

const NUMBERS = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*|BOOLEAN)$/
const TIMES = /^(?:DATE|TIMESTAMP.*)$/

/** DuckDB has no cast between most kinds of types, even for no rows; by way of text there is always one. */
function converted(name: string, from: string, to: string): string {
  const direct =
    from === to ||
    from === 'VARCHAR' ||
    to === 'VARCHAR' ||
    [NUMBERS, TIMES].some(kind => kind.test(from) && kind.test(to))
  return direct ? name : `${name}::VARCHAR::${to}`
}

const nullNote = (name: string, column: SchemaObject): string =>
  `fails while ${column.path.slice(-2).join('.')} is NULL in a row: SELECT count(*) FROM ${name} WHERE ${last(column)} IS NULL`

/** Columns that a constraint, an index or a computed column names: they can neither be dropped nor change their type. */
function heldColumns(table: SchemaObject, index: SnapshotIndex): Set<string> {
  const texts = index.children(table.key).map(({ kind, properties }) => {
    if (kind === 'constraint' || kind === 'index') return String(properties['definition'])
    return kind === 'column' ? ((properties['generated'] as { expression?: string } | undefined)?.expression ?? '') : ''
  })
  return new Set(texts.flatMap(text => wordsOf(text).map(word => word.text.toLowerCase())))
}

/** Position of the last column that an index, a key or a foreign key is on; 0 without any. */
function lastIndexed(table: SchemaObject, index: SnapshotIndex): number {
  const parts = index
    .children(table.key)
    .filter(({ kind, properties }) => kind === 'index' || (kind === 'constraint' && properties['type'] !== 'check'))
  const names = new Set(
    parts.flatMap(({ properties }) => wordsOf(String(properties['definition'])).map(word => word.text.toLowerCase())),
  )
  const columns = index.children(table.key, 'column').filter(({ path }) => names.has((path.at(-1) ?? '').toLowerCase()))
  return Math.max(0, ...columns.map(({ position }) => position ?? 0))
}

export function createTable(table: SchemaObject, index: SnapshotIndex): RenderedStatement[] {
  // Not as DuckDB tells it: a foreign key to the table itself would be missing (1.5.6).
  const columns = index.children(table.key, 'column')
  const constraints = index.children(table.key, 'constraint').map(({ properties }) => String(properties['definition']))
  return [
    { sql: `CREATE TABLE ${nameIn(table.path)} (\n  ${[...columns.map(columnText), ...constraints].join(',\n  ')}\n)` },
    ...commentsOf('TABLE', table),
    ...columns.flatMap(column => commentOfColumn(column)),
  ]
}

function columnText(column: SchemaObject): string {
  const { type, collation, generated, default: value, notNull } = column.properties
  const words = [last(column), String(type)]
  if (collation) words.push(`COLLATE ${String(collation)}`)
  if (generated) words.push(`GENERATED ALWAYS AS (${(generated as { expression: string }).expression})`)
  if (value !== undefined) words.push(`DEFAULT (${String(value)})`)
  if (notNull) words.push('NOT NULL')
  return words.join(' ')
}

const commentOfColumn = (column: SchemaObject, always = false): RenderedStatement[] =>
  commentText(
    column,
    `COLUMN ${column.path[0] === 'main' ? `main.${column.path.slice(1).map(quotedWord).join('.')}` : nameIn(column.path)}`,
    always,
  )

export const commentsOf = (kind: string, object: SchemaObject, always = false): RenderedStatement[] =>
  commentText(object, `${kind} ${nameIn(object.path)}`, always)

function commentText({ properties }: SchemaObject, what: string, always: boolean): RenderedStatement[] {
  const { comment } = properties
  if (typeof comment !== 'string') return always ? [{ sql: `COMMENT ON ${what} IS NULL` }] : []
  return [{ sql: `COMMENT ON ${what} IS ${standardLiteral(comment)}` }]
}

function rebuild(tables: readonly Tables[], context: RenderContext): RenderedStatement[] {
  const keys = tables.map(({ after }) => after.key)
  const oldOrder = childrenFirst(keys, context.before)
  const newOrder = childrenFirst(keys, context.after).reverse()
  const of = (key: string) => tables.find(({ after }) => after.key === key) as Tables
  const aside = ({ before }: Tables) => nameIn([...before.path.slice(0, -1), `godwit_old_${before.path.at(-1)}`])
  const [, makes] = indexStatements(tables, context)
  return [
    ...oldOrder
      .map(of)
      .flatMap(table => [
        { sql: `CREATE TABLE ${aside(table)} AS FROM ${nameIn(table.before.path)}` },
        { sql: `DROP TABLE ${nameIn(table.before.path)}`, ...lossOf(table, context) },
      ]),
    ...newOrder
      .map(of)
      .flatMap(table => [
        ...createTable(table.after, context.after),
        ...copy(table, aside(table), context),
        { sql: `DROP TABLE ${aside(table)}` },
      ]),
    ...makes,
  ]
}

function childrenFirst(keys: readonly string[], index: SnapshotIndex): string[] {
  const order: string[] = []
  const visit = (key: string): void => {
    if (order.includes(key)) return
    for (const child of childrenOf(key, index)) if (child !== key && keys.includes(child)) visit(child)
    order.push(key)
  }
  for (const key of keys) visit(key)
  return order
}

function common({ before, after }: Tables, context: RenderContext): readonly SchemaObject[] {
  const was = new Set(context.before.children(before.key, 'column').map(({ key }) => key))
  return context.after
    .children(after.key, 'column')
    .filter(({ key, properties }) => was.has(key) && !properties['generated'])
}

function lossOf(table: Tables, context: RenderContext): { loses?: string } {
  const kept = common(table, context)
  if (kept.length === 0) return { loses: `the rows of ${table.before.path.join('.')}, which have no column in common` }
  const keys = new Set(kept.map(({ key }) => key))
  const lost = context.before
    .children(table.before.key, 'column')
    .filter(({ key, properties }) => !keys.has(key) && !properties['generated'])
  if (lost.length === 0) return {}
  const names = lost.map(({ path }) => path.join('.')).join(', ')
  return { loses: lost.length === 1 ? `the column ${names} and its values` : `the columns ${names} and their values` }
}

function copy(table: Tables, from: string, context: RenderContext): RenderedStatement[] {
  const kept = common(table, context)
  if (kept.length === 0) return []
  const values = kept.map(column => {
    const old = context.before.get(column.key)
    const { notNull, default: value } = column.properties
    const name = converted(
      quotedWord(old?.path.at(-1) ?? ''),
      String(old?.properties['type']),
      String(column.properties['type']),
    )
    return notNull && value !== undefined && !old?.properties['notNull']
      ? `coalesce(${name}::${String(column.properties['type'])}, (${String(value)})::${String(column.properties['type'])})`
      : name
  })
  const isNew = (column: SchemaObject) => !context.before.get(column.key)?.properties['notNull']
  const strict = kept.filter(
    column => column.properties['notNull'] && column.properties['default'] === undefined && isNew(column),
  )
  const note = strict.map(column => nullNote(nameIn(table.before.path), column)).join('\n')
  return [
    {
      sql: `INSERT INTO ${nameIn(table.after.path)} (${kept.map(last).join(', ')})\nSELECT ${values.join(', ')} FROM ${from}`,
      ...(note === '' ? {} : { note }),
    },
  ]
}
