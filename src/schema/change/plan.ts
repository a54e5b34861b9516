// Changes as statements in an order that works: what depends on a changed thing is dropped before and made again
// after, what needs a thing comes behind it, and parts that travel in the statement of their table cost none of their own.
import type { SchemaObject } from '../model/object.ts'
import { indexSnapshot, type Snapshot } from '../model/snapshot.ts'
import type { Alteration, Change } from './change.ts'
import { connect, type Edge, type Operation, type OperationType, operationId } from './edge.ts'
import { orderNodes } from './graph.ts'
import { type Decision, decide, type Rebuilt } from './recreate.ts'
import type { RenderContext, Rendered, RenderedStatement, Renderer } from './renderer.ts'

export interface PlanOptions {
  /** Forms that do not block writers are wanted. Default false. */
  readonly online?: boolean
}

export interface ChangePlan {
  readonly statements: readonly RenderedStatement[]
  /** Keys of changes that need each other in a circle, which the statements could not resolve; usually empty. */
  readonly unresolved: readonly string[]
}

/** `changes` as `diffSnapshots(before, after)` found them. */
export function planChanges(
  changes: readonly Change[],
  before: Snapshot,
  after: Snapshot,
  renderer: Renderer,
  options: PlanOptions = {},
): ChangePlan {
  const separate = new Set<string>()
  const given = new Set<Edge['strength']>()
  const facts = { before: indexSnapshot(before), after: indexSnapshot(after), online: options.online ?? false }
  for (;;) {
    const context: RenderContext = { ...facts, separate }
    const { nodes, operations, edges } = build(changes, renderer, context)
    const kept = edges.filter(edge => !given.has(edge.strength))
    const { order, cycle } = orderNodes(
      [...nodes.keys()],
      needsOf(kept, operations),
      comparison(nodes, kept, operations, renderer),
    )
    if (cycle.length === 0 || !loosen(new Set(cycle), kept, operations, separate, given)) {
      const statements = order.flatMap(id => (nodes.get(id) as Node).rendered.statements)
      return { statements, unresolved: cycle.map(id => (nodes.get(id) as Node).object.key) }
    }
  }
}

/** One or more operations that are carried out by the same statements. */
interface Node {
  readonly id: string
  readonly type: OperationType
  readonly object: SchemaObject
  readonly rendered: Rendered
}

/** Each operation, with the node that carries it out. */
type Operations = ReadonlyMap<string, Operation & { readonly node: string }>

function build(changes: readonly Change[], renderer: Renderer, context: RenderContext) {
  const rebuilt = rebuiltTables(changes, renderer, context)
  const covered = new Set(rebuilt.flatMap(({ keys }) => [...keys]))
  const rest = changes.filter(change => !covered.has(changeKey(change)))
  const decision = decide(rest, rebuilt, renderer, context)
  const nodes = new Map<string, Node>()
  const operations = new Map<string, Operation & { node: string }>()
  const add = (type: OperationType, object: SchemaObject, rendered: Rendered) => {
    const id = operationId(type, object.key)
    nodes.set(id, { id, type, object, rendered })
    operations.set(id, { type, object, node: id })
  }
  for (const change of changes) {
    if (change.type === 'rename') add('rename', change.after, renderer.rename(change.before, change.after, context))
  }
  for (const { table, others, rendered, changes: parts } of rebuilt) {
    add('rebuild', table, rendered)
    const node = operationId('rebuild', table.key)
    for (const other of others)
      operations.set(operationId('rebuild', other.key), { type: 'rebuild', object: other, node })
    for (const part of parts) {
      const type = part.type === 'rename' ? 'alter' : part.type
      const object = part.type === 'create' ? part.after : part.before
      if (object.key !== table.key) operations.set(operationId(type, object.key), { type, object, node })
    }
  }
  for (const object of decision.dropped.values()) add('drop', object, renderer.drop(object, context))
  for (const object of decision.created.values()) add('create', object, renderer.create(object, context))
  for (const { change, rendered } of decision.altered.values()) add('alter', change.after, rendered)
  carry(nodes, operations, context.separate)
  return { nodes, operations: operations as Operations, edges: connect(operations, decision, renderer, context) }
}

function rebuiltTables(changes: readonly Change[], renderer: Renderer, context: RenderContext): Rebuilt[] {
  if (!renderer.rebuild) return []
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    if (change.type === 'rename') continue
    const object = change.type === 'create' ? change.after : change.before
    const table = object.parent ?? object.key
    if (!context.before.get(table) || !context.after.get(table)) continue
    const group = groups.get(table)
    if (group) group.push(change)
    else groups.set(table, [change])
  }
  const rebuilt: Rebuilt[] = []
  const done = new Set<string>()
  for (const [key, group] of groups) {
    if (done.has(key)) continue
    const table = { before: context.before.get(key) as SchemaObject, after: context.after.get(key) as SchemaObject }
    const rendered = renderer.rebuild(table, group, context)
    if (!rendered) continue
    const others = (rendered.rebuilt ?? []).flatMap(other => context.after.get(other) ?? [])
    for (const other of others) done.add(other.key)
    const included = new Set([key, ...(rendered.includes ?? [])])
    const carried = [group, ...others.map(other => groups.get(other.key) ?? [])]
      .flat()
      .filter(change => included.has(changeKey(change)) || others.some(other => other.key === changeKey(change)))
    rebuilt.push({ table: table.after, others, rendered, changes: carried, keys: new Set(carried.map(changeKey)) })
  }
  return rebuilt
}

