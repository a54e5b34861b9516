// Pragmas that hold for a connection: remembered before a revision changes them, put back by `reset`.
// Those that are stored in the file (user_version, journal_mode, auto_vacuum …) are the revision's own.
import { firstTokens, pragmaName } from './classify.ts'
import type { SqliteConnection } from './driver/driver.ts'

export interface SavedPragma {
  readonly name: string
  readonly value: string
}

const connectionPragmas = new Set([
  'automatic_index',
  'busy_timeout',
  'cache_size',
  'cell_size_check',
  'defer_foreign_keys',
  'foreign_keys',
  'fullfsync',
  'ignore_check_constraints',
  'legacy_alter_table',
  'query_only',
  'read_uncommitted',
  'recursive_triggers',
  'reverse_unordered_selects',
  'secure_delete',
  'synchronous',
  'temp_store',
  'trusted_schema',
  'writable_schema',
])

export function savePragmas(connection: SqliteConnection, names: readonly string[]): SavedPragma[] {
  const saved: SavedPragma[] = []
  for (const name of names) {
    const value = Object.values(connection.all(`PRAGMA ${name}`)[0] ?? {})[0]
    if (typeof value === 'number' || typeof value === 'bigint') saved.push({ name, value: String(value) })
  }
  return saved
}

/** A pragma that is gone or cannot be set now must not hide what happened before. */
export function restorePragmas(connection: SqliteConnection, saved: readonly SavedPragma[]): void {
  for (const { name, value } of saved) {
    try {
      connection.exec(`PRAGMA ${name}=${value}`)
    } catch {
      // the next pragma may still be set
    }
  }
}

/** The connection pragma that a statement may change; undefined for all other statements. */
export function changedPragma(sql: string): string | undefined {
  const words = firstTokens(sql, 6)
  if (words[0] !== 'PRAGMA' || !(words.includes('=') || words.includes('('))) return undefined
  const name = pragmaName(words).toLowerCase()
  return connectionPragmas.has(name) ? name : undefined
}
