// Which operation must come before which.
import type { SchemaObject } from '../model/object.ts'
import type { Decision } from './recreate.ts'
import type { RenderContext, Renderer } from './renderer.ts'

export type OperationType = 'rename' | 'create' | 'drop' | 'alter' | 'rebuild'

export interface Operation {
  readonly type: OperationType
  readonly object: SchemaObject
}

export interface Edge {
  /** Ids of operations: `from` comes first. */
  readonly from: string
  readonly to: string
  /** `hard`: the database would refuse. `name`: a name must be free first. `soft`: usually better. */
  readonly strength: 'hard' | 'name' | 'soft'
}

export const operationId = (type: OperationType, key: string): string => `${type} ${key}`

export function connect(
  operations: ReadonlyMap<string, Operation>,
  decision: Decision,
  renderer: Renderer,
  context: RenderContext,
): Edge[] {
  const edges: Edge[] = []
  const add = (from: string, to: string, strength: Edge['strength']) => {
    if (from !== to && operations.has(from) && operations.has(to)) edges.push({ from, to, strength })
  }
  for (const [id, { type, object }] of operations) {
    if (type === 'rename') continue
    const { key } = object
    if (type !== 'drop') {
      const wanted = context.after.get(key) ?? object
      for (const need of needed(wanted)) {
        add(operationId('create', need), id, 'hard')
        add(operationId('rebuild', need), id, type === 'create' ? 'hard' : 'soft')
        add(operationId('alter', need), id, type === 'create' ? 'hard' : 'soft')
      }
    }
    if (type !== 'create') {
      for (const dependent of context.before.dependents(key)) {
        add(operationId('drop', dependent.key), id, isInTheWay(type, object, dependent, decision, renderer, context))
        // What stays and depends no longer is changed before its former need goes or changes.
        if (needed(context.after.get(dependent.key)).includes(key)) continue
        if (type === 'rebuild') continue
        add(operationId('alter', dependent.key), id, type === 'drop' ? 'hard' : 'soft')
        add(operationId('rebuild', dependent.key), id, type === 'drop' ? 'hard' : 'soft')
      }
    }
    if (type === 'create' && decision.recreated.has(key)) add(operationId('drop', key), id, 'hard')
  }
  claimEdges(operations, renderer, add)
  return edges
}

/** Whether what depends on a changed thing, and goes, must be gone before: not where the store lets it live on meanwhile. */
function isInTheWay(
  type: OperationType,
  object: SchemaObject,
  dependent: SchemaObject,
  decision: Decision,
  renderer: Renderer,
  context: RenderContext,
): Edge['strength'] {
  if (type === 'drop' || dependent.parent === object.key) return 'hard'
  const change = decision.altered.get(object.key)?.change ?? 'recreate'
  return (renderer.breaks?.(change, object, dependent, context) ?? true) ? 'hard' : 'soft'
}

const needed = (object: SchemaObject | undefined): readonly string[] => {
  if (!object) return []
  return object.parent === null ? object.depends : [...object.depends, object.parent]
}

/** A name is free again before another object takes it. */
function claimEdges(
  operations: ReadonlyMap<string, Operation>,
  renderer: Renderer,
  add: (from: string, to: string, strength: Edge['strength']) => void,
): void {
  const holders = new Map<string, string[]>()
  for (const [id, { type, object }] of operations) {
    if (type !== 'drop') continue
    for (const claim of renderer.claims?.(object) ?? []) {
      const list = holders.get(claim)
      if (list) list.push(id)
      else holders.set(claim, [id])
    }
  }
  for (const [id, { type, object }] of operations) {
    if (type !== 'create') continue
    for (const claim of renderer.claims?.(object) ?? []) {
      for (const holder of holders.get(claim) ?? []) add(holder, id, 'name')
    }
  }
}
