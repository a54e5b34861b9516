// Code revisions step by step, where they are not one transaction: what can share a transaction with its journal row does,
// so that it is never in doubt; a statement that stands alone is begun and ended in the journal, and decided by the store's
// catalog when its end was never recorded.
import { sha256 } from '../core/checksum.ts'
import { GodwitError } from '../core/error.ts'
import type { JournalWrite, StepRow } from '../dialect/journal.ts'
import type { Recovery } from '../dialect/recovery.ts'
import { BatchFailure, type SqlSession } from '../dialect/session.ts'
import type { CodeStep, StepStatement } from './code-context.ts'
import { codeFailure, type CodeWork, contextFor, runUser } from './code-run.ts'
import { decideStep, tellVerdict } from './decide.ts'
import { batchSettings } from './execute-atomic.ts'
import { doneWrites, type Execution, journalItems, settle } from './execution.ts'
import { keptFailure, keptStep, keptWhen } from './kept-change.ts'
import { leaseLost, refuseAborted } from './lease.ts'
import { inDoubt } from './plan.ts'
import { judgeLoss, settleAfterLoss } from './reconnect.ts'
import { removeLeftover, tellRemoved } from './resume-units.ts'
import { type Watch, type WatchedItem, watchLocks } from './watch.ts'

/** Returns the number of steps. @throws GodwitError after settling the revision */
export async function runSteps(
  execution: Execution,
  work: CodeWork,
  resume: StepRow | undefined,
  began: number,
): Promise<number> {
  const { database, session, stop } = execution
  const { journal, capabilities, recovery } = database.dialect
  const revision = work.revision.id
  const steps = new CodeSteps(execution, work, resume)
  try {
    await runUser(work, contextFor(execution, work, steps.step, false), stop)
    refuseAborted(stop)
    steps.refuseOpen()
    if (session.sql) await session.sql.run([{ kind: 'reset' }])
    await steps.write(doneWrites(execution, work, began))
    await steps.watch.end()
    return steps.number
  } catch (error) {
    const waited = await steps.watch.end()
    // A call of the code that was cut off may have been done all the same.
    const { cause, lost } = await judgeLoss(execution, error)
    if (lost) throw await settleAfterLoss(execution, [work], lost, undefined, steps)
    await session.sql?.rollback()
    const fenced = journal.isFenceViolation(cause)
    // An effect that failed may have done a part of its work where the store cannot take it back.
    const untouched = cause instanceof GodwitError && cause.meta['untouched'] === true
    const begun =
      capabilities.idempotentOperations && !untouched ? steps.number > 0 || resume !== undefined : steps.done > 0
    const state = steps.open ? 'in-doubt' : begun ? 'partial' : 'rolled-back'
    const reason = steps.refusal ?? (fenced ? leaseLost(cause) : cause)
    const failure = codeFailure(execution, work, reason, state, steps.done, waited)
    // What a statement that stands alone left is removed by the next run, which knows of it by this row.
    const leaves =
      steps.lone !== undefined && recovery?.cleanUp && database.dialect.longWait?.(steps.lone) !== undefined
    const stopped: JournalWrite =
      begun || leaves ? steps.record(steps.stillBegun(untouched), failure.message) : { type: 'step-end', revision }
    if (!fenced && !steps.open) await steps.write([stopped]).catch(() => undefined)
    settle(execution, revision, state, { statements: steps.done, ms: Date.now() - began, error: failure })
    throw failure
  }
}

/** The steps of one revision in the order in which its code asks for them; the number of a step is its place in it. */
class CodeSteps {
  /** Steps asked for. */
  number = 0
  /** Steps done. */
  done: number
  /** A step that an earlier run began is not decided yet, or something may stay of one that failed: its row must stay. */
  open: boolean
  /** Why nothing may be run any more, also when the code goes on after it was told. */
  refusal: GodwitError | undefined
  /** The statement under way that stands alone. */
  lone: string | undefined
  /** Hash after each step. */
  readonly chain: string[] = []
  readonly watch: Watch

  private readonly execution: Execution
  private readonly work: CodeWork
  private readonly resume: StepRow | undefined
  private readonly before: number
  private readonly item: WatchedItem
  /** What the journal is to keep of the done steps; while done ones are passed over it stays as it was found. */
  private hashes: readonly string[]
  private queue: Promise<unknown> = Promise.resolve()

  constructor(execution: Execution, work: CodeWork, resume: StepRow | undefined) {
    this.execution = execution
    this.work = work
    this.resume = resume
    this.before = resume?.done ?? 0
    this.done = this.before
    this.hashes = resume?.hashes ?? []
    this.open = resume !== undefined && resume.running !== null && this.recovery !== undefined
    this.item = { revision: work.revision.id, lockTimeoutMs: work.options.lockTimeoutMs }
    this.watch = watchLocks(execution, this.item)
  }

  private get recovery(): Recovery | undefined {
    return this.execution.database.dialect.recovery
  }

  write(writes: readonly JournalWrite[]): Promise<void> {
    const { database, session, lease } = this.execution
    return database.dialect.journal.write(session, lease.fence, writes)
  }

  record(running: number | null, error: string | null = null): Extract<JournalWrite, { type: 'step' }> {
    const { direction } = this.execution
    const hashes = running === null || this.number <= this.before ? this.hashes : this.chain.slice(-1)
    const step = { revision: this.work.revision.id, direction, done: this.done, running, total: 0, hashes, error }
    return { type: 'step', step }
  }

  /** Texts of the steps, for the catalog: only the one under way is known. */
  get texts(): readonly (string | undefined)[] {
    return this.chain.map((_, index) => (index === this.number - 1 ? this.lone : undefined))
  }

