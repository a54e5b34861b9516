// The suite on DuckDB files.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duckdb } from '../../../src/dialect/duckdb/index.ts'
import { sqlWords } from './sql.ts'
import type { StoreCase } from './store.ts'

export function duckdbCase(name: string): StoreCase {
  return {
    name,
    unavailable: undefined,
    words: sqlWords,
    async fresh() {
      const folder = mkdtempSync(join(tmpdir(), 'godwit-'))
      const url = `duckdb:${join(folder, 'test.duckdb')}`
      const ask = async (sql: string) => {
        const session = await duckdb({ url }).open({ purpose: 'read' })
        try {
          return (await session.sql?.query<Record<string, unknown>>(sql)) ?? []
        } finally {
          await session.close()
        }
      }
      return {
        dialect: () => duckdb({ url }),
        things: async () =>
          (await ask(`SELECT table_name AS name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY 1`)).map(row =>
            String(row['name']),
          ),
        rows: async thing => Number((await ask(`SELECT count(*) AS n FROM ${thing}`))[0]?.['n']),
        dispose: async () => rmSync(folder, { recursive: true, force: true }),
      }
    },
  }
}
