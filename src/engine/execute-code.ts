// Code revisions: in one transaction where the store can, else step by step with the journal beside them.
import { sha256 } from '../core/checksum.ts'
import { GodwitError } from '../core/error.ts'
import type { JournalWrite, StepRow } from '../dialect/journal.ts'
import type { StepRunner } from '../dialect/operations.ts'
import { BatchFailure } from '../dialect/session.ts'
import { type CodeContext, callStack, codeContext } from './code-context.ts'
import { batchSettings } from './execute-atomic.ts'
import { doneState, doneWrites, type Execution, journalItems, settle } from './execution.ts'
import { revisionFailure } from './failure.ts'
import { leaseLost, refuseAborted } from './lease.ts'
import { settleAfterLoss } from './reconnect.ts'
import { type Waited, watchLocks } from './watch.ts'
import { untilStopped } from './until-stopped.ts'
import type { Work } from './work.ts'

export type CodeWork = Extract<Work, { kind: 'code' }>

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

function contextFor(execution: Execution, work: CodeWork, step: StepRunner, atomic: boolean): CodeContext {
  const { database, session, direction, stop, scope } = execution
  const { id } = work.revision
  const log = (message: string) => scope.emit({ type: 'log', database: database.name, revision: id, message })
  return codeContext({
    dialect: database.dialect,
    session,
    database: database.name,
    direction,
    signal: stop,
    revision: id,
    step,
    atomic,
    log,
  })
}

/** Runs the function of the user and waits for all it began. */
export async function runUser(work: CodeWork, context: CodeContext, stop: AbortSignal): Promise<void> {
  let failure: { readonly error: unknown } | undefined
  try {
    await untilStopped(Promise.resolve(work.run(context.m as never)), stop)
  } catch (error) {
    failure = { error }
  }
  // Calls that were forgotten must have ended before the session is used again; the user's own error comes first.
  try {
    await context.finish()
  } catch (error) {
    failure ??= { error }
  }
  if (failure) throw failure.error
}

async function runAtomic(execution: Execution, work: CodeWork, began: number): Promise<number> {
  const { database, session } = execution
  const sql = session.sql
  let steps = 0
  const item = { revision: work.revision.id, lockTimeoutMs: work.options.lockTimeoutMs }
  const watch = watchLocks(execution, item)
  const step: StepRunner = async (_, effect) => {
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
    await sql?.run([{ kind: 'reset' }, ...journal, { kind: 'commit' }])
    await watch.end()
    return steps
  } catch (error) {
    const waited = await watch.end()
    if (error instanceof BatchFailure && error.connectionLost)
      throw await settleAfterLoss(execution, [work], error, undefined)
    await sql?.rollback()
    const cause = error instanceof BatchFailure ? error.cause : error
    const fenced = database.dialect.journal.isFenceViolation(cause)
    const failure = codeFailure(execution, work, fenced ? leaseLost(cause) : cause, 'rolled-back', 0, waited)
    settle(execution, work.revision.id, 'rolled-back', { statements: 0, ms: Date.now() - began, error: failure })
    throw failure
  }
}

