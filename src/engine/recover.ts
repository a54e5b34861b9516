// What an earlier run left, settled under the lock before anything is planned: connections that are still at work, and
// steps that were begun and never recorded as ended. Steps of code are settled when the code runs and their texts are known.
import type { JournalState, JournalWrite, StepRow } from '../dialect/journal.ts'
import type { Recovery } from '../dialect/recovery.ts'
import { decideStep, tellVerdict, textOfStep } from './decide.ts'
import type { History } from './history.ts'
import type { HeldLease } from './lease.ts'
import { inDoubt } from './plan.ts'
import { formerConnections, outlive, type SurvivorWait } from './survivor.ts'

export interface Recovering extends SurvivorWait {
  readonly lease: HeldLease
  readonly history: History
}

/** The journal as it stands after recovery; the run goes on from it. @throws LOCK.SURVIVOR JOURNAL.* */
export async function recover(recovering: Recovering, found: JournalState): Promise<JournalState> {
  const { database, session, lease } = recovering
  const { recovery, journal } = database.dialect
  if (!recovery) return found
  const former = formerConnections(found, lease.previous)
  for (const connection of former) await outlive(recovering, connection)
  // While one was at work its step may have been recorded.
  const settled = former.length === 0 ? found : await journal.read(session)
  const doubts = settled.steps.filter(step => step.running !== null)
  const decided: boolean[] = []
  for (const step of doubts) decided.push(await settleStep(recovering, recovery, step))
  return decided.includes(true) ? journal.read(session) : settled
}

/** False: nothing was written. @throws JOURNAL.STEP_IN_DOUBT JOURNAL.PARTIAL_EDITED */
async function settleStep(recovering: Recovering, recovery: Recovery, step: StepRow): Promise<boolean> {
  const { database, session, lease, history, scope } = recovering
  const known = await textOfStep(database, history, step)
  if (!known) return false
  const { verdict, writes } = await decideStep(recovery, session, step, known.text, known.chain)
  if (writes.length === 0) throw inDoubt(step, verdict.evidence)
  await database.dialect.journal.write(session, lease.fence, writes as JournalWrite[])
  tellVerdict(database, scope, step, verdict)
  return true
}

/** A begun step that may stay so in a plan: its own execution settles it. */
export function settlesItself(database: Recovering['database'], history: History): (step: StepRow) => boolean {
  const { dialect } = database
  if (dialect.capabilities.idempotentOperations) return () => true
  if (!dialect.recovery) return () => false
  return ({ revision }) => history.graph.has(revision) && history.revision(revision).body().kind === 'code'
}
