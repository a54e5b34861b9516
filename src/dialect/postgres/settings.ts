// The settings of a PostgreSQL connection: their types and defaults, the URL forms that are understood, and what
// becomes of them: a configuration for the driver and start-up parameters for the server. Reads no environment.
import { GodwitError } from '../../core/error.ts'
import { maskUrl, urlSecrets } from '../../core/mask.ts'
import { milliseconds } from './batch.ts'

/** Certificates and checks of a TLS connection; see node:tls. PEM text, not file names. */
export interface TlsSettings {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Check the server's certificate. Default true. */
  readonly rejectUnauthorized?: boolean
  readonly servername?: string
}

/** How to reach a PostgreSQL server. Times are milliseconds. What the URL says is overruled by a field of its own. */
export interface PostgresSettings {
  /** `postgres://user:password@host:5432/name?sslmode=…&options=…`, or `postgresql:///name?host=/run/postgresql`. */
  readonly url?: string
  /** Name, address, or the folder of the Unix socket. Default: the driver's (`localhost`). */
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly password?: string
  readonly database?: string
  /** A live client of the package `pg`: it is used as it is, and not closed. */
  readonly client?: unknown
  /** Connections for parallel reads. Default 1. */
  readonly pool?: number
  /** Default 10,000. */
  readonly connectTimeoutMs?: number
  /** Longest run of one statement. Default: the server's. */
  readonly statementTimeoutMs?: number
  /**
   * Longest wait for a lock. Default 5,000: a waiting ALTER TABLE queues every later reader behind it, so longer
   * waits are outages; the engine tries again. Not applied to CREATE INDEX CONCURRENTLY and its like, which a
   * time-out would leave behind INVALID.
   */
  readonly lockTimeoutMs?: number
  /**
   * Longest wait for others of a statement with CONCURRENTLY. Default 1,800,000 (30 minutes); 0 = without a bound.
   * Then it is cancelled with RUN.LOCK_TIMEOUT, which says what it leaves behind. The work itself is not bounded.
   */
  readonly concurrentWaitMs?: number
  /** `true`: TLS with a checked certificate. Default: what `sslmode` says; without it `prefer`, on this machine none. */
  readonly tls?: boolean | TlsSettings
  /** Schemas, first one first. */
  readonly searchPath?: string | readonly string[]
  /** TCP keepalive. Default true, first probe after 10 s. */
  readonly keepalive?: boolean
  /**
   * How often the server looks whether its client is still there while it runs a statement. Default 500; 0 = never.
   * PostgreSQL 14 and later on systems that can tell; elsewhere it is left out.
   */
  readonly clientConnectionCheckIntervalMs?: number
  /** Seen in pg_stat_activity. Default `godwit`. */
  readonly applicationName?: string
  /** SET ROLE at the start. */
  readonly role?: string
  /** More start-up options, as after `options=`: `-c work_mem=64MB`. They win over the fields above. */
  readonly options?: string
}

export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

/** Settings with the URL taken apart and defaults filled in. */
export interface ResolvedSettings {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly connectTimeoutMs: number
  readonly tlsMode: TlsMode
  readonly tls: TlsSettings | undefined
  /** File names given by URL; read when the connection is made. */
  readonly tlsFiles: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  readonly channelBinding: boolean
  readonly keepalive: boolean
  readonly checkIntervalMs: number
  /** Server settings in order, name and value. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** Options given as text by the user. */
  readonly options: string | undefined
  readonly lockTimeoutMs: number
  readonly concurrentWaitMs: number
  readonly applicationName: string
  /** For people: no secret in it. */
  readonly target: string
  readonly secrets: readonly string[]
}

/** @throws GodwitError CONFIG.URL_INVALID, masked */
export function resolveSettings(settings: PostgresSettings): ResolvedSettings {
  const url = settings.url === undefined ? undefined : parseUrl(settings.url)
  const query = url?.query ?? new Map<string, string>()
  const host = settings.host ?? query.get('host') ?? url?.host
  const port = settings.port ?? portOf(query.get('port')) ?? url?.port
  const user = settings.user ?? query.get('user') ?? url?.user
  const password = settings.password ?? query.get('password') ?? url?.password
  const database = settings.database ?? query.get('dbname') ?? url?.database
  const mode = tlsMode(settings, query.get('sslmode'), host)
  const lockTimeoutMs = settings.lockTimeoutMs ?? 5_000
  const path = searchPath(settings.searchPath ?? query.get('schema'))
  const parameters: (readonly [string, string])[] = [['lock_timeout', String(milliseconds(lockTimeoutMs))]]
  if (settings.statementTimeoutMs !== undefined) {
    parameters.push(['statement_timeout', String(milliseconds(settings.statementTimeoutMs))])
  }
  if (path !== undefined) parameters.push(['search_path', path])
  if (settings.role !== undefined) parameters.push(['role', settings.role])
  const seconds = Number(query.get('connect_timeout'))
  const secrets = new Set(settings.url === undefined ? [] : urlSecrets(settings.url))
  if (password !== undefined && password !== '') secrets.add(password)
  return {
    host,
    port,
    user,
    password,
    database,
    connectTimeoutMs: settings.connectTimeoutMs ?? (seconds > 0 ? seconds * 1000 : 10_000),
    tlsMode: mode,
    tls: typeof settings.tls === 'object' ? settings.tls : undefined,
    tlsFiles: {
      ...named('ca', query.get('sslrootcert')),
      ...named('cert', query.get('sslcert')),
      ...named('key', query.get('sslkey')),
    },
    channelBinding: query.get('channel_binding') === 'require',
    keepalive: settings.keepalive ?? true,
    checkIntervalMs: milliseconds(settings.clientConnectionCheckIntervalMs ?? 500),
    parameters,
    options: settings.options ?? query.get('options'),
    lockTimeoutMs,
    concurrentWaitMs: settings.concurrentWaitMs ?? 1_800_000,
    applicationName: settings.applicationName ?? query.get('application_name') ?? 'godwit',
    target: targetOf(settings, { host, port, user, password, database }),
    secrets: [...secrets],
  }
}

