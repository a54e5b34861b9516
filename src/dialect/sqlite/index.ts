// The door `godwit/sqlite`: a SQLite file (or `:memory:`, or an open database) as a store.
import type { LexicalRules } from '../../core/checksum.ts'
import { GodwitError } from '../../core/error.ts'
import type { Dialect } from '../dialect.ts'
import { sqliteCapabilities } from './capability.ts'
import { classify } from './classify.ts'
import { chooseDriver } from './driver/choose.ts'
import { mapSqliteError } from './error.ts'
import { sqliteJournal } from './journal.ts'
import { sqliteLocker } from './lock.ts'
import { sqliteOpener } from './open.ts'
import { processIdentity } from './process.ts'
import { sqliteRecovery } from './recovery.ts'
import { sqliteScratch } from './scratch.ts'
import { sqliteSession } from './session.ts'
import { resolveSettings, type SqliteSettings } from './settings.ts'
import { isGrammarFault, type Judge, sqliteSplitter } from './split.ts'

export type { DriverName as SqliteDriverName } from './driver/driver.ts'
export type { SqliteSettings } from './settings.ts'

/** Comments are `--` and unnested block comments; names may stand in "…", `…` and […]. */
export const sqliteLexical: LexicalRules = {
  hashComments: false,
  dashNeedsSpace: false,
  nestedComments: false,
  dollarQuotes: false,
  backslashEscapes: false,
  escapeStrings: false,
  versionedComments: false,
  backticks: true,
  brackets: true,
}

/**
 * A SQLite database as a store of godwit. Nothing is opened before the first use.
 *
 * @throws GodwitError CONFIG.URL_MISSING, CONFIG.URL_INVALID, CONFIG.FILE_INVALID
 * @example
 * const godwit = createGodwit({ databases: { app: { dialect: sqlite('sqlite:./app.db') } } })
 */
export function sqlite(settings: SqliteSettings | string): Dialect {
  return build(typeof settings === 'string' ? { url: settings } : settings).dialect
}

function build(settings: SqliteSettings): { readonly dialect: Dialect; readonly dispose: () => void } {
  const resolved = resolveSettings(settings)
  const opener = sqliteOpener(resolved)
  const dialect: Dialect = {
    name: 'sqlite',
    capabilities: sqliteCapabilities,
    target: resolved.target,
    sql: {
      lexical: sqliteLexical,
      split: sqliteSplitter(engineJudge(settings)),
      script: { begin: 'BEGIN IMMEDIATE;', commit: 'COMMIT;', terminate: terminated, frame: enforcementFrame },
    },
    operations: undefined,
    journal: sqliteJournal,
    locker: sqliteLocker,
    recovery: sqliteRecovery,
    async open(options) {
      if (options.signal?.aborted) throw new GodwitError('RUN.ABORTED', 'stopped before the database was opened')
      const { connection, shared, saved } = await opener.open(options)
      return sqliteSession(connection, {
        identity: processIdentity(),
        busyMs: options.purpose === 'heartbeat' && !shared ? 0 : resolved.busyTimeoutMs,
        saved,
        shared,
      })
    },
    mapError: mapSqliteError,
    schema: async () => (await import('./schema.ts')).schemaPart,
    async scratch() {
      return sqliteScratch(() =>
        build({
          url: ':memory:',
          foreignKeys: resolved.foreignKeys,
          ...(resolved.driver === undefined ? {} : { driver: resolved.driver }),
        }),
      )
    },
  }
  return { dialect, dispose: opener.dispose }
}

/**
 * DROP TABLE acts on child rows while foreign keys are enforced. A transaction is left to the client: one may be open,
 * and then the pragmas do nothing.
 */
function enforcementFrame(
  statements: readonly string[],
): { readonly before: string; readonly after: string } | undefined {
  if (!statements.some(sql => classify(sql).rebuildsTable)) return undefined
  return {
    before:
      '-- To be stopped at the first error (sqlite3 -bail), because tables are dropped after they were copied.\nPRAGMA foreign_keys = OFF;',
    after: 'PRAGMA foreign_keys = ON;',
  }
}

/** A text that ends inside a line comment would swallow the semicolon. */
function terminated(statement: string): string {
  if (statement.endsWith(';')) return statement
  const lastLine = statement.slice(statement.lastIndexOf('\n') + 1)
  return lastLine.includes('--') ? `${statement}\n;` : `${statement};`
}

/** Compiles the statement in an empty database: grammar faults show, missing tables do not matter. */
function engineJudge(settings: SqliteSettings): Judge {
  return async statement => {
    let driver: Awaited<ReturnType<typeof chooseDriver>>
    try {
      driver = await chooseDriver(settings.driver)
    } catch {
      return 'unknown'
    }
    const connection = driver.open({ path: ':memory:', readOnly: false })
    try {
      connection.compile(statement)
      return undefined
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return isGrammarFault(message) ? { message } : undefined
    } finally {
      connection.close()
    }
  }
}