async function runSteps(
  execution: Execution,
  work: CodeWork,
  resume: StepRow | undefined,
  began: number,
): Promise<number> {
  const { database, session, lease, direction } = execution
  const { journal, capabilities } = database.dialect
  const revision = work.revision.id
  const before = resume?.done ?? 0
  const item = { revision, lockTimeoutMs: work.options.lockTimeoutMs }
  const watch = watchLocks(execution, item)
  let chain = ''
  /** What the journal is to keep of the done steps; while done ones are passed over it stays as it was found. */
  let hashes = resume?.hashes ?? []
  let number = 0
  let done = before
  const write = (writes: readonly JournalWrite[]) => journal.write(session, lease.fence, writes)
  const record = (running: number | null, error: string | null = null): JournalWrite => {
    const kept = running === null || number <= before ? hashes : [chain]
    return { type: 'step', step: { revision, direction, done, running, total: 0, hashes: kept, error } }
  }
  // One after the other: the number of a step is its place in the order in which the code asked.
  let queue: Promise<unknown> = Promise.resolve()
  const step: StepRunner = (description, effect) => {
    const run = async () => {
      refuseAborted(execution.stop)
      const n = ++number
      chain = sha256(`${chain}\n${description}`)
      if (n <= before) {
        if (n === before) refuseOther(work, resume as StepRow, chain)
        return undefined
      }
      await write([record(n)])
      watch.next(item)
      const result = await effect(resume?.running === n)
      done = n
      hashes = [chain]
      await write([record(null)])
      return result
    }
    const next = queue.then(run)
    queue = next.catch(() => undefined)
    return next
  }
  /** The step whose end is not known, for stores that run it again. */
  const stillBegun = (untouched: boolean) => {
    if (number <= before) return resume?.running ?? null
    if (untouched) return null
    return capabilities.idempotentOperations && number > done ? number : null
  }
  try {
    await runUser(work, contextFor(execution, work, step, false), execution.stop)
    refuseAborted(execution.stop)
    if (session.sql) await session.sql.run([{ kind: 'reset' }])
    await write(doneWrites(execution, work, began))
    await watch.end()
    return number
  } catch (error) {
    const waited = await watch.end()
    if (error instanceof BatchFailure && error.connectionLost)
      throw await settleAfterLoss(execution, [work], error, undefined)
    await session.sql?.rollback()
    const cause = error instanceof BatchFailure ? error.cause : error
    // A call of the code that was cut off may have been done all the same.
    const cut = number > done && !capabilities.idempotentOperations
    if (cut && database.dialect.mapError(cause).code === 'CONNECT.LOST')
      throw await settleAfterLoss(execution, [work], new BatchFailure(0, cause, { connectionLost: true }), undefined)
    const fenced = journal.isFenceViolation(cause)
    // An effect that failed may have done a part of its work where the store cannot take it back.
    const untouched = cause instanceof GodwitError && cause.meta['untouched'] === true
    const begun = capabilities.idempotentOperations && !untouched ? number > 0 || resume !== undefined : done > 0
    const nothing = !begun
    const failure = codeFailure(
      execution,
      work,
      fenced ? leaseLost(cause) : cause,
      nothing ? 'rolled-back' : 'partial',
      done,
      waited,
    )
    const stays = nothing ? 'rolled-back' : 'partial'
    const stopped = nothing ? ({ type: 'step-end', revision } as const) : record(stillBegun(untouched), failure.message)
    if (!fenced) await write([stopped]).catch(() => undefined)
    settle(execution, revision, stays, { statements: done, ms: Date.now() - began, error: failure })
    throw failure
  }
}

/** What the code of the user threw, with its place in the file where the stack tells it. */
export function codeFailure(
  execution: Execution,
  work: CodeWork,
  cause: unknown,
  state: 'rolled-back' | 'partial',
  done: number,
  waited?: Waited,
): GodwitError {
  const file = work.revision.file
  const stack = cause instanceof Error ? cause.stack : undefined
  const where = file === undefined ? undefined : { file, ...(lineIn(stack, file) ?? lineIn(callStack(cause), file)) }
  const known = cause instanceof GodwitError || isDriverError(cause)
  const error =
    known || !(cause instanceof Error)
      ? cause
      : new GodwitError('RUN.CODE_FAILED', cause.message || String(cause), { cause })
  return revisionFailure(execution, error, {
    revision: work.revision.id,
    state,
    where,
    done,
    total: 0,
    code: true,
    waited,
  })
}

/** Drivers mark their errors by a code; what the user's code throws by itself has none. */
const isDriverError = (error: unknown) => error instanceof Error && 'code' in error

function lineIn(stack: string | undefined, file: string): { line: number; column: number } | undefined {
  const name = file.slice(file.lastIndexOf('/') + 1)
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const found = stack?.match(new RegExp(`${escaped}:(\\d+):(\\d+)`))
  return found ? { line: Number(found[1]), column: Number(found[2]) } : undefined
}

function refuseOther(work: CodeWork, resume: StepRow, chain: string): void {
  const recorded = resume.hashes[0]
  // While a step was running, the recorded hash covers that step too and cannot be compared here.
  if (recorded === undefined || resume.running !== null || recorded === chain) return
  throw new GodwitError(
    'JOURNAL.PARTIAL_EDITED',
    `${work.revision.id} now takes other steps than those that are done`,
    {
      why: `${resume.done} steps were done on ${resume.startedAt}; the code asks for others in their place. Nothing was changed now.`,
      next: [`git checkout -- ${work.revision.file ?? work.revision.id}`, 'godwit repair --restart'],
      meta: { revision: work.revision.id, done: resume.done },
    },
  )
}
