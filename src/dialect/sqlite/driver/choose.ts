// Which driver runs: the one named in the settings, else the first that loads of node:sqlite, better-sqlite3
// and libsql. Refuses with CONFIG.DRIVER_MISSING and the command that installs one.
import { GodwitError } from '../../../core/error.ts'
import {
  type BetterDatabase,
  betterSqlitePin,
  loadBetterSqlite,
  UnsafeDriver,
  wrapBetterSqlite,
} from './better-sqlite3.ts'
import type { DriverName, SqliteConnection, SqliteDriver } from './driver.ts'
import { loadLibsql } from './libsql.ts'
import { loadNodeSqlite, type NodeDatabase, wrapNodeSqlite } from './node-sqlite.ts'

/** In the order in which they are tried. */
export const driverNames: readonly DriverName[] = ['node:sqlite', 'better-sqlite3', 'libsql']

const loaders: Readonly<Record<DriverName, () => Promise<SqliteDriver>>> = {
  'node:sqlite': loadNodeSqlite,
  'better-sqlite3': loadBetterSqlite,
  libsql: loadLibsql,
}

/** @throws GodwitError CONFIG.DRIVER_MISSING */
export async function chooseDriver(wanted?: DriverName): Promise<SqliteDriver> {
  const reasons: string[] = []
  for (const name of wanted === undefined ? driverNames : [wanted]) {
    try {
      return await loaders[name]()
    } catch (error) {
      reasons.push(reasonOf(name, error))
    }
  }
  const name = wanted ?? 'a SQLite driver'
  throw new GodwitError('CONFIG.DRIVER_MISSING', `${name} cannot be loaded`, {
    why: reasons.join('; '),
    next: [installCommand(wanted)],
    meta: { tried: wanted === undefined ? driverNames : [wanted] },
  })
}

/** Which driver a live database object belongs to. @throws GodwitError CONFIG.FILE_INVALID for anything else */
export function wrapLive(database: unknown): SqliteConnection {
  if (typeof database === 'object' && database !== null && has(database, 'exec') && has(database, 'prepare')) {
    if (has(database, 'maxWriteReplicationIndex')) return wrapBetterSqlite(database as BetterDatabase, 'libsql')
    if (has(database, 'pragma')) return wrapBetterSqlite(database as BetterDatabase, 'better-sqlite3')
    return wrapNodeSqlite(database as NodeDatabase)
  }
  throw new GodwitError('CONFIG.FILE_INVALID', 'the setting database is not an open SQLite database', {
    why: 'it must be a DatabaseSync of node:sqlite or a Database of better-sqlite3 or libsql',
  })
}

function installCommand(wanted: DriverName | undefined): string {
  const old = Number.parseInt(process.versions.node, 10) < 22
  if (wanted === 'libsql') return 'npm install libsql'
  if (wanted === 'node:sqlite') return 'npm install libsql'
  if (wanted === 'better-sqlite3') return `npm install ${old ? betterSqlitePin : 'better-sqlite3'}`
  return old ? 'npm install libsql' : 'npm install better-sqlite3'
}

function reasonOf(name: DriverName, error: unknown): string {
  if (error instanceof UnsafeDriver) return `${error.message} (npm install ${betterSqlitePin})`
  const code = (error as { code?: unknown } | undefined)?.code
  if (code === 'ERR_UNKNOWN_BUILTIN_MODULE') return `${name} needs Node 22.5, this is ${process.versions.node}`
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') return `${name} is not installed`
  const message = error instanceof Error ? error.message : String(error)
  return `${name}: ${message.split('\n', 1)[0]}`
}

function has(value: object, method: string): boolean {
  return typeof (value as Record<string, unknown>)[method] === 'function'
}
