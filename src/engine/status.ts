// Where a database stands: read only, one connection, one look.
import { currentHeads } from '../core/revision/path.ts'
import type { AppliedRow, JournalState } from '../dialect/journal.ts'
import type { Session } from '../dialect/session.ts'
import type { EngineDatabase } from './database.ts'
import { describeDrift } from './drift.ts'
import { type History, loadHistory } from './history.ts'
import { checkReadable, findDrift, formatOlder } from './plan.ts'
import type { AppliedRevision, DatabaseState, DatabaseStatus } from './result.ts'
import { knownError } from './known-error.ts'

/** Opens for reading, and closes whatever happens. */
export async function withReader<Result>(
  database: EngineDatabase,
  signal: AbortSignal,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await database.dialect.open({ purpose: 'read', signal })
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

export async function databaseStatus(database: EngineDatabase, signal: AbortSignal): Promise<DatabaseStatus> {
  const { dialect } = database
  const base = { name: database.name, dialect: dialect.name, url: dialect.target }
  let history: History | undefined
  try {
    history = await loadHistory(database)
    return await withReader(database, signal, session => readStatus(database, history as History, session))
  } catch (cause) {
    const error = knownError(dialect, cause)
    const heads = history?.graph.heads ?? []
    const empty = { current: [], applied: [], pending: [], partial: [], findings: [] }
    return { ...base, ...empty, heads, state: 'unreachable', error }
  }
}

async function readStatus(database: EngineDatabase, history: History, session: Session): Promise<DatabaseStatus> {
  const { dialect } = database
  const { graph } = history
  const journal = await dialect.journal.read(session)
  checkReadable(journal)
  const older = formatOlder(journal)
  const applied = new Set(journal.applied.map(row => row.id))
  const pending = graph.ids.filter(id => !applied.has(id))
  const findings = await describeDrift(findDrift(graph, journal), history, dialect.journal, session)
  return {
    name: database.name,
    dialect: dialect.name,
    url: dialect.target,
    state: stateOf(journal, findings.length, pending.length),
    current: currentHeads(graph, applied),
    heads: graph.heads,
    applied: journal.applied.map(appliedRevision),
    pending,
    partial: journal.steps.map(step => ({
      revision: step.revision,
      direction: step.direction,
      done: step.done,
      total: step.total,
      inDoubt: step.running !== null,
    })),
    ...(journal.lease ? { lock: journal.lease } : {}),
    findings,
    ...(older ? { error: older } : {}),
  }
}

function stateOf(journal: JournalState, findings: number, pending: number): DatabaseState {
  if (!journal.initialised) return 'uninitialised'
  if (journal.steps.length > 0) return 'partial'
  if (findings > 0) return 'drifted'
  return pending > 0 ? 'pending' : 'current'
}

export function appliedRevision(row: AppliedRow): AppliedRevision {
  return { id: row.id, at: row.appliedAt, ms: row.ms, checksum: row.checksum, by: row.appliedBy, kind: row.kind }
}
