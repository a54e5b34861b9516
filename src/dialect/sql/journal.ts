// The journal of every SQL store: what is written and read is the same everywhere, how it is spelt comes from
// a JournalSql. A lost lease makes a write fail by itself: each write sets the NOT NULL column `fence` to a
// subquery that finds nothing when the lease has another holder. Creates nothing unless `ensure` is called.
import { GodwitError, isGodwitError } from '../../core/error.ts'
import { type Fence, JOURNAL_FORMAT, type JournalState, type JournalStore } from '../journal.ts'
import { type BatchItem, BatchFailure, type Session, type SqlSession } from '../session.ts'
import { renderWrite } from './journal-render.ts'
import { missingColumn } from './journal-column.ts'
import { selectList, unpack } from './journal-packed.ts'
import type { JournalSql } from './journal-sql.ts'
import { stepColumns2 } from './journal-table.ts'
import {
  damaged,
  nullableText,
  readApplied,
  refuseDoubles,
  readLease,
  readStep,
  text,
  wholeNumber,
} from './journal-row.ts'

/** How often `ensure` tries when another runner creates the journal at the same moment. */
const CREATE_ATTEMPTS = 6

/** The journal of a SQL store, from its spelling. */
export function sqlJournal(sql: JournalSql): JournalStore {
  const render = (fence: Fence, writes: readonly Parameters<typeof renderWrite>[2][]): BatchItem[] =>
    writes.flatMap(write => renderWrite(sql, fence, write).map(text => ({ kind: 'journal', sql: text }) as const))

  return {
    read: session => readState(sql, requireSql(session)),
    ensure: session => ensure(sql, requireSql(session)),
    upgrade: (session, fence) => upgrade(sql, requireSql(session), fence),
    async write(session, fence, writes) {
      if (writes.length === 0) return
      const connection = requireSql(session)
      try {
        await connection.run([{ kind: 'begin' }, ...render(fence, writes), { kind: 'commit' }])
      } catch (error) {
        await connection.rollback()
        throw sql.isFenceViolation(error) ? leaseLost(error) : error
      }
    },
    render,
    renderCreate: () => [...sql.create],
    isFenceViolation: error => sql.isFenceViolation(error),
    async source(session, id) {
      const query = `SELECT source FROM ${sql.table('revision')} WHERE id = ${sql.literal(id)}`
      const rows = await firstResult(sql, requireSql(session), query)
      return nullableText(rows[0]?.['source']) ?? undefined
    },
    async runs(session, limit) {
      const query =
        `SELECT id, verb, run_by, tool, ${sql.iso('started_at')} AS started, ${sql.iso('ended_at')} AS ended, ` +
        `CASE WHEN ok IS NULL THEN NULL WHEN ok THEN 1 ELSE 0 END AS ok_number ` +
        `FROM ${sql.table('run')} ORDER BY started_at DESC, id DESC LIMIT ${Math.max(0, Math.trunc(limit))}`
      const rows = await firstResult(sql, requireSql(session), query)
      return rows.map(row => ({
        id: text(row['id']),
        verb: text(row['verb']),
        by: text(row['run_by']),
        tool: text(row['tool']),
        startedAt: text(row['started']),
        endedAt: nullableText(row['ended']),
        ok: row['ok_number'] === null ? null : wholeNumber(row['ok_number']) === 1,
      }))
    },
  }
}

/** The query that `readLease` understands: one row, whether the lease is free or not. */
export function leaseQuery(sql: JournalSql): string {
  return (
    `SELECT format, owner, holder, backend, backend_start, fence, ${sql.iso('acquired_at')} AS acquired, ` +
    `${sql.iso('heartbeat_at')} AS heartbeat, ${sql.iso('expires_at')} AS expires, ` +
    `CASE WHEN expires_at > ${sql.now} THEN 0 ELSE 1 END AS expired, ` +
    `CASE WHEN heartbeat_at > ${sql.now} THEN 1 ELSE 0 END AS ahead, ` +
    `(SELECT COUNT(*) FROM ${sql.table('lease')}) AS lease_rows ` +
    `FROM ${sql.table('lease')} WHERE id = 1`
  )
}

/** What a caller sees when a journal write found the lease in other hands. */
export function leaseLost(cause: unknown): GodwitError {
  return new GodwitError('LOCK.LOST', 'the lock was taken over by another runner while this one was at work', {
    why: 'the write that found it was rolled back with everything in its transaction',
    next: ['godwit lock status', 'godwit status'],
    cause,
  })
}

const empty: JournalState = { initialised: false, format: 0, applied: [], steps: [], lease: undefined }

/**
 * Looks twice before it calls a journal damaged: another runner may have made the tables, and applied its first
 * revisions, between two queries of one look.
 */
async function readState(sql: JournalSql, connection: SqlSession): Promise<JournalState> {
  try {
    return await readOnce(sql, connection)
  } catch (error) {
    if (!isGodwitError(error) || error.code !== 'JOURNAL.DAMAGED') throw error
    return readOnce(sql, connection)
  }
}

