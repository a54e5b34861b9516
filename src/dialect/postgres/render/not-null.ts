// NOT NULL of a column, which PostgreSQL 18 keeps as a constraint with a name, NO INHERIT and NOT VALID.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'
import { flag, text } from './kind.ts'
import { ident, lastName, ownerName } from './name.ts'

export function notNullClause(column: SchemaObject): string {
  const name = text(column, 'notNullName')
  return `${name === undefined ? '' : `CONSTRAINT ${ident(name)} `}NOT NULL${flag(column, 'notNullNoInherit') ? ' NO INHERIT' : ''}`
}

const notNullConstraint = (column: SchemaObject): string =>
  ident(text(column, 'notNullName') ?? `${column.path[1]}_${lastName(column)}_not_null`)

export function unvalidatedNotNull(column: SchemaObject): RenderedStatement {
  return {
    sql: `ALTER TABLE ${ownerName(column)} ADD CONSTRAINT ${notNullConstraint(column)} NOT NULL ${ident(lastName(column))}${flag(column, 'notNullNoInherit') ? ' NO INHERIT' : ''} NOT VALID`,
  }
}

export const notNullComment = (column: SchemaObject): RenderedStatement => ({
  sql: `COMMENT ON CONSTRAINT ${notNullConstraint(column)} ON ${ownerName(column)} IS ${literal(text(column, 'notNullComment') ?? null)}`,
})

export function notNullChange(change: Alteration, context: RenderContext): RenderedStatement[] {
  const { before, after } = change
  const names = ['notNull', 'notNullName', 'notNullNoInherit', 'notNullUnvalidated']
  const changed = names.filter(name => change.changed.includes(name))
  if (changed.length === 0) return []
  const column = ident(lastName(after))
  const table = ownerName(after)
  const alter = `ALTER TABLE ${table} ALTER COLUMN ${column}`
  const was = flag(before, 'notNull')
  if (!flag(after, 'notNull')) return [{ sql: `${alter} DROP NOT NULL` }]
  if (was && changed.join() === 'notNullUnvalidated' && flag(before, 'notNullUnvalidated')) {
    return [{ sql: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${notNullConstraint(before)}` }]
  }
  if (was && changed.join() === 'notNullNoInherit') {
    const word = flag(after, 'notNullNoInherit') ? 'NO INHERIT' : 'INHERIT'
    return [{ sql: `ALTER TABLE ${table} ALTER CONSTRAINT ${notNullConstraint(before)} ${word}` }]
  }
  if (was && changed.join() === 'notNullName') {
    return [
      { sql: `ALTER TABLE ${table} RENAME CONSTRAINT ${notNullConstraint(before)} TO ${notNullConstraint(after)}` },
    ]
  }
  const drop = was ? [{ sql: `${alter} DROP NOT NULL` }] : []
  if (flag(after, 'notNullUnvalidated')) return [...drop, unvalidatedNotNull(after)]
  if (text(after, 'notNullName') !== undefined || flag(after, 'notNullNoInherit')) {
    const inherit = flag(after, 'notNullNoInherit') ? ' NO INHERIT' : ''
    return [
      ...drop,
      { sql: `ALTER TABLE ${table} ADD CONSTRAINT ${notNullConstraint(after)} NOT NULL ${column}${inherit}` },
    ]
  }
  if (!context.online) return [...drop, { sql: `${alter} SET NOT NULL` }]
  // A valid check spares SET NOT NULL the look at every row under its lock.
  const check = ident(`${after.path[1]}_${lastName(after)}_not_null_check`.slice(0, 63))
  return [
    ...drop,
    { sql: `ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${column} IS NOT NULL) NOT VALID` },
    { sql: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${check}` },
    { sql: `${alter} SET NOT NULL` },
    { sql: `ALTER TABLE ${table} DROP CONSTRAINT ${check}` },
  ]
}
