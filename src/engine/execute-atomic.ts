// SQL revisions that are one transaction each, journal row included. Several of them may share one message
// to the server; each still commits alone, so a failure leaves exactly those before it.
import { GodwitError } from '../core/error.ts'
import type { BatchItem, BatchSettings } from '../dialect/session.ts'
import { chainHashes } from './chain.ts'
import { doneState, doneWrites, type Execution, journalItems, settle } from './execution.ts'
import { revisionFailure } from './failure.ts'
import { keptFailure, keptStep, keptWhen } from './kept-change.ts'
import { leaseLost } from './lease.ts'
import type { ProgressMark } from './progress.ts'
import type { PreparedStatement } from './prepare.ts'
import { settleAfterLoss } from './reconnect.ts'
import { ATTEMPTS, missedLock, pauseBeforeRetry } from './retry.ts'
import { runItems } from './run-items.ts'
import type { Work } from './work.ts'

export type SqlWork = Extract<Work, { kind: 'sql' }>

/** @throws GodwitError after settling the failed revision; those after it stay `pending` */
export async function executeAtomic(execution: Execution, works: readonly SqlWork[]): Promise<void> {
  for (const work of works) refuseDone(execution, work)
  let rest = works
  for (let attempt = 1; rest.length > 0; attempt++) {
    const failed = await runBatch(execution, rest, attempt)
    if (!failed) return
    if (rest[0] !== failed.works[0]) attempt = 1
    rest = failed.works
    await pauseBeforeRetry(execution, failed.revision, attempt, failed.reason)
    if (execution.stop.aborted) throw failed.giveUp()
  }
}

/** The journal knows steps of it that are done: as one transaction they would be done twice. @throws JOURNAL.PARTIAL_EDITED */
function refuseDone(execution: Execution, work: SqlWork): void {
  const resume = execution.resume.get(work.revision.id)
  if (!resume || resume.done === 0) return
  const file = work.revision.file ?? work.revision.id
  throw new GodwitError(
    'JOURNAL.PARTIAL_EDITED',
    `${work.revision.id} is one transaction now, and ${resume.done} of its steps are done already`,
    {
      why: `They were done on ${resume.startedAt}, one by one. Running all of it would do them twice. Nothing was changed now.`,
      next: [`git checkout -- ${file}`, 'godwit repair --restart'],
      where: { file },
      meta: { revision: work.revision.id, done: resume.done, total: resume.total },
    },
  )
}

interface Item {
  readonly item: BatchItem
  readonly work: SqlWork
  readonly statement?: PreparedStatement
  readonly mark?: ProgressMark
}

async function runBatch(execution: Execution, works: readonly SqlWork[], attempt: number) {
  const { sql } = execution.session
  const items = works.flatMap(work => revisionItems(execution, work))
  const began = Date.now()
  const stopped = await runItems(execution, items, ({ work }) => ({
    revision: work.revision.id,
    lockTimeoutMs: work.options.lockTimeoutMs,
  }))
  if (!stopped) return undefined
  const { error, waited } = stopped
  const at = items[Math.min(error.index, items.length - 1)] as Item
  const { work } = at
  const id = work.revision.id
  const unfinished = works.slice(works.indexOf(work))
  if (error.connectionLost) {
    throw await settleAfterLoss(execution, unfinished, error, at.statement?.locate(error.offset))
  }
  await sql?.rollback()
  const unit = work.prepared.units[0]
  const kept = unit && (await keptStep(execution, id, unit, 1))
  const fenced = execution.database.dialect.journal.isFenceViolation(error.cause)
  const state = kept ? 'in-doubt' : 'rolled-back'
  const cause = fenced
    ? leaseLost(error.cause)
    : kept
      ? await keptFailure(execution, kept, unit, error.cause)
      : error.cause
  const describe = () =>
    revisionFailure(execution, cause, {
      revision: id,
      state,
      where: at.statement?.locate(error.offset),
      waited,
    })
  const failure = describe()
  const again = !kept && missedLock(execution, failure)
  const giveUp = () => {
    // A stop during the pause changes the reason.
    const last = execution.stop.aborted ? describe() : failure
    settle(execution, id, state, { statements: 0, ms: Date.now() - began, error: last })
    return last
  }
  if (again && attempt < ATTEMPTS) return { works: unfinished, revision: id, reason: failure.message, giveUp }
  throw giveUp()
}

function revisionItems(execution: Execution, work: SqlWork): Item[] {
  const { database, direction, scope } = execution
  const { revision, prepared, options } = work
  const { statements } = prepared
  let startedAtMs = Date.now()
  const settings = batchSettings(options)
  const intent = keptIntent(execution, work)
  const rebuildsTables = statements.some(statement => statement.class.rebuildsTable)
  const begin: Item = {
    item: { kind: 'begin', ...(settings ? { settings } : {}), hint: { rebuildsTables } },
    work,
    mark: {
      starts() {
        startedAtMs = Date.now()
        scope.emit({
          type: 'revision-start',
          database: database.name,
          revision: revision.id,
          direction,
          statements: statements.length,
        })
      },
    },
  }
  const body = statements.map((statement, index): Item => {
    return {
      item: { kind: 'statement', sql: statement.text },
      work,
      statement,
      mark: { statement: { revision: revision.id, index, is: statement } },
    }
  })
  // Role and search_path of the user must not reach the journal row, nor the next revision.
  const reset: Item[] = statements.every(keepsSession) ? [] : [{ item: { kind: 'reset' }, work }]
  const journal = journalItems(
    execution,
    doneWrites(execution, work, startedAtMs).filter(
      write => write.type !== 'step-end' || intent.length > 0 || execution.resume.has(revision.id),
    ),
  )
  const commit: Item = {
    item: { kind: 'commit' },
    work,
    mark: {
      ends: () =>
        settle(execution, revision.id, doneState(direction), {
          statements: statements.length,
          ms: Date.now() - startedAtMs,
        }),
    },
  }
  return [
    ...intent.map(item => ({ item, work })),
    begin,
    ...body,
    ...reset,
    ...journal.map(item => ({ item, work })),
    commit,
  ]
}

/** The intent of a revision that the store may not take back whole. Nothing for all others. */
function keptIntent(execution: Execution, work: SqlWork): BatchItem[] {
  const { units } = work.prepared
  const [unit] = units
  const when = unit && keptWhen(execution, unit)
  if (when === undefined) return []
  const facts = { done: 0, running: 1, total: 1, hashes: chainHashes(units), error: null }
  const step = { revision: work.revision.id, direction: execution.direction, ...facts }
  return journalItems(execution, [{ type: 'step', step, when }])
}

const keepsSession = (statement: PreparedStatement) => statement.class.kind === 'ddl' || statement.class.kind === 'dml'

/** Settings of a header as the session wants them; undefined when there are none. */
export function batchSettings(options: {
  readonly lockTimeoutMs?: number
  readonly statementTimeoutMs?: number
}): BatchSettings | undefined {
  const { lockTimeoutMs, statementTimeoutMs } = options
  if (lockTimeoutMs === undefined && statementTimeoutMs === undefined) return undefined
  return {
    ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }),
    ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
  }
}
