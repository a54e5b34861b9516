// The suite on SQLite files, with a named driver.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite, type SqliteSettings } from '../../../src/dialect/sqlite/index.ts'
import { sqlWords } from './sql.ts'
import type { StoreCase } from './store.ts'

export function sqliteCase(name: string, settings: Omit<SqliteSettings, 'url'>, unavailable?: string): StoreCase {
  return {
    name,
    unavailable,
    words: sqlWords,
    async fresh() {
      const folder = mkdtempSync(join(tmpdir(), 'godwit-'))
      const url = join(folder, 'test.db')
      const ask = async (sql: string) => {
        const session = await sqlite({ url, ...settings }).open({ purpose: 'read' })
        try {
          return (await session.sql?.query<Record<string, unknown>>(sql)) ?? []
        } finally {
          await session.close()
        }
      }
      return {
        dialect: () => sqlite({ url, ...settings }),
        things: async () =>
          (
            await ask(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'godwit%' ORDER BY name`)
          ).map(row => String(row['name'])),
        rows: async thing => Number((await ask(`SELECT count(*) AS n FROM ${thing}`))[0]?.['n']),
        dispose: async () => rmSync(folder, { recursive: true, force: true }),
      }
    },
  }
}
