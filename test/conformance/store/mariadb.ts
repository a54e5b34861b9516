// The suite on databases of the private MariaDB server.
import mysqlDriver from 'mysql2/promise'
import { mysql } from '../../../src/dialect/mysql/index.ts'
import { freshMariadb, unavailable } from '../../servers/databases.ts'
import { sqlWords } from './sql.ts'
import type { StoreCase } from './store.ts'

export async function mariadbCase(name: string): Promise<StoreCase> {
  return {
    name,
    unavailable: await unavailable('mariadb'),
    words: sqlWords,
    async fresh() {
      const fresh = await freshMariadb()
      const ask = async (sql: string): Promise<Record<string, unknown>[]> => {
        const connection = await mysqlDriver.createConnection(fresh.url)
        try {
          const [rows] = await connection.query(sql)
          return rows as Record<string, unknown>[]
        } finally {
          await connection.end()
        }
      }
      const tables = `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name NOT LIKE 'godwit%' ORDER BY 1`
      return {
        dialect: () => mysql({ url: fresh.url }),
        things: async () => (await ask(tables)).map(row => String(row['name'])),
        rows: async thing => Number((await ask(`SELECT count(*) AS n FROM ${thing}`))[0]?.['n']),
        dispose: () => fresh.dispose(),
      }
    },
  }
}
