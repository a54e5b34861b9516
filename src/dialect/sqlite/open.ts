// Opens a database file the way godwit owns it: pragmas set, a missing or unreadable file refused with a reason.
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { GodwitError } from '../../core/error.ts'
import type { OpenOptions } from '../dialect.ts'
import { databaseFileExists } from '../sql/database-file.ts'
import { untilFree } from './busy.ts'
import { chooseDriver, wrapLive } from './driver/choose.ts'
import type { OpenFile, SqliteConnection, SqliteDriver } from './driver/driver.ts'
import { mapSqliteError } from './error.ts'
import { readFault } from './fault.ts'
import { type SavedPragma, savePragmas } from './pragma.ts'
import type { ResolvedSettings } from './settings.ts'

export interface OpenedConnection {
  readonly connection: SqliteConnection
  /** Other sessions use the same connection: `:memory:` and live databases. */
  readonly shared: boolean
  /** What a live database had before. */
  readonly saved: readonly SavedPragma[]
}

/** Opens connections of one configured database. A `:memory:` database lives as long as this value. */
export interface Opener {
  open(options: OpenOptions): Promise<OpenedConnection>
  /** Ends a shared `:memory:` connection. */
  dispose(): void
}

export function sqliteOpener(settings: ResolvedSettings): Opener {
  let memory: Promise<SqliteConnection> | undefined
  const openMemory = async (): Promise<SqliteConnection> => {
    const connection = (await chooseDriver(settings.driver)).open({ path: ':memory:', readOnly: false })
    connection.exec(ownedPragmas(settings, 'run'))
    return connection
  }
  return {
    async open(options) {
      if (settings.database !== undefined) return openLive(settings, settings.database, options)
      if (settings.path === ':memory:') {
        memory ??= openMemory()
        try {
          return { connection: await memory, shared: true, saved: [] }
        } catch (error) {
          memory = undefined
          throw error
        }
      }
      return { connection: await openFile(settings, settings.path ?? '', options), shared: false, saved: [] }
    },
    dispose() {
      memory?.then(
        connection => connection.close(),
        () => undefined,
      )
      memory = undefined
    },
  }
}

async function openLive(settings: ResolvedSettings, database: object, options: OpenOptions): Promise<OpenedConnection> {
  const connection = wrapLive(database)
  // Only the run's session changes what belongs to the user; the others look through the same window.
  if (options.purpose !== 'run') return { connection, shared: true, saved: [] }
  const saved = savePragmas(connection, ['foreign_keys', 'busy_timeout', 'synchronous'])
  connection.exec(ownedPragmas(settings, 'run'))
  await setJournalMode(connection, settings, options)
  return { connection, shared: true, saved }
}

async function openFile(settings: ResolvedSettings, path: string, options: OpenOptions): Promise<SqliteConnection> {
  const { purpose } = options
  const driver = await chooseDriver(settings.driver)
  const present = databaseFileExists(path, settings.target)
  if (!present && (purpose === 'read' || settings.readOnly)) {
    // Looking at a database that is not there must not make one: an empty one in memory gives the same answers.
    if (purpose === 'read') return driver.open({ path: ':memory:', readOnly: false })
    throw refuseFile(settings, 'the file does not exist and was asked for as read-only')
  }
  if (purpose === 'read') refuseFolder(settings, path)
  else checkWritable(settings, path, present)
  const readOnly = purpose === 'read' && (settings.readOnly || !writable(path) || !writable(dirname(path)))
  try {
    return await openWith(driver, { path, readOnly }, settings, options)
  } catch (error) {
    const code = readFault(error)?.code
    if (!readOnly || (code !== 'SQLITE_READONLY' && code !== 'SQLITE_CANTOPEN')) throw describeOpening(settings, error)
    // A WAL database needs files beside it even to be read. With nothing in its WAL the file alone is the truth.
    if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
      throw readOnlyError(
        settings,
        'its WAL file holds changes that can only be read with the right to write the folder',
      )
    }
    return await openWith(driver, { path, readOnly, immutable: true }, settings, options).catch(cause => {
      throw describeOpening(settings, cause)
    })
  }
}

async function openWith(
  driver: SqliteDriver,
  file: OpenFile,
  settings: ResolvedSettings,
  options: OpenOptions,
): Promise<SqliteConnection> {
  const connection = driver.open(file)
  try {
    connection.exec(ownedPragmas(settings, options.purpose))
    await untilFree(settings.busyTimeoutMs, () => connection.all('SELECT 1 FROM sqlite_schema LIMIT 1'), options.signal)
    if (options.purpose === 'run') await setJournalMode(connection, settings, options)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

function ownedPragmas(settings: ResolvedSettings, purpose: OpenOptions['purpose']): string {
  // A heartbeat waits on its own ladder: the one it waits for may be in this very process.
  const busy = purpose === 'heartbeat' ? 0 : settings.busyTimeoutMs
  return (
    `PRAGMA busy_timeout=${busy};PRAGMA foreign_keys=${settings.foreignKeys ? 'ON' : 'OFF'};` +
    `PRAGMA synchronous=${settings.synchronous.toUpperCase()};${purpose === 'read' ? 'PRAGMA query_only=ON;' : ''}`
  )
}

/** Two processes that change the mode of a new file at once get SQLITE_BUSY at once, whatever busy_timeout says. */
async function setJournalMode(
  connection: SqliteConnection,
  settings: ResolvedSettings,
  options: OpenOptions,
): Promise<void> {
  if (settings.journalMode === 'keep' || connection.inTransaction) return
  const mode = connection.all('PRAGMA journal_mode')[0]?.['journal_mode']
  if (mode === settings.journalMode) return
  const change = `PRAGMA journal_mode=${settings.journalMode.toUpperCase()}`
  await untilFree(settings.busyTimeoutMs, () => connection.all(change), options.signal)
}

/** @throws GodwitError CONNECT.FILE_INVALID, CONNECT.READ_ONLY */
function checkWritable(settings: ResolvedSettings, path: string, present: boolean): void {
  refuseFolder(settings, path)
  if (settings.readOnly) throw readOnlyError(settings, 'the URL asks for mode=ro')
  if (present && !writable(path)) throw readOnlyError(settings, 'this user may not write the file')
  if (!writable(dirname(path))) {
    throw readOnlyError(settings, 'this user may not write the folder, where SQLite keeps its journal during a change')
  }
}

function refuseFolder(settings: ResolvedSettings, path: string): void {
  const folder = dirname(path)
  if (!existsSync(folder)) throw refuseFile(settings, `the folder ${folder} does not exist`, [`mkdir -p ${folder}`])
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw refuseFile(settings, 'it is a folder')
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function describeOpening(settings: ResolvedSettings, error: unknown): GodwitError {
  const mapped = mapSqliteError(error)
  if (!mapped.code.startsWith('CONNECT.') && mapped.code !== 'RUN.LOCK_TIMEOUT') return mapped
  return new GodwitError(mapped.code, `${settings.target}: ${mapped.message}`, {
    ...(mapped.why === undefined ? {} : { why: mapped.why }),
    next: mapped.next,
    cause: error,
  })
}

function refuseFile(settings: ResolvedSettings, why: string, next: readonly string[] = []): GodwitError {
  return new GodwitError('CONNECT.FILE_INVALID', `${settings.target} cannot be opened`, { why, next })
}

function readOnlyError(settings: ResolvedSettings, why: string): GodwitError {
  return new GodwitError('CONNECT.READ_ONLY', `${settings.target} can only be read`, {
    why: `${why}; nothing was changed`,
  })
}
