// SQL revisions that are not one transaction: unit after unit, each recorded, so that the next run goes on
// at the unit where this one stopped. A unit is recorded in its own transaction, or begun before and ended after.
import type { GodwitError } from '../core/error.ts'
import type { JournalWrite, StepRow } from '../dialect/journal.ts'
import type { BatchFailure, BatchItem } from '../dialect/session.ts'
import { chainHashes } from './chain.ts'
import { textOf } from './decide.ts'
import { batchSettings, type SqlWork } from './execute-atomic.ts'
import { doneState, doneWrites, type Execution, journalItems, settle } from './execution.ts'
import { revisionFailure } from './failure.ts'
import { leaseLost, refuseAborted } from './lease.ts'
import type { ProgressMark } from './progress.ts'
import type { PreparedStatement } from './prepare.ts'
import { keptFailure, keptStep, keptWhen } from './kept-change.ts'
import { settleAfterLoss } from './reconnect.ts'
import { passingOver, replayed, resumeUnits, settling, tellRemoved } from './resume-units.ts'
import { ATTEMPTS, missedLock, pauseBeforeRetry } from './retry.ts'
import { runItems } from './run-items.ts'
import type { Waited } from './watch.ts'

interface Item {
  readonly item: BatchItem
  /** Index of the unit this item belongs to; `units.length` for the final record. */
  readonly unit: number
  readonly statement?: PreparedStatement
  readonly mark?: ProgressMark
}

/** @throws GodwitError after settling the revision */
export async function executeUnits(execution: Execution, work: SqlWork, resume: StepRow | undefined): Promise<void> {
  const { scope, database, direction } = execution
  const { revision, prepared } = work
  const { units } = prepared
  const chain = chainHashes(units)
  const began = Date.now()
  let { from, resumes } = resume ? await resumeUnits(execution, work, resume, chain) : { from: 0, resumes: false }
  const count = prepared.statements.length
  const resumed = from === 0 ? {} : { resumedAt: from }
  scope.emit({
    type: 'revision-start',
    database: database.name,
    revision: revision.id,
    direction,
    statements: count,
    ...resumed,
  })
  for (let attempt = 1; ; attempt++) {
    await lookFirst(execution, work, from, chain)
    // A message ends before a statement that has to be looked at in the session as it is then.
    const next = units.findIndex((unit, index) => index > from && passingOver(execution, unit))
    const to = next === -1 ? units.length : next
    const failed = await runUnits(execution, work, { from, to, chain, began, resumes })
    if (!failed && next === -1) break
    resumes = false
    if (!failed) {
      from = to
      attempt = 0
      continue
    }
    if (failed.done > from) attempt = 1
    from = failed.done
    if (!failed.again || attempt >= ATTEMPTS) throw failed.giveUp()
    await pauseBeforeRetry(execution, revision.id, attempt, failed.reason)
    if (execution.stop.aborted) throw failed.giveUp()
  }
  settle(execution, revision.id, doneState(direction), { statements: count, ms: Date.now() - began })
}

/** @throws GodwitError, settled */
async function lookFirst(execution: Execution, work: SqlWork, at: number, chain: readonly string[]): Promise<void> {
  const unit = work.prepared.units[at]
  const statement = unit && passingOver(execution, unit)
  if (!statement) return
  const look = async () => {
    refuseAborted(execution.stop)
    return tellRemoved(execution, work.revision.id, at + 1, statement)
  }
  await settling(execution, work, at, statement, look, failure =>
    recordStop(execution, work, at, chain, failure, false),
  )
}

interface Attempt {
  readonly from: number
  /** Units before which this attempt ends; the last one records the revision. */
  readonly to: number
  readonly chain: readonly string[]
  readonly began: number
  /** What units before `from` set for the session of another run has to be set in this one. */
  readonly resumes: boolean
}

/** Undefined when all is done. @throws GodwitError, settled, when the connection was lost */
async function runUnits(execution: Execution, work: SqlWork, attempt: Attempt) {
  const items = unitItems(execution, work, attempt)
  const stopped = await runItems(execution, items, ({ statement }) => ({
    revision: work.revision.id,
    lockTimeoutMs: work.options.lockTimeoutMs,
    longWait: longWaitOf(execution, statement),
  }))
  return stopped && unitFailure(execution, work, stopped.error, items, attempt, stopped.waited)
}

const longWaitOf = (execution: Execution, statement: PreparedStatement | undefined) =>
  statement && execution.database.dialect.longWait?.(statement.text)

