// What a merge revision must name as its parents so that branches become one history again.
import { GodwitError } from '../error.ts'
import type { RevisionGraph } from './graph.ts'
import { resolveRevision } from './target.ts'
import { nameList } from './wording.ts'

export interface MergePlan {
  /** Full ids for the header of the merge revision. */
  readonly parents: readonly string[]
  /** Heads that stay beside the merge, because other heads than all of them were asked for. */
  readonly remaining: readonly string[]
}

/**
 * Plans a merge of all heads, or of the given revisions (ids or unique short names).
 *
 * @throws GRAPH.MERGE_NEEDLESS one head or none, fewer than two different revisions, or one that contains another
 * @throws GRAPH.TARGET_UNKNOWN, GRAPH.TARGET_AMBIGUOUS a name that fits none or several
 *
 * @example
 * planMerge(graph) // { parents: ['20261119_users', '20261120_bills'], remaining: [] }
 */
export function planMerge(graph: RevisionGraph, heads?: readonly string[]): MergePlan {
  if (heads === undefined) {
    if (graph.heads.length < 2) throw oneHead(graph)
    return { parents: graph.heads, remaining: [] }
  }
  const chosen = new Set(heads.map(text => resolveRevision(graph, text, 'godwit show')))
  const parents = graph.ids.filter(id => chosen.has(id))
  if (parents.length < 2) {
    throw graph.heads.length < 2 ? oneHead(graph) : needless('a merge needs two different revisions', graph.heads)
  }
  const merged = graph.withAncestors(parents)
  const inner = parents.find(id => parents.some(other => graph.isAncestor(id, other)))
  if (inner !== undefined) {
    const outer = parents.find(other => graph.isAncestor(inner, other))
    throw needless(`${outer} already contains ${inner}`, graph.heads)
  }
  return { parents, remaining: graph.heads.filter(id => !merged.has(id)) }
}

function oneHead(graph: RevisionGraph): GodwitError {
  const [head] = graph.heads
  return needless(head === undefined ? 'there is no revision yet' : `the history has one head, ${head}`, graph.heads)
}

function needless(message: string, heads: readonly string[]): GodwitError {
  const several = heads.length > 1
  return new GodwitError('GRAPH.MERGE_NEEDLESS', message, {
    why: several ? `No file was written. The heads are ${nameList(heads)}.` : 'No file was written.',
    next: [several ? 'godwit merge' : 'godwit history'],
    meta: { heads },
  })
}
