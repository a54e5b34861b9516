// A dry run on a scratch database that first gets the applied history. What fails there leaves nothing anywhere,
// so that neither events nor errors may speak of applied or half-done revisions.
import { GodwitError } from '../core/error.ts'
import type { ErrorCode } from '../core/error-codes.ts'
import type { Direction } from '../core/revision/revision.ts'
import type { JournalState } from '../dialect/journal.ts'
import type { Session } from '../dialect/session.ts'
import { cancelOnStop } from './cancel.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import type { RunEvent } from './event.ts'
import { executePlan } from './execute.ts'
import type { History } from './history.ts'
import { acquireLease } from './lease.ts'
import { knownError } from './known-error.ts'
import type { RunPlan } from './plan.ts'
import type { StepResult, StepState } from './result.ts'
import { prepareWork, type Work } from './work.ts'

/** @throws RUN.DRY_RUN_UNSUPPORTED and the error of the revision that failed */
export async function tryOnScratch(
  database: EngineDatabase,
  scope: RunScope,
  history: History,
  journal: JournalState,
  works: readonly Work[],
  direction: Direction,
  outcome: Map<string, StepResult>,
): Promise<void> {
  const made = await database.dialect.scratch?.()
  if (!made) throw unsupported(database)
  const scratch: EngineDatabase = { ...database, dialect: made.dialect }
  let session: Session | undefined
  try {
    session = await made.dialect.open({ purpose: 'run', signal: scope.signal })
    await made.dialect.journal.ensure(session)
    await tryAll(scratch, session, scope, history, journal, works, direction, outcome)
  } finally {
    await session?.close()
    await made.dispose()
  }
}

async function tryAll(
  database: EngineDatabase,
  session: Session,
  scope: RunScope,
  history: History,
  journal: JournalState,
  works: readonly Work[],
  direction: Direction,
  outcome: Map<string, StepResult>,
): Promise<void> {
  const quiet: RunScope = { ...scope, hooks: {}, emit: () => {} }
  const shown: RunScope = { ...quiet, emit: event => scope.emit(triedEvent(event)) }
  const lease = await acquireLease(database, session, quiet, 'dry-run', 0)
  const stop = scope.signal
  const forgetStop = cancelOnStop(session, stop)
  const base = { database, session, lease, run: 'dry-run', stop, resume: new Map() }
  const applied = new Set(journal.applied.map(row => row.id))
  const tried = new Map<string, StepResult>()
  try {
    const ids = history.graph.ids.filter(id => applied.has(id))
    const before = await prepareWork(database.dialect, history, ids, 'up')
    await executePlan({ ...base, scope: quiet, direction: 'up', outcome: new Map() }, noPlan, before, async () => {})
    await executePlan({ ...base, scope: shown, direction, outcome: tried }, noPlan, works, async () => {})
  } catch (error) {
    throw onScratch(knownError(database.dialect, error))
  } finally {
    for (const step of tried.values()) outcome.set(step.revision, { ...step, state: triedState(step.state) })
    await forgetStop()
    await lease.release()
  }
}

const noPlan: RunPlan = { direction: 'up', revisions: [], from: [], to: [], before: new Set(), resume: new Map() }

const triedState = (state: StepState): StepState =>
  state === 'applied' || state === 'undone' ? 'tried' : 'rolled-back'

function triedEvent(event: RunEvent): RunEvent {
  if (event.type === 'revision-end') return { ...event, state: 'tried' }
  if (event.type === 'revision-failed') return { ...event, state: 'rolled-back', error: onScratch(event.error) }
  return event
}

const whole: Partial<Record<ErrorCode, ErrorCode>> = {
  'RUN.STATEMENT_FAILED_PARTIAL': 'RUN.STATEMENT_FAILED',
  'RUN.CODE_FAILED_PARTIAL': 'RUN.CODE_FAILED',
}

function onScratch(error: GodwitError): GodwitError {
  const { message, next, where, meta, cause } = error
  return new GodwitError(whole[error.code] ?? error.code, message, {
    why: 'It was tried on a scratch database, which is gone. The database itself was not touched.',
    next,
    ...(where ? { where } : {}),
    meta: { ...meta, state: 'rolled-back' },
    cause,
  })
}

function unsupported(database: EngineDatabase): GodwitError {
  return new GodwitError(
    'RUN.DRY_RUN_UNSUPPORTED',
    `${database.dialect.name} can neither roll this back nor give a scratch database`,
    {
      why: 'A dry run that does not run would be a guess. Nothing was changed.',
      next: ['godwit up --sql', 'run it against a copy of the database with --url'],
    },
  )
}
