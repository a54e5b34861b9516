// The door `godwit/duckdb`: a DuckDB file (or `:memory:`) as a store.
import type { LexicalRules } from '../../core/checksum.ts'
import type { Dialect } from '../dialect.ts'
import type { Session } from '../session.ts'
import { databaseFileExists } from '../sql/database-file.ts'
import { sqlJournal } from '../sql/journal.ts'
import { duckdbCapabilities } from './capability.ts'
import { type DuckDBInstance, loadDuckdb } from './driver.ts'
import { mapDuckdbError } from './error.ts'
import { type HeldInstance, holdInstance } from './instance.ts'
import { duckdbJournalSql, quoted } from './journal.ts'
import { duckdbLocker } from './lock.ts'
import { processIdentity } from './process.ts'
import { duckdbRecovery } from './recovery.ts'
import { duckdbScratch } from './scratch.ts'
import { duckdbSession } from './session.ts'
import { type DuckdbSettings, resolveSettings } from './settings.ts'
import { splitDuckdb } from './split.ts'

export type { DuckdbSettings } from './settings.ts'

/** PostgreSQL's rules: nested comments, dollar quotes, E'…' strings. */
export const duckdbLexical: LexicalRules = {
  hashComments: false,
  dashNeedsSpace: false,
  nestedComments: true,
  dollarQuotes: true,
  backslashEscapes: false,
  escapeStrings: true,
  versionedComments: false,
  backticks: false,
  brackets: false,
}

/**
 * A DuckDB database as a store of godwit. Nothing is opened before the first use; the file is closed with the last
 * session, because other processes cannot open it before.
 *
 * @throws GodwitError CONFIG.URL_MISSING, CONFIG.URL_INVALID, CONFIG.FILE_INVALID
 * @example
 * const godwit = createGodwit({ databases: { analytics: { dialect: duckdb('duckdb:./analytics.duckdb') } } })
 */
export function duckdb(settings: DuckdbSettings | string): Dialect {
  return build(typeof settings === 'string' ? { url: settings } : settings).dialect
}

function build(settings: DuckdbSettings): { readonly dialect: Dialect; dispose(): void } {
  const resolved = resolveSettings(settings)
  const inMemory = resolved.path === ':memory:'
  let { catalog } = resolved
  let memory: Promise<DuckDBInstance> | undefined
  const journalSql = duckdbJournalSql(() => catalog)

  const newMemory = async (): Promise<DuckDBInstance> =>
    (await loadDuckdb()).DuckDBInstance.create(':memory:', { ...resolved.config })

  const hold = async (options: Parameters<Dialect['open']>[0]): Promise<HeldInstance> => {
    if (inMemory) {
      memory ??= newMemory()
      return { instance: await memory, release: () => undefined }
    }
    const present = databaseFileExists(resolved.path, resolved.target)
    if (options.purpose === 'read' && !present) {
      // Looking at a database that is not there must not make one: an empty one gives the same answers.
      const instance = await newMemory()
      return { instance, release: () => instance.closeSync() }
    }
    return holdInstance(resolved, options)
  }

  const open = async (options: Parameters<Dialect['open']>[0]): Promise<Session> => {
    const module = await loadDuckdb()
    const { instance, release } = await hold(options)
    try {
      const connection = await instance.connect()
      const reader = await connection.runAndReadAll(
        'SELECT current_database() AS catalog, current_schema() AS schema, version() AS version',
      )
      const facts = reader.getRowObjects()[0] ?? {}
      catalog = String(facts['catalog'])
      return duckdbSession(module, connection, {
        identity: processIdentity(),
        serverVersion: `DuckDB ${String(facts['version']).replace(/^v/, '')}`,
        home: `${quoted(String(facts['catalog']))}.${quoted(String(facts['schema']))}`,
        release,
      })
    } catch (error) {
      release()
      throw mapDuckdbError(error)
    }
  }

  const dialect: Dialect = {
    name: 'duckdb',
    capabilities: duckdbCapabilities,
    target: resolved.target,
    sql: {
      lexical: duckdbLexical,
      split: splitDuckdb,
      script: { begin: 'BEGIN TRANSACTION;', commit: 'COMMIT;', terminate: terminated },
    },
    operations: undefined,
    journal: sqlJournal(journalSql),
    locker: duckdbLocker(journalSql),
    recovery: duckdbRecovery,
    open,
    mapError: mapDuckdbError,
    schema: async () => (await import('./schema.ts')).schemaPart,
    async scratch() {
      return duckdbScratch(() => build({ url: ':memory:', config: resolved.config }))
    },
  }
  return {
    dialect,
    dispose() {
      memory?.then(
        instance => instance.closeSync(),
        () => undefined,
      )
      memory = undefined
    },
  }
}

/** A text that ends inside a line comment would swallow the semicolon. */
function terminated(statement: string): string {
  if (statement.endsWith(';')) return statement
  const lastLine = statement.slice(statement.lastIndexOf('\n') + 1)
  return lastLine.includes('--') ? `${statement}\n;` : `${statement};`
}
