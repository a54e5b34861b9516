// Which objects must be dropped and made again: those whose renderer cannot alter them, and those in the way of a
// change, with everything that depends on them.
import type { SchemaObject } from '../model/object.ts'
import type { Alteration, Change } from './change.ts'
import type { RenderContext, Rendered, Renderer } from './renderer.ts'

/** What happens to each object that is touched. */
export interface Decision {
  readonly created: Map<string, SchemaObject>
  readonly dropped: Map<string, SchemaObject>
  /** In place, as rendered. */
  readonly altered: Map<string, { readonly change: Alteration; readonly rendered: Rendered }>
  /** Dropped although it is wanted, so it is in `created` too. */
  readonly recreated: Set<string>
}

/** A table whose changes are carried out at once. */
export interface Rebuilt {
  /** As wanted. */
  readonly table: SchemaObject
  /** Other tables that are rebuilt by the same statements, as wanted. */
  readonly others: readonly SchemaObject[]
  readonly rendered: Rendered
  /** The changes it carries out, and their keys. */
  readonly changes: readonly Change[]
  readonly keys: ReadonlySet<string>
}

/** `changes` without those of the rebuilt tables. */
export function decide(
  changes: readonly Change[],
  rebuilt: readonly Rebuilt[],
  renderer: Renderer,
  context: RenderContext,
): Decision {
  const all = rebuilt.flatMap(({ table, others }) => [table, ...others])
  const tables = new Set(all.map(table => table.key))
  const decision: Decision = { created: new Map(), dropped: new Map(), altered: new Map(), recreated: new Set() }
  const queue: { readonly object: SchemaObject; readonly change: Alteration | 'recreate' }[] = []
  const recreate = (before: SchemaObject) => {
    if (decision.recreated.has(before.key) || decision.dropped.has(before.key)) return
    decision.altered.delete(before.key)
    decision.dropped.set(before.key, before)
    const after = context.after.get(before.key)
    if (after) {
      decision.recreated.add(before.key)
      decision.created.set(after.key, after)
    }
    queue.push({ object: before, change: 'recreate' })
  }
  for (const change of changes) {
    if (change.type === 'create') decision.created.set(change.after.key, change.after)
    if (change.type === 'drop') decision.dropped.set(change.before.key, change.before)
  }
  for (const change of changes) {
    if (change.type !== 'alter' || decision.recreated.has(change.before.key)) continue
    const rendered = renderer.alter(change, context)
    if (rendered === 'recreate') recreate(change.before)
    else {
      decision.altered.set(change.before.key, { change, rendered })
      queue.push({ object: change.before, change })
    }
  }
  for (const table of all) queue.push({ object: table, change: 'recreate' })
  // What stays while a thing it depends on goes is in its way: a view of `a`, where `a` was a table and becomes a view.
  for (const change of changes) {
    if (change.type !== 'drop') continue
    for (const dependent of context.before.dependents(change.before.key)) {
      if (dependent.parent === change.before.key || !context.after.get(dependent.key)) continue
      if (tables.has(dependent.parent ?? dependent.key)) continue
      if (renderer.breaks?.('recreate', change.before, dependent, context) ?? true) recreate(dependent)
    }
  }
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { object, change } = next
    // Its alteration may have become a recreation meanwhile, which is in the queue by itself.
    if (change !== 'recreate' && decision.recreated.has(object.key)) continue
    for (const dependent of context.before.dependents(object.key)) {
      // A rebuilt table makes its parts again by itself, but for those that its renderer says stand in the way.
      if (tables.has(object.key) && dependent.parent === object.key) {
        if (renderer.breaks?.('recreate', object, dependent, context)) recreate(dependent)
        continue
      }
      const part = change === 'recreate' && dependent.parent === object.key
      const broken = part || (renderer.breaks?.(change, object, dependent, context) ?? change === 'recreate')
      if (broken) recreate(dependent)
    }
  }
  return decision
}
