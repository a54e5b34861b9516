// What a user may set for a DuckDB database, and what becomes of it. Nothing is opened here.
import { basename, resolve } from 'node:path'
import { GodwitError } from '../../core/error.ts'

/**
 * Settings of a DuckDB database.
 *
 * @example
 * duckdb({ url: 'duckdb:./analytics.duckdb', config: { memory_limit: '2GB' } })
 */
export interface DuckdbSettings {
  /** `duckdb:./x.duckdb`, a plain path, or `:memory:`. */
  readonly url: string
  /** Options of the database as DuckDB names them (https://duckdb.org/docs/stable/configuration/overview). */
  readonly config?: Readonly<Record<string, string>>
  /** Opens the file without the right to change it. Default false. */
  readonly readOnly?: boolean
  /** Default: DuckDB's own, one for each core. */
  readonly threads?: number
  /** How long to look at the file waits for a process that has it open, milliseconds. Default 10000. A run waits as long as for any lock: `lock.waitMs`. */
  readonly lockWaitMs?: number
}

export interface ResolvedSettings {
  /** Absolute path, or `:memory:`. */
  readonly path: string
  /** Name that DuckDB gives to the database in SQL. */
  readonly catalog: string
  readonly config: Readonly<Record<string, string>>
  readonly readOnly: boolean
  readonly lockWaitMs: number
  readonly target: string
}

/** @throws GodwitError CONFIG.URL_MISSING, CONFIG.URL_INVALID, CONFIG.FILE_INVALID */
export function resolveSettings(settings: DuckdbSettings): ResolvedSettings {
  const { url } = settings
  if (typeof url !== 'string' || url === '') {
    throw new GodwitError('CONFIG.URL_MISSING', 'no DuckDB file was given', {
      next: ["duckdb({ url: 'duckdb:./analytics.duckdb' })"],
    })
  }
  if (/^(md|motherduck|https?|s3):/i.test(url)) {
    throw new GodwitError('CONFIG.URL_INVALID', 'the duckdb store opens local files', {
      why: 'the URL names a remote database',
      next: ["duckdb({ url: 'duckdb:./analytics.duckdb' })"],
    })
  }
  const threads = settings.threads
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new GodwitError('CONFIG.FILE_INVALID', `threads must be a whole number from 1, found ${threads}`)
  }
  const lockWaitMs = settings.lockWaitMs ?? 10_000
  if (!(Number.isFinite(lockWaitMs) && lockWaitMs >= 0)) {
    throw new GodwitError('CONFIG.FILE_INVALID', `lockWaitMs must be a number of milliseconds, found ${lockWaitMs}`)
  }
  const written = url.replace(/^duckdb:/i, '')
  if (written === '' || written === '//') {
    throw new GodwitError('CONFIG.URL_INVALID', `${url} names no file`, {
      next: ["duckdb({ url: 'duckdb:./analytics.duckdb' })"],
    })
  }
  const path = written.startsWith('///') ? written.slice(2) : written.startsWith('//') ? written.slice(2) : written
  return {
    path: path === ':memory:' ? path : resolve(path),
    catalog: catalogName(path),
    config: { ...settings.config, ...(threads === undefined ? {} : { threads: String(threads) }) },
    readOnly: settings.readOnly ?? false,
    lockWaitMs,
    target: url,
  }
}

/** DuckDB calls a database by its file name up to the first dot; `open` corrects the guess where it is wrong. */
function catalogName(path: string): string {
  return path === ':memory:' ? 'memory' : (basename(path).split('.', 1)[0] ?? 'memory')
}
