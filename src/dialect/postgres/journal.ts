// The journal in PostgreSQL: the schema `godwit`. Works unchanged in PGlite.
import { JOURNAL_FORMAT } from '../journal.ts'
import type { JournalSql, JournalTable } from '../sql/journal-sql.ts'
import { journalTables } from '../sql/journal-table.ts'
import { standardLiteral, withoutNul } from '../sql/literal.ts'
import { serverError } from './error.ts'

const table = (name: JournalTable): string => `godwit.godwit_${name}`

/** A literal that means the same whatever standard_conforming_strings is set to. */
export function literal(value: string | number | boolean | null): string {
  if (typeof value !== 'string' || !value.includes('\\')) return standardLiteral(value)
  return `E'${withoutNul(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** A timestamptz expression as ISO 8601 UTC text with milliseconds, whatever DateStyle and TimeZone are. */
export function iso(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

/** When a backend started, to the microsecond, as the lease and a running step name it. */
export function startOf(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}

/** This connection, as the lease and a running step name it. */
export const serverConnection = {
  backend: 'pg_backend_pid()::text',
  backendStart: `(SELECT ${startOf('backend_start')} FROM pg_stat_activity WHERE pid = pg_backend_pid())`,
} as const

export const postgresJournalSql: JournalSql = {
  create: [
    // IF NOT EXISTS would ask for the right to create schemas also where an administrator has made this one.
    `DO $$ BEGIN IF to_regnamespace('godwit') IS NULL THEN CREATE SCHEMA godwit; END IF; END $$`,
    ...journalTables(
      // A unique fence makes it a key column (manual 13.3.2): a take-over, which changes it, waits for the FOR KEY
      // SHARE of a journal write; a heartbeat, which does not, passes.
      { key: 'text', text: 'text', integer: 'bigint', boolean: 'boolean', time: 'timestamptz', uniqueFence: true },
      table,
    ),
    `INSERT INTO ${table('lease')} (id, format, fence) VALUES (1, ${JOURNAL_FORMAT}, 0) ON CONFLICT (id) DO NOTHING`,
  ],
  transactionalCreate: true,
  textType: 'text',
  packed: expressions => `json_build_array(${expressions.join(', ')})::text`,
  connection: serverConnection,
  table,
  literal,
  now: 'clock_timestamp()',
  iso,
  // now() is when the message came, which several transactions share: the row before tells when this one began.
  elapsedMs: () =>
    `greatest(0, floor(extract(epoch FROM clock_timestamp() - greatest(now(), ` +
    `(SELECT applied_at FROM ${table('revision')} ORDER BY sequence DESC LIMIT 1))) * 1000))::bigint`,
  fence: fence =>
    `(SELECT fence FROM ${table('lease')} WHERE id = 1 AND owner = ${literal(fence.owner)} ` +
    `AND fence = ${literal(fence.fence)} FOR KEY SHARE)`,
  upsert(name, keyColumns, values, insertOnly = []) {
    const columns = Object.keys(values)
    const updated = columns.filter(column => !keyColumns.includes(column) && !insertOnly.includes(column))
    return (
      `INSERT INTO ${table(name)} (${columns.join(', ')}) VALUES (${Object.values(values).join(', ')}) ` +
      `ON CONFLICT (${keyColumns.join(', ')}) DO UPDATE SET ` +
      updated.map(column => `${column} = EXCLUDED.${column}`).join(', ')
    )
  },
  isMissingTable(error) {
    // undefined_table and invalid_schema_name
    const { code } = serverError(error)
    return code === '42P01' || code === '3F000'
  },
  isFenceViolation(error) {
    const { code, column, table: found } = serverError(error)
    return code === '23502' && column === 'fence' && found !== undefined && found.startsWith('godwit_')
  },
  isCreateConflict(error) {
    // IF NOT EXISTS does not see what another transaction is about to commit: unique_violation in a system catalog,
    // duplicate_table, duplicate_schema, duplicate_object; or a deadlock of the two.
    return ['23505', '42P07', '42P06', '42710', '40P01', 'XX000'].includes(serverError(error).code ?? '')
  },
}
