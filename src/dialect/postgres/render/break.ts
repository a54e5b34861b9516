// Which dependents stand in the way of a change, by what the server refuses (RememberAllDependentForRebuilding in
// tablecmds.c: views, rules, triggers, policies, generated columns, SQL bodies, publications).
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { generatedOf } from './column.ts'
import { list, text } from './kind.ts'
import { addedValues, attributesOf } from './type.ts'

const READERS: ReadonlySet<string> = new Set([
  'view',
  'materialized view',
  'rule',
  'policy',
  'trigger',
  'function',
  'procedure',
  'publication',
])

/** They hold data, or their owner does: never dropped because of what they depend on. */
const KEPT: ReadonlySet<string> = new Set([
  'column',
  'sequence',
  'domain',
  'enum',
  'composite type',
  'range type',
  'schema',
  'extension',
])

const TYPES: ReadonlySet<string> = new Set(['enum', 'domain', 'composite type', 'range type'])

export function breaks(
  change: Alteration | 'recreate',
  object: SchemaObject,
  dependent: SchemaObject,
  context: RenderContext,
): boolean {
  if (change === 'recreate') {
    // A partition or child of a table that goes is detached; of one that is made again it would be dropped with it.
    if (dependent.kind.endsWith('table') && context.after.get(object.key) === undefined) return false
    if (dependent.kind === 'column') return generatedOf(dependent) !== undefined
    if (dependent.kind === 'default privileges') return false
    return !KEPT.has(dependent.kind)
  }
  if (object.kind === 'column') return columnBreaks(change, object, dependent)
  if (TYPES.has(object.kind)) return typeBreaks(change, dependent)
  return false
}

function columnBreaks({ before, after, changed }: Alteration, column: SchemaObject, dependent: SchemaObject): boolean {
  if (!changed.includes('type') && !changed.includes('collation')) return false
  if (dependent.kind === 'column') return dependent.parent === column.parent && generatedOf(dependent) !== undefined
  if (dependent.kind === 'constraint' && text(dependent, 'type') === 'foreign key') {
    return bare(text(before, 'type')) !== bare(text(after, 'type'))
  }
  return READERS.has(dependent.kind)
}

const bare = (type: string | undefined): string => (type ?? '').replace(/\([\d,-]+\)/, '')

function typeBreaks({ before, after, changed }: Alteration, dependent: SchemaObject): boolean {
  if (!isReplaced(before, after, changed)) return false
  if (dependent.kind === 'column') return generatedOf(dependent) !== undefined
  if (dependent.kind === 'constraint') return dependent.parent !== before.key
  return !KEPT.has(dependent.kind) && !dependent.kind.endsWith('table')
}

function isReplaced(before: SchemaObject, after: SchemaObject, changed: readonly string[]): boolean {
  switch (before.kind) {
    case 'enum':
      return changed.includes('values') && addedValues(list(before, 'values'), list(after, 'values')) === undefined
    case 'domain':
      return changed.includes('type') || changed.includes('collation')
    case 'composite type': {
      const wanted = attributesOf(after)
      return attributesOf(before).some(({ name, type }, at) => wanted[at]?.name !== name || wanted[at]?.type !== type)
    }
    default:
      return changed.some(name => name !== 'comment' && name !== 'grants' && name !== 'owner')
  }
}
