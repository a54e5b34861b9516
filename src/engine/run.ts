// One database, one run: connect, read, plan, lock, plan again, execute, verify, give back.
// Never rejects for a reason the user can act on: every failure is in the result.
import { randomUUID } from 'node:crypto'
import { GodwitError } from '../core/error.ts'
import type { Direction } from '../core/revision/revision.ts'
import type { JournalState } from '../dialect/journal.ts'
import type { Session } from '../dialect/session.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { refuseDrift } from './drift.ts'
import type { DependencyGate } from './execute.ts'
import { doneState, type Execution } from './execution.ts'
import type { History } from './history.ts'
import { type HeldLease, refuseAborted } from './lease.ts'
import { refuseForeign } from './other-project.ts'
import { currentHeadsOf, findDrift, planRun, type RunPlan } from './plan.ts'
import type { DatabaseResult, StepResult } from './result.ts'
import type { Work } from './work.ts'
import { knownError } from './known-error.ts'

export interface RunRequest {
  readonly direction: Direction
  readonly target: string
  readonly dryRun: boolean
  readonly lockWaitMs?: number | undefined
}

/** What the coordinator of several databases wants to know of each. */
export interface RunLinks {
  /** The revisions, dependencies on other databases checked. */
  history(): Promise<History>
  /** Planned revisions in an order that no dependency between databases can block. */
  arrange(ids: readonly string[]): readonly string[]
  readonly gate: DependencyGate
  /** The journal as found, before anything is done. */
  started(journal: JournalState): void
}

export async function runDatabase(
  database: EngineDatabase,
  request: RunRequest,
  scope: RunScope,
  links: RunLinks,
): Promise<DatabaseResult> {
  const frame: Frame = {
    outcome: new Map(),
    from: [],
    to: [],
    applied: undefined,
    verified: false,
    dryRunIn: undefined,
  }
  let session: Session | undefined
  let error: GodwitError | undefined
  try {
    refuseAborted(scope.signal)
    const lockWaitMs = request.lockWaitMs ?? database.lock.waitMs
    const open = () => database.dialect.open({ purpose: 'run', signal: scope.signal, lockWaitMs })
    // A server is asked while the files are read; a database file is not made for a folder that cannot be read.
    const opening = database.dialect.capabilities.server ? open() : undefined
    opening?.then(opened => (session = opened)).catch(() => {})
    const history = await links.history().catch(async (cause: unknown) => {
      // Its connection must be there before it can be closed.
      await opening?.catch(() => {})
      throw cause
    })
    session = await (opening ?? open())
    scope.emit({
      type: 'connected',
      database: database.name,
      server: session.serverVersion,
      url: database.dialect.target,
    })
    await runOn(session, database, request, scope, links, history, frame)
  } catch (cause) {
    error = knownError(database.dialect, cause)
  } finally {
    await session?.close()
  }
  const result: DatabaseResult = {
    name: database.name,
    dialect: database.dialect.name,
    url: database.dialect.target,
    ok: error === undefined,
    from: frame.from,
    to: frame.to,
    ...(frame.applied === undefined ? {} : { appliedCount: frame.applied }),
    steps: [...frame.outcome.values()],
    verified: frame.verified,
    dryRun: request.dryRun,
    ...(frame.dryRunIn ? { dryRunIn: frame.dryRunIn } : {}),
    report: null,
    ...(error ? { error } : {}),
  }
  scope.emit({ type: 'done', database: database.name, result })
  return result
}

/** What is known so far; filled while the run goes on, so that a failure anywhere still reports all of it. */
interface Frame {
  readonly outcome: Map<string, StepResult>
  from: readonly string[]
  to: readonly string[]
  /** Revisions applied now. */
  applied: number | undefined
  verified: boolean
  dryRunIn: 'transaction' | 'scratch' | undefined
}

