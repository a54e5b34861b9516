// Puts a branch that nobody has applied yet onto a newer revision: which files get which parents.
// It plans; it writes nothing. It refuses to move what a database has already recorded.
import { GodwitError } from '../error.ts'
import type { RevisionGraph } from './graph.ts'
import { branchHeads, branchOf, resolveRevision } from './target.ts'
import { nameList } from './wording.ts'

export interface RebaseRequest {
  /** A label, or the head of the branch as id or unique short name. */
  readonly branch: string
  /** The revision the branch shall follow, as id or unique short name. */
  readonly onto: string
}

export interface ParentChange {
  readonly id: string
  /** Parents now, full ids. */
  readonly from: readonly string[]
  /** Parents to write into the header, full ids. */
  readonly to: readonly string[]
  /** True when the parents stay and are only written down, because they were implied by the order of names. */
  readonly pinned: boolean
}

/**
 * Plans the move. The branch is what its head builds on and `onto` does not. Of each of its revisions the parents
 * inside the branch stay and those outside give way to `onto`; revisions of other branches that build on
 * it move along. Parents that were implied by the order of names in the branch, or directly after one of its revisions,
 * are written down too, so that the result stays as planned when files get new names.
 *
 * @param applied database name → ids it has recorded, for every database that is known
 * @returns changes in the order of the graph
 * @throws GRAPH.REBASE_APPLIED a revision that would move is applied somewhere; all are named
 * @throws GRAPH.REBASE_INVALID `onto` is in the branch or builds on it, or the branch is there already
 * @throws GRAPH.TARGET_UNKNOWN, GRAPH.TARGET_AMBIGUOUS a name that fits none or several
 *
 * @example
 * // a → b (theirs), a → x → y (mine)
 * planRebase(graph, { branch: 'y', onto: 'b' }, new Map())
 * // [{ id: 'x', from: ['a'], to: ['b'], pinned: false }]
 */
export function planRebase(
  graph: RevisionGraph,
  request: RebaseRequest,
  applied: ReadonlyMap<string, ReadonlySet<string>>,
): ParentChange[] {
  const onto = resolveRevision(graph, request.onto, `godwit rebase ${request.branch}`)
  const labelled = graph.labels.has(request.branch) && !graph.has(request.branch)
  const heads = labelled
    ? branchHeads(graph, request.branch)
    : [resolveRevision(graph, request.branch, 'godwit rebase')]
  if (heads.includes(onto) || (labelled && branchOf(graph, request.branch).includes(onto))) {
    throw invalid(`${onto} is part of the branch ${request.branch}`, 'A branch cannot follow itself.')
  }
  const base = graph.withAncestors([onto])
  const branch = new Set([...graph.withAncestors(heads)].filter(id => !base.has(id)))
  if (branch.size === 0)
    throw invalid(`${onto} already builds on ${nameList(heads)}`, 'The branch cannot follow what follows it.')
  const changes = graph.ids.flatMap(id => parentChange(graph, id, branch, onto))
  if (changes.every(change => change.pinned)) {
    throw invalid(`${nameList(heads)} already builds on ${onto}`, 'There is nothing between them that could be moved.')
  }
  refuseApplied(graph.withDescendants(branch), graph, applied)
  return changes
}

function parentChange(graph: RevisionGraph, id: string, branch: ReadonlySet<string>, onto: string): ParentChange[] {
  const from = graph.parents(id)
  const inside = from.filter(parent => branch.has(parent))
  // A parent outside the branch is an ancestor of `onto`; a parent inside already brings `onto` with it.
  const to = !branch.has(id) ? from : inside.length > 0 ? inside : [onto]
  if (to.length !== from.length || to.some((parent, index) => parent !== from[index])) {
    return [{ id, from, to, pinned: false }]
  }
  const implied = graph.get(id)?.parents === undefined && (branch.has(id) || inside.length > 0)
  return implied ? [{ id, from, to, pinned: true }] : []
}

function refuseApplied(
  moved: ReadonlySet<string>,
  graph: RevisionGraph,
  applied: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const found = [...applied]
    .map(([database, ids]) => ({ database, revisions: graph.ids.filter(id => moved.has(id) && ids.has(id)) }))
    .filter(entry => entry.revisions.length > 0)
  if (found.length === 0) return
  const where = found.map(({ database, revisions }) => `${nameList(revisions)} in ${database}`).join('; ')
  throw new GodwitError('GRAPH.REBASE_APPLIED', `the branch is applied: ${where}`, {
    why: 'A database that has run these revisions would hold another history than the files. No file was changed. A merge joins both branches without moving either.',
    next: ['godwit merge'],
    meta: { applied: found },
  })
}

function invalid(message: string, why: string): GodwitError {
  return new GodwitError('GRAPH.REBASE_INVALID', message, {
    why: `${why} No file was changed.`,
    next: ['godwit history'],
  })
}
