// Several databases in one run: each fails on its own, the others go on. A revision that depends on one of another
// database waits for it; where it cannot come, the waiting database stops and says which one is missing.
import { GodwitError } from '../core/error.ts'
import type { Dependency, Direction } from '../core/revision/revision.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { Board, HistoryShelf } from './dependency.ts'
import { checkReadable } from './plan.ts'
import type { DatabaseResult, RunResult } from './result.ts'
import { type RunRequest, runDatabase } from './run.ts'
import { withReader } from './status.ts'
import type { Work } from './work.ts'

export interface CoordinateOptions extends RunRequest {
  readonly command: string
  readonly parallel: boolean
  /** Every configured database: a dependency may be on one that is not part of this run. */
  readonly all: readonly EngineDatabase[]
}

export async function runDatabases(
  selected: readonly EngineDatabase[],
  options: CoordinateOptions,
  scope: RunScope,
): Promise<RunResult> {
  const turns = turnstile(options.parallel ? selected.length : 1)
  const up = options.direction === 'up'
  const histories = new HistoryShelf(options.all)
  const board = new Board(selected.map(database => database.name))
  const observed: RunScope = {
    ...scope,
    emit(event) {
      if (event.type === 'revision-end' && event.state !== 'tried') board.set(event.database, event.revision, up)
      scope.emit(event)
    },
  }
  const databases = await Promise.all(
    selected.map(async database => {
      await turns.enter()
      try {
        return await runDatabase(database, options, observed, {
          history: () => histories.checked(database),
          arrange: ids => histories.arrange(database.name, ids, options.direction),
          started: journal =>
            board.start(
              database.name,
              journal.applied.map(row => row.id),
            ),
          gate: async work => {
            for (const need of await needs(histories, database.name, work, options.direction)) {
              if (board.state(need) === up) continue
              scope.emit({
                type: 'waiting-for',
                database: database.name,
                revision: work.revision.id,
                depends: [nameOf(need)],
              })
              // The other database may need this one's turn to get there.
              turns.leave()
              try {
                await waitFor(board, need, options, work.revision.id)
              } finally {
                await turns.enter()
              }
            }
          },
        })
      } finally {
        board.end(database.name)
        turns.leave()
      }
    }),
  )
  return { ...summary(databases), command: options.command, databases }
}

function summary(databases: readonly DatabaseResult[]): { ok: boolean; error?: GodwitError } {
  const failed = databases.filter(database => !database.ok)
  const [first] = failed
  if (!first?.error) return { ok: true }
  if (databases.length === 1) return { ok: false, error: first.error }
  const fine = databases.filter(database => database.ok).map(database => database.name)
  const why = failed.map(database => `${database.name}: ${database.error?.message}`).join('; ')
  return {
    ok: false,
    error: new GodwitError(
      'RUN.DATABASES_FAILED',
      `${failed.length} of ${databases.length} databases failed: ${failed.map(database => database.name).join(', ')}`,
      {
        why: `${why}. Done without failure: ${fine.join(', ') || 'none'}.`,
        next: failed.map(database => `godwit status --database ${database.name}`),
        meta: { failed: failed.map(database => ({ name: database.name, code: database.error?.code })) },
      },
    ),
  }
}

const nameOf = (dependency: Dependency) => `${dependency.database}:${dependency.revision}`

/** Up: what must be applied before. Down: what must be undone before. */
async function needs(
  histories: HistoryShelf,
  database: string,
  work: Work,
  direction: Direction,
): Promise<Dependency[]> {
  const { id, depends } = work.revision
  if (direction === 'down') return histories.dependents({ database, revision: id })
  return Promise.all(depends.map(written => histories.resolve(written)))
}

/** @throws GRAPH.DEPENDENCY_PENDING */
async function waitFor(board: Board, need: Dependency, options: CoordinateOptions, revision: string): Promise<void> {
  const up = options.direction === 'up'
  const other = options.all.find(database => database.name === need.database) as EngineDatabase
  // A database that ended otherwise, or is no part of this run, is asked itself: another runner may have been there.
  const met = (await board.wait(need, up)) || (await isApplied(other, need.revision)) === up
  if (met) return
  const name = nameOf(need)
  throw new GodwitError(
    'GRAPH.DEPENDENCY_PENDING',
    up ? `${revision} depends on ${name}, which is not applied` : `${name} depends on ${revision} and is still applied`,
    {
      why: `What this run did before ${revision} stays; ${revision} and those after it were not run.`,
      next: up
        ? [`godwit up ${need.revision} --database ${need.database}`, 'godwit up']
        : [`godwit down --database ${need.database}`, 'godwit down'],
      meta: { revision, depends: name },
    },
  )
}

async function isApplied(database: EngineDatabase, revision: string): Promise<boolean> {
  return withReader(database, new AbortController().signal, async session => {
    const journal = await database.dialect.journal.read(session)
    checkReadable(journal)
    return journal.applied.some(row => row.id === revision)
  })
}

/** At most `places` inside at a time, in order of arrival. */
function turnstile(places: number): { enter(): Promise<void>; leave(): void } {
  let free = places
  const queue: (() => void)[] = []
  return {
    async enter() {
      if (free > 0) free--
      else await new Promise<void>(resolve => queue.push(resolve))
    },
    leave() {
      const next = queue.shift()
      if (next) next()
      else free++
    },
  }
}
