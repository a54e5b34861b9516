// Mending the journal after a crash or an edit. Without an answer it only reports what it would need to know.
import type { GodwitError } from '../core/error.ts'
import {
  type AppliedRow,
  JOURNAL_FORMAT,
  type JournalState,
  type JournalWrite,
  type StepRow,
} from '../dialect/journal.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { type History, loadHistory } from './history.ts'
import { changeJournal, type HeldJournal, type JournalChange } from './locked.ts'
import { textOfStep } from './decide.ts'
import { findDrift, findUnchecked } from './plan.ts'
import type { RepairResult } from './result.ts'
import { formerConnections, outlive } from './survivor.ts'
import { knownError } from './known-error.ts'

export interface RepairAnswers {
  /** Statements in doubt: record as done, or run again at the next run. */
  readonly inDoubt?: 'done' | 'retry' | undefined
  readonly acceptChecksums?: boolean | undefined
  readonly forgetMissing?: boolean | undefined
  readonly restartPartial?: boolean | undefined
  readonly upgradeJournal?: boolean | undefined
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
    const actions = await changeJournal(
      database,
      scope,
      'repair',
      held => decide(database, scope, history, held, answers),
      answers.upgradeJournal,
    )
    return { ...base, actions }
  } catch (cause) {
    return { ...base, actions: [], error: knownError(dialect, cause) }
  }
}

async function decide(
  database: EngineDatabase,
  scope: RunScope,
  history: History,
  held: HeldJournal,
  answers: RepairAnswers,
): Promise<JournalChange<Action[]>> {
  const writes: JournalWrite[] = []
  const actions: Action[] = []
  if (answers.upgradeJournal) actions.push(upgraded(held))
  const answered = answers.inDoubt !== undefined || answers.restartPartial === true
  // An answer about a step is not taken while somebody is still at work on it.
  const journal = answered ? await withoutSurvivors(database, scope, held) : held.journal
  for (const step of journal.steps) {
    const asked = step.running !== null && !answered
    const mended = asked
      ? { writes: [], action: await askStep(database, history, held, step) }
      : mendStep(step, answers)
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
  const unchecked = findUnchecked(history.graph, journal)
  for (const row of [...drift.edited, ...unchecked]) {
    const what = unchecked.includes(row) ? 'recorded without a checksum' : 'its file was edited since'
    const found = `applied ${row.appliedAt}, ${what}`
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

async function withoutSurvivors(
  database: EngineDatabase,
  scope: RunScope,
  { journal, session, lease }: HeldJournal,
): Promise<JournalState> {
  const stop = AbortSignal.any([scope.signal, lease.lost])
  const former = formerConnections(journal, lease.previous)
  const wait = { database, session, scope, stop, waitMs: database.lock.waitMs }
  for (const connection of former) await outlive(wait, connection)
  return former.length === 0 ? journal : database.dialect.journal.read(session)
}

/** What the next run would find; nothing is changed, and nobody is ended. */
async function askStep(
  database: EngineDatabase,
  history: History,
  { session, journal, lease }: HeldJournal,
  step: StepRow,
): Promise<Action> {
  const found = `${stepOf(step)} is in doubt`
  const { recovery } = database.dialect
  const say = (done: string, evidence: readonly string[] = []): Action => {
    return { revision: step.revision, found: [found, ...evidence].join('; '), done: `nothing: ${done}` }
  }
  if (!recovery) return say('look at the database, then --done or --retry')
  for (const { identity } of formerConnections(journal, lease.previous)) {
    const survivor = await recovery.survivor?.(session, identity)
    if (survivor)
      return say('the next run waits for it or ends it', [`connection ${identity.backend} is still at work`])
  }
  try {
    const known = await textOfStep(database, history, step)
    if (!known) return say(`the next ${step.direction} asks the database when its code comes to that step`)
    const { outcome, evidence } = await recovery.decide(session, known.text, step.observed)
    if (outcome === 'unknown') return say('it cannot be proved; look at the database, then --done or --retry', evidence)
    const way = outcome === 'done' ? 'records it as done' : 'runs it again'
    return say(`the next ${step.direction} ${way}`, evidence)
  } catch (cause) {
    return say('look at the database, then --done or --retry', evidenceOf(knownError(database.dialect, cause)))
  }
}

function evidenceOf(error: GodwitError): readonly string[] {
  const { evidence } = error.meta
  return Array.isArray(evidence) ? evidence.map(String) : [error.message]
}

function upgraded({ format }: HeldJournal): Action {
  const old = format > 0 && format < JOURNAL_FORMAT
  return {
    revision: 'journal',
    found: old ? `it has format ${format}` : `it has format ${JOURNAL_FORMAT} already`,
    done: old ? `it has format ${JOURNAL_FORMAT} now` : 'nothing',
  }
}

function stepOf(step: StepRow): string {
  return `step ${step.running}${step.total === 0 ? '' : ` of ${step.total}`} of its ${step.direction}`
}

function mendStep(step: StepRow, answers: RepairAnswers): { writes: JournalWrite[]; action: Action } {
  const of = step.total === 0 ? '' : ` of ${step.total}`
  const found =
    step.running === null ? `its ${step.direction} stopped after step ${step.done}${of}` : `${stepOf(step)} is in doubt`
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
