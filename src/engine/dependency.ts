// Dependencies between revisions of different databases while a run goes on: what is applied where, and who waits.
import { dependencyOrder } from '../core/revision/depends.ts'
import type { RevisionGraph } from '../core/revision/graph.ts'
import type { Dependency, Direction } from '../core/revision/revision.ts'
import type { EngineDatabase } from './database.ts'
import { type History, loadHistory } from './history.ts'

/** The histories of all databases, each loaded once and only when somebody asks. */
export class HistoryShelf {
  readonly #all: readonly EngineDatabase[]
  readonly #loaded = new Map<string, Promise<History>>()
  #order: readonly Dependency[] | undefined

  constructor(all: readonly EngineDatabase[]) {
    this.#all = all
  }

  /** The history of a database; when it depends on others, their histories are loaded and checked with it. */
  async checked(database: EngineDatabase): Promise<History> {
    const history = await this.#load(database)
    if (dependsOn(history.graph).size === 0) return history
    const { graphs, broken } = await this.#readable()
    if (broken.has(database.name)) throw broken.get(database.name)
    const everything = new Map([...graphs].map(([name, graph]) => [name, graph.ids]))
    this.#order ??= dependencyOrder(graphs, everything)
    return history
  }

  /** The graphs that can be read, with all they depend on; and why the others cannot. */
  async #readable(): Promise<{ graphs: Map<string, RevisionGraph>; broken: Map<string, unknown> }> {
    const graphs = new Map<string, RevisionGraph>()
    const broken = new Map<string, unknown>()
    for (const other of this.#all) {
      const loaded = await this.#load(other).catch((error: unknown) => void broken.set(other.name, error))
      if (loaded) graphs.set(other.name, loaded.graph)
    }
    for (let before = -1; before !== broken.size; ) {
      before = broken.size
      for (const [name, graph] of graphs) {
        const cause = [...dependsOn(graph)].find(needed => broken.has(needed))
        if (cause === undefined) continue
        graphs.delete(name)
        broken.set(name, broken.get(cause))
      }
    }
    return { graphs, broken }
  }

  /**
   * The given revisions of a database in an order in which no database ever waits for one that waits for it: the part
   * of one order over all databases. As given where nothing depends on anything. Call after `checked`.
   */
  arrange(database: string, ids: readonly string[], direction: Direction): readonly string[] {
    if (!this.#order) return ids
    const wanted = new Set(ids)
    const arranged = this.#order
      .filter(node => node.database === database && wanted.has(node.revision))
      .map(node => node.revision)
    return direction === 'up' ? arranged : arranged.reverse()
  }

  /** A dependency with the full id; `checked` has made sure that there is one. */
  async resolve(written: Dependency): Promise<Dependency> {
    const database = this.#all.find(other => other.name === written.database) as EngineDatabase
    const { graph } = await this.#load(database)
    const [revision] = graph.match(written.revision)
    return revision === undefined ? written : { database: written.database, revision }
  }

  /** Revisions of other databases that depend on this one. A database whose files cannot be read has none that could be undone. */
  async dependents(on: Dependency): Promise<Dependency[]> {
    const found: Dependency[] = []
    for (const other of this.#all) {
      if (other.name === on.database) continue
      const history = await this.#load(other).catch(() => undefined)
      if (!history) continue
      for (const id of history.graph.ids) {
        for (const written of history.revision(id).depends) {
          if (written.database !== on.database) continue
          if ((await this.resolve(written)).revision === on.revision) found.push({ database: other.name, revision: id })
        }
      }
    }
    return found
  }

  #load(database: EngineDatabase): Promise<History> {
    const known = this.#loaded.get(database.name)
    if (known) return known
    const loading = loadHistory(database)
    this.#loaded.set(database.name, loading)
    return loading
  }
}

/** Names of the databases that any revision depends on. */
function dependsOn(graph: RevisionGraph): Set<string> {
  const names = new Set<string>()
  for (const id of graph.ids) for (const needed of graph.get(id)!.depends) names.add(needed.database)
  return names
}

/** What is applied where, as far as this run knows, and who waits for it. */
export class Board {
  readonly #open: Set<string>
  /** Database → what is applied there. Absent: its journal was not read yet. */
  readonly #applied = new Map<string, Set<string>>()
  #waiting: (() => void)[] = []

  constructor(names: readonly string[]) {
    this.#open = new Set(names)
  }

  /** Whether it is applied; undefined while the journal of its database was not read by this run. */
  state({ database, revision }: Dependency): boolean | undefined {
    return this.#applied.get(database)?.has(revision)
  }

  /** The journal as read; what is read later replaces what was read before. */
  start(database: string, applied: readonly string[]): void {
    this.#applied.set(database, new Set(applied))
    this.#wake()
  }

  set(database: string, revision: string, applied: boolean): void {
    const known = this.#applied.get(database)
    if (applied) known?.add(revision)
    else known?.delete(revision)
    this.#wake()
  }

  end(database: string): void {
    this.#open.delete(database)
    this.#wake()
  }

  /** True when it came to be so, false when that database ended otherwise. */
  async wait(dependency: Dependency, applied: boolean): Promise<boolean> {
    while (this.state(dependency) !== applied) {
      if (!this.#open.has(dependency.database)) return false
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    return true
  }

  #wake(): void {
    const woken = this.#waiting
    this.#waiting = []
    for (const resolve of woken) resolve()
  }
}
