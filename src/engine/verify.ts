// Do files, graph, checksums and journal agree? Each disagreement is a finding.
import { isGodwitError } from '../core/error.ts'
import type { GodwitError } from '../core/error.ts'
import type { Finding } from '../core/finding.ts'
import type { JournalState } from '../dialect/journal.ts'
import type { EngineDatabase } from './database.ts'
import { describeDrift } from './drift.ts'
import { type History, loadHistory } from './history.ts'
import { checkReadable, findDrift, findUnchecked, formatOlder } from './plan.ts'
import { prepareSql } from './prepare.ts'
import type { VerifyResult } from './result.ts'
import { withReader } from './status.ts'
import { knownError } from './known-error.ts'

type DatabaseVerdict = VerifyResult['databases'][number]

export async function verifyDatabase(database: EngineDatabase, signal: AbortSignal): Promise<DatabaseVerdict> {
  const { dialect } = database
  const base = { name: database.name, dialect: dialect.name, url: dialect.target }
  const checked: string[] = []
  const findings: Finding[] = []
  try {
    const history = await loadHistory(database)
    checked.push('files', 'graph')
    findings.push(...(await readBodies(database, history)))
    await withReader(database, signal, async session => {
      checked.push('connection')
      const journal = await dialect.journal.read(session)
      checkReadable(journal)
      const older = formatOlder(journal)
      if (older) findings.push(asFinding(older))
      findings.push(...(await describeDrift(findDrift(history.graph, journal), history, dialect.journal, session)))
      checked.push('checksums')
      findings.push(...journalFindings(history, journal))
      checked.push('journal')
    })
    return { ...base, ok: findings.every(finding => finding.severity === 'info'), checked, findings }
  } catch (cause) {
    const error = knownError(dialect, cause)
    return { ...base, ok: false, checked, findings, error }
  }
}

/** Every file is parsed, the applied ones too: a broken down is found before it is needed. */
async function readBodies(database: EngineDatabase, history: History): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const id of history.graph.ids) {
    const revision = history.revision(id)
    try {
      const body = revision.body()
      if (body.kind === 'code') await body.load()
      else {
        await prepareSql(database.dialect, revision, body.up)
        if (body.down) await prepareSql(database.dialect, revision, body.down)
      }
    } catch (error) {
      if (!isGodwitError(error)) throw error
      const { code, message, why, next, where } = error
      findings.push({
        code,
        severity: 'error',
        message,
        ...(why === undefined ? {} : { why }),
        next,
        ...(where ? { where } : {}),
        meta: { revision: id },
      })
    }
  }
  return findings
}

const asFinding = ({ code, message, why, next, meta }: GodwitError): Finding => ({
  code,
  severity: 'error',
  message,
  why: why as string,
  next,
  meta,
})

function journalFindings(history: History, journal: JournalState): Finding[] {
  const { graph } = history
  const applied = new Set(journal.applied.map(row => row.id))
  const findings: Finding[] = journal.steps.map(step => ({
    code: step.running === null ? 'JOURNAL.PARTIAL' : 'JOURNAL.STEP_IN_DOUBT',
    severity: 'error',
    message: `${step.revision}: its ${step.direction} stopped after step ${step.done}`,
    why: step.error ?? 'The run was interrupted.',
    next: step.running === null ? [`godwit ${step.direction}`] : ['godwit repair --done', 'godwit repair --retry'],
    meta: { revision: step.revision, done: step.done, total: step.total, running: step.running },
  }))
  for (const { id } of findUnchecked(graph, journal)) {
    findings.push({
      code: 'VERIFY.FINDINGS',
      severity: 'warning',
      message: `${id} is recorded without a checksum, so an edit of it cannot be seen`,
      why: 'It was a function when it was applied, or its row was changed by hand.',
      next: [`godwit show ${id}`, 'godwit repair --accept-checksums'],
      meta: { revision: id },
    })
  }
  for (const id of graph.ids) {
    if (!applied.has(id)) continue
    const late = graph.parents(id).filter(parent => !applied.has(parent))
    if (late.length === 0) continue
    findings.push({
      code: 'VERIFY.FINDINGS',
      severity: 'warning',
      message: `${id} is applied and its parent ${late.join(', ')} is not`,
      why: 'A branch arrived late, or the journal was changed by hand. The next up applies the parent.',
      next: ['godwit up'],
      meta: { revision: id, pending: late },
    })
  }
  return findings
}
