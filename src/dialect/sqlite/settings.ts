// What a user may set for a SQLite database, and what becomes of it. Nothing is opened here.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GodwitError } from '../../core/error.ts'
import type { DriverName } from './driver/driver.ts'

/**
 * Settings of a SQLite database. One of `url` and `database` must be given.
 *
 * @example
 * sqlite({ url: 'sqlite:./app.db' })
 */
export interface SqliteSettings {
  /** `sqlite:./app.db`, `sqlite:///var/app.db`, `file:/var/app.db?mode=ro`, a plain path, or `:memory:`. */
  readonly url?: string
  /** An open DatabaseSync (node:sqlite) or Database (better-sqlite3, libsql). Its pragmas are put back after a run. */
  readonly database?: object
  /** Default: the first that loads of node:sqlite, better-sqlite3, libsql. */
  readonly driver?: DriverName
  /** Set when a run opens a file that can be written; `keep` leaves the file's mode alone. Default `wal`; `keep` for `database`. */
  readonly journalMode?: 'wal' | 'delete' | 'truncate' | 'persist' | 'keep'
  /** Longest wait for another writer, milliseconds. Default 5000. */
  readonly busyTimeoutMs?: number
  /** Foreign keys are enforced. Default true; off while a revision rebuilds tables, and then checked before the commit. */
  readonly foreignKeys?: boolean
  /** Default `full`: a revision that is reported as applied survives a power cut. */
  readonly synchronous?: 'off' | 'normal' | 'full' | 'extra'
}

export interface ResolvedSettings {
  /** Absolute path, or `:memory:`; undefined for a live database. */
  readonly path: string | undefined
  readonly readOnly: boolean
  readonly database: object | undefined
  readonly driver: DriverName | undefined
  /** For people, as the user wrote it, without query parameters. */
  readonly target: string
  readonly journalMode: NonNullable<SqliteSettings['journalMode']>
  readonly busyTimeoutMs: number
  readonly foreignKeys: boolean
  readonly synchronous: NonNullable<SqliteSettings['synchronous']>
}

const journalModes = ['wal', 'delete', 'truncate', 'persist', 'keep']
const synchronousModes = ['off', 'normal', 'full', 'extra']

/** @throws GodwitError CONFIG.URL_MISSING, CONFIG.URL_INVALID, CONFIG.FILE_INVALID */
export function resolveSettings(settings: SqliteSettings): ResolvedSettings {
  const { url, database } = settings
  if (database === undefined && (url === undefined || url === '')) {
    throw new GodwitError('CONFIG.URL_MISSING', 'no SQLite file was given', {
      next: ["sqlite({ url: 'sqlite:./app.db' })"],
    })
  }
  const file = database === undefined ? readUrl(url ?? '') : { path: undefined, readOnly: false, target: 'sqlite' }
  return {
    ...file,
    database,
    driver: settings.driver,
    journalMode: oneOf('journalMode', settings.journalMode ?? (database === undefined ? 'wal' : 'keep'), journalModes),
    busyTimeoutMs: timeout(settings.busyTimeoutMs ?? 5000),
    foreignKeys: settings.foreignKeys ?? true,
    synchronous: oneOf('synchronous', settings.synchronous ?? 'full', synchronousModes),
  }
}

function readUrl(url: string): { path: string; readOnly: boolean; target: string } {
  if (/^(libsql|https?|wss?):/i.test(url)) {
    throw new GodwitError('CONFIG.URL_INVALID', 'remote libSQL databases are not supported', {
      why: 'the sqlite store opens files; the URL names a server',
      next: ["sqlite({ url: 'sqlite:./app.db' })"],
    })
  }
  const scheme = /^(sqlite3?|file):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) return { path: absolute(url), readOnly: false, target: url }
  const mark = url.indexOf('?')
  const bare = mark < 0 ? url : url.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  const mode = query.get('mode')
  if (mode === 'memory') return { path: ':memory:', readOnly: false, target: bare }
  const rest = bare.slice(bare.indexOf(':') + 1)
  if (rest === '' || rest === '//') {
    throw new GodwitError('CONFIG.URL_INVALID', `${bare} names no file`, {
      next: ["sqlite({ url: 'sqlite:./app.db' })"],
    })
  }
  const readOnly = mode === 'ro' || query.get('immutable') === '1'
  return { path: absolute(scheme === 'file' ? fileUrlPath(rest, bare) : slashPath(rest)), readOnly, target: bare }
}

/** `sqlite:///abs`, `sqlite://./relative` and `sqlite:anything`. */
function slashPath(rest: string): string {
  if (rest.startsWith('///')) return rest.slice(2)
  return rest.startsWith('//') ? rest.slice(2) : rest
}

function fileUrlPath(rest: string, url: string): string {
  try {
    return rest.startsWith('//') ? fileURLToPath(url) : decodeURIComponent(rest)
  } catch (error) {
    throw new GodwitError('CONFIG.URL_INVALID', `${url} is not a file URL`, { cause: error })
  }
}

function absolute(path: string): string {
  return path === ':memory:' ? path : resolve(path)
}

function timeout(value: number): number {
  if (Number.isFinite(value) && value >= 0) return Math.trunc(value)
  throw new GodwitError('CONFIG.FILE_INVALID', `busyTimeoutMs must be a number of milliseconds, found ${value}`)
}

function oneOf<Value extends string>(name: string, value: Value, allowed: readonly string[]): Value {
  if (allowed.includes(value)) return value
  throw new GodwitError('CONFIG.FILE_INVALID', `${name} must be one of ${allowed.join(', ')}, found ${value}`)
}
