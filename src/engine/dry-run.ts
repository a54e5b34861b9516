// A run that really happens and leaves nothing: in one transaction that is rolled back, or on a scratch database.
// It takes no lock and writes no journal of the real database.
import type { Direction } from '../core/revision/revision.ts'
import type { JournalState } from '../dialect/journal.ts'
import { BatchFailure, type Session } from '../dialect/session.ts'
import { cancelOnStop } from './cancel.ts'
import { codeContext } from './code-context.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { tryOnScratch } from './dry-run-scratch.ts'
import { batchSettings } from './execute-atomic.ts'
import { type CodeWork, codeFailure, runUser } from './code-run.ts'
import { type Execution, settle } from './execution.ts'
import { revisionFailure } from './failure.ts'
import { knownError } from './known-error.ts'
import type { History } from './history.ts'
import { refuseAborted } from './lease.ts'
import { batchProgress } from './progress.ts'
import type { StepResult } from './result.ts'
import type { Work } from './work.ts'

type Outcome = Map<string, StepResult>

/** @returns where it took place. @throws GodwitError of the failing revision, RUN.DRY_RUN_UNSUPPORTED */
export async function dryRun(
  database: EngineDatabase,
  session: Session,
  scope: RunScope,
  history: History,
  journal: JournalState,
  works: readonly Work[],
  direction: Direction,
  outcome: Outcome,
): Promise<'transaction' | 'scratch'> {
  const { capabilities } = database.dialect
  const together =
    capabilities.transactionalDdl &&
    works.every(work => (work.kind === 'sql' ? work.prepared.atomic : work.options.transaction === 'on'))
  if (together) await tryInTransaction(database, session, scope, works, direction, outcome)
  else await tryOnScratch(database, scope, history, journal, works, direction, outcome)
  return together ? 'transaction' : 'scratch'
}

const noLease = {
  fence: { owner: '', fence: 0 },
  previous: undefined,
  replace() {},
  lost: new AbortController().signal,
  renewIfDue: async () => {},
  release: async () => {},
}

async function tryInTransaction(
  database: EngineDatabase,
  session: Session,
  scope: RunScope,
  works: readonly Work[],
  direction: Direction,
  outcome: Outcome,
): Promise<void> {
  const stop = scope.signal
  const none = { lease: { ...noLease, session }, run: '', resume: new Map() }
  const execution: Execution = { database, scope, session, direction, stop, outcome, ...none }
  const rebuildsTables = works.some(
    work => work.kind === 'sql' && work.prepared.statements.some(statement => statement.class.rebuildsTable),
  )
  const forgetStop = cancelOnStop(session, stop)
  try {
    await session.sql?.run([{ kind: 'begin', hint: { rebuildsTables } }])
    for (const work of works) {
      refuseAborted(stop)
      await tryOne(execution, work)
    }
  } finally {
    await forgetStop()
    await session.sql?.rollback()
  }
}

async function tryOne(execution: Execution, work: Work): Promise<void> {
  const { database, scope, direction } = execution
  const revision = work.revision.id
  const began = Date.now()
  const statements = work.kind === 'sql' ? work.prepared.statements.length : 0
  scope.emit({ type: 'revision-start', database: database.name, revision, direction, statements })
  try {
    const steps = work.kind === 'code' ? await tryCode(execution, work) : await trySql(execution, work)
    settle(execution, revision, 'tried', { statements: steps, ms: Date.now() - began })
  } catch (error) {
    const failure =
      work.kind === 'code' ? codeFailure(execution, work, error, 'rolled-back', 0) : sqlFailure(execution, work, error)
    settle(execution, revision, 'rolled-back', { statements: 0, ms: Date.now() - began, error: failure })
    throw failure
  }
}

async function tryCode(execution: Execution, work: CodeWork): Promise<number> {
  const { database, session, direction, scope, stop } = execution
  const revision = work.revision.id
  let steps = 0
  const context = codeContext({
    dialect: database.dialect,
    session,
    database: database.name,
    direction,
    signal: stop,
    revision,
    step: (_, effect) => {
      steps++
      return effect(false)
    },
    atomic: true,
    log: message => scope.emit({ type: 'log', database: database.name, revision, message }),
  })
  await session.sql?.run(settingsOf(work))
  await runUser(work, context, stop)
  await session.sql?.run([{ kind: 'reset' }])
  return steps
}

async function trySql(execution: Execution, work: Extract<Work, { kind: 'sql' }>): Promise<number> {
  const { statements } = work.prepared
  const head = settingsOf(work)
  const marks = statements.map((is, index) => ({ statement: { revision: work.revision.id, index, is } }))
  const progress = batchProgress(execution, [...head.map(() => undefined), ...marks])
  progress.begin()
  const items = statements.map(statement => ({ kind: 'statement', sql: statement.text }) as const)
  await execution.session.sql?.run([...head, ...items, { kind: 'reset' }], progress)
  return statements.length
}

function settingsOf(work: Work) {
  const settings = batchSettings(work.options)
  return settings ? [{ kind: 'settings', settings } as const] : []
}

function sqlFailure(execution: Execution, work: Extract<Work, { kind: 'sql' }>, error: unknown) {
  const batch = error instanceof BatchFailure ? error : undefined
  const failed = batch && work.prepared.statements[batch.index - settingsOf(work).length]
  return revisionFailure(execution, batch ? batch.cause : knownError(execution.database.dialect, error), {
    revision: work.revision.id,
    state: 'rolled-back',
    where: failed?.locate(batch?.offset),
  })
}