/** The `options` start-up parameter, `-c name=value` with blanks and backslashes escaped (manual 55.7). */
export function startupOptions(resolved: ResolvedSettings, withCheckInterval: boolean): string {
  const parameters = [...resolved.parameters]
  if (withCheckInterval && resolved.checkIntervalMs > 0) {
    parameters.push(['client_connection_check_interval', String(resolved.checkIntervalMs)])
  }
  const own = parameters.map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`)
  return [...own, ...(resolved.options ? [resolved.options] : [])].join(' ')
}

/**
 * The same as SET statements, for connections whose start-up parameters are not ours to give. `local`: for the
 * transaction only.
 */
export function setStatements(resolved: ResolvedSettings, local = false): string[] {
  const set = local ? 'SET LOCAL' : 'SET'
  const list = resolved.parameters.map(([name, value]) => {
    if (name === 'search_path') return `${set} search_path = ${value}`
    return `${set} ${name} = '${value.replaceAll("'", "''")}'`
  })
  for (const [, name, value] of (resolved.options ?? '').matchAll(/(?:-c\s*|--)([\w.]+)=((?:\\.|[^\s\\])*)/g)) {
    const plain = (value ?? '').replace(/\\(.)/g, '$1')
    list.push(`SELECT set_config('${name}', '${plain.replaceAll("'", "''")}', ${local})`)
  }
  return list
}

interface UrlParts {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly query: ReadonlyMap<string, string>
}

const URL_FORM =
  /^(?:postgres|postgresql):\/\/(?:([^:@/?]*)(?::(.*))?@)?(\[[^\]]*\]|[^:/?@,]*)(?::(\d+))?(?:\/([^?]*))?(?:\?(.*))?$/s

function parseUrl(text: string): UrlParts {
  const found = URL_FORM.exec(text)
  if (found === null) throw invalidUrl(text)
  const [, user, password, host, port, database, query] = found
  const parameters = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(query ?? '')) parameters.set(key, value)
  return {
    host: decoded(host?.replace(/^\[|\]$/g, '')),
    port: portOf(port),
    user: decoded(user),
    password: decoded(password),
    database: decoded(database),
    query: parameters,
  }
}

/** Percent-decoded; empty is absent. A password with a stray `%` is taken as it stands. */
function decoded(part: string | undefined): string | undefined {
  if (part === undefined || part === '') return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function invalidUrl(text: string): GodwitError {
  return new GodwitError('CONFIG.URL_INVALID', 'the URL is not a PostgreSQL URL', {
    why: 'expected postgres://user:password@host:5432/name; characters such as @ / ? # in the password are written as %40 %2F %3F %23',
    meta: { url: maskUrl(text) },
  })
}

function portOf(text: string | undefined): number | undefined {
  const port = Number(text)
  return text !== undefined && Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

function named(key: 'ca' | 'cert' | 'key', file: string | undefined): Record<string, string> {
  // `system` is libpq's word for the certificates of the machine, which are node's default.
  return file === undefined || file === 'system' ? {} : { [key]: file }
}

function tlsMode(settings: PostgresSettings, given: string | undefined, host: string | undefined): TlsMode {
  if (settings.tls === false) return 'disable'
  if (settings.tls !== undefined) return 'verify-full'
  if (given === 'allow') return 'prefer'
  if (given === 'no-verify') return 'require'
  const modes: readonly string[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']
  if (given !== undefined) {
    if (modes.includes(given)) return given as TlsMode
    throw new GodwitError('CONFIG.URL_INVALID', `sslmode=${given} is not known`, {
      why: `known are ${modes.join(', ')}`,
    })
  }
  const local = host === undefined || host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host)
  return local ? 'disable' : 'prefer'
}

/** A list is quoted name by name; text is taken as it would stand after `SET search_path =`. */
function searchPath(path: string | readonly string[] | undefined): string | undefined {
  if (path === undefined) return undefined
  const names = typeof path === 'string' ? [path] : path
  if (typeof path === 'string' && /[",$ ]/.test(path)) return path
  return names.map(name => `"${name.replaceAll('"', '""')}"`).join(', ')
}

type Address = Pick<ResolvedSettings, 'host' | 'port' | 'user' | 'password' | 'database'>

function targetOf(settings: PostgresSettings, address: Address): string {
  if (settings.url !== undefined && settings.database === undefined) return maskUrl(settings.url)
  if (settings.client !== undefined && settings.host === undefined) return 'postgres (given client)'
  const { host = 'localhost', port, user, password, database = '' } = address
  const login = user === undefined ? '' : `${encodeURIComponent(user)}${password ? ':***' : ''}@`
  const place = host.startsWith('/') ? encodeURIComponent(host) : host.includes(':') ? `[${host}]` : host
  return `postgres://${login}${place}${port === undefined ? '' : `:${port}`}/${encodeURIComponent(database)}`
}
