// DuckDB's errors as GodwitErrors. Its texts are kept as they are: they say more than any other store's. The
// driver gives no codes, so the kind of an error is the word its text begins with.
import { GodwitError, isGodwitError } from '../../core/error.ts'
import type { ErrorCode } from '../../core/error-codes.ts'

/** The driver's text, without its source excerpt. */
export function messageOf(error: unknown): string {
  let root = error
  for (let depth = 0; depth < 8 && root instanceof Error && root.cause !== undefined; depth++) root = root.cause
  return root instanceof Error ? root.message : String(root)
}

const kinds: readonly (readonly [RegExp, ErrorCode, string?])[] = [
  [/^INTERRUPT Error/, 'RUN.ABORTED', 'the statement was interrupted'],
  [
    /^TransactionContext Error: (?:Conflict|Catalog write-write conflict|Failed to commit: Transaction conflict)/,
    'RUN.DEADLOCK',
    'another connection of this process changed the same thing at the same time; the transaction was rolled back',
  ],
  [
    /write to database "[^"]*" in a transaction that has already modified/,
    'RUN.STATEMENT_FAILED',
    'a revision and its journal are written in one transaction, and DuckDB writes one database in a transaction',
  ],
  [/No space left on device|disk is full/i, 'RUN.DISK_FULL', 'the disk is full; the transaction was rolled back'],
  [
    /read-only mode|^Permission Error: .*read-only/i,
    'CONNECT.READ_ONLY',
    'the database is open for reading only; nothing was changed',
  ],
  [/is not a valid DuckDB database file/, 'CONNECT.FILE_INVALID', 'the file was not written by DuckDB'],
  [/Could not set lock on file/, 'LOCK.HELD', 'another process has the file open'],
]

/** Any error of the driver as a GodwitError; RUN.STATEMENT_FAILED when nothing better is known. */
export function mapDuckdbError(error: unknown): GodwitError {
  if (isGodwitError(error)) return error
  if (error instanceof Error && isGodwitError(error.cause)) return error.cause
  const full = messageOf(error)
  const found = kinds.find(([pattern]) => pattern.test(full))
  const why = found?.[2]
  return new GodwitError(found?.[1] ?? 'RUN.STATEMENT_FAILED', withoutExcerpt(full), {
    ...(why === undefined ? {} : { why }),
    cause: error,
  })
}

/** The text before `LINE n: …` and its caret: the engine shows the file's own line instead. */
export function withoutExcerpt(message: string): string {
  return message.replace(/\n+LINE \d+: [\s\S]*$/, '').trimEnd()
}

/**
 * The UTF-16 offset in `sql` of the caret below DuckDB's excerpt. Long lines are shown from their middle, with
 * dots, so the excerpt is looked up in the line it names.
 */
export function caretOffset(sql: string, message: string): number | undefined {
  const found = /(?:^|\n)LINE (\d+): ([^\n]*)\n( *)\^/.exec(message)
  if (found === null) return undefined
  const [, number = '1', excerpt = '', blanks = ''] = found
  const prefix = `LINE ${number}: `.length
  let start = 0
  for (let line = 1; line < Number(number); line++) {
    const next = sql.indexOf('\n', start)
    if (next < 0) return undefined
    start = next + 1
  }
  const end = sql.indexOf('\n', start)
  const line = sql.slice(start, end < 0 ? sql.length : end)
  const cutFront = excerpt.startsWith('...') && !line.startsWith('...')
  const core = excerpt.slice(cutFront ? 3 : 0).replace(/\.\.\.$/, '')
  const at = cutFront ? line.indexOf(core) : 0
  if (at < 0) return undefined
  const guess = start + at + blanks.length - prefix - (cutFront ? 3 : 0)
  const near = /at or near "([\s\S]+?)"(?:\n|$)/.exec(message)?.[1]
  if (near === undefined || sql.startsWith(near, guess)) return Math.min(Math.max(guess, start), sql.length)
  // Tabs and wide characters move the caret: the word it names is taken where it is next.
  const after = sql.indexOf(near, Math.max(start, guess - 8))
  return after < 0 ? guess : after
}
