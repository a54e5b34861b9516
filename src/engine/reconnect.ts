// The connection broke while a revision ran. On a new one the old one is waited for until it is gone, so that nothing it
// was still doing can be committed afterwards; then the journal says what was, and the catalog what a lone statement did.
// In doubt stays only what no new connection, or no catalog, could tell.
import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorLocation, GodwitError, isGodwitError } from '../core/error.ts'
import type { JournalState, StepRow } from '../dialect/journal.ts'
import { BatchFailure, type Session } from '../dialect/session.ts'
import { decideStep, tellVerdict } from './decide.ts'
import { doneState, type Execution, settle } from './execution.ts'
import { type FailureFacts, revisionFailure } from './failure.ts'
import { leaseLost } from './lease.ts'
import { formerConnections, outlive } from './survivor.ts'

/** Pauses before each try to connect again, ms: a server that restarts needs a few seconds. */
const PAUSES = [200, 800, 2_000, 4_000]

/** What is known of the steps of the revision that was running. */
export interface StepTexts {
  /** Text of each step, the first one at 0; undefined where it is not known. */
  readonly texts: readonly (string | undefined)[]
  readonly chain: readonly string[]
  /** The COMMIT of the whole was never sent: none of it can stay. */
  readonly uncommitted?: true
}

const noTexts: StepTexts = { texts: [], chain: [] }

const whileAnswering = { code: 'CONNECT.LOST', message: 'the connection was lost while the server answered' } as const

/** `lost`: the connection of the run is gone. Code has connections of its own, whose loss is a failure of the code. */
export async function judgeLoss(
  { database, session }: Execution,
  error: unknown,
): Promise<{ readonly cause: unknown; readonly lost?: BatchFailure }> {
  const batch = error instanceof BatchFailure ? error : undefined
  const cause = batch ? batch.cause : error
  if (batch?.connectionLost) return { cause, lost: batch }
  const { code, message } = database.dialect.mapError(cause)
  if (code !== 'CONNECT.LOST' || !session.sql) return { cause }
  await session.sql.rollback()
  const answers = await session.sql.query('SELECT 1').then(
    () => true,
    () => false,
  )
  if (!answers) return { cause, lost: new BatchFailure(0, cause, { connectionLost: true }) }
  const why = 'A connection of the code itself was lost; the one of the run was not.'
  return { cause: new GodwitError('RUN.CODE_FAILED', message, { why, cause }) }
}

/** Settles what the journal proves, and returns the error of the first revision it does not show as done. */
export async function settleAfterLoss(
  execution: Execution,
  works: readonly { readonly revision: { readonly id: string } }[],
  failure: BatchFailure,
  where: ErrorLocation | undefined,
  texts: StepTexts = noTexts,
): Promise<GodwitError> {
  const found = await readAgain(execution)
  const recorded = new Set(found?.journal.applied.map(row => row.id))
  const ids = works.map(work => work.revision.id)
  const proved = (id: string) => found !== undefined && recorded.has(id) === (execution.direction === 'up')
  const open = ids.findIndex(id => !proved(id))
  for (const id of open === -1 ? ids : ids.slice(0, open)) {
    settle(execution, id, doneState(execution.direction), { statements: 0, ms: 0 })
  }
  const revision = ids[open]
  if (revision === undefined) {
    const { code, message } = found?.held === false ? leaseLost() : whileAnswering
    return new GodwitError(code, message, {
      why: `The journal, read on a new connection, shows that ${ids.join(', ')} was committed.`,
      next: ['godwit status', execution.direction === 'up' ? 'godwit up' : 'godwit down'],
      cause: failure,
    })
  }
  const fate = await fateOf(execution, found, revision, texts)
  // Whoever took the lock over has ended the connection, too.
  const cause = found?.held === false ? leaseLost(failure.cause) : failure.cause
  const error = revisionFailure(execution, cause, { revision, where, ...fate })
  settle(execution, revision, fate.state, { statements: fate.done ?? 0, ms: 0, error })
  return error
}

