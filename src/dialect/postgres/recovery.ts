// What a PostgreSQL server can tell after a runner died: its backend, what a statement outside of a transaction has
// done, and what it left. Nothing is dropped that is valid or that a living session works on.
import { shownQuery } from '../blocker.ts'
import type { Recovery, Survivor, Verdict } from '../recovery.ts'
import type { Session, SessionIdentity, SqlSession } from '../session.ts'
import { serverError } from './error.ts'
import { literal, startOf } from './journal.ts'
import { type LoneStatement, loneStatement, sessionBound } from './lone-statement.ts'
import { notDone, requireSession, unknown } from './recovery-catalog.ts'
import {
  cleanUpCreate,
  cleanUpReindex,
  decideCreate,
  decideDrop,
  decideReindex,
  observeCreate,
  observeDrop,
  observeReindex,
} from './recovery-index.ts'
import {
  cleanUpDetach,
  decideDetach,
  decidePublications,
  decideShared,
  observeDetach,
  observePublications,
  observeShared,
} from './recovery-object.ts'

export interface RecoverySettings {
  /** Longest wait for others while a leftover is removed, milliseconds; 0 = no bound. */
  readonly waitMs: number
  /** Masked in statements that are shown. */
  readonly secrets: readonly string[]
}

/** Recovery on a server: connections outlive their clients there. */
export const serverRecovery = ({ waitMs, secrets }: RecoverySettings): Recovery => ({
  ...recovery(waitMs),
  survivor: (session, identity) => survivor(session, identity, secrets),
  end,
})

/** Recovery where connections end with their process. */
export const processRecovery = (): Recovery => recovery(0)

function recovery(waitMs: number): Recovery {
  return {
    observe: text => observe(loneStatement(text)),
    decide: (session, text, observed) => decide(requireSession(session), loneStatement(text), observed),
    cleanUp: (session, text) => cleanUp(requireSession(session), loneStatement(text), waitMs),
    passesOver: text => passesOver(loneStatement(text)),
    sessionBound,
  }
}

function observe(statement: LoneStatement): string | undefined {
  switch (statement.kind) {
    case 'create-index':
      return observeCreate(statement)
    case 'drop-index':
      return observeDrop(statement)
    case 'reindex':
      return observeReindex(statement)
    case 'detach':
      return observeDetach(statement)
    case 'shared':
      return observeShared(statement)
    case 'publications':
      return observePublications(statement.subscription)
    case 'repeatable':
    case 'other':
      return undefined
  }
}

async function decide(sql: SqlSession, statement: LoneStatement, observed: string | null): Promise<Verdict> {
  switch (statement.kind) {
    case 'create-index':
      return decideCreate(sql, statement, observed)
    case 'drop-index':
      return decideDrop(sql, statement, observed)
    case 'reindex':
      return decideReindex(sql, statement, observed)
    case 'detach':
      return decideDetach(sql, statement, observed)
    case 'shared':
      return decideShared(sql, statement, observed)
    case 'publications':
      return decidePublications(sql, statement.subscription, observed)
    case 'repeatable':
      return notDone(`${statement.command} may be repeated`)
    case 'other':
      return unknown(`the catalog does not tell what ${statement.command || 'the statement'} has done`)
  }
}

async function cleanUp(sql: SqlSession, statement: LoneStatement, waitMs: number): Promise<readonly string[]> {
  if (statement.kind === 'create-index') return cleanUpCreate(sql, statement, waitMs)
  if (statement.kind === 'reindex') return cleanUpReindex(sql, statement, waitMs)
  if (statement.kind === 'detach') return cleanUpDetach(sql, statement, waitMs)
  return []
}

/** The server looks for the name only: an INVALID index is enough for it, and answers no query. */
const passesOver = (statement: LoneStatement): boolean => statement.kind === 'create-index' && statement.ifNotExists

/** backend_start of other users is NULL without pg_read_all_stats (manual 27.2): then the pid alone must do. */
const sameBackend = ({ backend, backendStart }: SessionIdentity): string =>
  `a.pid = ${backend} AND (a.backend_start IS NULL OR ${literal(backendStart)} = '' OR ` +
  `${startOf('a.backend_start')} = ${literal(backendStart)})`

const isBackend = ({ backend }: SessionIdentity): boolean => /^\d{1,9}$/.test(backend)

async function survivor(
  session: Session,
  identity: SessionIdentity,
  secrets: readonly string[],
): Promise<Survivor | undefined> {
  // A pid that a pooler made up, or none at all.
  if (!isBackend(identity)) return undefined
  const [row] = await requireSession(session).query<{ state: string | null; query: string | null; ms: number | null }>(
    `SELECT a.state, left(a.query, 2000) AS query,
greatest(0, floor(extract(epoch FROM clock_timestamp() - a.query_start) * 1000))::float8 AS ms
FROM pg_catalog.pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND ${sameBackend(identity)}`,
  )
  if (row === undefined) return undefined
  const idle = row.state !== null && row.state !== 'active' && row.state !== 'fastpath function call'
  return {
    statement: row.state === null ? undefined : shownQuery(row.query ?? '', secrets),
    forMs: row.ms ?? undefined,
    ...(idle ? { idle: true } : {}),
  }
}

/** Only a backend whose beginning is known for certain is ended: a pid may have been given to somebody else. */
async function end(session: Session, identity: SessionIdentity): Promise<boolean> {
  if (!isBackend(identity)) return true
  const certain = `a.backend_start IS NOT NULL AND ${literal(identity.backendStart)} <> ''`
  try {
    const [row] = await requireSession(session).query<{ ended: boolean | null }>(
      `SELECT CASE WHEN ${certain} THEN pg_terminate_backend(a.pid) END AS ended
FROM pg_catalog.pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND ${sameBackend(identity)}`,
    )
    return row === undefined || row.ended === true
  } catch (error) {
    // insufficient_privilege
    if (serverError(error).code === '42501') return false
    throw error
  }
}