async function readOnce(
  sql: JournalSql,
  connection: SqlSession,
  added: readonly string[] = stepColumns2,
): Promise<JournalState> {
  const columns = {
    id: 'id',
    checksum: 'checksum',
    file_hash: 'file_hash',
    applied: sql.iso('applied_at'),
    ms: 'ms',
    statements: 'statements',
    kind: 'kind',
    applied_by: 'applied_by',
    tool: 'tool',
    sequence: 'sequence',
    fence: 'fence',
  }
  const ofRevisions = (pack?: typeof sql.packed) =>
    `SELECT ${selectList(columns, pack)} FROM ${sql.table('revision')} ORDER BY sequence, id`
  const queries = [
    leaseQuery(sql),
    ofRevisions(sql.packed),
    `SELECT revision, direction, done, running, total, hashes, ${sql.iso('started_at')} AS started, ${['error', 'fence', ...added].join(', ')} ` +
      `FROM ${sql.table('step')} ORDER BY revision`,
  ]
  let results: Record<string, unknown>[][] | undefined
  if (sql.packed !== undefined) {
    try {
      results = await connection.queryAll(queries)
      results[1] = unpack(results[1] ?? [], columns)
    } catch (error) {
      if (sql.isMissingTable(error)) return stateWithoutTables(sql, connection, error, added)
      // Columns by themselves show which value cannot be packed.
      results = undefined
      queries[1] = ofRevisions()
    }
  }
  try {
    results ??= await connection.queryAll(queries)
  } catch (error) {
    return stateWithoutTables(sql, connection, error, added)
  }
  const [leases = [], revisions = [], steps = []] = results
  const lease = leases[0]
  if (lease === undefined) {
    if (revisions.length === 0 && steps.length === 0) return empty
    throw damaged('godwit_lease', '1', 'the row is missing')
  }
  const format = wholeNumber(lease['format'])
  if (format === undefined || format < 1) throw damaged('godwit_lease', '1', 'format', format ?? lease['format'])
  // A newer format may use values this version does not know: the caller refuses it, so its rows are not judged.
  if (format > JOURNAL_FORMAT) return { ...empty, initialised: true, format }
  const leaseRows = wholeNumber(lease['lease_rows'])
  if (leaseRows !== 1) throw damaged('godwit_lease', '*', 'number of rows, which is to be 1', leaseRows)
  return {
    initialised: true,
    format,
    applied: refuseDoubles(revisions.map(readApplied)),
    steps: steps.map(readStep),
    lease: readLease(lease),
  }
}

/** Tells a database without a journal from one whose journal is older, newer or lost a table. */
async function stateWithoutTables(
  sql: JournalSql,
  connection: SqlSession,
  error: unknown,
  added: readonly string[],
): Promise<JournalState> {
  const lease = await probe(sql, connection, `SELECT format FROM ${sql.table('lease')} WHERE id = 1`)
  const format = wholeNumber(lease?.[0]?.['format'])
  if (format !== undefined && format > JOURNAL_FORMAT) return { ...empty, initialised: true, format }
  if (!sql.isMissingTable(error)) {
    // Columns that this format added are missing: the older one is read without them.
    if (format !== undefined && format < JOURNAL_FORMAT && added.length > 0) return readOnce(sql, connection, [])
    throw (await missingColumn(sql, connection, format)) ?? error
  }
  const revisions = await probe(sql, connection, `SELECT id FROM ${sql.table('revision')} LIMIT 1`)
  if (revisions !== undefined && revisions.length > 0) {
    throw damaged('godwit_lease or godwit_step', '*', 'the table is missing although revisions are applied')
  }
  return empty
}

/** Rows of a query, or undefined where its table does not exist. */
async function probe(
  sql: JournalSql,
  connection: SqlSession,
  query: string,
): Promise<Record<string, unknown>[] | undefined> {
  try {
    return (await connection.queryAll([query]))[0]
  } catch (error) {
    if (sql.isMissingTable(error)) return undefined
    throw error
  }
}

async function firstResult(sql: JournalSql, connection: SqlSession, query: string): Promise<Record<string, unknown>[]> {
  return (await probe(sql, connection, query)) ?? []
}

async function ensure(sql: JournalSql, connection: SqlSession): Promise<void> {
  const create = sql.create.map(text => ({ kind: 'journal', sql: text }) as const)
  const items: BatchItem[] = sql.transactionalCreate ? [{ kind: 'begin' }, ...create, { kind: 'commit' }] : create
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.run(items)
      return
    } catch (error) {
      await connection.rollback()
      const lost = error instanceof BatchFailure && error.connectionLost
      if (lost || attempt === CREATE_ATTEMPTS || sql.isCreateConflict?.(error) !== true) throw error
      // Runners that collide once would collide again if they waited equally long.
      await new Promise(resolve => setTimeout(resolve, 10 * attempt + Math.random() * 40))
    }
  }
}

/** Columns first, number last: whatever stops it, the journal has its old number and can still be read. */
async function upgrade(sql: JournalSql, connection: SqlSession, fence: Fence): Promise<void> {
  for (const column of stepColumns2) {
    // Not all stores know ADD COLUMN IF NOT EXISTS, so the column is asked for first.
    const there = await connection.query(`SELECT ${column} FROM ${sql.table('step')} WHERE 1 = 0`).then(
      () => true,
      () => false,
    )
    if (!there) await connection.query(`ALTER TABLE ${sql.table('step')} ADD COLUMN ${column} ${sql.textType}`)
  }
  try {
    const set = `UPDATE ${sql.table('lease')} SET format = ${JOURNAL_FORMAT}, fence = ${sql.fence(fence)} WHERE id = 1`
    await connection.run([{ kind: 'journal', sql: set }])
  } catch (error) {
    await connection.rollback()
    throw sql.isFenceViolation(error) ? leaseLost(error) : error
  }
}

function requireSql(session: Session): SqlSession {
  if (session.sql === undefined)
    throw new GodwitError('INTERNAL.BUG', 'the SQL journal was given a session without SQL')
  return session.sql
}