type Fate = Pick<FailureFacts, 'state'> & { readonly done?: number; readonly total?: number }

async function fateOf(
  execution: Execution,
  found: Found | undefined,
  revision: string,
  texts: StepTexts,
): Promise<Fate> {
  if (texts.uncommitted) return { state: 'rolled-back' }
  if (!found?.final) return { state: 'in-doubt' }
  const row = found.journal.steps.find(step => step.revision === revision)
  if (!row) return { state: 'rolled-back' }
  // Under the lock of another runner its steps are no longer ours to judge.
  if (!found.held) return { state: 'in-doubt' }
  const done = row.running === null ? row.done : await doneAfter(execution, found.session, row, texts)
  if (done === undefined) return { state: 'in-doubt' }
  return done === 0 ? { state: 'rolled-back' } : { state: 'partial', done, total: row.total }
}

/** How many steps are done when the catalog was asked about the one that was running; undefined: it cannot tell. */
async function doneAfter(
  execution: Execution,
  session: Session,
  row: StepRow,
  texts: StepTexts,
): Promise<number | undefined> {
  const { database, scope, lease } = execution
  const { recovery, journal } = database.dialect
  const known = texts.texts[(row.running as number) - 1]
  if (!recovery || known === undefined) return undefined
  try {
    const { verdict, writes } = await decideStep(recovery, session, row, known, texts.chain)
    if (verdict.outcome === 'unknown') return undefined
    await journal.write(session, lease.fence, writes)
    tellVerdict(database, scope, row, verdict)
    return verdict.outcome === 'done' ? (row.running as number) : row.done
  } catch {
    // It broke again, or the lease is gone: the next run decides.
    return undefined
  }
}

interface Found {
  readonly session: Session
  readonly journal: JournalState
  /** Nothing of the old connection can be committed any more. */
  readonly final: boolean
  /** The lock is still this run's. */
  readonly held: boolean
}

async function readAgain(execution: Execution): Promise<Found | undefined> {
  const { database, lease, scope } = execution
  const { dialect } = database
  // A lease that is lost is no reason to look away: what the journal says then is final.
  const { signal } = scope
  for (const pause of PAUSES) {
    if (signal.aborted) return undefined
    await sleep(pause, undefined, { signal }).catch(() => undefined)
    const session = await dialect.open({ purpose: 'run', signal }).catch(() => undefined)
    if (!session) continue
    try {
      const found = await readWhenGone(execution, session)
      // The rest of the run, which is to give back the lease, needs a connection that works.
      lease.replace(session)
      return { session, ...found }
    } catch {
      // Not there yet: the next try asks again.
      await session.close()
    }
  }
  return undefined
}

async function readWhenGone(execution: Execution, session: Session): Promise<Omit<Found, 'session'>> {
  const { database, lease, run, scope } = execution
  const { dialect } = database
  const journal = await dialect.journal.read(session)
  const lock = journal.lease?.owner === run && journal.lease.fence === lease.fence.fence ? journal.lease : undefined
  // The fence has risen above ours: nothing of the old connection can be committed any more.
  if (!lock) return { journal, final: true, held: false }
  const known = { journal, held: true }
  // A store in this process, or a file, forgets a connection together with its work.
  if (!dialect.capabilities.server) return { ...known, final: true }
  if (!dialect.recovery?.survivor) return { ...known, final: false }
  const former = formerConnections({ ...journal, lease: undefined }, lock)
  const wait = { database, session, scope, stop: scope.signal, waitMs: database.lock.waitMs }
  try {
    for (const connection of former) await outlive(wait, connection)
  } catch (cause) {
    if (!isGodwitError(cause)) throw cause
    return { ...known, final: false }
  }
  return { ...known, journal: await dialect.journal.read(session), final: true }
}