async function unitFailure(
  execution: Execution,
  work: SqlWork,
  error: BatchFailure,
  items: readonly Item[],
  attempt: Attempt,
  waited: Waited,
): Promise<{ done: number; again: boolean; reason: string; giveUp(): GodwitError }> {
  const { dialect } = execution.database
  const { units } = work.prepared
  const id = work.revision.id
  const at = items[error.index] as Item
  const where = at.statement?.locate(error.offset)
  if (error.connectionLost) {
    const texts = units.map(unit => textOf(unit.statements))
    throw await settleAfterLoss(execution, [work], error, where, { texts, chain: attempt.chain })
  }
  await execution.session.sql?.rollback()
  const fenced = dialect.journal.isFenceViolation(error.cause)
  // A unit is done when its last item is: the items say so, whatever the journal could still record.
  const last = (unit: number) => items.findLastIndex(item => item.unit === unit && item.item.kind !== 'reset')
  let done = attempt.from
  while (done < attempt.to && error.index > last(done)) done++
  const unit = units[done]
  const kept = unit && (await keptStep(execution, id, unit, done + 1))
  const state = kept ? 'in-doubt' : done === 0 ? 'rolled-back' : 'partial'
  const cause = fenced
    ? leaseLost(error.cause)
    : kept
      ? await keptFailure(execution, kept, unit, error.cause)
      : error.cause
  const leaves = longWaitOf(execution, at.statement)
  const describe = () =>
    revisionFailure(execution, cause, {
      revision: id,
      state,
      where,
      done,
      total: units.length,
      waited,
      leaves,
    })
  const failure = describe()
  if (!fenced && !kept) await recordStop(execution, work, done, attempt.chain, failure, leaves !== undefined)
  // A statement that leaves something behind, or consists of many, would meet what its first attempt did.
  const whole = !leaves && !kept && (unit === undefined || unit.transactional || unit.statements.every(isOneStep))
  const giveUp = () => {
    // A stop during the pause changes the reason.
    const last = execution.stop.aborted ? describe() : failure
    settle(execution, id, state, { statements: done, ms: Date.now() - attempt.began, error: last })
    return last
  }
  return { done, again: whole && missedLock(execution, failure), reason: failure.message, giveUp }
}

/** A statement of the store itself, which is done or not; a call of a procedure is not. */
const isOneStep = (statement: PreparedStatement) => statement.class.kind === 'ddl' || statement.class.kind === 'dml'

/** Replaces the intent of the failed unit by what is known now. */
async function recordStop(
  execution: Execution,
  work: SqlWork,
  done: number,
  chain: readonly string[],
  failure: GodwitError,
  leaves: boolean,
): Promise<void> {
  // What the statement left is removed by the next run, which knows of it by this row.
  const forget = done === 0 && !(leaves && execution.database.dialect.recovery?.cleanUp)
  const write: JournalWrite = forget
    ? { type: 'step-end', revision: work.revision.id }
    : stepWrite(execution, work, { done, running: null, chain, error: failure.message })
  const items = journalItems(execution, [write])
  // Where this fails too, the intent stays in the journal and the next run refuses to guess.
  await execution.session.sql?.run(items).catch(() => undefined)
}

function unitItems(execution: Execution, work: SqlWork, { from, to, chain, began, resumes }: Attempt): Item[] {
  const { revision, prepared, options } = work
  const { units } = prepared
  const items: Item[] = []
  const journal = (unit: number, writes: readonly JournalWrite[]) => {
    for (const item of journalItems(execution, writes)) items.push({ item, unit })
  }
  const settings = batchSettings(options)
  if (settings) items.push({ item: { kind: 'settings', settings }, unit: from })
  const position = new Map(prepared.statements.map((statement, index) => [statement, index]))
  const push = (statement: PreparedStatement, unit: number, alone: boolean) => {
    const mark = { statement: { revision: revision.id, index: position.get(statement) as number, is: statement } }
    items.push({ item: { kind: 'statement', sql: statement.text, ...(alone ? { alone } : {}) }, unit, statement, mark })
  }
  // What earlier statements set for the session was lost with the session that stopped.
  for (const statement of resumes ? replayed(units.slice(0, from)) : []) push(statement, from, true)
  units.forEach((unit, index) => {
    if (index < from || index >= to) return
    if (unit.transactional) {
      const when = keptWhen(execution, unit)
      if (when !== undefined)
        journal(index, [stepWrite(execution, work, { done: index, running: index + 1, chain, when })])
      const hint = { rebuildsTables: unit.statements.some(statement => statement.class.rebuildsTable) }
      items.push({ item: { kind: 'begin', ...(settings ? { settings } : {}), hint }, unit: index })
      for (const statement of unit.statements) push(statement, index, false)
      journal(index, [stepWrite(execution, work, { done: index + 1, running: null, chain })])
      items.push({ item: { kind: 'commit' }, unit: index })
    } else {
      const observe = execution.database.dialect.recovery?.observe(textOf(unit.statements))
      journal(index, [stepWrite(execution, work, { done: index, running: index + 1, chain, observe })])
      for (const statement of unit.statements) push(statement, index, true)
    }
  })
  if (to < units.length) return items
  items.push({ item: { kind: 'reset' }, unit: units.length })
  items.push({ item: { kind: 'begin' }, unit: units.length })
  journal(units.length, doneWrites(execution, work, began))
  items.push({ item: { kind: 'commit' }, unit: units.length })
  return items
}

interface StepFacts {
  readonly done: number
  readonly running: number | null
  readonly chain: readonly string[]
  readonly error?: string
  readonly observe?: string | undefined
  readonly when?: string
}

function stepWrite(execution: Execution, work: SqlWork, facts: StepFacts): JournalWrite {
  const { done, running, chain, error = null, observe, when } = facts
  const { units } = work.prepared
  const last = chain[(running ?? done) - 1]
  const hashes = last === undefined ? [] : [last]
  const { direction } = execution
  const step = { revision: work.revision.id, direction, done, running, total: units.length, hashes, error }
  return { type: 'step', step, observe, when }
}