async function runOn(
  session: Session,
  database: EngineDatabase,
  request: RunRequest,
  scope: RunScope,
  links: RunLinks,
  history: History,
  frame: Frame,
): Promise<void> {
  const { dialect } = database
  const found = await dialect.journal.read(session)
  links.started(found)
  // Steps of a runner that is at work now are no one's to judge before the lock is ours.
  const busy = !request.dryRun && found.lease !== undefined && found.steps.length > 0
  if (!busy) refuseForeign(history.graph, found)
  // A step in doubt is decided under the lock too, where the store can tell.
  const doubt = !request.dryRun && dialect.recovery !== undefined && found.steps.some(step => step.running !== null)
  const settled = busy || doubt ? { ...found, steps: [] } : found
  const first = await planChecked(session, database, history, settled, request, links, frame)
  scope.emit({ type: 'planned', database: database.name, direction: request.direction, revisions: first.revisions })
  if (first.revisions.length === 0 && !busy && !doubt) {
    frame.verified = true
    return
  }
  const { acquireLease, dryRun, isOneTransaction, makeJournal, prepareWork, recover } = await import('./at-work.ts')
  const works = await prepareWork(dialect, history, first.revisions, request.direction)
  if (request.dryRun) {
    frame.dryRunIn = await dryRun(database, session, scope, history, found, works, request.direction, frame.outcome)
    frame.verified = true
    return
  }
  await makeJournal(dialect, session, found)
  const run = randomUUID()
  const waitMs = request.lockWaitMs ?? database.lock.waitMs
  const single = works.length === 1 && isOneTransaction(dialect, works[0] as Work)
  let lease = await acquireLease(database, session, scope, run, waitMs, single)
  try {
    scope.emit({ type: 'lock-acquired', database: database.name, fence: lease.fence.fence })
    // Another runner may have been at work while this one waited: only what is read under the lock counts.
    const stop = AbortSignal.any([scope.signal, lease.lost])
    const seen = await dialect.journal.read(session)
    const journal = await recover({ database, session, scope, stop, waitMs, lease, history }, seen)
    links.started(journal)
    const plan = await planChecked(session, database, history, journal, request, links, frame)
    const still = new Set(plan.revisions)
    const todo = works.filter(work => still.has(work.revision.id))
    if (todo.length < plan.revisions.length) {
      const known = new Set(todo.map(work => work.revision.id))
      const extra = plan.revisions.filter(id => !known.has(id))
      todo.push(...(await prepareWork(dialect, history, extra, request.direction)))
      todo.sort((a, b) => plan.revisions.indexOf(a.revision.id) - plan.revisions.indexOf(b.revision.id))
    }
    if (single && todo.length > 1) {
      // What was promised to the lock does not hold any more.
      await lease.release()
      lease = await acquireLease(database, session, scope, run, waitMs)
    }
    if (todo.length > 0)
      await runLocked(
        { database, scope, session, lease, run, direction: request.direction, history },
        plan,
        todo,
        links,
        frame,
      )
    frame.verified = true
  } finally {
    await lease.release()
  }
}

async function planChecked(
  session: Session,
  database: EngineDatabase,
  history: History,
  journal: JournalState,
  request: RunRequest,
  links: RunLinks,
  frame: Frame,
): Promise<RunPlan> {
  const { dialect } = database
  const planned = planRun(
    history.graph,
    journal,
    request.direction,
    request.target,
    request.dryRun
      ? () => dialect.capabilities.idempotentOperations === true
      : journal.steps.length === 0
        ? undefined
        : (await import('./at-work.ts')).settlesItself(database, history),
  )
  const plan: RunPlan = { ...planned, revisions: links.arrange(planned.revisions) }
  const drift = findDrift(history.graph, journal)
  const touched = new Set(plan.revisions)
  const oldest = Math.min(...journal.applied.filter(row => touched.has(row.id)).map(row => row.sequence))
  // Undoing one revision is no business of edits elsewhere; applying on top of an unknown schema is.
  const relevant =
    request.direction === 'up'
      ? drift
      : {
          edited: drift.edited.filter(row => touched.has(row.id)),
          // `base` promises that nothing stays applied, which nobody can keep for a revision without a file.
          missing: drift.missing.filter(row => row.sequence >= oldest || request.target === 'base'),
        }
  await refuseDrift(relevant, history, dialect.journal, session)
  frame.from = plan.from
  // Until something was done the database is where it was, whatever goes wrong before.
  frame.to = plan.from
  frame.applied = plan.before.size
  frame.outcome.clear()
  for (const revision of plan.revisions) {
    frame.outcome.set(revision, { revision, direction: request.direction, statements: 0, ms: 0, state: 'pending' })
  }
  return plan
}

