// Keys, indexes, checks and periods: their words in CREATE TABLE, and the clauses that add, drop and change them.
import type { Change } from '../../../schema/change/change.ts'
import type { RenderContext } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { replacedColumns } from './column-change.ts'
import { keyColumns, serves } from './foreign-key.ts'
import { mentions } from './mention.ts'
import { flag, isForeignKey, lastName, list, literal, q, record, text } from './name.ts'

/** As it stands in CREATE TABLE and behind ADD. */
export function keyDefinition(part: SchemaObject): string {
  const definition = text(part, 'definition') ?? ''
  const name = q(lastName(part))
  if (part.kind === 'period') return `PERIOD FOR ${name} ${definition}`
  const comment = text(part, 'comment')
  const suffix = comment === undefined ? '' : ` COMMENT ${literal(comment)}`
  if (text(part, 'type') === 'primary key') return `${definition}${suffix}`
  if (part.kind === 'constraint') return `CONSTRAINT ${name} ${definition}`
  const hidden = flag(part, 'ignored') ? ' IGNORED' : flag(part, 'invisible') ? ' INVISIBLE' : ''
  return `${definition.replace('KEY (', () => `KEY ${name} (`)}${suffix}${hidden}`
}

export const addKey = (part: SchemaObject): string => `ADD ${keyDefinition(part)}`

export function dropKey(part: SchemaObject): string {
  const name = q(lastName(part))
  if (part.kind === 'period') return `DROP PERIOD FOR ${name}`
  if (part.kind === 'index') return `DROP INDEX ${name}`
  if (text(part, 'type') === 'primary key') return 'DROP PRIMARY KEY'
  return isForeignKey(part) ? `DROP FOREIGN KEY ${name}` : `DROP CONSTRAINT ${name}`
}

/** Columns that are dropped and added under the same name take their keys with them, so those are made again too. */
export function keyClauses(
  changes: readonly Change[],
  context: RenderContext,
  table: SchemaObject,
): { readonly dropped: string[]; readonly added: string[] } {
  const dropped = new Map<string, string>()
  const added = new Map<string, string>()
  const recreate = (before: SchemaObject, after: SchemaObject) => {
    dropped.set(before.key, dropKey(before))
    added.set(after.key, addKey(after))
  }
  for (const change of changes) {
    const object = change.type === 'create' ? change.after : change.before
    if (object.kind === 'column' || object.key === table.key || change.type === 'rename') continue
    if (change.type === 'create') added.set(object.key, addKey(change.after))
    else if (change.type === 'drop') dropped.set(object.key, dropKey(object))
    else if (change.changed.every(name => name === 'ignored' || name === 'invisible')) {
      const words =
        flag(change.before, 'ignored') || flag(change.after, 'ignored')
          ? ['IGNORED', 'NOT IGNORED']
          : ['INVISIBLE', 'VISIBLE']
      const hidden = flag(change.after, 'ignored') || flag(change.after, 'invisible')
      added.set(object.key, `ALTER INDEX ${q(lastName(object))} ${hidden ? words[0] : words[1]}`)
    } else recreate(change.before, change.after)
  }
  for (const part of madeAnew(added, context, table)) recreate(part, part)
  for (const part of ofBlocks(context, table)) if (!dropped.has(part.key) && !added.has(part.key)) recreate(part, part)
  for (const part of around(replacedColumns(table, context), context, table)) {
    if (!dropped.has(part.key) && !added.has(part.key)) recreate(part, part)
  }
  return { dropped: [...dropped.values()], added: [...added.values()] }
}

/** A key remembers the block size that its table had when it was made. */
function ofBlocks(context: RenderContext, table: SchemaObject): SchemaObject[] {
  const size = (object: SchemaObject | undefined) => record(object?.properties['options'])['KEY_BLOCK_SIZE']
  if (size(context.before.get(table.key)) === size(table)) return []
  return context.before.children(table.key).filter(part => {
    const isKey = part.kind === 'index' || text(part, 'type') === 'primary key'
    return isKey && context.after.get(part.key) !== undefined
  })
}

/** Keys and checks that name columns which are dropped and added again. */
function around(columns: ReadonlySet<string>, context: RenderContext, table: SchemaObject): SchemaObject[] {
  if (columns.size === 0) return []
  return context.before.children(table.key).filter(part => {
    if (!['index', 'constraint', 'period'].includes(part.kind) || isForeignKey(part)) return false
    return context.after.get(part.key) !== undefined && mentions(text(part, 'definition') ?? '', columns)
  })
}

/**
 * An index that the server made by itself for a foreign key vanishes when another one comes that serves it; where it is
 * wanted all the same, it is made again by hand.
 */
function madeAnew(added: ReadonlyMap<string, string>, context: RenderContext, table: SchemaObject): SchemaObject[] {
  const coming = [...added.keys()].flatMap(key => context.after.get(key) ?? [])
  if (coming.length === 0) return []
  const parts = context.before.children(table.key)
  return parts.filter(part => {
    const wanted = context.after.get(part.key)
    if (part.kind !== 'index' || flag(part, 'unique') || !wanted || added.has(part.key)) return false
    return parts.some(foreign => {
      if (!isForeignKey(foreign)) return false
      const columns = list(foreign.properties['columns'])
      const own = keyColumns(text(part, 'definition') ?? '')
      return own.join() === columns.join() && coming.some(other => serves(other, columns))
    })
  })
}
