// What became of a step that was begun and never recorded as ended: its text comes from the revision's file, the
// verdict from the store's catalog. A file that is gone or edited is refused; nothing is ever guessed.
import type { JournalWrite, StepRow } from '../dialect/journal.ts'
import type { Recovery, Verdict } from '../dialect/recovery.ts'
import type { Session } from '../dialect/session.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { chainHashes, refuseEdited } from './chain.ts'
import type { History } from './history.ts'
import { knownError } from './known-error.ts'
import { inDoubt } from './plan.ts'
import { prepareWork, type Work } from './work.ts'

export interface Decision {
  readonly step: StepRow
  readonly verdict: Verdict
  /** What the journal is to say then; nothing while the verdict is `unknown`. */
  readonly writes: readonly JournalWrite[]
}

/**
 * The texts of a step in doubt and the chain of its revision. Undefined: the revision is code, whose texts are known
 * when it runs.
 *
 * @throws GodwitError JOURNAL.STEP_IN_DOUBT without its file, JOURNAL.PARTIAL_EDITED
 */
export async function textOfStep(
  database: EngineDatabase,
  history: History,
  step: StepRow,
): Promise<{ readonly text: string; readonly chain: readonly string[] } | undefined> {
  if (!history.graph.has(step.revision)) throw inDoubt(step, ['the file of the revision is gone'])
  if (history.revision(step.revision).body().kind === 'code') return undefined
  const [work] = await prepareWork(database.dialect, history, [step.revision], step.direction).catch(
    (cause: unknown) => {
      throw inDoubt(step, [knownError(database.dialect, cause).message])
    },
  )
  const { revision, prepared } = work as Extract<Work, { kind: 'sql' }>
  const { units } = prepared
  const chain = chainHashes(units)
  refuseEdited(revision, step, chain)
  const unit = units[(step.running as number) - 1]
  if (!unit) throw inDoubt(step, ['the file of the revision has fewer steps now'])
  return { text: textOf(unit.statements), chain }
}

/** The statements of a unit as `Recovery` gets them. */
export function textOf(statements: readonly { readonly text: string }[]): string {
  return statements.map(statement => statement.text).join(';\n')
}

/** Asks the store. `chain`: the hashes of the steps in order, as far as they are known. */
export async function decideStep(
  recovery: Recovery,
  session: Session,
  step: StepRow,
  text: string,
  chain: readonly string[],
): Promise<Decision> {
  const verdict = await recovery.decide(session, text, step.observed)
  return { step, verdict, writes: verdictWrites(step, verdict, chain) }
}

function verdictWrites(step: StepRow, verdict: Verdict, chain: readonly string[]): JournalWrite[] {
  if (verdict.outcome === 'unknown') return []
  const { revision, direction, total, error } = step
  const done = verdict.outcome === 'done' ? (step.running as number) : step.done
  const hash = chain[done - 1]
  const hashes = hash === undefined ? [] : [hash]
  return [{ type: 'step', step: { revision, direction, done, running: null, total, hashes, error } }]
}

/** Tells people what was decided; `unknown` has an error for that. */
export function tellVerdict(
  database: EngineDatabase,
  scope: Pick<RunScope, 'emit'>,
  step: StepRow,
  { outcome, evidence }: Verdict,
): void {
  const { revision, running } = step
  const told = { step: running as number, outcome: outcome as Exclude<typeof outcome, 'unknown'>, evidence }
  scope.emit({ type: 'recovered', database: database.name, revision, ...told })
}
