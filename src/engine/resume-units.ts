// Where a half-done SQL revision goes on. What its session had is made again, or the resume is refused; what the
// interrupted attempt of the next statement left is removed, before anything of the rest is sent.
import { GodwitError } from '../core/error.ts'
import type { StepRow } from '../dialect/journal.ts'
import type { Recovery } from '../dialect/recovery.ts'
import { BatchFailure, type BatchItem } from '../dialect/session.ts'
import { refuseEdited } from './chain.ts'
import { decideStep, tellVerdict } from './decide.ts'
import { batchSettings, type SqlWork } from './execute-atomic.ts'
import { type Execution, settle } from './execution.ts'
import { revisionFailure } from './failure.ts'
import type { PreparedStatement, Unit } from './prepare.ts'

export interface ResumePoint {
  /** Units that are done. */
  readonly from: number
  /** What units before `from` set for their session has still to be set in this one. */
  readonly resumes: boolean
}

/** @throws JOURNAL.PARTIAL_EDITED JOURNAL.PARTIAL and, settled, what removing a leftover failed with */
export async function resumeUnits(
  execution: Execution,
  work: SqlWork,
  resume: StepRow,
  chain: readonly string[],
): Promise<ResumePoint> {
  const { recovery } = execution.database.dialect
  const { units } = work.prepared
  refuseEdited(work.revision, resume, chain)
  refuseSessionBound(execution, work, resume)
  const next = units[resume.done]
  const statement = next?.transactional === false ? next.statements[0] : undefined
  if (!recovery?.cleanUp || !statement) return { from: resume.done, resumes: true }
  const removed = await settling(execution, work, resume.done, statement, async () => {
    // Names without a schema are looked up as the statement itself will look them up.
    await execution.session.sql?.run(sessionItems(work, units.slice(0, resume.done)))
    return removeLeftover(execution, resume, statement, chain)
  })
  return { from: resume.done + removed, resumes: false }
}

/** The statement of a unit that would pass over what somebody's unfinished attempt left. */
export function passingOver(execution: Execution, unit: Unit): PreparedStatement | undefined {
  const [statement] = unit.transactional ? [] : unit.statements
  return statement && execution.database.dialect.recovery?.passesOver?.(statement.text) ? statement : undefined
}

/** What fails while a leftover is removed ends the revision where it is. @throws GodwitError, settled */
export async function settling<Result>(
  execution: Execution,
  work: SqlWork,
  done: number,
  statement: PreparedStatement,
  remove: () => Promise<Result>,
  record?: (failure: GodwitError) => Promise<void>,
): Promise<Result> {
  try {
    return await remove()
  } catch (cause) {
    await execution.session.sql?.rollback()
    const state = done === 0 ? 'rolled-back' : 'partial'
    const error = revisionFailure(execution, cause instanceof BatchFailure ? cause.cause : cause, {
      revision: work.revision.id,
      state,
      where: statement.locate(undefined),
      done,
      total: work.prepared.units.length,
    })
    await record?.(error)
    settle(execution, work.revision.id, state, { statements: done, ms: 0, error })
    throw error
  }
}

function sessionItems(work: SqlWork, units: readonly Unit[]): BatchItem[] {
  const settings = batchSettings(work.options)
  return [...(settings ? [{ kind: 'settings', settings } as const] : []), ...replayed(units).map(asItem)]
}

const asItem = ({ text }: PreparedStatement): BatchItem => ({ kind: 'statement', sql: text, alone: true })

/** What statements of done units set for their session: it was lost with the session that stopped. */
export function replayed(units: readonly Unit[]): PreparedStatement[] {
  return units.flatMap(unit =>
    unit.transactional ? [] : unit.statements.filter(({ class: { kind } }) => kind === 'session'),
  )
}

/** 1 when removing it completed the step, else 0. */
export async function removeLeftover(
  execution: Execution,
  resume: StepRow,
  statement: { readonly text: string },
  chain: readonly string[],
): Promise<0 | 1> {
  const { database, scope, session, lease } = execution
  const { recovery, journal } = database.dialect
  const step = { ...resume, running: resume.done + 1 }
  if (!(await tellRemoved(execution, step.revision, step.running, statement))) return 0
  // Some leftovers can only be completed, and are the statement's whole effect then.
  const { verdict, writes } = await decideStep(recovery as Recovery, session, step, statement.text, chain)
  if (verdict.outcome !== 'done') return 0
  await journal.write(session, lease.fence, writes)
  tellVerdict(database, scope, step, verdict)
  return 1
}

/** Removes what an unfinished attempt of a step left, and tells it. True: something was removed. */
export async function tellRemoved(
  { database, scope, session }: Execution,
  revision: string,
  step: number,
  { text }: { readonly text: string },
): Promise<boolean> {
  const evidence = (await database.dialect.recovery?.cleanUp?.(session, text)) ?? []
  if (evidence.length === 0) return false
  scope.emit({ type: 'recovered', database: database.name, revision, step, outcome: 'cleaned', evidence })
  return true
}

/** @throws JOURNAL.PARTIAL for a done step whose effect lived in the session of the run that stopped */
function refuseSessionBound(execution: Execution, work: SqlWork, resume: StepRow): void {
  const { recovery } = execution.database.dialect
  for (const [index, unit] of work.prepared.units.slice(0, resume.done).entries()) {
    for (const statement of unit.statements) {
      const made = recovery?.sessionBound?.(statement.text)
      if (made === undefined) continue
      throw new GodwitError(
        'JOURNAL.PARTIAL',
        `${work.revision.id} made ${made} in step ${index + 1}, which was lost with the session of the run that stopped`,
        {
          why: 'The steps that are left may need it, and making it again would not bring back what was in it. Nothing was changed now.',
          next: ['undo the done steps by hand, then: godwit repair --restart'],
          where: statement.locate(undefined),
          meta: { revision: work.revision.id, done: resume.done, total: resume.total, step: index + 1 },
        },
      )
    }
  }
}
