// The lease of a SQLite database: one row, taken under SQLite's own write lock, so that two runners can never
// both see it free. A holder on this machine whose process has ended is replaced at once.
import { GodwitError } from '../../core/error.ts'
import type { Fence, LeaseRow } from '../journal.ts'
import type { Locker } from '../lock.ts'
import type { Session, SqlSession } from '../session.ts'
import { leaseQuery } from '../sql/journal.ts'
import { readLease, wholeNumber } from '../sql/journal-row.ts'
import { standardLiteral } from '../sql/literal.ts'
import { untilFree } from './busy.ts'
import { isBusy } from './fault.ts'
import { sqliteJournalSql } from './journal.ts'
import { isGone } from './process.ts'
import type { SqliteSession } from './session.ts'

const table = sqliteJournalSql.table('lease')
const { now } = sqliteJournalSql
const query = leaseQuery(sqliteJournalSql)

/** A heartbeat waits this long for another writer, milliseconds; then it only looks. */
const RENEW_WAIT_MS = 200

export const sqliteLocker: Locker = {
  async acquire(session, request) {
    const sql = requireSql(session)
    ;(session as SqliteSession).renewWithCommit?.(undefined)
    try {
      await sql.run([{ kind: 'begin' }])
      const { row, lease } = await current(sql)
      if (lease !== undefined && !lease.expired && !isGone(lease)) {
        await sql.rollback()
        return { acquired: false, by: lease }
      }
      const fence = (wholeNumber(row['fence']) ?? 0) + 1
      await sql.query(
        `UPDATE ${table} SET owner = ?, holder = ?, backend = ?, backend_start = ?, fence = ?, acquired_at = ${now}, ` +
          `heartbeat_at = ${now}, expires_at = ${after(request.ttlMs)} WHERE id = 1`,
        [request.owner, request.holder, session.identity.backend, session.identity.backendStart, fence],
      )
      await sql.run([{ kind: 'commit' }])
      const own = { owner: request.owner, fence }
      ;(session as SqliteSession).renewWithCommit?.({
        sql: renewal(own, request.ttlMs),
        held: `SELECT 1 FROM ${table} WHERE ${ours(own)}`,
        everyMs: request.ttlMs / 3,
      })
      return { acquired: true, fence: own, ...(lease === undefined ? {} : { previous: lease }) }
    } catch (error) {
      await sql.rollback()
      if (!isBusy(error)) throw error
      return { acquired: false, by: await look(sql) }
    }
  },

  async renew(session, fence, ttlMs) {
    const { connection } = session as SqliteSession
    const sql = requireSql(session)
    // On a connection that is in the middle of the run's transaction the write would go with it.
    if (connection.inTransaction) return owns(sql, fence)
    try {
      const update = `${renewal(fence, ttlMs)} RETURNING id`
      const rows = await untilFree(RENEW_WAIT_MS, () => connection.all(update))
      return rows.length > 0
    } catch (error) {
      if (!isBusy(error)) throw error
      // Whoever holds the write lock, most often our own run, keeps the lease from being taken meanwhile.
      return owns(sql, fence)
    }
  },

  async release(session, fence) {
    const sql = requireSql(session)
    ;(session as SqliteSession).renewWithCommit?.(undefined)
    try {
      // The begin waits for the write lock without blocking the process, in which another runner may hold it.
      await sql.run([{ kind: 'begin' }])
      await sql.query(`UPDATE ${table} SET ${freed} WHERE ${ours(fence)}`)
      await sql.run([{ kind: 'commit' }])
    } catch (error) {
      await sql.rollback()
      throw error
    }
  },

  async break(session) {
    const sql = requireSql(session)
    ;(session as SqliteSession).renewWithCommit?.(undefined)
    try {
      await sql.run([{ kind: 'begin' }])
      const { lease } = await current(sql)
      if (lease !== undefined) await sql.query(`UPDATE ${table} SET ${freed}, fence = fence + 1 WHERE id = 1`)
      await sql.run([{ kind: 'commit' }])
      return lease
    } catch (error) {
      await sql.rollback()
      throw error
    }
  },
}

const freed =
  'owner = NULL, holder = NULL, backend = NULL, backend_start = NULL, acquired_at = NULL, heartbeat_at = NULL, ' +
  'expires_at = NULL'

function ours({ owner, fence }: Fence): string {
  return `id = 1 AND owner = ${standardLiteral(owner)} AND fence = ${fence}`
}

function renewal(fence: Fence, ttlMs: number): string {
  return `UPDATE ${table} SET heartbeat_at = ${now}, expires_at = ${after(ttlMs)} WHERE ${ours(fence)}`
}

function after(ttlMs: number): string {
  return `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+${(ttlMs / 1000).toFixed(3)} seconds')`
}

async function current(sql: SqlSession): Promise<{ row: Record<string, unknown>; lease: LeaseRow | undefined }> {
  const row = (await sql.query(query))[0]
  if (row === undefined) throw new GodwitError('JOURNAL.DAMAGED', 'godwit_lease has no row 1')
  return { row, lease: readLease(row) }
}

async function look(sql: SqlSession): Promise<LeaseRow | undefined> {
  try {
    return (await current(sql)).lease
  } catch (error) {
    if (isBusy(error)) return undefined
    throw error
  }
}

/** Unknown counts as ours: a lease that is lost is found by the fence of the next journal write. */
async function owns(sql: SqlSession, fence: Fence): Promise<boolean> {
  try {
    return (await sql.query(`SELECT 1 FROM ${table} WHERE ${ours(fence)}`)).length > 0
  } catch (error) {
    if (isBusy(error)) return true
    throw error
  }
}

function requireSql(session: Session): SqlSession {
  if (session.sql === undefined) throw new GodwitError('INTERNAL.BUG', 'the SQLite locker was given another session')
  return session.sql
}
