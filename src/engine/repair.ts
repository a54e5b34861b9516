// Mending the journal after a crash or an edit. Without an answer it only reports what it would need to know.
import type { AppliedRow, JournalState, JournalWrite, StepRow } from '../dialect/journal.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { type History, loadHistory } from './history.ts'
import { changeJournal, type JournalChange } from './locked.ts'
import { findDrift } from './plan.ts'
import type { RepairResult } from './result.ts'
import { knownError } from './known-error.ts'

export interface RepairAnswers {
  /** Statements in doubt: record as done, or run again at the next run. */
  readonly inDoubt?: 'done' | 'retry' | undefined
  readonly acceptChecksums?: boolean | undefined
  readonly forgetMissing?: boolean | undefined
  readonly restartPartial?: boolean | undefined
}

type DatabaseRepair = RepairResult['databases'][number]
type Action = DatabaseRepair['actions'][number]

export async function repairDatabase(
  database: EngineDatabase,
  answers: RepairAnswers,
  scope: RunScope,
): Promise<DatabaseRepair> {
  const { dialect } = database
  const base = { name: database.name, dialect: dialect.name, url: dialect.target }
  try {
    const history = await loadHistory(database)
    const actions = await changeJournal(database, scope, 'repair', async journal => decide(history, journal, answers))
    return { ...base, actions }
  } catch (cause) {
    return { ...base, actions: [], error: knownError(dialect, cause) }
  }
}

function decide(history: History, journal: JournalState, answers: RepairAnswers): JournalChange<Action[]> {
  const writes: JournalWrite[] = []
  const actions: Action[] = []
  for (const step of journal.steps) {
    const mended = mendStep(step, answers)
    writes.push(...mended.writes)
    actions.push(mended.action)
  }
  const drift = findDrift(history.graph, journal)
  for (const row of drift.missing) {
    const found = `applied ${row.appliedAt}, its file is gone`
    if (answers.forgetMissing) writes.push({ type: 'undone', id: row.id })
    actions.push({
      revision: row.id,
      found,
      done: answers.forgetMissing ? 'forgotten' : 'nothing: --forget-missing removes its journal row',
    })
  }
  for (const row of drift.edited) {
    const found = `applied ${row.appliedAt}, its file was edited since`
    if (answers.acceptChecksums) writes.push(acceptEdit(history, row))
    actions.push({
      revision: row.id,
      found,
      done: answers.acceptChecksums
        ? 'the journal has the new checksum'
        : 'nothing: --accept-checksums takes the file as it is',
    })
  }
  return { writes, result: actions }
}

function mendStep(step: StepRow, answers: RepairAnswers): { writes: JournalWrite[]; action: Action } {
  const of = step.total === 0 ? '' : ` of ${step.total}`
  const found =
    step.running === null
      ? `its ${step.direction} stopped after step ${step.done}${of}`
      : `step ${step.running}${of} of its ${step.direction} is in doubt`
  const { revision, direction, total, hashes } = step
  const action = (done: string): Action => ({ revision, found, done })
  if (answers.restartPartial) {
    return { writes: [{ type: 'step-end', revision }], action: action('forgotten: the next run starts it over') }
  }
  if (step.running === null) {
    return {
      writes: [],
      action: action(`nothing: the next ${direction} goes on there; --restart forgets the done part`),
    }
  }
  if (answers.inDoubt === undefined) {
    return { writes: [], action: action('nothing: look at the database, then --done or --retry') }
  }
  const done = answers.inDoubt === 'done' ? step.running : step.done
  // The recorded hash covers the running step; without it the done part is checked from its text again.
  const kept = answers.inDoubt === 'done' ? hashes : []
  const write: JournalWrite = {
    type: 'step',
    step: { revision, direction, done, running: null, total, hashes: kept, error: step.error },
  }
  return {
    writes: [write],
    action: action(
      answers.inDoubt === 'done'
        ? `step ${step.running} is recorded as done`
        : `step ${step.running} will be run again`,
    ),
  }
}

function acceptEdit(history: History, row: AppliedRow): JournalWrite {
  const { checksum, fileHash, source } = history.revision(row.id)
  return { type: 'accept', id: row.id, checksum, fileHash, source }
}
