// DuckDB, with one thread of its own and one of Node's pool: then the same system call has the same number in each run.
import { duckdb } from '../../../src/dialect/duckdb/index.ts'
import type { SqlSession } from '../../../src/dialect/session.ts'
import type { Build } from '../build.ts'
import { histories, scenarios } from '../history/duckdb.ts'
import { fileStore } from './file.ts'
import type { CrashStore } from './store.ts'

const settings = { threads: 1 }

export const duckdbStore = (build: Build): CrashStore =>
  fileStore(
    {
      name: 'duckdb',
      histories,
      scenarios,
      driver: '@duckdb/node-api',
      besides: ['.wal'],
      env: { UV_THREADPOOL_SIZE: '1' },
      settings: () => settings,
      dialect: url => duckdb({ url, ...settings }),
      async look(dialect) {
        const session = await dialect.open({ purpose: 'read' })
        try {
          return await sightOf(session.sql as SqlSession)
        } finally {
          await session.close()
        }
      },
    },
    build,
  )

const CATALOG = {
  table: `SELECT schema_name AS s, table_name AS n, sql FROM duckdb_tables() WHERE schema_name <> 'godwit'`,
  view: `SELECT schema_name AS s, view_name AS n, sql FROM duckdb_views() WHERE NOT internal`,
  index: `SELECT schema_name AS s, index_name AS n, sql FROM duckdb_indexes() WHERE schema_name <> 'godwit'`,
  sequence: `SELECT schema_name AS s, sequence_name AS n, sql FROM duckdb_sequences()`,
  type: `SELECT schema_name AS s, type_name AS n, labels::text AS sql FROM duckdb_types() WHERE NOT internal`,
  macro: `SELECT schema_name AS s, function_name AS n, macro_definition AS sql FROM duckdb_functions() WHERE NOT internal`,
}

async function sightOf(sql: SqlSession): Promise<{ schema: string[]; data: string[] }> {
  const schema: string[] = []
  const data: string[] = []
  for (const [kind, query] of Object.entries(CATALOG)) {
    for (const row of await sql.query<{ s: string; n: string; sql: string }>(query)) {
      schema.push(`${kind} ${row.s}.${row.n} ${row.sql}`)
      if (kind !== 'table') continue
      for (const line of await sql.query<{ line: string }>(`SELECT t::text AS line FROM "${row.s}"."${row.n}" t`))
        data.push(`${row.n} ${line.line}`)
    }
  }
  return { schema: schema.sort(), data: data.sort() }
}
