// The lease of a DuckDB database: one row. DuckDB keeps other processes out by itself; the lease keeps two runs of
// one process apart. Of two that write the row at once, DuckDB fails one with a conflict.
import { GodwitError } from '../../core/error.ts'
import type { Fence, LeaseRow } from '../journal.ts'
import type { Locker } from '../lock.ts'
import type { Session, SqlSession } from '../session.ts'
import type { JournalSql } from '../sql/journal-sql.ts'
import { leaseQuery } from '../sql/journal.ts'
import { readLease, wholeNumber } from '../sql/journal-row.ts'
import { standardLiteral } from '../sql/literal.ts'
import { isConflict } from './journal.ts'
import { isGone } from './process.ts'
import type { DuckdbSession } from './session.ts'

/** A conflict is over as soon as the other transaction is; this many tries see the end of it. */
const ATTEMPTS = 5

export function duckdbLocker(journal: JournalSql): Locker {
  const now = journal.now
  const table = (): string => journal.table('lease')
  const after = (ttlMs: number): string => `${now} + to_milliseconds(${Math.trunc(ttlMs)})`
  const ours = ({ owner, fence }: Fence): string => `id = 1 AND owner = ${standardLiteral(owner)} AND fence = ${fence}`

  const renewal = (fence: Fence, ttlMs: number): string =>
    `UPDATE ${table()} SET heartbeat_at = ${now}, expires_at = ${after(ttlMs)} WHERE ${ours(fence)}`

  const current = async (sql: SqlSession): Promise<{ row: Record<string, unknown>; lease: LeaseRow | undefined }> => {
    const row = (await sql.query(leaseQuery(journal)))[0]
    if (row === undefined) throw new GodwitError('JOURNAL.DAMAGED', 'godwit_lease has no row 1')
    return { row, lease: readLease(row) }
  }

  return {
    async acquire(session, request) {
      const sql = requireSql(session)
      ;(session as DuckdbSession).renewWithCommit?.(undefined)
      try {
        await sql.run([{ kind: 'begin' }])
        const { row, lease } = await current(sql)
        if (lease !== undefined && !lease.expired && !isGone(lease, session.identity)) {
          await sql.rollback()
          return { acquired: false, by: lease }
        }
        const fence = (wholeNumber(row['fence']) ?? 0) + 1
        await sql.query(
          `UPDATE ${table()} SET owner = $1, holder = $2, backend = $3, backend_start = $4, fence = $5, ` +
            `acquired_at = ${now}, heartbeat_at = ${now}, expires_at = ${after(request.ttlMs)} WHERE id = 1`,
          [request.owner, request.holder, session.identity.backend, session.identity.backendStart, fence],
        )
        await sql.run([{ kind: 'commit' }])
        const own = { owner: request.owner, fence }
        ;(session as DuckdbSession).renewWithCommit?.({
          sql: `${renewal(own, request.ttlMs)} RETURNING id`,
          held: `SELECT 1 FROM ${table()} WHERE ${ours(own)}`,
          everyMs: request.ttlMs / 3,
        })
        return { acquired: true, fence: own, ...(lease === undefined ? {} : { previous: lease }) }
      } catch (error) {
        await sql.rollback()
        if (!isConflict(error)) throw error
        return { acquired: false, by: (await current(sql)).lease }
      }
    },

    async renew(session, fence, ttlMs) {
      return (await retried(session, `${renewal(fence, ttlMs)} RETURNING id`)).length > 0
    },

    async release(session, fence) {
      ;(session as DuckdbSession).renewWithCommit?.(undefined)
      await retried(session, `UPDATE ${table()} SET ${freed} WHERE ${ours(fence)} RETURNING id`)
    },

    async break(session) {
      const sql = requireSql(session)
      ;(session as DuckdbSession).renewWithCommit?.(undefined)
      try {
        await sql.run([{ kind: 'begin' }])
        const { lease } = await current(sql)
        if (lease !== undefined) await sql.query(`UPDATE ${table()} SET ${freed}, fence = fence + 1 WHERE id = 1`)
        await sql.run([{ kind: 'commit' }])
        return lease
      } catch (error) {
        await sql.rollback()
        throw error
      }
    },
  }
}

const freed =
  'owner = NULL, holder = NULL, backend = NULL, backend_start = NULL, acquired_at = NULL, heartbeat_at = NULL, ' +
  'expires_at = NULL'

async function retried(session: Session, update: string): Promise<Record<string, unknown>[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await requireSql(session).query(update)
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
    }
    await new Promise(resolve => setTimeout(resolve, 5 * attempt * (0.5 + Math.random())))
  }
}

function requireSql(session: Session): SqlSession {
  if (session.sql === undefined) throw new GodwitError('INTERNAL.BUG', 'the DuckDB locker was given another session')
  return session.sql
}
