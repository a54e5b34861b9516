// One runner at a time: the lease row decides, by the database's clock. A named lock of the run's own connection tells
// others that its holder lives, so that a lease whose holder died need not be waited for. The named lock counts as
// proof only on the server it was taken on (clusters keep them apart) and only when the holder wrote that it has it.
import { createHash } from 'node:crypto'
import { GodwitError } from '../../core/error.ts'
import type { Fence, LeaseRow } from '../journal.ts'
import type { LeaseAnswer, LeaseRequest, Locker } from '../lock.ts'
import type { Session, SqlSession } from '../session.ts'
import type { JournalSql } from '../sql/journal-sql.ts'
import { leaseQuery } from '../sql/journal.ts'
import { readLease } from '../sql/journal-row.ts'
import { CONNECTION, literal, LOCKED, SERVER } from './journal.ts'

/** The lease of one database. */
export function leaseLocker(sql: JournalSql, database: string): Locker {
  const lease = sql.table('lease')
  const name = literal(lockName(database))
  const taking = (request: LeaseRequest, condition: string): string =>
    `UPDATE ${lease} SET owner = ${literal(request.owner)}, holder = ${literal(request.holder)}, ` +
    `backend = ${CONNECTION.backend}, backend_start = ${CONNECTION.backendStart}, ` +
    `fence = fence + 1, acquired_at = ${sql.now}, heartbeat_at = ${sql.now}, expires_at = ${expiry(request.ttlMs)} ` +
    `WHERE id = 1 AND (${condition})`
  const expiry = (ttlMs: number): string => `${sql.now} + INTERVAL ${Math.max(1, Math.round(ttlMs * 1000))} MICROSECOND`

  return {
    async acquire(session, request): Promise<LeaseAnswer> {
      const connection = requireSql(session)
      const free = 'owner IS NULL OR expires_at IS NULL'
      await change(connection, [
        `SET @godwit_lock = GET_LOCK(${name}, 0), @godwit_server = ${SERVER}`,
        taking(request, free),
      ])
      const { row, facts } = await look(connection, sql, name)
      if (row?.owner === request.owner) {
        // The lease was written over one connection and read over another one.
        if ((facts.got && !facts.mine) || row.backend !== facts.here) {
          await giveBack(connection, { owner: request.owner, fence: row.fence })
          throw pooler()
        }
        return { acquired: true, fence: { owner: request.owner, fence: row.fence } }
      }
      if (row !== undefined) {
        // The named lock was free: a holder that wrote it had it has lost its connection.
        const gone = facts.got && facts.mine && row.backendStart === facts.server + LOCKED && !facts.alive
        if (row.expired && facts.got && !facts.mine) throw pooler()
        if (gone || row.expired) {
          // Silent a moment ago is not enough: it may have come back since.
          const still = gone ? '' : ` AND expires_at <= ${sql.now}`
          const left = `owner = ${literal(row.owner)} AND fence = ${row.fence}${still}`
          const [, taken] = await change(connection, ['DO 0', taking(request, left)])
          if (taken === 1)
            return { acquired: true, fence: { owner: request.owner, fence: row.fence + 1 }, previous: row }
        }
      }
      if (facts.got) await change(connection, [`DO RELEASE_LOCK(${name})`])
      return { acquired: false, by: row }
    },

    async renew(session, fence, ttlMs) {
      const [changed] = await change(requireSql(session), [
        `UPDATE ${lease} SET heartbeat_at = ${sql.now}, expires_at = ${expiry(ttlMs)} WHERE ${ours(fence)}`,
      ])
      return changed === 1
    },

    release: (session, fence) => giveBack(requireSql(session), fence),

    async break(session) {
      const connection = requireSql(session)
      const { row } = await look(connection, sql, name)
      if (row === undefined) return undefined
      const [changed] = await change(connection, [
        `UPDATE ${lease} SET fence = fence + 1, ${FREE} WHERE ${ours({ owner: row.owner, fence: row.fence })}`,
      ])
      return changed === 1 ? row : undefined
    },
  }

  async function giveBack(connection: SqlSession, fence: Fence): Promise<void> {
    await change(connection, [`UPDATE ${lease} SET ${FREE} WHERE ${ours(fence)}`, `DO RELEASE_LOCK(${name})`])
  }
}

const FREE =
  'owner = NULL, holder = NULL, backend = NULL, backend_start = NULL, acquired_at = NULL, heartbeat_at = NULL, ' +
  'expires_at = NULL'

function ours(fence: Fence): string {
  return `id = 1 AND owner = ${literal(fence.owner)} AND fence = ${fence.fence}`
}

/** Names of locks are at most 64 characters (MySQL 5.7) and belong to the whole server. */
export function lockName(database: string): string {
  const name = `godwit:${database}`
  return name.length <= 64 ? name : `godwit:${createHash('sha256').update(database).digest('hex').slice(0, 40)}`
}

/** Runs statements and tells how many rows each changed. */
async function change(connection: SqlSession, sqls: readonly string[]): Promise<(number | undefined)[]> {
  const changed: (number | undefined)[] = []
  const items = sqls.map(sql => ({ kind: 'journal', sql }) as const)
  await connection.run(items, {
    done(index, affectedRows) {
      changed[index] = affectedRows
    },
  })
  return changed
}

interface Facts {
  /** This session was given the named lock a moment ago. */
  readonly got: boolean
  /** It has the lock still, as a connection of its own would. */
  readonly mine: boolean
  readonly server: string
  /** Number of this connection. */
  readonly here: string
  /** The holder's connection is seen. */
  readonly alive: boolean
}

async function look(
  connection: SqlSession,
  sql: JournalSql,
  name: string,
): Promise<{ row: LeaseRow | undefined; facts: Facts }> {
  const [leases, facts] = await connection.queryAll([
    leaseQuery(sql),
    `SELECT @godwit_lock = 1 AS got, IS_USED_LOCK(${name}) = CONNECTION_ID() AS mine, ${SERVER} AS server, ` +
      'CONNECTION_ID() AS here, ' +
      `EXISTS (SELECT 1 FROM information_schema.processlist p, ${sql.table('lease')} l ` +
      'WHERE l.id = 1 AND p.id = l.backend) AS alive',
  ])
  const lease = leases?.[0]
  const found = facts?.[0]
  return {
    row: lease === undefined ? undefined : readLease(lease),
    facts: {
      got: Number(found?.['got']) === 1,
      mine: Number(found?.['mine']) === 1,
      server: String(found?.['server']),
      here: String(found?.['here']),
      alive: Number(found?.['alive']) === 1,
    },
  }
}

function pooler(): GodwitError {
  return new GodwitError('CONNECT.POOLER', 'statements of one session reach the server over different connections', {
    why: 'a proxy shares connections between clients, so that locks and session settings do not hold; nothing was run',
    next: ['connect to the server itself instead of the proxy'],
  })
}

function requireSql(session: Session): SqlSession {
  if (session.sql === undefined) throw new GodwitError('INTERNAL.BUG', 'the lock was given a session without SQL')
  return session.sql
}
