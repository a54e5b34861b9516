// The suite on databases of the private PostgreSQL server.
import pg from 'pg'
import { postgres } from '../../../src/dialect/postgres/index.ts'
import { freshPostgres, unavailable } from '../../servers/databases.ts'
import { sqlWords } from './sql.ts'
import type { StoreCase } from './store.ts'

export async function postgresCase(name: string): Promise<StoreCase> {
  return {
    name,
    unavailable: await unavailable('postgres'),
    words: sqlWords,
    async fresh() {
      const fresh = await freshPostgres()
      const ask = async (sql: string): Promise<Record<string, unknown>[]> => {
        const client = new pg.Client({ connectionString: fresh.url })
        await client.connect()
        try {
          return (await client.query(sql)).rows
        } finally {
          await client.end()
        }
      }
      return {
        dialect: () => postgres({ url: fresh.url }),
        things: async () =>
          (await ask(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)).map(row =>
            String(row['name']),
          ),
        rows: async thing => Number((await ask(`SELECT count(*) AS n FROM ${thing}`))[0]?.['n']),
        dispose: () => fresh.dispose(),
      }
    },
  }
}
