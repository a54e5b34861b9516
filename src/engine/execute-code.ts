// Code revisions: in one transaction where the store can, else step by step with the journal beside them.
import type { StepRow } from '../dialect/journal.ts'
import type { CodeStep } from './code-context.ts'
import { codeFailure, type CodeWork, contextFor, runUser } from './code-run.ts'
import { batchSettings } from './execute-atomic.ts'
import { runSteps } from './execute-code-steps.ts'
import { doneState, doneWrites, type Execution, journalItems, settle } from './execution.ts'
import { leaseLost, refuseAborted } from './lease.ts'
import { judgeLoss, settleAfterLoss } from './reconnect.ts'
import { watchLocks } from './watch.ts'

/** @throws GodwitError after settling the revision */
export async function executeCode(execution: Execution, work: CodeWork, resume: StepRow | undefined): Promise<void> {
  const { scope, database, direction } = execution
  const began = Date.now()
  const id = work.revision.id
  const resumed = resume === undefined ? {} : { resumedAt: resume.done }
  scope.emit({ type: 'revision-start', database: database.name, revision: id, direction, statements: 0, ...resumed })
  const atomic = database.dialect.capabilities.transactionalDdl && work.options.transaction === 'on'
  const steps = atomic ? await runAtomic(execution, work, began) : await runSteps(execution, work, resume, began)
  settle(execution, id, doneState(direction), { statements: steps, ms: Date.now() - began })
}

/** Code that failed by itself was never followed by its COMMIT. */
const noCommit = { texts: [], chain: [], uncommitted: true } as const

async function runAtomic(execution: Execution, work: CodeWork, began: number): Promise<number> {
  const { database, session } = execution
  const sql = session.sql
  let steps = 0
  const item = { revision: work.revision.id, lockTimeoutMs: work.options.lockTimeoutMs }
  const watch = watchLocks(execution, item)
  const step: CodeStep = async (_, effect) => {
    refuseAborted(execution.stop)
    watch.next(item)
    steps++
    return effect(false)
  }
  const settings = batchSettings(work.options)
  try {
    // What the code will do is not known before; the session refuses a DROP TABLE that would take child rows with it.
    await sql?.run([{ kind: 'begin', ...(settings ? { settings } : {}), hint: { rebuildsTables: false } }])
    await runUser(work, contextFor(execution, work, step, true), execution.stop)
    // Code that never looked up must not be committed after "stopping: rolling back" was said.
    refuseAborted(execution.stop)
    const journal = journalItems(execution, doneWrites(execution, work, began))
    await sql?.run([{ kind: 'reset' }, ...journal, { kind: 'commit' }], {
      done: () => undefined,
      notice: message =>
        execution.scope.emit({ type: 'log', database: database.name, revision: work.revision.id, message }),
    })
    await watch.end()
    return steps
  } catch (error) {
    const waited = await watch.end()
    const { cause, lost } = await judgeLoss(execution, error)
    if (lost) throw await settleAfterLoss(execution, [work], lost, undefined, lost === error ? undefined : noCommit)
    await sql?.rollback()
    const fenced = database.dialect.journal.isFenceViolation(cause)
    const failure = codeFailure(execution, work, fenced ? leaseLost(cause) : cause, 'rolled-back', 0, waited)
    settle(execution, work.revision.id, 'rolled-back', { statements: 0, ms: Date.now() - began, error: failure })
    throw failure
  }
}
