// What differs between two schemas. Knows no kinds: objects are the same when their keys are, and differ where their
// properties do.
import { GodwitError } from '../../core/error.ts'
import type { Change } from '../change/change.ts'
import type { Json, SchemaObject } from '../model/object.ts'
import { canonicalJson, type Snapshot } from '../model/snapshot.ts'
import { movedKeys } from './order.ts'

export interface DiffOptions {
  /** Kinds whose place among their siblings counts (see `Renderer.ordered`). Default none. */
  readonly ordered?: ReadonlySet<string>
}

/** In the order of keys: creations, drops and alterations that lead from `before` to `after`. @throws GodwitError INTERNAL.BUG for snapshots of two kinds of store */
export function diffSnapshots(before: Snapshot, after: Snapshot, options: DiffOptions = {}): Change[] {
  if (before.dialect !== after.dialect || before.version !== after.version) {
    throw new GodwitError('INTERNAL.BUG', `snapshots of ${before.dialect} and ${after.dialect} cannot be compared`)
  }
  const old = new Map(before.objects.map(object => [object.key, object]))
  const wanted = new Map(after.objects.map(object => [object.key, object]))
  const moved = movedKeys(before, after, options.ordered ?? new Set())
  const changes: Change[] = []
  for (const object of before.objects) {
    const next = wanted.get(object.key)
    if (!next) {
      changes.push({ type: 'drop', before: object })
      continue
    }
    const changed = changedProperties(object, next)
    if (moved.has(object.key)) changed.push('position')
    if (changed.length > 0) changes.push({ type: 'alter', before: object, after: next, changed: changed.sort() })
  }
  for (const object of after.objects) if (!old.has(object.key)) changes.push({ type: 'create', after: object })
  const key = (change: Change) => (change.type === 'create' ? change.after.key : change.before.key)
  return changes.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

function changedProperties(before: SchemaObject, after: SchemaObject): string[] {
  const names = new Set([...Object.keys(before.properties), ...Object.keys(after.properties)])
  return [...names].filter(name => !same(before.properties[name], after.properties[name]))
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if ((a ?? null) === null || (b ?? null) === null) return (a ?? null) === (b ?? null)
  return typeof a === 'object' && typeof b === 'object' && canonicalJson(a as Json) === canonicalJson(b as Json)
}
