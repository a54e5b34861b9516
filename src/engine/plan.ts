// What a run is going to do: the graph minus the journal, checked. Pure: same input, same plan.
import { GodwitError } from '../core/error.ts'
import type { RevisionGraph } from '../core/revision/graph.ts'
import { currentHeads, downPath, upPath } from '../core/revision/path.ts'
import type { Direction } from '../core/revision/revision.ts'
import { resolveTarget } from '../core/revision/target.ts'
import { countOf } from '../core/revision/wording.ts'
import { sentences } from '../core/sentence.ts'
import { type AppliedRow, JOURNAL_FORMAT, type JournalState, type StepRow } from '../dialect/journal.ts'
import { otherProject, refuseForeign } from './other-project.ts'

export interface RunPlan {
  readonly direction: Direction
  /** In the order of execution. */
  readonly revisions: readonly string[]
  /** Heads of the applied revisions before and after. */
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** Applied before the run. */
  readonly before: ReadonlySet<string>
  /** Half-done revisions that this run goes on with. */
  readonly resume: ReadonlyMap<string, StepRow>
}

export interface Drift {
  /** Applied, and the file's up text is another one now. */
  readonly edited: readonly AppliedRow[]
  /** Applied, and there is no file. */
  readonly missing: readonly AppliedRow[]
  /** Nothing that is recorded is known here. */
  readonly otherProject?: GodwitError
}

/** Compares applied rows with files. Equal bytes settle it; only then is the text normalised. */
export function findDrift(graph: RevisionGraph, journal: JournalState): Drift {
  const edited: AppliedRow[] = []
  const missing: AppliedRow[] = []
  for (const row of journal.applied) {
    const revision = graph.get(row.id)
    if (!revision) missing.push(row)
    else {
      const same = row.fileHash !== null && row.fileHash === revision.fileHash
      if (!same && row.checksum !== null && revision.checksum !== undefined && row.checksum !== revision.checksum) {
        edited.push(row)
      }
    }
  }
  const other = missing.length > 0 ? otherProject(graph, journal) : undefined
  return { edited, missing, ...(other ? { otherProject: other } : {}) }
}

/** Applied without a checksum, although the text has one now: an edit of it could not be seen. */
export function findUnchecked(graph: RevisionGraph, journal: JournalState): readonly AppliedRow[] {
  return journal.applied.filter(row => row.checksum === null && graph.get(row.id)?.checksum !== undefined)
}

/** For whoever writes. @throws JOURNAL.FORMAT_NEWER JOURNAL.FORMAT_OLDER */
export function checkFormat(journal: JournalState): void {
  checkReadable(journal)
  const older = formatOlder(journal)
  if (older) throw older
}

/** What stands in the way of writing to a journal that can be read; undefined when it has this format. */
export function formatOlder(journal: JournalState): GodwitError | undefined {
  if (!journal.initialised || journal.format >= JOURNAL_FORMAT) return undefined
  return new GodwitError(
    'JOURNAL.FORMAT_OLDER',
    `the journal of this database has format ${journal.format}; this godwit writes ${JOURNAL_FORMAT}`,
    {
      why: 'An older godwit made it. It can be read as it is, and older runners refuse it once it is upgraded. Nothing was changed.',
      next: ['godwit repair --upgrade-journal'],
      meta: { found: journal.format, known: JOURNAL_FORMAT },
    },
  )
}

/** For whoever only reads. @throws JOURNAL.FORMAT_NEWER */
export function checkReadable(journal: JournalState): void {
  if (journal.format <= JOURNAL_FORMAT) return
  throw new GodwitError(
    'JOURNAL.FORMAT_NEWER',
    `the journal of this database has format ${journal.format}; this godwit knows ${JOURNAL_FORMAT}`,
    {
      why: 'A newer godwit ran here. Nothing was read further and nothing was changed.',
      next: ['npm install godwit@latest'],
      meta: { found: journal.format, known: JOURNAL_FORMAT },
    },
  )
}

/**
 * `mayRun`: a step in doubt that its own execution settles. Default: none.
 * @throws GRAPH.TARGET_* GRAPH.HEADS_MULTIPLE JOURNAL.*
 */
export function planRun(
  graph: RevisionGraph,
  journal: JournalState,
  direction: Direction,
  target: string,
  mayRun: (step: StepRow) => boolean = () => false,
): RunPlan {
  checkFormat(journal)
  refuseForeign(graph, journal)
  const ids = journal.applied.map(row => row.id)
  const applied = new Set(ids)
  const revisions =
    direction === 'up'
      ? upPath(graph, applied, resolveTarget(graph, applied, target, 'up'))
      : downPath(graph, applied, ids, resolveTarget(graph, applied, target, 'down')).ids
  const from = currentHeads(graph, applied)
  return {
    direction,
    revisions,
    from,
    to: revisions.length === 0 ? from : currentHeadsOf(graph, applied, direction, revisions),
    before: applied,
    resume: planResume(journal.steps, direction, revisions, mayRun),
  }
}

/** Heads after a run that did only `done` of its plan. */
export function currentHeadsOf(
  graph: RevisionGraph,
  before: ReadonlySet<string>,
  direction: Direction,
  done: readonly string[],
): readonly string[] {
  const applied = new Set(before)
  for (const id of done) {
    if (direction === 'up') applied.add(id)
    else applied.delete(id)
  }
  return currentHeads(graph, applied)
}

function planResume(
  steps: readonly StepRow[],
  direction: Direction,
  revisions: readonly string[],
  mayRun: (step: StepRow) => boolean,
): Map<string, StepRow> {
  const resume = new Map<string, StepRow>()
  for (const step of steps) {
    if (step.running !== null && !mayRun(step)) throw inDoubt(step)
    if (step.direction !== direction || !revisions.includes(step.revision)) throw halfDone(step)
    resume.set(step.revision, step)
  }
  return resume
}

/** A statement was begun and its end was never recorded. */
export function inDoubt(step: StepRow, evidence: readonly string[] = []): GodwitError {
  return new GodwitError(
    'JOURNAL.STEP_IN_DOUBT',
    `${step.revision}: step ${step.running} of its ${step.direction} was begun and never recorded as ended`,
    {
      why: `The runner died or lost its connection there. ${countOf(step.done, 'step')} done before; whether step ${step.running} is, ${evidence.length === 0 ? 'only the database shows' : `cannot be proved: ${evidence.join('; ')}`}. Nothing was changed now.`,
      next: [`godwit show ${step.revision}`, 'godwit repair --done', 'godwit repair --retry'],
      meta: {
        revision: step.revision,
        direction: step.direction,
        done: step.done,
        running: step.running,
        startedAt: step.startedAt,
        ...(evidence.length === 0 ? {} : { evidence }),
      },
    },
  )
}

/** @throws JOURNAL.STEP_IN_DOUBT JOURNAL.PARTIAL when any revision is half done */
export function refusePartial(journal: JournalState): void {
  const [step] = journal.steps
  if (step) throw step.running === null ? halfDone(step) : inDoubt(step)
}

function halfDone(step: StepRow): GodwitError {
  const verb = step.direction
  return new GodwitError(
    'JOURNAL.PARTIAL',
    `${step.revision} is half done: its ${verb} stopped after step ${step.done}`,
    {
      why: sentences(
        step.error ?? 'The run was interrupted',
        'It must be finished or given up before anything else is run. Nothing was changed now',
      ),
      next: [`godwit ${verb} ${verb === 'up' ? step.revision : '-1'}`, 'godwit repair --restart'],
      meta: { revision: step.revision, direction: verb, done: step.done, total: step.total },
    },
  )
}
