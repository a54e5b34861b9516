// An applied revision whose file changed or went away: refused, with a diff where the journal kept the text.
import { GodwitError } from '../core/error.ts'
import type { Finding } from '../core/finding.ts'
import type { AppliedRow, JournalStore } from '../dialect/journal.ts'
import type { Session } from '../dialect/session.ts'
import type { History } from './history.ts'
import type { Drift } from './plan.ts'

/** Longest diff kept in an error, characters. */
const DIFF_LIMIT = 4_000

type DriftFinding = Finding & Required<Pick<Finding, 'why' | 'next'>>

/** @throws JOURNAL.FILE_MISSING JOURNAL.CHECKSUM_CHANGED for the first drifted row; the others are in meta.others */
export async function refuseDrift(
  drift: Drift,
  history: History,
  journal: JournalStore,
  session: Session,
): Promise<void> {
  const findings = await describeDrift(drift, history, journal, session)
  const [first, ...others] = findings
  if (!first) return
  throw new GodwitError(first.code, first.message, {
    why: `${first.why} Nothing was changed now.`,
    next: first.next,
    ...(first.where ? { where: first.where } : {}),
    meta: { ...first.meta, others: others.map(finding => finding.message) },
  })
}

/** The same as findings, for `status` and `verify`. */
export async function describeDrift(
  drift: Drift,
  history: History,
  journal: JournalStore,
  session: Session,
): Promise<DriftFinding[]> {
  if (drift.otherProject) {
    const { code, message, why = '', next, meta } = drift.otherProject
    return [{ code, severity: 'error', message, why, next, meta }]
  }
  const findings: DriftFinding[] = drift.missing.map(missingFile)
  if (drift.edited.length === 0) return findings
  // Loaded only when there is something to show: a clean database pays nothing for it.
  const { createPatch } = await import('diff')
  for (const row of drift.edited) {
    const revision = history.revision(row.id)
    const before = await journal.source(session, row.id)
    const file = revision.file ?? row.id
    const patch =
      before === undefined || revision.source === undefined
        ? undefined
        : shorten(createPatch(file, before, revision.source, 'applied', 'now'))
    findings.push({
      code: 'JOURNAL.CHECKSUM_CHANGED',
      severity: 'error',
      message: `${file} was edited after it was applied on ${row.appliedAt} by ${row.appliedBy}`,
      why: `The database has what the file said then.${patch === undefined ? ' The old text is not in the journal.' : ''}`,
      next: [`git checkout -- ${file}`, 'godwit new "what the edit wants"', 'godwit repair --accept-checksums'],
      where: { file },
      meta: {
        revision: row.id,
        appliedAt: row.appliedAt,
        appliedBy: row.appliedBy,
        then: row.checksum,
        now: revision.checksum,
        ...(patch === undefined ? {} : { diff: patch }),
      },
    })
  }
  return findings
}

function missingFile(row: AppliedRow): DriftFinding {
  return {
    code: 'JOURNAL.FILE_MISSING',
    severity: 'error',
    message: `${row.id} was applied on ${row.appliedAt} by ${row.appliedBy}, and its file is gone`,
    why: 'Without the file nobody can tell what the database has, nor undo it.',
    next: [`godwit show ${row.id}`, `git log --diff-filter=D -- '*${row.id}*'`, 'godwit repair --forget-missing'],
    meta: { revision: row.id, appliedAt: row.appliedAt, appliedBy: row.appliedBy },
  }
}

function shorten(patch: string): string {
  const body = patch.slice(patch.indexOf('\n---') + 1)
  return body.length > DIFF_LIMIT ? `${body.slice(0, DIFF_LIMIT)}\n… (shortened)` : body
}
