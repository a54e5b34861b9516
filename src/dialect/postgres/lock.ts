// The lease in PostgreSQL. The row decides; a session advisory lock tells people and other tools who is at work
// (pg_locks: classid 1735353463, objid 1) and is only ever tried, never waited for: a waiting one deadlocks with
// CREATE INDEX CONCURRENTLY of its holder. A pooler that shares server connections is found here and refused, unless
// the whole run is one transaction.
import { GodwitError } from '../../core/error.ts'
import type { LeaseRow } from '../journal.ts'
import type { LeaseAnswer, Locker } from '../lock.ts'
import type { Session, SqlSession } from '../session.ts'
import { leaseQuery } from '../sql/journal.ts'
import { readLease, wholeNumber } from '../sql/journal-row.ts'
import { isConnectionError, serverError } from './error.ts'
import { literal, postgresJournalSql, serverConnection, startOf } from './journal.ts'
import { isShared } from './pooler.ts'
import { BEGIN, behindPooler } from './session.ts'

/** The bytes `godw`, and 1. */
const ADVISORY = '1735353463, 1'

/** How a store knows that a holder is gone. */
export interface HolderProof {
  /** Expressions: this connection, and when it began. */
  readonly backend: string
  readonly backendStart: string
  /** Condition on the columns of the lease row `l`. */
  readonly gone: string
}

/** backend_start of other users is NULL without pg_monitor: a pid that exists is then taken for the holder. */
export const serverProof: HolderProof = {
  ...serverConnection,
  gone:
    // No backend: the holder came through a pooler, so nothing tells that it is gone but the expiry.
    "l.backend <> '' AND " +
    'NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid::text = l.backend ' +
    `AND (a.backend_start IS NULL OR l.backend_start IS NULL OR ${startOf('a.backend_start')} = l.backend_start))`,
}

export interface LockerParts {
  readonly proof: HolderProof
  /** Tries the advisory lock and checks for poolers. False in process. */
  readonly server: boolean
  /** A second connection, for the pooler check. */
  open?(): Promise<Session>
}

