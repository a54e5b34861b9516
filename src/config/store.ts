// Makes the dialect and the source of one configured database. Each dialect is loaded only when it is configured,
// and its driver only when it connects.
import { resolve } from 'node:path'
import type { LexicalRules } from '../core/checksum.ts'
import { GodwitError } from '../core/error.ts'
import type { Dialect } from '../dialect/dialect.ts'
import type { DatabaseConfig } from './config.ts'
import { directorySource } from '../source/directory.ts'
import { ownDoors } from './own-doors.ts'
import { lockDefaults, type ResolvedDatabase } from './resolved.ts'
import type { StoreKind } from './url.ts'

export type Settings = Readonly<Record<string, unknown>>

/** Loads the dialect of `kind` and makes its value. */
export async function makeDialect(kind: StoreKind, settings: Settings): Promise<Dialect> {
  const given = settings as never
  switch (kind) {
    case 'postgres':
      return (await import('../dialect/postgres/index.ts')).postgres(given)
    case 'pglite':
      return (await import('../dialect/postgres/index.ts')).pglite(given)
    case 'mysql':
      return (await import('../dialect/mysql/index.ts')).mysql(given)
    case 'sqlite':
      return (await import('../dialect/sqlite/index.ts')).sqlite(given)
    case 'duckdb':
      return (await import('../dialect/duckdb/index.ts')).duckdb(given)
    case 'chroma':
      return (await import('../dialect/chroma/index.ts')).chroma(given)
  }
}

/** Enough of SQL to read comments and strings of files whose store is not known. */
const plainSql: LexicalRules = {
  hashComments: false,
  dashNeedsSpace: false,
  nestedComments: false,
  dollarQuotes: true,
  backslashEscapes: false,
  escapeStrings: false,
  versionedComments: false,
  backticks: true,
  brackets: false,
}

/** A store whose kind is known and whose URL is not: files and offline scripts work, opening it says what is missing. */
export async function storeWithoutUrl(kind: StoreKind, settings: Settings, missing: GodwitError): Promise<Dialect> {
  const real = await makeDialect(kind, { ...settings, url: placeholders[kind] })
  return Object.create(real, {
    target: { value: '', enumerable: true },
    open: { value: () => Promise.reject(missing), enumerable: true },
  }) as Dialect
}

/** A dialect of which no database is opened: for what it knows of its kind. */
export const closedDialect = (kind: StoreKind): Promise<Dialect> => makeDialect(kind, { url: placeholders[kind] })

const placeholders: Readonly<Record<StoreKind, string>> = {
  postgres: 'postgres://localhost/none',
  pglite: 'pglite:',
  mysql: 'mysql://localhost/none',
  sqlite: 'sqlite::memory:',
  duckdb: 'duckdb::memory:',
  chroma: 'chroma://localhost:8000',
}

/** A store of which nothing is known: its files can be read and written, anything else says what is missing. */
export function unknownStore(missing: GodwitError): Dialect {
  const refuse = (): Promise<never> => Promise.reject(missing)
  return {
    name: 'unknown',
    capabilities: {
      sql: true,
      transactionalDdl: false,
      transactions: false,
      lockTimeout: false,
      statementTimeout: false,
      cancel: false,
      multiProcess: true,
      concurrentIndex: false,
      authentication: false,
      server: false,
      foreignKeys: false,
    },
    target: '',
    sql: {
      lexical: plainSql,
      split: refuse,
      script: { begin: 'BEGIN', commit: 'COMMIT', terminate: sql => `${sql};` },
    },
    operations: undefined,
    journal: {
      read: refuse,
      ensure: refuse,
      upgrade: refuse,
      write: refuse,
      isFenceViolation: () => false,
      source: refuse,
      runs: refuse,
    },
    locker: { acquire: refuse, renew: refuse, release: refuse, break: refuse },
    open: refuse,
    mapError: error => (error instanceof GodwitError ? error : missing),
  }
}

/** The rest of a database's configuration with its defaults. */
export async function makeDatabase(
  name: string,
  dialect: Dialect,
  config: DatabaseConfig,
  place: { readonly root: string; readonly migrations?: string; readonly lockWaitMs?: number },
): Promise<ResolvedDatabase> {
  const naming = config.naming ?? 'timestamp'
  const strictSequence = config.strictSequence ?? naming === 'sequential'
  const rest = {
    name,
    dialect,
    naming,
    timeZone: config.timeZone ?? 'UTC',
    strictSequence,
    lock: {
      waitMs: place.lockWaitMs ?? config.lock?.waitMs ?? lockDefaults.waitMs,
      ttlMs: config.lock?.ttlMs ?? lockDefaults.ttlMs,
    },
  }
  if (config.revisions !== undefined && place.migrations === undefined) {
    const { memorySource } = await import('../source/memory.ts')
    return { ...rest, source: memorySource(config.revisions) }
  }
  const migrationsPath = place.migrations ?? resolve(place.root, config.migrations ?? 'migrations')
  return {
    ...rest,
    migrationsPath,
    source: directorySource({ path: migrationsPath, root: place.root, alias: ownDoors() }),
  }
}
