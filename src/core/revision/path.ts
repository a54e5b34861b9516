// Which revisions to run, and in which order, to get from what is applied to a target. Sets, not a high-water mark:
// late work of a branch is part of the way up, and nothing that is applied stays without its parent on the way down.
import type { RevisionGraph } from './graph.ts'
import { topologicalOrder } from './topology.ts'

/** Up: these revisions and all they build on shall be applied. */
export interface UpTarget {
  readonly kind: 'revisions'
  readonly ids: readonly string[]
}

/**
 * Down. `revisions`: keep these and all they build on, undo the rest. `last`: undo that many.
 * `base`: undo everything.
 */
export type DownTarget = UpTarget | { readonly kind: 'last'; readonly count: number } | { readonly kind: 'base' }

export interface DownPath {
  /** What to undo, children before parents. */
  readonly ids: string[]
  /** Recorded as applied, but not in the graph: nobody can say how to undo them. In journal order. */
  readonly unknown: string[]
}

/**
 * The pending revisions among the targets and their ancestors, parents first. Revisions that were skipped
 * below applied ones are among them.
 *
 * @throws GRAPH.TARGET_UNKNOWN a target that is not in the graph
 */
export function upPath(graph: RevisionGraph, applied: ReadonlySet<string>, target: UpTarget): string[] {
  const wanted = graph.withAncestors(target.ids)
  return graph.ids.filter(id => wanted.has(id) && !applied.has(id))
}

/**
 * What to undo to reach the target. Of the revisions that nothing applied builds on, the one applied last goes first;
 * so `last` undoes exactly `count` revisions, and none from under an applied descendant, whatever order
 * they were applied in.
 *
 * @param journalOrder applied ids, oldest first. An id that occurs again counts where it stands last;
 * ids that are not in `applied` do not count.
 * @throws GRAPH.TARGET_UNKNOWN a revision to keep that is not in the graph
 */
export function downPath(
  graph: RevisionGraph,
  applied: ReadonlySet<string>,
  journalOrder: readonly string[],
  target: DownTarget,
): DownPath {
  const journal = [...new Set([...applied, ...journalOrder])].filter(id => applied.has(id))
  const unknown = inJournalOrder(journal, journalOrder).filter(id => !graph.has(id))
  const order = undoOrder(graph, applied, journalOrder)
  if (target.kind === 'base') return { ids: order, unknown }
  if (target.kind === 'last') return { ids: order.slice(0, target.count), unknown }
  const kept = graph.withAncestors(target.ids)
  return { ids: order.filter(id => !kept.has(id)), unknown }
}

/** Applied revisions without an applied child, in the order of the graph. */
export function currentHeads(graph: RevisionGraph, applied: ReadonlySet<string>): string[] {
  const isApplied = (id: string) => applied.has(id)
  return graph.ids.filter(id => applied.has(id) && !graph.children(id).some(isApplied))
}

/** How the files and the journal stand to each other. All lists but `unknown` are in the order of the graph. */
export interface Relation {
  readonly applied: string[]
  readonly pending: string[]
  /** Pending although something that builds on them is applied. Part of `pending`. */
  readonly skipped: string[]
  /** Pending, with no applied descendant, but ordered before a revision that is applied. Part of `pending`. */
  readonly late: string[]
  /** Applied, but not among the files. */
  readonly unknown: string[]
  /** Applied revisions without an applied child. */
  readonly current: string[]
  /** Heads of the files, applied or not. */
  readonly heads: readonly string[]
}

/** Compares the graph with what is applied. Reads only; refuses nothing. */
export function relation(graph: RevisionGraph, applied: ReadonlySet<string>): Relation {
  const known = graph.ids.filter(id => applied.has(id))
  const pending = graph.ids.filter(id => !applied.has(id))
  const below = graph.withAncestors(known)
  const last = known.length === 0 ? -1 : graph.ids.lastIndexOf(known.at(-1)!)
  const early = new Set(graph.ids.slice(0, last + 1))
  return {
    applied: known,
    pending,
    skipped: pending.filter(id => below.has(id)),
    late: pending.filter(id => early.has(id) && !below.has(id)),
    unknown: [...applied].filter(id => !graph.has(id)),
    current: currentHeads(graph, applied),
    heads: graph.heads,
  }
}

function inJournalOrder(ids: readonly string[], journalOrder: readonly string[]): string[] {
  const place = new Map(journalOrder.map((id, index) => [id, index]))
  const placeOf = (id: string) => place.get(id) ?? -1
  return ids.toSorted((a, b) => placeOf(a) - placeOf(b))
}

// The whole way down. A pending revision between two applied ones must not hide that one builds on the other,
// so pending ones take part, are free to go at once, and are left out of the result.
function undoOrder(graph: RevisionGraph, applied: ReadonlySet<string>, journalOrder: readonly string[]): string[] {
  const pending = graph.ids.filter(id => !applied.has(id))
  const known = graph.ids.filter(id => applied.has(id))
  const nodes = [...pending, ...inJournalOrder(known, journalOrder).reverse()]
  const index = new Map(nodes.map((id, at) => [id, at]))
  const order = topologicalOrder(nodes.map(id => graph.children(id).map(child => index.get(child)!)))
  return order.map(at => nodes[at]!).filter(id => applied.has(id))
}
