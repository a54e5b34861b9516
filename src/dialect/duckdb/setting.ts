// Settings that a revision changes for its connection: remembered before, put back by `reset`. SET and USE are not
// undone by a rollback (tried with DuckDB 1.5.6).
import type { DuckDBConnection } from './driver.ts'
import { firstTokens } from './lex.ts'

export interface SavedSetting {
  /** Statement that puts it back. */
  readonly restore: string
}

const home = '<home>'

/** The setting that a statement changes; `<home>` for the default database and schema; undefined for others. */
export function changedSetting(sql: string): string | undefined {
  const words = firstTokens(sql, 4)
  if (words[0] === 'USE') return home
  if (words[0] !== 'SET' && words[0] !== 'PRAGMA' && words[0] !== 'RESET') return undefined
  const scoped = ['SESSION', 'LOCAL', 'GLOBAL'].includes(words[1] ?? '')
  const name = (scoped ? words[2] : words[1]) ?? ''
  if (words[0] === 'SET' && name === 'VARIABLE') return undefined
  if (name === 'SCHEMA' || name === 'SEARCH_PATH') return home
  if (words[0] === 'PRAGMA' && words[scoped ? 3 : 2] !== '=') return undefined
  return /^[A-Z_][A-Z0-9_]*$/.test(name) ? name.toLowerCase() : undefined
}

/** @param homeName qualified and quoted database and schema */
export async function saveSetting(connection: DuckDBConnection, name: string, homeName: string): Promise<SavedSetting> {
  if (name === home) return { restore: `USE ${homeName}` }
  try {
    const reader = await connection.runAndReadAll(`SELECT CAST(current_setting('${name}') AS VARCHAR) AS value`)
    const value = reader.getRowObjects()[0]?.['value']
    if (typeof value === 'string') return { restore: `SET ${name} = '${value.replaceAll("'", "''")}'` }
  } catch {
    // an unknown setting: the statement itself will say so
  }
  return { restore: `RESET ${name}` }
}

/** A setting that cannot be put back must not hide what happened before. */
export async function restoreSettings(connection: DuckDBConnection, saved: readonly SavedSetting[]): Promise<void> {
  for (const { restore } of saved) {
    try {
      await connection.run(restore)
    } catch {
      // the next one may still be put back
    }
  }
}
