// Carries out a plan: chooses the strategy of each revision, calls the hooks, waits for other databases.
import { GodwitError } from '../core/error.ts'
import { executeAtomic, type SqlWork } from './execute-atomic.ts'
import { executeCode } from './execute-code.ts'
import { executeUnits } from './execute-units.ts'
import { doneState, type Execution } from './execution.ts'
import type { HookContext } from './hook.ts'
import { refuseAborted } from './lease.ts'
import type { RunPlan } from './plan.ts'
import type { StepResult } from './result.ts'
import type { Work } from './work.ts'

/** Called before each revision; resolves when what it depends on is there. */
export type DependencyGate = (work: Work) => Promise<void>

/** What may share one message: so many revisions, so many characters of SQL. */
const PIPELINE_REVISIONS = 64
const PIPELINE_TEXT = 262_144

/** @throws GodwitError of the first revision that failed; everything is settled in `execution.outcome` */
export async function executePlan(
  execution: Execution,
  plan: RunPlan,
  works: readonly Work[],
  gate: DependencyGate,
): Promise<void> {
  const { hooks } = execution.scope
  const single = hooks.beforeRevision !== undefined || hooks.afterRevision !== undefined
  for (let at = 0; at < works.length; ) {
    refuseAborted(execution.stop)
    const work = works[at] as Work
    await gate(work)
    // The gate may have waited for long.
    refuseAborted(execution.stop)
    await execution.lease.renewIfDue()
    const batch = single ? [work] : pipeline(execution, works, at)
    await beforeRevision(execution, work)
    if (work.kind === 'code') await executeCode(execution, work, plan.resume.get(work.revision.id))
    else if (work.prepared.atomic) await executeAtomic(execution, batch as SqlWork[])
    else await executeUnits(execution, work, plan.resume.get(work.revision.id))
    await afterRevision(execution, work)
    at += batch.length
  }
}

/** Works from `at` on that can travel in one message: all atomic, none waiting for another database. Going down, any may wait. */
function pipeline(execution: Execution, works: readonly Work[], at: number): Work[] {
  const first = works[at] as Work
  const batch = [first]
  const fits = (work: Work): work is SqlWork => work.kind === 'sql' && work.prepared.atomic
  const { pipelined } = execution.database.dialect.capabilities
  if (!pipelined || execution.scope.live || execution.direction === 'down' || !fits(first)) return batch
  let size = textSize(first)
  for (const work of works.slice(at + 1, at + PIPELINE_REVISIONS)) {
    if (!fits(work) || work.revision.depends.length > 0) break
    size += textSize(work)
    if (size > PIPELINE_TEXT) break
    batch.push(work)
  }
  return batch
}

const textSize = (work: SqlWork) => work.prepared.statements.reduce((sum, statement) => sum + statement.text.length, 0)

export function hookContext(execution: Execution): HookContext {
  const { database, session, direction, stop } = execution
  return { database: database.name, dialect: database.dialect.name, direction, client: session.client, signal: stop }
}

async function beforeRevision(execution: Execution, work: Work): Promise<void> {
  const { beforeRevision: hook } = execution.scope.hooks
  if (hook)
    await callHook(
      'beforeRevision',
      () => hook({ ...hookContext(execution), revision: work.revision.id }),
      `${work.revision.id} was not started.`,
    )
}

async function afterRevision(execution: Execution, work: Work): Promise<void> {
  const { afterRevision: hook } = execution.scope.hooks
  const { id } = work.revision
  const { ms } = execution.outcome.get(id) as StepResult
  if (hook) {
    await callHook(
      'afterRevision',
      () => hook({ ...hookContext(execution), revision: id, ms }),
      `${id} is ${doneState(execution.direction)} and stays so.`,
    )
  }
}

/** @throws RUN.HOOK_FAILED */
export async function callHook(name: string, call: () => unknown, fate: string): Promise<void> {
  try {
    await call()
  } catch (error) {
    throw new GodwitError(
      'RUN.HOOK_FAILED',
      `the hook ${name} failed: ${error instanceof Error ? error.message : String(error)}`,
      {
        why: `${fate} The run stopped there.`,
        next: ['mend the hook', 'godwit status'],
        cause: error,
      },
    )
  }
}