  /** The step whose end is not known, for stores that run it again. */
  stillBegun(untouched: boolean): number | null {
    if (this.number <= this.before) return this.resume?.running ?? null
    if (untouched) return null
    const { idempotentOperations } = this.execution.database.dialect.capabilities
    return idempotentOperations && this.number > this.done ? this.number : null
  }

  /** @throws what stands in the way of recording the revision as done */
  refuseOpen(): void {
    if (this.refusal) throw this.refusal
    if (this.open) throw this.refuse(inDoubt(this.resume as StepRow, ['the code does not come to that step any more']))
  }

  readonly step: CodeStep = (description, effect, statement) => {
    const next = this.queue.then(() => this.run(description, effect, statement))
    this.queue = next.catch(() => undefined)
    return next
  }

  private async run<Result>(
    description: string,
    effect: (again: boolean) => Promise<Result>,
    statement: StepStatement | undefined,
  ): Promise<Result | undefined> {
    refuseAborted(this.execution.stop)
    if (this.refusal) throw this.refusal
    const { resume, before } = this
    const n = ++this.number
    this.chain.push(sha256(`${this.chain.at(-1) ?? ''}\n${description}`))
    if (n < before) return undefined
    if (resume && n === before) {
      if (resume.running === null) this.refuseOther(resume)
      return undefined
    }
    this.watch.next(this.item)
    if (resume && n === before + 1 && statement && (await this.settleEarlier(resume, statement))) return this.end()
    const result = statement?.transactional
      ? await this.together(statement, () => effect(false))
      : await this.alone(statement, () => effect(resume?.running === n))
    this.end()
    return result
  }

  private end(): undefined {
    this.done = this.number
    this.hashes = this.chain.slice(-1)
    this.lone = undefined
  }

  /** True when the step turned out to be done. @throws JOURNAL.STEP_IN_DOUBT JOURNAL.PARTIAL_EDITED */
  private async settleEarlier(resume: StepRow, statement: StepStatement): Promise<boolean> {
    const { execution, recovery, chain } = this
    if (!recovery) return false
    if (resume.running !== null) {
      this.refuseOther(resume)
      const { verdict, writes } = await decideStep(recovery, execution.session, resume, statement.text, chain)
      if (writes.length === 0) throw this.refuse(inDoubt(resume, verdict.evidence))
      await this.write(writes)
      this.open = false
      tellVerdict(execution.database, execution.scope, resume, verdict)
      if (verdict.outcome === 'done') return true
    }
    return !statement.transactional && (await removeLeftover(execution, resume, statement, chain)) === 1
  }

  /** The statement and its row in one transaction. */
  private async together<Result>(statement: StepStatement, effect: () => Promise<Result>): Promise<Result> {
    const { execution, number } = this
    const sql = execution.session.sql as SqlSession
    const settings = batchSettings(this.work.options)
    const hint = { rebuildsTables: statement.rebuildsTable }
    const unit = { statements: [statement] }
    const when = keptWhen(execution, unit)
    const intent = when === undefined ? [] : journalItems(execution, [{ ...this.record(number), when }])
    try {
      await sql.run([...intent, { kind: 'begin', ...(settings ? { settings } : {}), hint }])
      const result = await effect()
      const { step } = this.record(null)
      const done = { ...step, done: number, hashes: this.chain.slice(-1) }
      await sql.run([...journalItems(execution, [{ type: 'step', step: done }]), { kind: 'commit' }])
      return result
    } catch (error) {
      await sql.rollback()
      const cause = error instanceof BatchFailure ? error.cause : error
      // Where the connection is gone it cannot be asked, and is not the one to settle it.
      const kept = await keptStep(execution, this.work.revision.id, unit, number).catch(() => undefined)
      if (kept) throw this.refuse(await keptFailure(execution, kept, unit, cause))
      throw error
    }
  }

  /** Begun and ended in the journal, the statement between the two. */
  private async alone<Result>(statement: StepStatement | undefined, effect: () => Promise<Result>): Promise<Result> {
    if (statement && this.recovery?.passesOver?.(statement.text))
      await tellRemoved(this.execution, this.work.revision.id, this.number, statement)
    const observe = statement && this.recovery?.observe(statement.text)
    await this.write([{ ...this.record(this.number), observe }])
    this.lone = statement?.text
    const result = await effect()
    // It is done whatever becomes of its record: a failure from here on is no failure of the step.
    this.done = this.number
    this.hashes = this.chain.slice(-1)
    await this.write([this.record(null)])
    return result
  }

  private refuse(error: GodwitError): GodwitError {
    this.refusal = error
    this.open = true
    return error
  }

  /** @throws JOURNAL.PARTIAL_EDITED when the code asks for other steps than those that the journal knows */
  private refuseOther(resume: StepRow): void {
    const recorded = resume.hashes[0]
    if (recorded === undefined || recorded === this.chain.at(-1)) return
    const error = otherSteps(this.work, resume)
    throw resume.running === null ? error : this.refuse(error)
  }
}

function otherSteps(work: CodeWork, resume: StepRow): GodwitError {
  return new GodwitError(
    'JOURNAL.PARTIAL_EDITED',
    `${work.revision.id} now takes other steps than those that are done`,
    {
      why: `${resume.done} steps were done on ${resume.startedAt}; the code asks for others in their place. Nothing was changed now.`,
      next: [`git checkout -- ${work.revision.file ?? work.revision.id}`, 'godwit repair --restart'],
      meta: { revision: work.revision.id, done: resume.done },
    },
  )
}
