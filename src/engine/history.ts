// The revisions of one database as a checked graph.
import { GodwitError } from '../core/error.ts'
import { checkSequence } from '../core/file/name.ts'
import { buildGraph, type RevisionGraph } from '../core/revision/graph.ts'
import type { Revision } from '../core/revision/revision.ts'
import type { EngineDatabase } from './database.ts'

export interface History {
  readonly graph: RevisionGraph
  /** Of an id that is in the graph. */
  revision(id: string): Revision
}

/** @throws FILE.* GRAPH.* */
export async function loadHistory(database: EngineDatabase): Promise<History> {
  const revisions = await database.source.load(database.dialect.sql?.lexical)
  if (database.strictSequence) checkSequence(revisions)
  const graph = buildGraph(revisions)
  return {
    graph,
    revision(id) {
      const revision = graph.get(id)
      if (!revision) throw new GodwitError('INTERNAL.BUG', `revision ${id} is not in the graph it was taken from`)
      return revision
    },
  }
}
