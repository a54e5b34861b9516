// The suite on one PGlite.
import { PGlite } from '@electric-sql/pglite'
import { pglite } from '../../../src/dialect/postgres/index.ts'
import { sqlWords } from './sql.ts'
import type { StoreCase } from './store.ts'

let shared: Promise<PGlite> | undefined

/** One instance for all tests of a file, emptied after each: making one takes seconds. */
export function pgliteCase(name: string): StoreCase {
  return {
    name,
    unavailable: undefined,
    words: sqlWords,
    async fresh() {
      shared ??= PGlite.create()
      const instance = await shared
      const ask = async (sql: string) => (await instance.query<Record<string, unknown>>(sql)).rows
      return {
        dialect: () => pglite(instance),
        things: async () =>
          (await ask(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)).map(row =>
            String(row['name']),
          ),
        rows: async thing => Number((await ask(`SELECT count(*) AS n FROM ${thing}`))[0]?.['n']),
        async dispose() {
          await instance.exec('ROLLBACK').catch(() => undefined)
          await instance.exec('DROP SCHEMA IF EXISTS godwit CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public')
        },
      }
    },
  }
}
