// SQL literals of the journal. Texts come from files and error messages, so every character must survive; NUL,
// which no store keeps in text, is refused.
import { GodwitError } from '../../core/error.ts'

/**
 * A literal of standard SQL: only the quote is doubled. Right for SQLite and DuckDB; not for MySQL, whose
 * backslash escapes.
 */
export function standardLiteral(value: string | number | boolean | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'number') return finite(value)
  return `'${withoutNul(value).replaceAll("'", "''")}'`
}

/** The text itself. @throws GodwitError FILE.ENCODING_INVALID when it holds NUL */
export function withoutNul(value: string): string {
  const at = value.indexOf('\0')
  if (at < 0) return value
  throw new GodwitError('FILE.ENCODING_INVALID', `a text for the journal holds a NUL character at offset ${at}`, {
    why: 'databases do not keep NUL in text; nothing was written',
  })
}

/** A number as SQL. @throws GodwitError INTERNAL.BUG for NaN and infinities, which have no literal */
export function finite(value: number): string {
  if (!Number.isFinite(value)) throw new GodwitError('INTERNAL.BUG', `the journal was given the number ${value}`)
  return String(value)
}
