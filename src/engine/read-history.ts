// The history as people read it: every revision with its parents, labels and whether it is applied; and one of them whole.
import { resolveRevision } from '../core/revision/target.ts'
import type { Revision } from '../core/revision/revision.ts'
import type { AppliedRow, JournalState } from '../dialect/journal.ts'
import type { EngineDatabase } from './database.ts'
import { type History, loadHistory } from './history.ts'
import { checkReadable } from './plan.ts'
import { prepareSql } from './prepare.ts'
import type { DatabaseHistory, HistoryEntry, ShowResult, ShownStatement } from './result.ts'
import { appliedRevision, withReader } from './status.ts'
import { knownError } from './known-error.ts'

const noJournal: JournalState = { initialised: false, format: 0, applied: [], steps: [], lease: undefined }

/** @throws FILE.* GRAPH.*: without a graph there is no history to show */
export async function databaseHistory(
  database: EngineDatabase,
  signal: AbortSignal,
  offline: boolean,
): Promise<DatabaseHistory> {
  const { dialect } = database
  const history = await loadHistory(database)
  const base = { name: database.name, dialect: dialect.name, url: dialect.target, heads: history.graph.heads }
  if (offline) return { ...base, connected: false, revisions: entries(history, noJournal) }
  try {
    const journal = await withReader(database, signal, session => dialect.journal.read(session))
    checkReadable(journal)
    return { ...base, connected: true, revisions: entries(history, journal) }
  } catch (cause) {
    const error = knownError(dialect, cause)
    return { ...base, connected: false, revisions: entries(history, noJournal), error }
  }
}

function entries(history: History, journal: JournalState): HistoryEntry[] {
  const { graph } = history
  const rows = new Map(journal.applied.map(row => [row.id, row]))
  const heads = new Set(graph.heads)
  const known = graph.ids.map(id => entry(history, history.revision(id), rows.get(id), heads.has(id)))
  const missing = journal.applied.filter(row => !graph.has(row.id))
  return [...known, ...missing.map(missingEntry)]
}

function entry(history: History, revision: Revision, row: AppliedRow | undefined, head: boolean): HistoryEntry {
  return {
    id: revision.id,
    file: revision.file ?? null,
    parents: history.graph.parents(revision.id),
    depends: revision.depends.map(({ database, revision: id }) => `${database}:${id}`),
    labels: revision.labels,
    head,
    applied: row ? appliedRevision(row) : null,
    missing: false,
  }
}

function missingEntry(row: AppliedRow): HistoryEntry {
  return {
    id: row.id,
    file: null,
    parents: [],
    depends: [],
    labels: [],
    head: false,
    applied: appliedRevision(row),
    missing: true,
  }
}

/** @throws GRAPH.TARGET_UNKNOWN GRAPH.TARGET_AMBIGUOUS and the errors of reading the file */
export async function showRevision(database: EngineDatabase, text: string, signal: AbortSignal): Promise<ShowResult> {
  const { dialect } = database
  const history = await loadHistory(database)
  // The files are worth showing when the database cannot be reached.
  const read = await withReader(database, signal, async session => {
    const journal = await dialect.journal.read(session)
    const row = history.graph.has(text) ? undefined : journal.applied.find(applied => applied.id === text)
    return { journal, lost: row && { row, source: await dialect.journal.source(session, row.id) } }
  }).catch(() => undefined)
  const base = { ok: true, command: 'show', database: database.name } as const
  if (read?.lost) {
    const { row, source } = read.lost
    return {
      ...base,
      revision: missingEntry(row),
      transaction: 'on',
      irreversible: null,
      up: [],
      down: null,
      source: source ?? null,
    }
  }
  const revision = history.revision(resolveRevision(history.graph, text, 'godwit show'))
  const row = read?.journal.applied.find(applied => applied.id === revision.id)
  const shown = entry(history, revision, row, history.graph.heads.includes(revision.id))
  const options = { transaction: revision.options.transaction, irreversible: revision.options.irreversible ?? null }
  const body = revision.body()
  const source = revision.source ?? null
  if (body.kind === 'code') return { ...base, revision: shown, ...options, up: [], down: null, source }
  const statements = async (section: typeof body.up): Promise<ShownStatement[]> => {
    const prepared = await prepareSql(dialect, revision, section)
    return prepared.statements.map(({ text: sql, line, class: kind }) => ({
      text: sql,
      line,
      command: kind.command,
      transactional: kind.transactional,
    }))
  }
  const down = body.down ? await statements(body.down) : null
  return { ...base, revision: shown, ...options, up: await statements(body.up), down, source }
}
