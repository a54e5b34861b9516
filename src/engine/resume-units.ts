// Where a half-done SQL revision goes on. What its session had is made again, or the resume is refused; what the
// interrupted attempt of the next statement left is removed, before anything of the rest is sent.
import { GodwitError } from '../core/error.ts'
import type { StepRow } from '../dialect/journal.ts'
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
  try {
    // Names without a schema are looked up as the statement itself will look them up.
    await execution.session.sql?.run(sessionItems(work, units.slice(0, resume.done)))
    return { from: resume.done + (await removeLeftover(execution, resume, statement, chain)), resumes: false }
  } catch (cause) {
    await execution.session.sql?.rollback()
    const state = resume.done === 0 ? 'rolled-back' : 'partial'
    const error = revisionFailure(execution, cause instanceof BatchFailure ? cause.cause : cause, {
      revision: work.revision.id,
      state,
      where: statement.locate(undefined),
      done: resume.done,
      total: units.length,
    })
    settle(execution, work.revision.id, state, { statements: resume.done, ms: 0, error })
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
  { text }: { readonly text: string },
  chain: readonly string[],
): Promise<0 | 1> {
  const { database, scope, session, lease } = execution
  const { recovery, journal } = database.dialect
  const evidence = (await recovery?.cleanUp?.(session, text)) ?? []
  if (!recovery || evidence.length === 0) return 0
  const step = { ...resume, running: resume.done + 1 }
  const { revision, running } = step
  scope.emit({ type: 'recovered', database: database.name, revision, step: running, outcome: 'cleaned', evidence })
  // Some leftovers can only be completed, and are the statement's whole effect then.
  const { verdict, writes } = await decideStep(recovery, session, step, text, chain)
  if (verdict.outcome !== 'done') return 0
  await journal.write(session, lease.fence, writes)
  tellVerdict(database, scope, step, verdict)
  return 1
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