interface LockedRun {
  readonly database: EngineDatabase
  readonly scope: RunScope
  readonly session: Session
  readonly lease: HeldLease
  readonly run: string
  readonly direction: Direction
  readonly history: History
}

async function runLocked(
  locked: LockedRun,
  plan: RunPlan,
  works: readonly Work[],
  links: RunLinks,
  frame: Frame,
): Promise<void> {
  const { database, scope, session, lease, run, direction, history } = locked
  const { dialect } = database
  const { callHook, cancelOnStop, executePlan, hookContext } = await import('./at-work.ts')
  const stop = AbortSignal.any([scope.signal, lease.lost])
  const execution: Execution = {
    database,
    scope,
    session,
    lease,
    run,
    direction,
    stop,
    outcome: frame.outcome,
    resume: plan.resume,
  }
  await dialect.journal.write(session, lease.fence, [
    { type: 'run-start', run: { id: run, verb: direction, by: scope.operator.by, tool: scope.operator.tool } },
  ])
  const forgetStop = cancelOnStop(session, stop)
  let error: GodwitError | undefined
  try {
    const { beforeRun } = scope.hooks
    if (beforeRun)
      await callHook(
        'beforeRun',
        () => beforeRun({ ...hookContext(execution), revisions: plan.revisions }),
        'No revision was started.',
      )
    await executePlan(execution, plan, works, links.gate)
    await verifyRun(locked, plan)
  } catch (cause) {
    error = knownError(dialect, cause)
  } finally {
    await forgetStop()
  }
  const done = [...frame.outcome.values()]
    .filter(step => step.state === doneState(direction))
    .map(step => step.revision)
  frame.to = error ? currentHeadsOf(history.graph, plan.before, direction, done) : plan.to
  frame.applied = plan.before.size + (direction === 'up' ? done.length : -done.length)
  const { afterRun } = scope.hooks
  if (afterRun) {
    const steps = [...frame.outcome.values()]
    const facts = {
      name: database.name,
      dialect: dialect.name,
      url: dialect.target,
      ok: !error,
      from: frame.from,
      to: frame.to,
      steps,
    }
    const result: DatabaseResult = {
      ...facts,
      verified: !error,
      dryRun: false,
      report: null,
      ...(error ? { error } : {}),
    }
    await callHook(
      'afterRun',
      () => afterRun({ ...hookContext(execution), result }),
      'The revisions of this run stay as they are.',
    ).catch((cause: GodwitError) => {
      error ??= cause
    })
  }
  const up = direction === 'up'
  await dialect.journal
    .write(lease.session, lease.fence, [
      { type: 'run-end', run, ok: !error, applied: up ? done : [], undone: up ? [] : done, error: error?.code },
    ])
    // The audit row is not worth hiding the run's own outcome; a lost connection or lease was told already.
    .catch((cause: unknown) => {
      error ??= knownError(dialect, cause)
    })
  if (error) throw error
}

/** Success means verified: the journal is read again and must say what the plan promised. @throws RUN.NOT_VERIFIED */
async function verifyRun(locked: LockedRun, plan: RunPlan): Promise<void> {
  const { database, session, direction } = locked
  const journal = await database.dialect.journal.read(session)
  const applied = new Set(journal.applied.map(row => row.id))
  const wrong = plan.revisions.filter(id => applied.has(id) !== (direction === 'up'))
  if (wrong.length === 0) return
  throw new GodwitError(
    'RUN.NOT_VERIFIED',
    `after the run the journal does not show ${wrong.join(', ')} as ${doneState(direction)}`,
    {
      why: 'The server confirmed each step, and the journal says otherwise. Someone else changed it, or the store lost writes.',
      next: ['godwit status', 'godwit verify'],
      meta: { revisions: wrong },
    },
  )
}
