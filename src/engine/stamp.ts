// Recording revisions as applied, or as not applied, without running them.
import { currentHeads, upPath } from '../core/revision/path.ts'
import { resolveTarget } from '../core/revision/target.ts'
import type { JournalWrite } from '../dialect/journal.ts'
import { refuseForeign } from './other-project.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { loadHistory } from './history.ts'
import { changeJournal } from './locked.ts'
import { refusePartial } from './plan.ts'
import type { DatabaseResult, StepResult } from './result.ts'
import { knownError } from './known-error.ts'

/** Afterwards exactly the target and its ancestors are recorded as applied. `base`: nothing is. */
export async function stampDatabase(
  database: EngineDatabase,
  target: string,
  scope: RunScope,
): Promise<DatabaseResult> {
  const { dialect } = database
  const base = { name: database.name, dialect: dialect.name, url: dialect.target, dryRun: false, report: null }
  try {
    const history = await loadHistory(database)
    const { graph } = history
    // Against an empty journal, so that `+1` counts from the base and the answer does not depend on what is recorded.
    const nothing = new Set<string>()
    const wanted = target === 'base' ? [] : upPath(graph, nothing, resolveTarget(graph, nothing, target, 'up'))
    return await changeJournal(database, scope, 'stamp', async ({ journal, run }) => {
      refuseForeign(graph, journal)
      refusePartial(journal)
      const applied = new Set(journal.applied.map(row => row.id))
      const keep = new Set(wanted)
      const added = wanted.filter(id => !applied.has(id))
      const removed = [...applied].filter(id => !keep.has(id)).reverse()
      const writes: JournalWrite[] = [
        ...removed.map(id => ({ type: 'undone', id }) as const),
        ...added.map(id => {
          const { checksum, fileHash, source } = history.revision(id)
          const facts = { id, checksum, fileHash, source, startedAtMs: Date.now(), statements: 0, run }
          return {
            type: 'applied',
            ...facts,
            kind: 'stamped',
            appliedBy: scope.operator.by,
            tool: scope.operator.tool,
          } as const
        }),
      ]
      const step = (revision: string, direction: 'up' | 'down'): StepResult => ({
        revision,
        direction,
        statements: 0,
        ms: 0,
        state: 'stamped',
      })
      const steps = [...removed.map(id => step(id, 'down')), ...added.map(id => step(id, 'up'))]
      const heads = { from: currentHeads(graph, applied), to: currentHeads(graph, keep) }
      return { writes, result: { ...base, ok: true, ...heads, steps, verified: true } }
    })
  } catch (cause) {
    const error = knownError(dialect, cause)
    return { ...base, ok: false, from: [], to: [], steps: [], verified: false, error }
  }
}
