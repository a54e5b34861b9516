// Which foreign keys are in the way of a change: the servers refuse to change the columns of one, and to drop the last
// index that serves it (error 1833, 1553), so it is dropped before and added again after, and verified by that.
import type { RenderContext } from '../../../schema/change/renderer.ts'
import { canonicalJson } from '../../../schema/model/snapshot.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { keyOf } from '../introspect/catalog.ts'
import { isForeignKey, list, record, text } from './name.ts'

/** The change of the table it refers to is in its way. */
export function parentBreaks(foreign: SchemaObject, context: RenderContext): boolean {
  const { table, columns } = record(foreign.properties['references'])
  if (table === foreign.path[0]) return false
  return sideBreaks(String(table ?? ''), list(columns), context)
}

/** Only the change of its own table is. */
export function ownBreaks(foreign: SchemaObject, context: RenderContext): boolean {
  if (parentBreaks(foreign, context)) return false
  const { table, columns } = record(foreign.properties['references'])
  const [own = ''] = foreign.path
  if (sideBreaks(own, list(foreign.properties['columns']), context)) return true
  return table === own && sideBreaks(own, list(columns), context)
}

function sideBreaks(table: string, columns: readonly string[], context: RenderContext): boolean {
  for (const column of columns) {
    const key = keyOf('column', [table, column])
    const [before, after] = [context.before.get(key), context.after.get(key)]
    if (before && after && FACTS.some(name => differs(before, after, name))) return true
  }
  const key = keyOf('table', [table])
  const [tableBefore, tableAfter] = [context.before.get(key), context.after.get(key)]
  if (!tableBefore || !tableAfter) return true
  if (differs(tableBefore, tableAfter, 'engine') || differs(tableBefore, tableAfter, 'partition')) return true
  const serving = context.before.children(key).filter(part => serves(part, columns))
  if (serving.length === 0) return false
  return !serving.some(part => {
    const next = context.after.get(part.key)
    return next !== undefined && !differs(part, next, 'definition')
  })
}

const FACTS = ['type', 'collation', 'notNull', 'generated'] as const

const differs = (a: SchemaObject, b: SchemaObject, name: string): boolean =>
  canonicalJson(a.properties[name] ?? null) !== canonicalJson(b.properties[name] ?? null)

/** An index or primary key that begins with the columns. */
export function serves(part: SchemaObject, columns: readonly string[]): boolean {
  if (part.kind !== 'index' && text(part, 'type') !== 'primary key') return false
  const definition = text(part, 'definition') ?? ''
  if (/^(?:FULLTEXT|SPATIAL|VECTOR) /.test(definition)) return false
  const own = keyColumns(definition)
  return columns.every((column, index) => own[index] === column)
}

/** Names in the list of a key, in lower case. */
export function keyColumns(definition: string): string[] {
  const inner = definition.slice(definition.indexOf('(') + 1)
  return [...inner.matchAll(/`((?:[^`]|``)*)`/g)].map(([, name = '']) => name.replaceAll('``', '`').toLowerCase())
}

/** Foreign keys of the table that stay and that only its own change is in the way of. */
export function heldBy(table: SchemaObject, context: RenderContext): SchemaObject[] {
  return context.before
    .children(table.key, 'constraint')
    .filter(part => isForeignKey(part) && isUnchanged(part, context.after.get(part.key)) && ownBreaks(part, context))
}

const isUnchanged = (before: SchemaObject, after: SchemaObject | undefined): boolean =>
  after !== undefined && canonicalJson(before.properties) === canonicalJson(after.properties)