/** Operations whose work is done by another node's statements lose their own. */
function carry(
  nodes: Map<string, Node>,
  operations: Map<string, Operation & { node: string }>,
  separate: ReadonlySet<string>,
): void {
  // Whole things first: a part that goes with its table carries nothing of its own.
  const whole = [...nodes.values()].filter(({ object }) => object.parent === null)
  const parts = [...nodes.values()].filter(({ object }) => object.parent !== null)
  for (const node of [...whole, ...parts]) {
    if (!nodes.has(node.id)) continue
    for (const key of node.rendered.includes ?? []) {
      if (separate.has(key)) continue
      const types: OperationType[] =
        node.type === 'create' || node.type === 'drop' ? [node.type] : ['create', 'drop', 'alter']
      for (const type of types) {
        const id = operationId(type, key)
        const operation = operations.get(id)
        if (!operation || id === node.id) continue
        nodes.delete(id)
        // What was carried by it goes with it.
        for (const other of operations.values())
          if (other.node === operation.node && other !== operation) other.node = node.id
        operation.node = node.id
      }
    }
  }
}

function needsOf(edges: readonly Edge[], operations: Operations): Map<string, Set<string>> {
  const needs = new Map<string, Set<string>>()
  for (const { from, to } of edges) {
    const before = operations.get(from)?.node
    const after = operations.get(to)?.node
    if (before === undefined || after === undefined || before === after) continue
    const set = needs.get(after)
    if (set) set.add(before)
    else needs.set(after, new Set([before]))
  }
  return needs
}

/** Renames first; drops that others wait for; what is made or changed; drops nobody waits for. */
function comparison(
  nodes: ReadonlyMap<string, Node>,
  edges: readonly Edge[],
  operations: Operations,
  renderer: Renderer,
) {
  const waitedFor = new Set<string>()
  for (const { from, to } of edges) {
    const before = operations.get(from)
    const after = operations.get(to)
    if (before && after && before.type === 'drop' && after.type !== 'drop') waitedFor.add(before.node)
  }
  const phase = ({ id, type }: Node) => {
    if (type === 'rename') return 0
    if (type !== 'drop') return 2
    return waitedFor.has(id) ? 1 : 3
  }
  const sortKey = new Map<string, readonly (number | string)[]>()
  for (const node of nodes.values()) {
    const rank = renderer.rank?.(node.object) ?? 0
    const { parent, key, position } = node.object
    sortKey.set(node.id, [
      phase(node),
      node.type === 'drop' ? -rank : rank,
      parent ?? key,
      position ?? 0,
      key,
      node.type,
    ])
  }
  return (a: string, b: string): number => {
    const left = sortKey.get(a) as readonly (number | string)[]
    const right = sortKey.get(b) as readonly (number | string)[]
    const at = left.findIndex((value, index) => value !== right[index])
    if (at === -1) return 0
    return (left[at] as number | string) < (right[at] as number | string) ? -1 : 1
  }
}

/** Takes parts of a cycle out of their table's statement, else gives up the weakest edges. False: nothing is left to try. */
function loosen(
  cycle: ReadonlySet<string>,
  edges: readonly Edge[],
  operations: Operations,
  separate: Set<string>,
  given: Set<Edge['strength']>,
): boolean {
  const size = separate.size
  // The part that needs the other can be made later or dropped earlier; only where it cannot, the other one.
  for (const side of ['dependent', 'needed'] as const) {
    for (const { from, to } of edges) {
      const [before, after] = [operations.get(from), operations.get(to)]
      if (!before || !after || before.node === after.node || !cycle.has(before.node) || !cycle.has(after.node)) continue
      const isDependent = before.type === 'drop' ? before : after
      const end = side === 'dependent' ? isDependent : isDependent === before ? after : before
      if (end.node !== operationId(end.type, end.object.key)) separate.add(end.object.key)
    }
    if (separate.size > size) break
  }
  if (separate.size > size) return true
  for (const strength of ['soft', 'name'] as const) {
    if (given.has(strength)) continue
    given.add(strength)
    return true
  }
  return false
}

export function changeKey(change: Change): string {
  return change.type === 'create' ? change.after.key : change.before.key
}

export type { Alteration, Decision }
