// Connection settings of MySQL and MariaDB: what a user may write, and the complete form godwit works with.
// Reads no environment variables. Refuses URLs of another kind and settings without a database: CONFIG.URL_INVALID.
import { GodwitError } from '../../core/error.ts'

/** TLS as Node's `tls.connect` takes it. */
export interface MysqlTls {
  /** PEM text of the authorities to trust; default the system's. */
  readonly ca?: string | readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  /** False accepts any certificate. Default true. */
  readonly rejectUnauthorized?: boolean
  /** Compare the certificate with the host name. Default true. */
  readonly verifyIdentity?: boolean
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

/**
 * How to reach a database. `url` or parts; a part wins over the URL.
 *
 * @example
 * mysql({ url: 'mariadb://app:secret@localhost:3306/shop', lockTimeoutMs: 5000 })
 * mysql({ url: 'mysql://app@localhost/shop?socket=/run/mysqld/mysqld.sock' })
 */
export interface MysqlSettings {
  /** `mysql://user:password@host:port/database` or `mariadb://…`; `?socket=PATH`, `?ssl-mode=REQUIRED|VERIFY_CA|VERIFY_IDENTITY`. */
  readonly url?: string
  readonly host?: string
  /** Default 3306. */
  readonly port?: number
  /** Path of a Unix socket; then host and port are not used. */
  readonly socket?: string
  readonly user?: string
  readonly password?: string
  readonly database?: string
  /** Longest time to connect, milliseconds. Default 10,000. @throws CONNECT.TIMEOUT */
  readonly connectTimeoutMs?: number
  /**
   * Longest run time of a statement, milliseconds; default none. MariaDB bounds every statement (`max_statement_time`),
   * MySQL only SELECT (`max_execution_time`).
   */
  readonly statementTimeoutMs?: number
  /**
   * Longest wait for a lock, milliseconds, rounded up to whole seconds: metadata locks (`lock_wait_timeout`) and row
   * locks (`innodb_lock_wait_timeout`). Default 5,000: a waiting ALTER TABLE queues every later statement on the table
   * behind it, and the servers' own bounds are a day (MariaDB) and a year (MySQL); the engine tries again.
   */
  readonly lockTimeoutMs?: number
  /** True: encrypted and verified. Default: as the URL says, else off. */
  readonly tls?: boolean | MysqlTls
  /** TCP keep-alive. Default true. */
  readonly keepAlive?: boolean
  /** Most connections at the same time through this dialect value. Default 10. */
  readonly poolSize?: number
}

/** Settings with every default filled in. */
export interface ResolvedSettings {
  readonly host: string
  readonly port: number
  readonly socket: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number | undefined
  readonly lockTimeoutMs: number
  readonly tls: MysqlTls | undefined
  readonly keepAlive: boolean
  readonly poolSize: number
  /** With the password masked, for people. */
  readonly target: string
}

const SCHEMES = ['mysql:', 'mariadb:', 'mysql2:']

/** @throws GodwitError CONFIG.URL_INVALID */
export function resolveSettings(settings: MysqlSettings): ResolvedSettings {
  const url = settings.url === undefined ? {} : readUrl(settings.url)
  const socket = settings.socket ?? url.socket
  const host = settings.host ?? url.host ?? 'localhost'
  const port = settings.port ?? url.port ?? 3306
  const user = settings.user ?? url.user
  const password = settings.password ?? url.password
  const database = settings.database ?? url.database
  if (database === undefined || database === '') {
    throw invalid('the database URL names no database', 'write its name after the host: mysql://user@host:3306/name')
  }
  const tls = settings.tls ?? url.tls ?? false
  return {
    host,
    port,
    socket,
    user,
    password,
    database,
    connectTimeoutMs: settings.connectTimeoutMs ?? 10_000,
    statementTimeoutMs: settings.statementTimeoutMs,
    lockTimeoutMs: settings.lockTimeoutMs ?? 5_000,
    tls: tls === true ? {} : tls === false ? undefined : tls,
    keepAlive: settings.keepAlive ?? true,
    poolSize: settings.poolSize ?? 10,
    target: target({ host, port, socket, user, password, database }),
  }
}

function target(parts: Pick<ResolvedSettings, 'host' | 'port' | 'socket' | 'user' | 'password' | 'database'>): string {
  const account = parts.user === undefined ? '' : `${encodeURIComponent(parts.user)}${parts.password ? ':***' : ''}@`
  const database = encodeURIComponent(parts.database)
  if (parts.socket !== undefined) return `mysql://${account}localhost/${database}?socket=${parts.socket}`
  const host = parts.host.includes(':') ? `[${parts.host}]` : parts.host
  return `mysql://${account}${host}:${parts.port}/${database}`
}

type UrlParts = {
  -readonly [Key in 'host' | 'port' | 'socket' | 'user' | 'password' | 'database' | 'tls']?: MysqlSettings[Key]
}

function readUrl(text: string): UrlParts {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    // The text itself is not shown: it may hold a password.
    throw invalid('the database URL cannot be read', 'in user name and password write / # ? @ : and % percent-encoded')
  }
  if (!SCHEMES.includes(url.protocol)) {
    throw invalid(`the URL begins with ${url.protocol}// but mysql:// or mariadb:// is expected`)
  }
  const parts: UrlParts = {}
  const host = decode(url.hostname)
  if (host.startsWith('/')) parts.socket = host
  else if (host !== '') parts.host = host.replace(/^\[(.*)\]$/, '$1')
  if (url.port !== '') parts.port = Number(url.port)
  if (url.username !== '') parts.user = decode(url.username)
  if (url.password !== '') parts.password = decode(url.password)
  const database = decode(url.pathname.slice(1))
  if (database !== '') parts.database = database
  for (const [name, value] of url.searchParams) {
    switch (name.toLowerCase()) {
      case 'socket':
      case 'socketpath':
      case 'unix_socket':
      case 'unix-socket':
        parts.socket = value
        break
      case 'ssl':
      case 'tls':
      case 'usessl':
      case 'ssl-mode':
      case 'ssl_mode':
      case 'sslmode':
      case 'sslaccept':
        parts.tls = readTls(value)
        break
      default:
      // Frameworks put parameters of their own into such URLs.
    }
  }
  return parts
}

function readTls(value: string): boolean | MysqlTls {
  switch (value.toLowerCase().replaceAll('-', '_')) {
    case '':
    case '0':
    case 'false':
    case 'no':
    case 'off':
    case 'disabled':
    case 'disable':
    case 'preferred':
    case 'prefer':
      return false
    case 'required':
    case 'require':
    case 'skip_verify':
    case 'accept_invalid_certs':
      return { rejectUnauthorized: false }
    case 'verify_ca':
      return { verifyIdentity: false }
    case '1':
    case 'true':
    case 'yes':
    case 'on':
    case 'strict':
    case 'verify_full':
    case 'verify_identity':
      return true
    default:
      throw invalid(
        `the TLS mode ${value} is not known`,
        'write ssl-mode=DISABLED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY',
      )
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('the database URL holds a % that encodes nothing', 'write % as %25')
  }
}

function invalid(message: string, next?: string): GodwitError {
  return new GodwitError('CONFIG.URL_INVALID', message, {
    why: 'no connection was tried',
    ...(next === undefined ? {} : { next: [next] }),
  })
}
