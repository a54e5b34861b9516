// Tables that do not take changes back when a transaction is rolled back. Only the server knows which tables are such,
// at the moment of the statement: the step's intent is written under a condition that it judges, before the transaction
// begins. Where the row is still there after a failure, the step is in doubt and not rolled back.
import type { GodwitError } from '../core/error.ts'
import type { StepRow } from '../dialect/journal.ts'
import type { Recovery } from '../dialect/recovery.ts'
import { textOf } from './decide.ts'
import type { Execution } from './execution.ts'
import { inDoubt } from './plan.ts'
import type { Unit } from './prepare.ts'

type Statements = Pick<Unit, 'statements'> | { readonly statements: readonly { readonly text: string }[] }

/** The condition for writing the intent of a transactional unit; undefined: its changes are always taken back. */
export function keptWhen(execution: Execution, { statements }: Statements): string | undefined {
  return execution.database.dialect.recovery?.keeps?.(statements.map(statement => statement.text))
}

/** After the transaction of step `number` failed and was rolled back: its intent, when something of it may stay. */
export async function keptStep(
  execution: Execution,
  revision: string,
  unit: Statements & { readonly transactional?: boolean },
  number: number,
): Promise<StepRow | undefined> {
  if (unit.transactional === false || keptWhen(execution, unit) === undefined) return undefined
  const state = await execution.database.dialect.journal.read(execution.session)
  return state.steps.find(step => step.revision === revision && step.running === number)
}

/** What the failure means then. */
export async function keptFailure(
  execution: Execution,
  step: StepRow,
  { statements }: Statements,
  cause: unknown,
): Promise<GodwitError> {
  const { dialect } = execution.database
  const recovery = dialect.recovery as Recovery
  const { evidence } = await recovery.decide(execution.session, textOf(statements), step.observed)
  return inDoubt(step, [`it failed: ${dialect.mapError(cause).message}`, ...evidence])
}
