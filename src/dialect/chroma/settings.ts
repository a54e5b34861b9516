// Where the Chroma server is and how it is spoken to: settings and URL become one checked target.
// Secrets are gathered here, so that every message can be cleaned of them. No I/O.
import { GodwitError } from '../../core/error.ts'

export interface ChromaSettings {
  /**
   * `chroma://host:8000/tenant/database` (plain HTTP), or `http://…`, `https://…` with the same path.
   * One path segment is a database of the tenant `default_tenant`; none is `default_tenant/default_database`.
   * `?tls=true` makes `chroma://` use HTTPS; `user:password@` sends basic authentication.
   */
  readonly url: string
  /** Wins over the URL. Default `default_tenant`. */
  readonly tenant?: string
  /** Wins over the URL. Default `default_database`. A run creates it when it is missing; other commands do not. */
  readonly database?: string
  /** Access token. Never printed. */
  readonly token?: string
  /** Where the token is sent: `x-chroma-token: TOKEN` or `authorization: Bearer TOKEN`. Default `x-chroma-token`. */
  readonly tokenHeader?: 'x-chroma-token' | 'authorization'
  /** Sent with every request. Values are treated as secrets. */
  readonly headers?: Readonly<Record<string, string>>
  /** Longest wait for the first answer of a new connection, ms. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** Longest wait for any other answer, ms. Default 60,000. */
  readonly requestTimeoutMs?: number
  /** How often a read that got no answer, and any request the server was too busy to take, is tried again; growing pauses
   * with jitter. Other writes are never repeated. Default 3. */
  readonly retries?: number
}

/** The checked form of the settings. */
export interface ChromaTarget {
  /** `http://host:8000`, without a slash at the end. */
  readonly origin: string
  readonly tenant: string
  readonly database: string
  readonly headers: Readonly<Record<string, string>>
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retries: number
  /** For people: no secrets. */
  readonly shown: string
  /** Texts that must not appear anywhere. */
  readonly secrets: readonly string[]
}

/** @throws GodwitError CONFIG.URL_MISSING CONFIG.URL_INVALID CONFIG.FILE_INVALID */
export function resolveTarget(settings: ChromaSettings): ChromaTarget {
  const url = parseUrl(settings.url)
  const [first, second] = pathOf(url)
  const tenant = settings.tenant ?? (second === undefined ? undefined : first) ?? 'default_tenant'
  const database = settings.database ?? second ?? first ?? 'default_database'
  const origin = originOf(url)
  const headers: Record<string, string> = {}
  const secrets = new Set<string>()
  for (const [name, value] of Object.entries(settings.headers ?? {})) {
    headers[name.toLowerCase()] = value
    secrets.add(value)
    // `Bearer abc`: a server may quote the token alone.
    const bare = value.split(' ').at(-1)
    if (bare !== undefined) secrets.add(bare)
  }
  if (url.username !== '' || url.password !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    const encoded = Buffer.from(pair).toString('base64')
    headers['authorization'] = `Basic ${encoded}`
    for (const secret of [encoded, url.password, decodeURIComponent(url.password)]) secrets.add(secret)
  }
  if (settings.token !== undefined && settings.token !== '') {
    const name = settings.tokenHeader ?? 'x-chroma-token'
    headers[name] = name === 'authorization' ? `Bearer ${settings.token}` : settings.token
    secrets.add(settings.token)
  }
  const who = url.username === '' && url.password === '' ? '' : `${url.username}:***@`
  return {
    origin,
    tenant,
    database,
    headers,
    connectTimeoutMs: whole('connectTimeoutMs', settings.connectTimeoutMs, 10_000, 1),
    requestTimeoutMs: whole('requestTimeoutMs', settings.requestTimeoutMs, 60_000, 1),
    retries: whole('retries', settings.retries, 3, 0),
    shown: `${origin.startsWith('https') ? 'https' : 'chroma'}://${who}${url.host}/${tenant}/${database}`,
    secrets: [...secrets].filter(secret => secret.length > 2),
  }
}

function parseUrl(text: string | undefined): URL {
  if (text === undefined || text.trim() === '') {
    throw new GodwitError('CONFIG.URL_MISSING', 'no URL of a Chroma server was given', {
      next: ["write url: 'chroma://localhost:8000/default_tenant/default_database' into the configuration"],
    })
  }
  let url: URL
  try {
    url = new URL(text)
  } catch {
    // The text is not quoted: what cannot be parsed cannot be masked.
    throw invalid('it cannot be parsed')
  }
  if (!['chroma:', 'http:', 'https:'].includes(url.protocol)) throw invalid(`${url.protocol}// is not of Chroma`)
  if (url.hostname === '') throw invalid('the host is missing')
  for (const name of url.searchParams.keys()) if (name !== 'tls') throw invalid(`the option ${name} is unknown`)
  return url
}

function pathOf(url: URL): string[] {
  const parts = url.pathname.split('/').filter(part => part !== '')
  if (parts.length > 2) throw invalid('the path has more than tenant and database')
  return parts.map(decodeURIComponent)
}

function originOf(url: URL): string {
  const tls = url.searchParams.get('tls')
  if (tls !== null && tls !== 'true' && tls !== 'false') throw invalid('tls is true or false')
  if (url.protocol !== 'chroma:') return `${url.protocol}//${url.host}`
  const port = url.port === '' ? '8000' : url.port
  return `${tls === 'true' ? 'https' : 'http'}://${url.hostname}:${port}`
}

function invalid(reason: string): GodwitError {
  return new GodwitError('CONFIG.URL_INVALID', `the URL of the Chroma server is not valid: ${reason}`, {
    next: ['use chroma://host:8000/tenant/database, http://host:8000/… or https://host/…'],
  })
}

function whole(name: string, value: number | undefined, fallback: number, least: number): number {
  if (value === undefined) return fallback
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new GodwitError(
    'CONFIG.FILE_INVALID',
    `${name} of the Chroma database must be a whole number of at least ${least}`,
  )
}
