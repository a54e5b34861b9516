// A journal whose revisions are all unknown here belongs to another project, or to another folder of revisions.
// Refused before anything is planned: applying this project's history to it would mix two schemas. Pure.
import { GodwitError } from '../core/error.ts'
import type { RevisionGraph } from '../core/revision/graph.ts'
import { nameList } from '../core/revision/wording.ts'
import type { JournalState, StepRow } from '../dialect/journal.ts'

/** As many of its revisions are named. */
const NAMED = 3

/** The refusal; undefined where at least one recorded revision is known here, or none is recorded. */
export function otherProject(graph: RevisionGraph, journal: JournalState): GodwitError | undefined {
  // Nearly always the first row tells; only a refusal needs all of them.
  if (journal.applied.some(row => graph.has(row.id))) return undefined
  const rows = [...journal.applied.map(row => row.id), ...journal.steps.map(step => step.revision)]
  const recorded = [...new Set(rows)]
  if (recorded.length === 0 || recorded.some(id => graph.get(id) !== undefined)) return undefined
  const count = recorded.length
  const first = journal.applied[0]
  const since = first ? `; the first was applied on ${first.appliedAt} by ${first.appliedBy}` : ''
  const examples = recorded.slice(0, NAMED)
  const names = count > NAMED ? `${examples.join(', ')} and ${count - NAMED} more` : nameList(recorded)
  return new GodwitError(
    'JOURNAL.OTHER_PROJECT',
    count === 1
      ? `the only revision recorded in this database, ${names}, is not in this project`
      : `none of the ${count} revisions recorded in this database is in this project: ${names}`,
    {
      why: `It is the database of another project, or the revisions are read from another folder, or all their files were renamed or removed${since}. Nothing was changed.`,
      next: [
        'check the database URL and the folder of the revisions, then: godwit status',
        'godwit status --config FILE',
        ...(first ? [`godwit show ${first.id}`] : []),
      ],
      meta: { recorded: count, examples, here: graph.ids.length },
    },
  )
}

/** @throws JOURNAL.OTHER_PROJECT JOURNAL.FILE_MISSING when a half-done revision is unknown here */
export function refuseForeign(graph: RevisionGraph, journal: JournalState): void {
  const other = otherProject(graph, journal)
  if (other) throw other
  const half = journal.steps.find(step => graph.get(step.revision) === undefined)
  if (half) throw halfDoneWithoutFile(half)
}

/** A half-done revision whose file is gone: it can be neither finished nor undone without it. */
function halfDoneWithoutFile(step: StepRow): GodwitError {
  const { revision, direction, done, total } = step
  return new GodwitError('JOURNAL.FILE_MISSING', `${revision} is half done, and its file is gone`, {
    why: `Its ${direction} stopped after step ${done}, begun on ${step.startedAt}. Without the file it can be neither finished nor undone. Nothing was changed now.`,
    next: [`git log --diff-filter=D -- '*${revision}*'`, 'godwit repair --restart'],
    meta: { revision, direction, done, total },
  })
}