export function postgresLocker(parts: LockerParts): Locker {
  const lease = postgresJournalSql.table('lease')
  const expiry = (ttlMs: number): string => `clock_timestamp() + ${literal(`${Math.round(ttlMs)} ms`)}::interval`
  const free =
    'owner = NULL, holder = NULL, backend = NULL, backend_start = NULL, acquired_at = NULL, heartbeat_at = NULL, expires_at = NULL'

  const hint = (condition: string): string =>
    `SELECT pg_try_advisory_lock(${ADVISORY}) FROM ${lease} WHERE id = 1 AND ${condition}`

  const locker: Locker = {
    async acquire(session, request): Promise<LeaseAnswer> {
      const sql = requireSql(session)
      let rows: Record<string, unknown>[]
      let before: Record<string, unknown> | undefined
      try {
        const results = await sql.queryAll([
          BEGIN,
          // The row is locked before anything is judged: who is alive is then read after any other runner committed.
          `${leaseQuery(postgresJournalSql)} FOR UPDATE NOWAIT`,
          `UPDATE ${lease} AS l SET owner = ${literal(request.owner)}, holder = ${literal(request.holder)}, ` +
            `backend = ${parts.proof.backend}, backend_start = ${parts.proof.backendStart}, fence = l.fence + 1, ` +
            `acquired_at = clock_timestamp(), heartbeat_at = clock_timestamp(), expires_at = ${expiry(request.ttlMs)} ` +
            `WHERE l.id = 1 AND (l.owner IS NULL OR l.expires_at IS NULL OR l.expires_at <= clock_timestamp() OR ${parts.proof.gone}) ` +
            'RETURNING l.fence, l.backend',
          ...(parts.server
            ? [hint(`owner = ${literal(request.owner)} AND backend = ${literal(session.identity.backend)}`)]
            : []),
          'COMMIT',
        ])
        rows = results[2] ?? []
        before = results[1]?.[0]
      } catch (error) {
        await sql.rollback()
        // lock_not_available: another runner writes the row at this moment.
        if (serverError(error).code !== '55P03') throw error
        rows = []
      }
      const number = wholeNumber(rows[0]?.['fence'])
      if (number === undefined) return { acquired: false, by: await holder(sql) }
      const fence = { owner: request.owner, fence: number }
      const previous = before && readLease(before)
      if (parts.server && rows[0]?.['backend'] !== session.identity.backend) {
        // A pooler gives out a process id of its own when a connection starts, so equal ids mean a direct connection.
        if (await isShared(sql, () => second(parts))) {
          if (!request.singleTransaction || !behindPooler.get(session)?.pooled) {
            await locker.release(session, fence)
            throw poolerRefused()
          }
          // One transaction needs no session: it carries the work, the journal row and the fence.
          await sql.queryAll([
            `UPDATE ${lease} SET backend = '', backend_start = NULL WHERE id = 1 AND owner = ${literal(fence.owner)} AND fence = ${literal(fence.fence)}`,
          ])
          return { acquired: true, fence, ...(previous ? { previous } : {}) }
        }
        await behindPooler.get(session)?.keepSettings()
        await sql.queryAll([hint('true')])
      }
      return { acquired: true, fence, ...(previous ? { previous } : {}) }
    },
    async renew(session, fence, ttlMs) {
      const rows = await requireSql(session).query(
        `UPDATE ${lease} SET heartbeat_at = clock_timestamp(), expires_at = ${expiry(ttlMs)} ` +
          `WHERE id = 1 AND owner = ${literal(fence.owner)} AND fence = ${literal(fence.fence)} RETURNING fence`,
      )
      return rows.length === 1
    },
    async release(session, fence) {
      const queries = [
        `UPDATE ${lease} SET ${free} WHERE id = 1 AND owner = ${literal(fence.owner)} AND fence = ${literal(fence.fence)}`,
      ]
      if (parts.server) queries.push(`SELECT pg_advisory_unlock(${ADVISORY})`)
      try {
        await requireSql(session).queryAll(queries)
      } catch (error) {
        // The lease of a connection that is gone is free by itself: the next runner sees that its holder is gone.
        if (!isConnectionError(error)) throw error
      }
    },
    async break(session) {
      const sql = requireSql(session)
      try {
        const results = await sql.queryAll([
          BEGIN,
          `SELECT id FROM ${lease} WHERE id = 1 FOR UPDATE`,
          leaseQuery(postgresJournalSql),
          `UPDATE ${lease} SET fence = fence + 1, ${free} WHERE id = 1 AND owner IS NOT NULL`,
          'COMMIT',
        ])
        const row = results[2]?.[0]
        return row === undefined ? undefined : readLease(row)
      } catch (error) {
        await sql.rollback()
        throw error
      }
    },
  }
  return locker
}

async function holder(sql: SqlSession): Promise<LeaseRow | undefined> {
  const row = (await sql.queryAll([leaseQuery(postgresJournalSql)]))[0]?.[0]
  return row === undefined ? undefined : readLease(row)
}

async function second(parts: LockerParts) {
  const session = await parts.open?.()
  return session && { line: session.sql, close: () => session.close() }
}

function poolerRefused(): GodwitError {
  return new GodwitError('CONNECT.POOLER', 'a pooler in transaction mode stands between godwit and the server', {
    why: 'it gives each transaction another server connection, so locks and settings of a session do not hold: only a plan of one transaction may pass; nothing was changed',
    next: [
      'use the URL of the server itself, or of a pool in session mode (PgBouncer: pool_mode=session; Supabase: port 5432)',
    ],
  })
}

function requireSql(session: Session): SqlSession {
  if (session.sql === undefined)
    throw new GodwitError('INTERNAL.BUG', 'the PostgreSQL lock was given a session without SQL')
  return session.sql
}
