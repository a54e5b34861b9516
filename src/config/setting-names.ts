// The names of all settings that any store knows, kept equal to their types by the compiler: a misspelt one in a
// configuration file must not be a silent default.
import type { ChromaSettings } from '../dialect/chroma/settings.ts'
import type { DuckdbSettings } from '../dialect/duckdb/settings.ts'
import type { MysqlSettings } from '../dialect/mysql/settings.ts'
import type { PgliteSettings } from '../dialect/postgres/pglite.ts'
import type { PostgresSettings } from '../dialect/postgres/settings.ts'
import type { SqliteSettings } from '../dialect/sqlite/settings.ts'

type Names<Settings> = Readonly<Record<keyof Settings, true>>

const postgres: Names<PostgresSettings> = {
  url: true,
  host: true,
  port: true,
  user: true,
  password: true,
  database: true,
  client: true,
  pool: true,
  connectTimeoutMs: true,
  statementTimeoutMs: true,
  lockTimeoutMs: true,
  concurrentWaitMs: true,
  tls: true,
  searchPath: true,
  keepalive: true,
  clientConnectionCheckIntervalMs: true,
  applicationName: true,
  role: true,
  options: true,
}
const pglite: Names<PgliteSettings> = { url: true, dataDir: true, options: true, searchPath: true }
const mysql: Names<MysqlSettings> = {
  url: true,
  host: true,
  port: true,
  socket: true,
  user: true,
  password: true,
  database: true,
  connectTimeoutMs: true,
  statementTimeoutMs: true,
  lockTimeoutMs: true,
  tls: true,
  keepAlive: true,
  poolSize: true,
}
const sqlite: Names<SqliteSettings> = {
  url: true,
  database: true,
  driver: true,
  journalMode: true,
  busyTimeoutMs: true,
  foreignKeys: true,
  synchronous: true,
}
const duckdb: Names<DuckdbSettings> = { url: true, config: true, readOnly: true, threads: true, lockWaitMs: true }
const chroma: Names<ChromaSettings> = {
  url: true,
  tenant: true,
  database: true,
  token: true,
  tokenHeader: true,
  headers: true,
  connectTimeoutMs: true,
  requestTimeoutMs: true,
  retries: true,
}

/** Of every store, each once. */
export const settingNames: readonly string[] = Object.keys({
  ...postgres,
  ...pglite,
  ...mysql,
  ...sqlite,
  ...duckdb,
  ...chroma,
})
