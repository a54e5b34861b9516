// Errors of the drivers as GodwitErrors, and the place in a statement that an engine's message points at.
import { GodwitError, isGodwitError } from '../../core/error.ts'
import type { ErrorCode } from '../../core/error-codes.ts'
import { readFault } from './fault.ts'
import { newToken, readToken } from './lex.ts'

const known: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  SQLITE_BUSY: ['RUN.LOCK_TIMEOUT', 'another connection kept the database locked for longer than busyTimeoutMs'],
  SQLITE_LOCKED: ['RUN.LOCK_TIMEOUT', 'another statement of this process keeps the table locked'],
  SQLITE_FULL: ['RUN.DISK_FULL', 'the disk is full; the transaction was rolled back'],
  SQLITE_READONLY: ['CONNECT.READ_ONLY', 'the database file or its folder cannot be written'],
  SQLITE_NOTADB: ['CONNECT.FILE_INVALID', 'the file is not a SQLite database, or it is encrypted'],
  SQLITE_CORRUPT: ['CONNECT.FILE_INVALID', 'the database file is damaged'],
  SQLITE_CANTOPEN: ['CONNECT.FILE_INVALID', 'the file or its folder does not exist or cannot be opened'],
  SQLITE_PERM: ['CONNECT.READ_ONLY', 'the rights on the file do not allow it'],
  SQLITE_INTERRUPT: ['RUN.ABORTED', 'the statement was interrupted'],
}

/** Any error of a driver as a GodwitError; RUN.STATEMENT_FAILED when nothing better is known. */
export function mapSqliteError(error: unknown): GodwitError {
  if (isGodwitError(error)) return error
  if (error instanceof Error && isGodwitError(error.cause)) return error.cause
  const fault = readFault(error)
  const [code, why] = known[fault?.code ?? ''] ?? ['RUN.STATEMENT_FAILED', undefined]
  const message = fault?.message ?? (error instanceof Error ? error.message : String(error))
  return new GodwitError(code, message, {
    ...(why === undefined ? {} : { why }),
    ...(code === 'RUN.LOCK_TIMEOUT' ? { next: ['godwit lock status', 'godwit up'] } : viewInTheWay(message)),
    ...(fault?.extended === undefined ? {} : { meta: { sqlite: fault.extended } }),
    cause: error,
  })
}

/** A rename compiles every view and trigger; one that names the table just dropped makes it fail (3.25 and later). */
function viewInTheWay(message: string): { why?: string; next?: readonly string[] } {
  const [, type, name] = /^error in (view|trigger) (\S+?)(?: after \w+)?: /.exec(message) ?? []
  if (type === undefined || name === undefined) return {}
  return {
    why: `SQLite compiles every view and trigger when a table is renamed, and ${type} ${name} names one that is not there`,
    next: [
      `put DROP ${type.toUpperCase()} ${name} before, and make it again after`,
      'or put PRAGMA legacy_alter_table=ON at the beginning of the revision',
    ],
  }
}

/**
 * Where in `sql` an engine's message points: at the only token that is spelt like the one it names. The drivers do
 * not hand over `sqlite3_error_offset`, so a word that stands there twice gives no place.
 */
export function faultOffset(sql: string, message: string): number | undefined {
  const spelt =
    /near "([\s\S]+)": syntax error/.exec(message)?.[1] ??
    /unrecognized token: "([\s\S]+)"/.exec(message)?.[1] ??
    /no such (?:table|column|function|collation sequence|module|index|view|trigger): "?([^"\s]+)"?/.exec(
      message,
    )?.[1] ??
    /(?:table|index|view|trigger) "?([^"\s]+)"? already exists/.exec(message)?.[1] ??
    /duplicate column name: (\S+)/.exec(message)?.[1]
  if (spelt === undefined) return message.includes('incomplete input') ? sql.trimEnd().length : undefined
  const wanted = (spelt.split('.').at(-1) || spelt).toLowerCase()
  const token = newToken()
  let found: number | undefined
  for (let at = 0; ; at = token.end) {
    readToken(sql, at, token)
    if (token.kind === 'end') return found
    const written = sql.slice(token.start, token.end)
    const name = token.kind === 'name' ? written.slice(1, -1) : written
    if (name.toLowerCase() !== wanted && written.toLowerCase() !== spelt.toLowerCase()) {
      if (token.kind === 'open') return found
      continue
    }
    if (found !== undefined) return undefined
    found = token.start
  }
}
