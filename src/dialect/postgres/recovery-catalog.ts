// What recovery asks the catalog in the same way for every kind of statement: names as SQL, the indexes of a table,
// and a statement that may wait for long. Reads only what every user may read.
import { GodwitError } from '../../core/error.ts'
import type { Verdict } from '../recovery.ts'
import type { Session, SqlSession } from '../session.ts'
import { literal } from './journal.ts'
import type { Name } from './lone-statement.ts'

export const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

/** The object of that name as the session finds it by its search_path; NULL when there is none. */
export const regclass = ({ schema, name }: Name): string =>
  `to_regclass(${literal(`${schema === undefined ? '' : `${quoted(schema)}.`}${quoted(name)}`)})`

/** The server cuts names at 63 bytes; a comparison has to do so too. */
export const asName = (identifier: string): string => `${literal(identifier)}::name`

export interface IndexRow {
  readonly oid: string
  readonly name: string
  /** Qualified and quoted, as a statement names it. */
  readonly shown: string
  readonly table: string
  readonly valid: boolean
  readonly unique: boolean
  readonly partial: boolean
  readonly method: string
  /** One for each key; null for an expression. */
  readonly columns: readonly (string | null)[]
  readonly descending: readonly boolean[]
  readonly included: number
  readonly definition: string
  /** Backend that builds an index of the same table at this moment. */
  readonly builder: string | null
}

/**
 * Only one concurrent build at a time can hold the ShareUpdateExclusiveLock of a table (manual 13.3.1), so a session
 * that builds and holds it is the one that every unfinished index of the table may belong to.
 */
const BUILDER = `(SELECT min(l.pid)::text FROM pg_catalog.pg_locks l
  JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid = l.pid
  WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND l.pid <> pg_backend_pid())`

const perKey = (values: string, what: string, from = ''): string =>
  `(SELECT json_agg(${what} ORDER BY k.n) FROM unnest(${values}) WITH ORDINALITY k(value, n) ${from}
  WHERE k.n <= i.indnkeyatts)`

/** Ordinary indexes (of partitioned ones only their parts) for which `condition` on `i` (pg_index) and `c` (pg_class) holds. */
export async function indexes(sql: SqlSession, condition: string): Promise<readonly IndexRow[]> {
  return sql.query<IndexRow & Record<string, unknown>>(`
SELECT i.indexrelid::text AS oid, c.relname::text AS name, format('%I.%I', s.nspname, c.relname) AS shown,
  i.indrelid::regclass::text AS "table", i.indisvalid AND i.indisready AND i.indislive AS valid,
  i.indisunique AS "unique", i.indpred IS NOT NULL AS partial, a.amname::text AS method,
  ${perKey('i.indkey::int2[]', 't.attname', 'LEFT JOIN pg_catalog.pg_attribute t ON t.attrelid = i.indrelid AND t.attnum = k.value AND k.value <> 0')} AS columns,
  ${perKey('i.indoption::int2[]', '(k.value & 1) = 1')} AS descending,
  i.indnatts - i.indnkeyatts AS included, pg_get_indexdef(i.indexrelid) AS definition, ${BUILDER} AS builder
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace JOIN pg_catalog.pg_am a ON a.oid = c.relam
WHERE ${condition} ORDER BY c.relname`)
}

/** Drops an index that a broken attempt left. @throws GodwitError JOURNAL.STEP_IN_DOUBT when somebody is building it */
export async function dropLeftover(sql: SqlSession, index: IndexRow, waitMs: number): Promise<string> {
  refuseBuilding(index)
  await patiently(sql, `DROP INDEX CONCURRENTLY IF EXISTS ${index.shown}`, waitMs)
  return `the INVALID index ${index.shown} of ${index.table} was dropped`
}

export function buildingEvidence(index: IndexRow): string {
  return `backend ${index.builder} is building an index of ${index.table}, and ${index.shown} is not valid yet`
}

function refuseBuilding(index: IndexRow): void {
  if (index.builder === null) return
  throw new GodwitError('JOURNAL.STEP_IN_DOUBT', buildingEvidence(index), {
    why: 'An index that another session builds is not a leftover. Nothing was changed.',
    next: [`psql -c "SELECT pid, state, query FROM pg_stat_activity WHERE pid = ${index.builder}"`, 'godwit up'],
    meta: { builder: index.builder, index: index.shown },
  })
}

/** One statement with a lock_timeout of its own; what was set for the session before is set again. */
export async function patiently(sql: SqlSession, statement: string, waitMs: number): Promise<void> {
  const [before] = await sql.query<{ value: string }>(
    `SELECT current_setting('lock_timeout') AS value, set_config('lock_timeout', '${Math.round(waitMs)}', false)`,
  )
  try {
    await sql.query(statement)
  } finally {
    await sql.query(`SELECT set_config('lock_timeout', ${literal(before?.value ?? '0')}, false)`).catch(() => undefined)
  }
}

export const requireSession = (session: Session): SqlSession => {
  if (session.sql === undefined)
    throw new GodwitError('INTERNAL.BUG', 'the PostgreSQL recovery was given a session without SQL')
  return session.sql
}

export const done = (...evidence: readonly string[]): Verdict => ({ outcome: 'done', evidence })
export const notDone = (...evidence: readonly string[]): Verdict => ({ outcome: 'not-done', evidence })
export const unknown = (...evidence: readonly string[]): Verdict => ({ outcome: 'unknown', evidence })
