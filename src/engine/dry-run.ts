// A run that really happens and leaves nothing: in one transaction that is rolled back, or on a scratch database
// that first gets the applied history. It takes no lock and writes no journal of the real database.
import { GodwitError } from '../core/error.ts'
import type { Direction } from '../core/revision/revision.ts'
import type { JournalState } from '../dialect/journal.ts'
import { BatchFailure, type Session } from '../dialect/session.ts'
import { codeContext } from './code-context.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { batchSettings } from './execute-atomic.ts'
import { executePlan } from './execute.ts'
import { type Execution, settle } from './execution.ts'
import { revisionFailure } from './failure.ts'
import type { History } from './history.ts'
import { acquireLease } from './lease.ts'
import { batchProgress } from './progress.ts'
import type { StepResult } from './result.ts'
import { prepareWork, type Work } from './work.ts'

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
  const execution: Execution = {
    database,
    scope,
    session,
    lease: noLease,
    run: '',
    direction,
    stop: scope.signal,
    outcome,
    resume: new Map(),
  }
  const rebuildsTables = works.some(
    work => work.kind === 'sql' && work.prepared.statements.some(statement => statement.class.rebuildsTable),
  )
  const cancel = () => void session.cancel().catch(() => undefined)
  scope.signal.addEventListener('abort', cancel)
  try {
    await session.sql?.run([{ kind: 'begin', hint: { rebuildsTables } }])
    for (const work of works) await tryOne(execution, work)
  } finally {
    scope.signal.removeEventListener('abort', cancel)
    await session.sql?.rollback()
  }
}

async function tryOne(execution: Execution, work: Work): Promise<void> {
  const { database, scope, direction, session } = execution
  const id = work.revision.id
  const began = Date.now()
  const statements = work.kind === 'sql' ? work.prepared.statements : []
  scope.emit({
    type: 'revision-start',
    database: database.name,
    revision: id,
    direction,
    statements: statements.length,
  })
  try {
    if (work.kind === 'code') {
      const log = (message: string) => scope.emit({ type: 'log', database: database.name, revision: id, message })
      const { dialect } = database
      const context = codeContext({
        dialect,
        session,
        database: database.name,
        direction,
        signal: execution.stop,
        revision: id,
        step: (_, effect) => effect(false),
        atomic: true,
        log,
      })
      await work.run(context.m as never)
      await context.finish()
    } else {
      const settings = batchSettings(work.options)
      const head = settings ? [{ kind: 'settings', settings } as const] : []
      const progress = batchProgress(execution, [
        ...head.map(() => undefined),
        ...statements.map((is, index) => ({ statement: { revision: id, index, is } })),
      ])
      progress.begin()
      await session.sql?.run(
        [
          ...head,
          ...statements.map(statement => ({ kind: 'statement', sql: statement.text }) as const),
          { kind: 'reset' },
        ],
        progress,
      )
    }
  } catch (error) {
    const failed = error instanceof BatchFailure ? statements[error.index] : undefined
    const cause = error instanceof BatchFailure ? error.cause : error
    const where = error instanceof BatchFailure ? failed?.locate(error.offset) : undefined
    const failure = revisionFailure(execution, cause, {
      revision: id,
      state: 'rolled-back',
      where,
      code: work.kind === 'code',
    })
    settle(execution, id, 'rolled-back', { statements: 0, ms: Date.now() - began, error: failure })
    throw failure
  }
  settle(execution, id, 'tried', { statements: statements.length, ms: Date.now() - began })
}

async function tryOnScratch(
  database: EngineDatabase,
  scope: RunScope,
  history: History,
  journal: JournalState,
  works: readonly Work[],
  direction: Direction,
  outcome: Outcome,
): Promise<void> {
  const made = await database.dialect.scratch?.()
  if (!made) {
    throw new GodwitError(
      'RUN.DRY_RUN_UNSUPPORTED',
      `${database.dialect.name} can neither roll this back nor give a scratch database`,
      {
        why: 'A dry run that does not run would be a guess. Nothing was changed.',
        next: ['godwit up --sql', 'run it against a copy of the database with --url'],
      },
    )
  }
  const scratch: EngineDatabase = { ...database, dialect: made.dialect }
  try {
    const session = await made.dialect.open({ purpose: 'run', signal: scope.signal })
    try {
      await made.dialect.journal.ensure(session)
      const quiet: RunScope = { ...scope, hooks: {}, emit: () => {} }
      const lease = await acquireLease(scratch, session, quiet, 'dry-run', 0)
      const base = { database: scratch, session, lease, run: 'dry-run', stop: scope.signal, resume: new Map() }
      const before = await prepareWork(
        made.dialect,
        history,
        history.graph.ids.filter(id => journal.applied.some(row => row.id === id)),
        'up',
      )
      const nothing = {
        direction: 'up',
        revisions: [],
        from: [],
        to: [],
        before: new Set<string>(),
        resume: new Map(),
      } as const
      await executePlan({ ...base, scope: quiet, direction: 'up', outcome: new Map() }, nothing, before, async () => {})
      const tried: Outcome = new Map()
      const shown: RunScope = { ...quiet, emit: scope.emit }
      await executePlan({ ...base, scope: shown, direction, outcome: tried }, nothing, works, async () => {}).finally(
        () => {
          for (const step of tried.values())
            outcome.set(step.revision, {
              ...step,
              state: step.state === 'applied' || step.state === 'undone' ? 'tried' : step.state,
            })
        },
      )
      await lease.release()
    } finally {
      await session.close()
    }
  } finally {
    await made.dispose()
  }
}
