// What godwit needs of a SQLite driver: three drivers are hidden behind it. All of them run in this process and
// answer at once, so nothing here is async. Whole numbers come back as number, and as bigint beyond 2^53.

export type DriverName = 'node:sqlite' | 'better-sqlite3' | 'libsql'

/** Values that every driver can bind. */
export type SqliteValue = null | number | bigint | string | Uint8Array

export interface SqliteConnection {
  readonly driver: DriverName
  /** The driver's own object, for code revisions. */
  readonly handle: unknown
  /** A transaction is open. */
  readonly inTransaction: boolean
  /** Runs all statements of the text and throws their rows away. */
  exec(sql: string): void
  /** Runs one statement and gives its rows. Text after the first statement is not run. */
  all(sql: string, params?: readonly SqliteValue[]): Record<string, unknown>[]
  /** Compiles one statement without running it; throws the engine's error. */
  compile(sql: string): void
  /** A statement that is compiled once and run often. */
  prepared(sql: string): () => Record<string, unknown>[]
  /** Ends the connection. Safe to call twice. */
  close(): void
}

export interface OpenFile {
  /** Absolute path or `:memory:`. */
  readonly path: string
  readonly readOnly: boolean
  /** Nobody changes the file meanwhile: reads a WAL database in a folder where its WAL index cannot be made. */
  readonly immutable?: boolean
}

export interface SqliteDriver {
  readonly name: DriverName
  open(file: OpenFile): SqliteConnection
}

/** The file as a `file:` URI with parameters (https://sqlite.org/uri.html). */
export function fileUri(file: OpenFile): string {
  const encoded = file.path.replaceAll('%', '%25').replaceAll('?', '%3f').replaceAll('#', '%23')
  return `file:${encoded}?${file.immutable ? 'immutable=1' : 'mode=ro'}`
}

/** Rows as plain objects; bigints that fit become numbers. */
export function plainRows(rows: readonly unknown[]): Record<string, unknown>[] {
  return rows.map(row => {
    const plain: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(row as object)) plain[name] = plainValue(value)
    return plain
  })
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value
}
