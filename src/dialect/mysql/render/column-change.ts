// The clauses of one ALTER TABLE that bring the columns of a table into their wanted form and order, and what has to be
// done before and after it so that values are kept.
import type { Change } from '../../../schema/change/change.ts'
import type { RenderContext, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { columnDefinition, narrowing, type Storage, storageOf } from './column.ts'
import { mentions } from './mention.ts'
import { flag, lastName, q, record, text } from './name.ts'

export interface ColumnClauses {
  /** Statements before the ALTER TABLE. */
  readonly first: readonly RenderedStatement[]
  readonly clauses: readonly string[]
  readonly last: readonly RenderedStatement[]
  readonly loses: readonly string[]
}

interface Tables {
  readonly before: SchemaObject
  readonly after: SchemaObject
}

/** Of another storage, where the servers cannot go from one to the other in place (error 1907, 3106). */
function isOtherStorage(before: SchemaObject, after: SchemaObject): boolean {
  const [was, is]: [Storage, Storage] = [storageOf(before), storageOf(after)]
  if (was === is) return false
  return was === 'virtual' || is === 'virtual' || was === 'period' || is === 'period'
}

/**
 * Columns, in lower case, that are dropped and added again by one ALTER TABLE: those that change their storage, and
 * computed ones that name one of them.
 */
export function replacedColumns(table: SchemaObject, context: RenderContext): ReadonlySet<string> {
  const both = context.before.children(table.key, 'column').flatMap(before => {
    const after = context.after.get(before.key)
    return after === undefined ? [] : [{ before, after, name: lastName(before).toLowerCase() }]
  })
  const replaced = new Set(both.filter(({ before, after }) => isOtherStorage(before, after)).map(({ name }) => name))
  for (let size = -1; size !== replaced.size; ) {
    size = replaced.size
    for (const { before, after, name } of both) {
      const isComputed = storageOf(before) !== 'base' && storageOf(after) !== 'base'
      if (isComputed && [before, after].some(column => mentions(expressionOf(column), replaced))) replaced.add(name)
    }
  }
  return replaced
}

const expressionOf = (column: SchemaObject): string =>
  String(record(column.properties['generated'])['expression'] ?? '')

export function columnClauses(
  { before, after }: Tables,
  changes: readonly Change[],
  context: RenderContext,
): ColumnClauses {
  const table = q(lastName(after))
  const found = {
    first: [] as RenderedStatement[],
    clauses: [] as string[],
    last: [] as RenderedStatement[],
    loses: [] as string[],
  }
  const replaced = replacedColumns(after, context)
  const changed = new Map(
    changes.map(change => [change.type === 'create' ? change.after.key : change.before.key, change]),
  )
  const collation = text(before, 'collation') === text(after, 'collation') ? text(after, 'collation') : undefined
  const wanted = context.after.children(after.key, 'column')
  const kept = new Map<string, string>()
  for (const column of context.before.children(before.key, 'column')) {
    const next = context.after.get(column.key)
    const name = lastName(column)
    if (next !== undefined && !replaced.has(name.toLowerCase())) continue
    if (next !== undefined && storageOf(column) === 'virtual' && storageOf(next) === 'base') {
      const copy = `godwit_new_${name}`.slice(0, 64)
      const plain = { ...next, path: [lastName(after), copy], properties: plainProperties(next) }
      found.first.push(
        { sql: `ALTER TABLE ${table} ADD COLUMN ${columnDefinition(plain, undefined)}` },
        { sql: `UPDATE ${table} SET ${q(copy)} = ${q(name)}` },
      )
      kept.set(name.toLowerCase(), copy)
    }
    found.clauses.push(`DROP COLUMN ${q(name)}`)
    if (storageOf(column) === 'base') found.loses.push(`the column ${lastName(after)}.${name} and its values`)
  }
  const stays = (column: SchemaObject): boolean => {
    const change = changed.get(column.key)
    if (replaced.has(lastName(column).toLowerCase()) || change?.type === 'create') return false
    return !(change?.type === 'alter' && change.changed.includes('position'))
  }
  const lastStay = wanted.map(stays).lastIndexOf(true)
  wanted.forEach((column, index) => {
    const name = lastName(column)
    const change = changed.get(column.key)
    const previous = wanted[index - 1]
    const place = previous === undefined ? ' FIRST' : ` AFTER ${q(lastName(previous))}`
    const atEnd = index > lastStay && lastStay !== -1
    const copy = kept.get(name.toLowerCase())
    const definition = columnDefinition(column, collation)
    if (copy !== undefined) found.clauses.push(`CHANGE COLUMN ${q(copy)} ${definition}${place}`)
    else if (change?.type === 'create' || replaced.has(name.toLowerCase())) {
      found.clauses.push(`ADD COLUMN ${definition}${atEnd ? '' : place}`)
    } else if (change?.type === 'alter') {
      const moved = change.changed.includes('position') ? place : ''
      const verb = lastName(change.before) === name ? 'MODIFY COLUMN' : `CHANGE COLUMN ${q(lastName(change.before))}`
      const loss = narrowing(change.before, column)
      if (loss !== undefined) found.loses.push(loss)
      const fill = filling(change.before, column, context)
      if (fill === undefined) {
        found.clauses.push(`${verb} ${definition}${moved}`)
        return
      }
      const update = {
        sql: `UPDATE ${table} SET ${q(fill.early ? lastName(change.before) : name)} = ${fill.value} WHERE ${q(fill.early ? lastName(change.before) : name)} IS NULL`,
      }
      if (fill.early) {
        found.first.push(update)
        found.clauses.push(`${verb} ${definition}${moved}`)
        return
      }
      const { notNull: _, ...open } = column.properties
      found.clauses.push(`${verb} ${columnDefinition({ ...column, properties: open }, collation)}${moved}`)
      found.last.push(update, {
        sql: `ALTER TABLE ${table} MODIFY COLUMN ${columnDefinition(column, text(after, 'collation'))}`,
      })
    }
  })
  return found
}

/** Only what the values need. */
function plainProperties(column: SchemaObject): SchemaObject['properties'] {
  const { type = '', collation } = column.properties
  return collation === undefined ? { type } : { type, collation }
}

/** NULLs of a column that must not have any from now on become its default. */
function filling(
  before: SchemaObject,
  after: SchemaObject,
  context: RenderContext,
): { readonly value: string; readonly early: boolean } | undefined {
  const value = text(after, 'default')
  if (flag(before, 'notNull') || !flag(after, 'notNull') || value === undefined) return undefined
  if (storageOf(before) !== 'base' || storageOf(after) !== 'base') return undefined
  const primary = context.after
    .children(after.parent ?? '', 'constraint')
    .some(part => text(part, 'type') === 'primary key' && part.depends.includes(after.key))
  const same = text(before, 'type') === text(after, 'type') && text(before, 'collation') === text(after, 'collation')
  return { value, early: same || primary }
}
