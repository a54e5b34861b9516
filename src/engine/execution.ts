// The running state of one database's run, shared by the strategies that execute a revision.
import type { GodwitError } from '../core/error.ts'
import type { Direction } from '../core/revision/revision.ts'
import type { JournalStore, JournalWrite, StepRow } from '../dialect/journal.ts'
import type { BatchItem, Session } from '../dialect/session.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import type { HeldLease } from './lease.ts'
import type { StepResult, StepState } from './result.ts'
import type { Work } from './work.ts'

export interface Execution {
  readonly database: EngineDatabase
  readonly scope: RunScope
  readonly session: Session
  readonly lease: HeldLease
  /** Id of the run. */
  readonly run: string
  readonly direction: Direction
  /** Half-done revisions that this run goes on with. */
  readonly resume: ReadonlyMap<string, StepRow>
  /** The run was asked to stop, or lost its lease. */
  readonly stop: AbortSignal
  /** Fate of each planned revision, in the order of the plan. */
  readonly outcome: Map<string, StepResult>
}

/** Records the fate of a revision and tells it. */
export function settle(
  execution: Execution,
  revision: string,
  state: StepState,
  facts: { readonly statements: number; readonly ms: number; readonly error?: GodwitError },
): void {
  const { direction, database, scope } = execution
  execution.outcome.set(revision, { revision, direction, state, statements: facts.statements, ms: facts.ms })
  const base = { database: database.name, revision, direction, ms: facts.ms }
  if (facts.error) {
    const failed = state as 'rolled-back' | 'partial' | 'in-doubt'
    scope.emit({ type: 'revision-failed', ...base, state: failed, error: facts.error })
  } else {
    scope.emit({ type: 'revision-end', ...base, state: state as 'applied' | 'undone' })
  }
}

/** Journal writes as items of a batch. Only the strategies of stores with SQL ask for them, and those can render. */
export function journalItems(execution: Execution, writes: readonly JournalWrite[]): BatchItem[] {
  const render = execution.database.dialect.journal.render as NonNullable<JournalStore['render']>
  return render(execution.lease.fence, writes)
}

/** The journal writes that say that a whole revision is done. */
export function doneWrites(execution: Execution, work: Work, startedAtMs: number): JournalWrite[] {
  const { revision } = work
  if (execution.direction === 'down') return [{ type: 'undone', id: revision.id }]
  return [appliedWrite(execution, work, startedAtMs), { type: 'step-end', revision: revision.id }]
}

function appliedWrite(execution: Execution, work: Work, startedAtMs: number): JournalWrite {
  const { revision } = work
  return {
    type: 'applied',
    id: revision.id,
    checksum: revision.checksum,
    fileHash: revision.fileHash,
    source: revision.source,
    startedAtMs,
    statements: work.kind === 'sql' ? work.prepared.statements.length : 0,
    kind: 'applied',
    appliedBy: execution.scope.operator.by,
    tool: execution.scope.operator.tool,
    run: execution.run,
  }
}

export const doneState = (direction: Direction): 'applied' | 'undone' => (direction === 'up' ? 'applied' : 'undone')
