// The SQL stores as the tests of bad input need them: a fresh database, the words that differ, and a look into it
// through its own driver, not through godwit.
import { DuckDBInstance } from '@duckdb/node-api'
import { PGlite } from '@electric-sql/pglite'
import Database from 'libsql'
import mysql from 'mysql2/promise'
import pg from 'pg'
import {
  freshDuckdb,
  freshMariadb,
  freshPglite,
  freshPostgres,
  freshSqlite,
  unavailable,
} from '../servers/databases.ts'

type Row = Record<string, unknown>

export interface BadDatabase {
  readonly url: string
  /** Of an embedded store. */
  readonly file?: string
  query(sql: string): Promise<Row[]>
  /** Names of the user's tables, sorted; godwit's own are left out. */
  tables(): Promise<string[]>
  dispose(): Promise<void>
}

export interface BadStore {
  readonly name: string
  readonly unavailable: string | undefined
  /** A failed revision leaves nothing. */
  readonly transactionalDdl: boolean
  /** A statement that takes about so long. */
  readonly wait: (seconds: number) => string
  /** Table of the journal, as a query names it. */
  readonly journal: (table: string) => string
  fresh(): Promise<BadDatabase>
}

export async function askPostgres(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows ?? []
  } finally {
    await client.end()
  }
}

export async function askMariadb(url: string, sql: string): Promise<Row[]> {
  const connection = await mysql.createConnection({ uri: url })
  try {
    const [rows] = await connection.query(sql)
    return Array.isArray(rows) ? (rows as Row[]) : []
  } finally {
    await connection.end()
  }
}

export function askSqlite(file: string, sql: string): Row[] {
  const database = new Database(file)
  try {
    const statement = database.prepare(sql)
    return statement.reader ? (statement.all() as Row[]) : (statement.run(), [])
  } finally {
    database.close()
  }
}

export async function askDuckdb(file: string, sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJS() as Row[]
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function askPglite(folder: string, sql: string): Promise<Row[]> {
  const instance = await PGlite.create(folder)
  try {
    return (await instance.query<Row>(sql)).rows
  } finally {
    await instance.close()
  }
}

const names = (rows: readonly Row[]): string[] =>
  rows
    .map(row => String(row['name']))
    .filter(name => !name.startsWith('godwit_') && !name.startsWith('sqlite_'))
    .toSorted()

const postgresTables = `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
const count = (n: number): string =>
  `SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n}) SELECT i FROM n) AS t`

export const postgresStore: BadStore = {
  name: 'PostgreSQL',
  unavailable: await unavailable('postgres'),
  transactionalDdl: true,
  wait: seconds => `SELECT pg_sleep(${seconds})`,
  journal: table => `godwit.godwit_${table}`,
  async fresh() {
    const fresh = await freshPostgres()
    const query = (sql: string) => askPostgres(fresh.url, sql)
    return { url: fresh.url, query, tables: async () => names(await query(postgresTables)), dispose: fresh.dispose }
  },
}

export const mariadbStore: BadStore = {
  name: 'MariaDB',
  unavailable: await unavailable('mariadb'),
  transactionalDdl: false,
  wait: seconds => `SELECT SLEEP(${seconds})`,
  journal: table => `godwit_${table}`,
  async fresh() {
    const fresh = await freshMariadb()
    const query = (sql: string) => askMariadb(fresh.url, sql)
    const tables = `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()`
    return { url: fresh.url, query, tables: async () => names(await query(tables)), dispose: fresh.dispose }
  },
}

export const sqliteStore: BadStore = {
  name: 'SQLite',
  unavailable: undefined,
  transactionalDdl: true,
  // About 4 million rows a second.
  wait: seconds => count(Math.round(seconds * 4_000_000)),
  journal: table => `godwit_${table}`,
  async fresh() {
    const fresh = await freshSqlite()
    const query = async (sql: string) => askSqlite(fresh.file, sql)
    const tables = `SELECT name FROM sqlite_schema WHERE type = 'table'`
    return {
      url: fresh.url,
      file: fresh.file,
      query,
      tables: async () => names(await query(tables)),
      dispose: fresh.dispose,
    }
  },
}

export const duckdbStore: BadStore = {
  name: 'DuckDB',
  unavailable: undefined,
  transactionalDdl: true,
  wait: seconds =>
    `SELECT count(*) FROM range(${Math.round(seconds * 6_000)}) a, range(30000) b WHERE (a.range * b.range) % 7 = 1`,
  journal: table => `godwit.godwit_${table}`,
  async fresh() {
    const fresh = await freshDuckdb()
    const query = (sql: string) => askDuckdb(fresh.file, sql)
    const tables = `SELECT table_name AS name FROM duckdb_tables() WHERE schema_name = 'main'`
    return {
      url: fresh.url,
      file: fresh.file,
      query,
      tables: async () => names(await query(tables)),
      dispose: fresh.dispose,
    }
  },
}

export const pgliteStore: BadStore = {
  name: 'PGlite',
  unavailable: undefined,
  transactionalDdl: true,
  wait: seconds => `SELECT pg_sleep(${seconds})`,
  journal: table => `godwit.godwit_${table}`,
  async fresh() {
    const fresh = await freshPglite()
    const query = (sql: string) => askPglite(fresh.file, sql)
    return {
      url: fresh.url,
      file: fresh.file,
      query,
      tables: async () => names(await query(postgresTables)),
      dispose: fresh.dispose,
    }
  },
}

/** Without PGlite, whose every opening takes seconds; it is PostgreSQL's parser and engine. */
export const stores: readonly BadStore[] = [sqliteStore, postgresStore, mariadbStore, duckdbStore]

/** Runs `use` on a fresh database and removes it. */
export async function withDatabase(store: BadStore, use: (database: BadDatabase) => Promise<void>): Promise<void> {
  const database = await store.fresh()
  try {
    await use(database)
  } finally {
    await database.dispose()
  }
}
