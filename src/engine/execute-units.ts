// SQL revisions that are not one transaction: unit after unit, each recorded, so that the next run goes on
// at the unit where this one stopped. A unit is recorded in its own transaction, or begun before and ended after.
import { sha256 } from '../core/checksum.ts'
import { GodwitError } from '../core/error.ts'
import type { JournalWrite, StepRow } from '../dialect/journal.ts'
import type { BatchFailure, BatchItem } from '../dialect/session.ts'
import { batchSettings, type SqlWork } from './execute-atomic.ts'
import { doneState, doneWrites, type Execution, journalItems, settle } from './execution.ts'
import { revisionFailure } from './failure.ts'
import { leaseLost } from './lease.ts'
import type { ProgressMark } from './progress.ts'
import type { PreparedStatement, Unit } from './prepare.ts'
import { settleAfterLoss } from './reconnect.ts'
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
  let from = resume?.done ?? 0
  if (resume) refuseEdited(work, resume, chain)
  const began = Date.now()
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
  let resumes = true
  for (let attempt = 1; ; attempt++) {
    const failed = await runUnits(execution, work, { from, chain, began, resumes })
    if (!failed) break
    resumes = false
    if (failed.done > from) attempt = 1
    from = failed.done
    if (!failed.again || attempt >= ATTEMPTS) throw failed.giveUp()
    await pauseBeforeRetry(execution, revision.id, attempt, failed.reason)
    if (execution.stop.aborted) throw failed.giveUp()
  }
  settle(execution, revision.id, doneState(direction), { statements: count, ms: Date.now() - began })
}

interface Attempt {
  readonly from: number
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
  if (error.connectionLost) throw await settleAfterLoss(execution, [work], error, where)
  await execution.session.sql?.rollback()
  const fenced = dialect.journal.isFenceViolation(error.cause)
  // A unit is done when its last item is: the items say so, whatever the journal could still record.
  const last = (unit: number) => items.findLastIndex(item => item.unit === unit && item.item.kind !== 'reset')
  let done = attempt.from
  while (done < units.length && error.index > last(done)) done++
  const state = done === 0 ? 'rolled-back' : 'partial'
  const leaves = longWaitOf(execution, at.statement)
  const describe = () =>
    revisionFailure(execution, fenced ? leaseLost(error.cause) : error.cause, {
      revision: id,
      state,
      where,
      done,
      total: units.length,
      waited,
      leaves,
    })
  const failure = describe()
  if (!fenced) await recordStop(execution, work, done, attempt.chain, failure)
  // A statement that leaves something behind, or consists of many, would meet what its first attempt did.
  const unit = units[done]
  const whole = !leaves && (unit === undefined || unit.transactional || unit.statements.every(isOneStep))
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
): Promise<void> {
  const write: JournalWrite =
    done === 0
      ? { type: 'step-end', revision: work.revision.id }
      : stepWrite(execution, work, done, null, chain, failure.message)
  const items = journalItems(execution, [write])
  // Where this fails too, the intent stays in the journal and the next run refuses to guess.
  await execution.session.sql?.run(items).catch(() => undefined)
}

function unitItems(execution: Execution, work: SqlWork, { from, chain, began, resumes }: Attempt): Item[] {
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
  for (const unit of resumes ? units.slice(0, from) : []) {
    for (const statement of unit.statements)
      if (!unit.transactional && statement.class.kind === 'session') push(statement, from, true)
  }
  units.forEach((unit, index) => {
    if (index < from) return
    if (unit.transactional) {
      const hint = { rebuildsTables: unit.statements.some(statement => statement.class.rebuildsTable) }
      items.push({ item: { kind: 'begin', ...(settings ? { settings } : {}), hint }, unit: index })
      for (const statement of unit.statements) push(statement, index, false)
      journal(index, [stepWrite(execution, work, index + 1, null, chain)])
      items.push({ item: { kind: 'commit' }, unit: index })
    } else {
      journal(index, [stepWrite(execution, work, index, index + 1, chain)])
      for (const statement of unit.statements) push(statement, index, true)
    }
  })
  items.push({ item: { kind: 'reset' }, unit: units.length })
  items.push({ item: { kind: 'begin' }, unit: units.length })
  journal(units.length, doneWrites(execution, work, began))
  items.push({ item: { kind: 'commit' }, unit: units.length })
  return items
}

function stepWrite(
  execution: Execution,
  work: SqlWork,
  done: number,
  running: number | null,
  chain: readonly string[],
  error: string | null = null,
): JournalWrite {
  const { units } = work.prepared
  const hashes = [chain[(running ?? done) - 1] as string]
  return {
    type: 'step',
    step: {
      revision: work.revision.id,
      direction: execution.direction,
      done,
      running,
      total: units.length,
      hashes,
      error,
    },
  }
}

/** Entry n stands for the text of units 0 … n: one short value tells whether the done part was edited. */
export function chainHashes(units: readonly Unit[]): string[] {
  let previous = ''
  return units.map(unit => {
    previous = sha256(`${previous}\n${unit.hash}`)
    return previous
  })
}

function refuseEdited(work: SqlWork, resume: StepRow, chain: readonly string[]): void {
  const recorded = resume.hashes[0]
  if (recorded === undefined || recorded === chain[(resume.running ?? resume.done) - 1]) return
  throw new GodwitError('JOURNAL.PARTIAL_EDITED', `${work.revision.id} was edited in the part that is done already`, {
    why: `${resume.done} of its ${resume.total} steps were done on ${resume.startedAt}; going on with another text would leave a database that no file describes. Nothing was changed now.`,
    next: [`git checkout -- ${work.revision.file ?? work.revision.id}`, 'godwit repair --restart'],
    where: { file: work.revision.file ?? work.revision.id },
    meta: { revision: work.revision.id, done: resume.done, total: resume.total },
  })
}
