// The suite on SQLite files, with a named driver or with live databases that a test opens.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite, type SqliteDriverName } from '../../../src/dialect/sqlite/index.ts'
import { sqlWords } from './sql.ts'
import type { StoreCase } from './store.ts'

export interface SqliteCaseOptions {
  readonly driver?: SqliteDriverName
  /** Opens a database of a driver that godwit itself would not find here. */
  readonly live?: (file: string) => { close(): unknown }
  readonly unavailable?: string | undefined
}

export function sqliteCase(name: string, { driver, live, unavailable }: SqliteCaseOptions): StoreCase {
  return {
    name,
    unavailable,
    words: sqlWords,
    async fresh() {
      const folder = mkdtempSync(join(tmpdir(), 'godwit-'))
      const url = join(folder, 'test.db')
      const opened: { close(): unknown }[] = []
      const dialect = () => {
        if (!live) return sqlite({ url, ...(driver ? { driver } : {}) })
        const database = live(url)
        opened.push(database)
        return sqlite({ database, journalMode: 'wal' })
      }
      const ask = async (sql: string) => {
        const session = await dialect().open({ purpose: 'read' })
        try {
          return (await session.sql?.query<Record<string, unknown>>(sql)) ?? []
        } finally {
          await session.close()
        }
      }
      const tables = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'godwit%' ORDER BY name`
      return {
        dialect,
        things: async () => (await ask(tables)).map(row => String(row['name'])),
        rows: async thing => Number((await ask(`SELECT count(*) AS n FROM ${thing}`))[0]?.['n']),
        async dispose() {
          for (const database of opened) database.close()
          rmSync(folder, { recursive: true, force: true })
        },
      }
    },
  }
}
