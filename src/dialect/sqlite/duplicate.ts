// Which values keep a unique index from being built: SQLite names the columns only. Asked right after the failure, in
// the same transaction. Promises nothing for partial indexes and expressions.
import { GodwitError } from '../../core/error.ts'
import type { SqliteConnection } from './driver/driver.ts'
import { readFault } from './fault.ts'
import { quoted } from './schema-name.ts'

/** At most this many values are named. */
const NAMED = 5

/** The error of CREATE UNIQUE INDEX with the values that stand there more than once; other errors as they are. */
export function withDuplicates(connection: SqliteConnection, sql: string, error: unknown): unknown {
  const message = readFault(error)?.message ?? ''
  const failed = /^UNIQUE constraint failed: (.+)$/.exec(message)?.[1]
  if (failed === undefined || !/^\s*CREATE\s+UNIQUE\s+INDEX\b/i.test(sql) || /\bWHERE\b/i.test(sql)) return error
  const parts = failed.split(', ').map(part => /^(.+)\.([^.]+)$/.exec(part))
  const table = parts[0]?.[1]
  if (table === undefined || parts.some(part => part?.[1] !== table)) return error
  const columns = parts.map(part => part?.[2] ?? '')
  const list = columns.map(quoted).join(', ')
  try {
    const rows = connection.all(
      `SELECT ${list}, count(*) AS "godwit rows" FROM ${quoted(table)} WHERE ${columns.map(column => `${quoted(column)} IS NOT NULL`).join(' AND ')} ` +
        `GROUP BY ${list} HAVING count(*) > 1 ORDER BY count(*) DESC, ${list} LIMIT ${NAMED + 1}`,
    )
    if (rows.length === 0) return error
    const named = rows
      .slice(0, NAMED)
      .map(row => `${columns.map(column => shownValue(row[column])).join(', ')} (${String(row['godwit rows'])} rows)`)
    const more = rows.length > NAMED ? ' and more' : ''
    return new GodwitError('RUN.STATEMENT_FAILED', message, {
      why: `These values of ${columns.join(', ')} stand there more than once: ${named.join('; ')}${more}`,
      meta: { table, columns },
      cause: error,
    })
  } catch {
    // the engine's own error says enough
    return error
  }
}

function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : String(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
