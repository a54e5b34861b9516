// Dependencies of a revision on revisions of other databases: whether they exist, whether they can be met,
// and in which order revisions of several databases may run.
import type { RevisionGraph } from './graph.ts'
import { type Problem, throwProblems } from './problem.ts'
import type { Dependency, Revision } from './revision.ts'
import { findCycles, topologicalOrder } from './topology.ts'
import { didYouMean, nameList, suggestNames } from './wording.ts'

export interface PendingRevision extends Dependency {
  /** Pending revisions of other databases that must be applied before this one. */
  readonly after: readonly Dependency[]
}

/**
 * Checks what all revisions say they depend on. A dependency may be written with a unique beginning of its id, like a
 * parent. All faults are looked for; the first is thrown with the others in `meta.others`.
 *
 * @param graphs database name → its history
 * @throws GRAPH.DEPENDENCY_UNKNOWN no such database or revision, several that fit, or one of the same database
 * @throws GRAPH.CYCLE revisions of several databases that wait for each other
 */
export function checkDependencies(graphs: ReadonlyMap<string, RevisionGraph>): void {
  const problems: Problem[] = []
  const nodes = nodesOf(graphs, database => graphs.get(database)!.ids)
  const { before } = edgesOf(graphs, nodes, problem => problems.push(problem))
  for (const cycle of findCycles(before, nodes.keys())) problems.push(cycleProblem(cycle.map(at => nodes[at]!)))
  throwProblems(problems)
}

/**
 * An order in which the pending revisions of all databases can run, and for each which pending ones of other databases
 * must be applied before it. Dependencies that are not pending are taken as applied.
 *
 * Within one database the result may differ from the order given, where only that meets all dependencies; parents
 * still come first. The applied revisions put in and the result turned round give the order of going down.
 *
 * @param pendingByDatabase database name → pending ids, parents first
 * @throws GRAPH.DEPENDENCY_UNKNOWN as `checkDependencies`
 * @throws GRAPH.CYCLE as `checkDependencies`
 */
export function dependencyOrder(
  graphs: ReadonlyMap<string, RevisionGraph>,
  pendingByDatabase: ReadonlyMap<string, readonly string[]>,
): PendingRevision[] {
  checkDependencies(graphs)
  const nodes = nodesOf(graphs, database => pendingByDatabase.get(database) ?? [])
  const { before, after } = edgesOf(graphs, nodes, undefined)
  return topologicalOrder(before).map(at => ({ ...nodes[at]!, after: after[at]! }))
}

function nodesOf(
  graphs: ReadonlyMap<string, RevisionGraph>,
  idsOf: (database: string) => readonly string[],
): Dependency[] {
  return [...graphs.keys()].flatMap(database => idsOf(database).map(revision => ({ database, revision })))
}

function edgesOf(
  graphs: ReadonlyMap<string, RevisionGraph>,
  nodes: readonly Dependency[],
  report: ((problem: Problem) => void) | undefined,
): { before: number[][]; after: Dependency[][] } {
  const places = new Map<string, Map<string, number>>()
  for (const database of graphs.keys()) places.set(database, new Map())
  for (const [at, { database, revision }] of nodes.entries()) places.get(database)!.set(revision, at)
  const before: number[][] = []
  const after: Dependency[][] = []
  for (const { database, revision: id } of nodes) {
    const graph = graphs.get(database)!
    const first: number[] = []
    const waits: Dependency[] = []
    const add = (other: Dependency): boolean => {
      const place = places.get(other.database)!.get(other.revision)
      if (place === undefined || first.includes(place)) return false
      first.push(place)
      return true
    }
    for (const parent of graph.parents(id)) add({ database, revision: parent })
    const revision = graph.get(id)!
    for (const dependency of revision.depends) {
      const found = graphs.get(dependency.database)?.match(dependency.revision) ?? []
      if (found.length !== 1 || dependency.database === database) {
        report?.(dependencyUnknown(graphs, database, revision, dependency, found))
        continue
      }
      const other = { database: dependency.database, revision: found[0]! }
      if (add(other)) waits.push(other)
    }
    before.push(first)
    after.push(waits)
  }
  return { before, after }
}

function dependencyUnknown(
  graphs: ReadonlyMap<string, RevisionGraph>,
  database: string,
  revision: Revision,
  dependency: Dependency,
  found: readonly string[],
): Problem {
  const text = `${dependency.database}:${dependency.revision}`
  const graph = graphs.get(dependency.database)
  const [fault, suggestions] = !graph
    ? [`but there is no database ${dependency.database}`, suggestNames(dependency.database, graphs.keys())]
    : dependency.database === database
      ? ['which is of its own database', []]
      : found.length > 0
        ? [`which can be ${nameList(found)}`, found]
        : ['which does not exist', suggestNames(dependency.revision, graph.ids)]
  const advice =
    dependency.database === database
      ? 'Within one database a revision names its parent.'
      : found.length > 0
        ? 'Write the revision out in full.'
        : didYouMean(graph ? suggestions.map(id => `${dependency.database}:${id}`) : suggestions)
  return {
    code: 'GRAPH.DEPENDENCY_UNKNOWN',
    message: `revision ${revision.id} of ${database} depends on ${text}, ${fault}`,
    details: {
      why: ['No revision was run.', advice].filter(sentence => sentence !== undefined).join(' '),
      next: ['godwit verify'],
      ...(revision.file === undefined ? {} : { where: { file: revision.file } }),
      meta: { database, revision: revision.id, dependency: text, suggestions },
    },
  }
}

function cycleProblem(cycle: readonly Dependency[]): Problem {
  const names = cycle.map(({ database, revision }) => `${database}:${revision}`)
  return {
    code: 'GRAPH.CYCLE',
    message: `revisions of several databases wait for each other: ${[...names, names[0]].join(' → ')}`,
    details: {
      why: 'Each of them waits for another, so none can be first. No revision was run.',
      next: ['godwit verify'],
      meta: { cycle: names },
    },
  }
}
