// SQLite's result code out of the errors of the three drivers. node:sqlite gives a number, better-sqlite3 a name,
// libsql both, and when it cannot open a file only a text with the number at its end.

export interface Fault {
  /** Primary result code, `SQLITE_BUSY`; `SQLITE_ERROR` where only a text is known. */
  readonly code: string
  /** Extended result code as a number or name, for reports. */
  readonly extended: string | undefined
  readonly message: string
}

// https://sqlite.org/rescode.html, the codes that godwit tells apart.
const codes: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  3: 'SQLITE_PERM',
  4: 'SQLITE_ABORT',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
}

/** The driver's own error at the bottom of a chain of causes. */
export function rootError(error: unknown): unknown {
  let root = error
  for (let depth = 0; depth < 8 && root instanceof Error && root.cause !== undefined; depth++) root = root.cause
  return root
}

/** Undefined for errors that do not come from SQLite. */
export function readFault(error: unknown): Fault | undefined {
  const root = rootError(error)
  if (!(root instanceof Error)) return undefined
  const { code, errcode, rawCode } = root as { code?: unknown; errcode?: unknown; rawCode?: unknown }
  const number = typeof errcode === 'number' ? errcode : typeof rawCode === 'number' ? rawCode : undefined
  if (number !== undefined) return fault(codes[number & 0xff], String(number), root.message)
  if (typeof code === 'string' && code.startsWith('SQLITE_')) {
    const primary = Object.values(codes).find(known => code === known || code.startsWith(`${known}_`))
    return fault(primary, code, root.message)
  }
  const opening = /^ConnectionFailed\("(.*): (\d+)"\)$/.exec(root.message)
  if (opening) return fault(codes[Number(opening[2])], opening[2], 'unable to open database file')
  if (root.message.includes('the directory does not exist')) return fault('SQLITE_CANTOPEN', undefined, root.message)
  return undefined
}

export function isBusy(error: unknown): boolean {
  const code = readFault(error)?.code
  return code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED'
}

function fault(code: string | undefined, extended: string | undefined, message: string): Fault {
  return { code: code ?? 'SQLITE_ERROR', extended, message }
}
