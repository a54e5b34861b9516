// A session over the driver `pg`. Opening it costs no round trip beyond the connection; a server that goes away
// ends calls with an error and never the process; nothing stays behind on a client that was given.
import { readFile } from 'node:fs/promises'
import { GodwitError, isGodwitError } from '../../core/error.ts'
import type { OpenOptions } from '../dialect.ts'
import type { Session } from '../session.ts'
import type { BatchSpelling } from './batch.ts'
import type { PgClient, PgConnection, PgModule, PgResult, PgSubmittable } from './driver.ts'
import { isConnectionError, mapError, markCancelled, serverError } from './error.ts'
import { isShared, type Line } from './pooler.ts'
import { type ResolvedSettings, setStatements, startupOptions } from './settings.ts'
import { sqlSession, type Wire } from './sql-session.ts'

export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED'

/** Puts back what a revision may have changed for its session; settings return to the start-up parameters. */
export const RESET: readonly string[] = [
  'RESET SESSION AUTHORIZATION',
  'RESET ROLE',
  'RESET ALL',
  'CLOSE ALL',
  'UNLISTEN *',
  'DISCARD TEMP',
]

/** @throws GodwitError CONNECT.* CONFIG.DRIVER_MISSING RUN.ABORTED, masked */
export async function openSession(settings: ResolvedSettings, options: OpenOptions): Promise<Session> {
  const pg = await loadDriver()
  const connected = await connect(pg, settings, options)
  const { client } = connected
  return makeSession(client, connected, settings, () => cancelRequest(pg, client, settings))
}

/** A session on a client of the user: its settings are set and, when closing, put back; it is not ended. */
export async function adoptClient(given: unknown, settings: ResolvedSettings): Promise<Session> {
  const client = given as PgClient
  let version = ''
  try {
    const sets = setStatements(settings)
    const results = await client.query([...sets, 'SHOW server_version'].join(';'))
    const last = Array.isArray(results) ? results.at(-1) : results
    version = String(last?.rows[0]?.['server_version'] ?? '')
  } catch (error) {
    throw mapError(error, settings.secrets)
  }
  const cancel = async (): Promise<void> => cancelRequest(await loadDriver(), client, settings)
  return makeSession(client, { version, ownParameters: false, pooled: false }, settings, cancel, true)
}

async function loadDriver(): Promise<PgModule> {
  try {
    const module = (await import('pg')) as unknown as { default: PgModule }
    return module.default
  } catch (error) {
    throw new GodwitError('CONFIG.DRIVER_MISSING', 'the driver of PostgreSQL, the package pg, is not installed', {
      why: 'nothing was connected and nothing changed',
      next: ['npm install pg'],
      cause: error,
    })
  }
}

interface Facts {
  readonly version: string
  /** Settings were given as start-up parameters, so that RESET ALL returns to them. */
  readonly ownParameters: boolean
  /** A pooler gives each transaction another server connection, so each one makes its settings, and nothing is set for longer. */
  readonly pooled: boolean
}

interface Connected extends Facts {
  readonly client: PgClient
}

/** Tries again without what this server or a pooler before it refuses: TLS, the check interval, start-up options. */
async function connect(pg: PgModule, settings: ResolvedSettings, { purpose, signal }: OpenOptions): Promise<Connected> {
  let tls = settings.tlsMode !== 'disable'
  let interval = settings.checkIntervalMs > 0
  let ownParameters = true
  for (let attempt = 0; ; attempt++) {
    const config = await clientConfig(settings, tls)
    if (ownParameters) config['options'] = startupOptions(settings, interval)
    try {
      const { client, version } = await connectOnce(pg, config, signal)
      if (ownParameters) return { client, version, ownParameters, pooled: false }
      // What a heartbeat does needs no settings.
      const pooled = purpose === 'heartbeat' || (await inTime(client, settings, isPooled(pg, config, client, signal)))
      if (!pooled) await inTime(client, settings, client.query(setStatements(settings).join(';')))
      return { client, version, ownParameters, pooled }
    } catch (error) {
      const { code, message = '' } = serverError(error)
      if (signal?.aborted || attempt === 3) throw connectError(error, settings)
      if (tls && settings.tlsMode === 'prefer' && /does not support SSL/.test(message)) tls = false
      else if (interval && /client_connection_check_interval/.test(message) && code !== '08P01') interval = false
      else if (ownParameters && code === '08P01' && /unsupported startup parameter/.test(message)) ownParameters = false
      else throw connectError(error, settings)
    }
  }
}

/** Says which server it was. */
function connectError(error: unknown, settings: ResolvedSettings): GodwitError {
  const mapped = mapError(error, settings.secrets)
  if (isGodwitError(error) || !mapped.code.startsWith('CONNECT.')) return mapped
  return new GodwitError(mapped.code, `${settings.target}: ${mapped.message}`, {
    why: `${mapped.why === undefined ? '' : `${mapped.why}; `}no connection was made, so nothing was changed`,
    next: mapped.next,
    meta: mapped.meta,
    cause: mapped.cause,
  })
}

/** A setting made behind a pooler in transaction mode would reach its other clients, and not our next transaction. */
function isPooled(pg: PgModule, config: Record<string, unknown>, client: PgClient, signal: AbortSignal | undefined) {
  const line = (on: PgClient): Line => ({
    async queryAll(sqls) {
      const results = await on.query(sqls.join(';'))
      return (Array.isArray(results) ? results : [results]).map(result => result.rows)
    },
  })
  return isShared(line(client), async () => {
    const other = await connectOnce(pg, config, signal)
    return { line: line(other.client), close: () => other.client.end() }
  })
}

/** Behind a pooler that has no server connection left the first statement waits, not the connection. */
async function inTime<Result>(client: PgClient, settings: ResolvedSettings, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timeout expired')), settings.connectTimeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } catch (error) {
    work.catch(() => {})
    client.connection?.stream.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function connectOnce(pg: PgModule, config: Record<string, unknown>, signal: AbortSignal | undefined) {
  const client = new pg.Client(config)
  // Without a listener an error event of a dying socket would end the process.
  client.on('error', () => {})
  let version = ''
  client.connection?.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) => {
    if (message.parameterName === 'server_version') version = message.parameterValue
  })
  const abort = (): void => client.connection?.stream.destroy(new Error('aborted'))
  if (signal?.aborted) throw aborted()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await client.connect()
    return { client, version }
  } catch (error) {
    client.end().catch(() => {})
    throw signal?.aborted ? aborted() : error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

function aborted(): GodwitError {
  return new GodwitError('RUN.ABORTED', 'stopped while connecting', { why: 'nothing was changed' })
}

async function clientConfig(settings: ResolvedSettings, tls: boolean): Promise<Record<string, unknown>> {
  const config: Record<string, unknown> = {
    host: settings.host,
    port: settings.port,
    user: settings.user,
    password: settings.password,
    database: settings.database,
    application_name: settings.applicationName,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: settings.keepalive,
    keepAliveInitialDelayMillis: 10_000,
    enableChannelBinding: settings.channelBinding,
    ssl: tls ? await tlsConfig(settings) : false,
  }
  for (const [key, value] of Object.entries(config)) if (value === undefined) delete config[key]
  return config
}

/** As libpq: `require` encrypts, `verify-ca` also checks the issuer, `verify-full` also the host name. */
async function tlsConfig(settings: ResolvedSettings): Promise<Record<string, unknown>> {
  const config: Record<string, unknown> = { ...settings.tls }
  for (const [key, file] of Object.entries(settings.tlsFiles)) config[key] = await readFile(file, 'utf8')
  const mode = settings.tlsMode === 'require' && config['ca'] !== undefined ? 'verify-ca' : settings.tlsMode
  if (mode === 'prefer' || mode === 'require') config['rejectUnauthorized'] = false
  if (mode === 'verify-ca') config['checkServerIdentity'] = () => undefined
  return config
}

function makeSession(
  client: PgClient,
  { version, ownParameters, pooled }: Facts,
  settings: ResolvedSettings,
  cancelServer: () => Promise<void>,
  given = false,
): Session {
  const wire = new PgWire(client)
  const lockTimeout = `SET lock_timeout = ${settings.lockTimeoutMs}`
  let own = ownParameters
  const spelling: BatchSpelling = {
    begin: BEGIN,
    get reset() {
      return own || pooled ? RESET : [...RESET, ...setStatements(settings)]
    },
    ...(pooled ? { beginSettings: setStatements(settings, true) } : {}),
    ...(settings.lockTimeoutMs === 0 || pooled
      ? {}
      : { unlimited: { lift: 'SET lock_timeout = 0', restore: lockTimeout } }),
  }
  let closed = false
  const session: Session = {
    identity: { backend: String(client.processID ?? ''), backendStart: '' },
    sql: sqlSession(wire, spelling),
    client,
    serverVersion: `PostgreSQL ${version.split(' ')[0] ?? ''}`.trim(),
    async cancel() {
      if (closed || !wire.busy) return
      wire.cancelled = true
      await cancelServer().catch(() => {})
    },
    async close() {
      if (closed) return
      closed = true
      wire.detach()
      if (given) {
        if (!wire.lost) await client.query('RESET ALL').catch(() => {})
        return
      }
      await client.end().catch(() => {})
    },
  }
  const keepSettings = async (): Promise<void> => {
    own = false
    await wire.rows(setStatements(settings).join(';'))
  }
  behindPooler.set(session, { pooled, keepSettings })
  return session
}

/** What the lock has to know of a session when it finds a pooler before the server. */
export const behindPooler = new WeakMap<
  Session,
  {
    /** Every transaction makes the settings for itself. */
    readonly pooled: boolean
    /** Sets for the session what a pooler may have kept from its start-up parameters (`ignore_startup_parameters`). */
    keepSettings(): Promise<void>
  }
>()

class PgWire implements Wire {
  lost = false
  busy = false
  /** A cancel request was sent for what runs now. */
  cancelled = false
  private readonly client: PgClient
  private readonly markLost = (): void => {
    this.lost = true
  }

  constructor(client: PgClient) {
    this.client = client
    client.on('error', this.markLost)
    client.on('end', this.markLost)
  }

  detach(): void {
    this.client.removeListener('end', this.markLost)
    // The listener for errors of a client of our own stays: the one of `connectOnce` is still there.
    this.client.removeListener('error', this.markLost)
  }

  send(text: string, complete: (tag: string) => void): Promise<void> {
    return this.guarded(
      new Promise((resolve, reject) => {
        this.client.query(new SimpleMessage(text, complete, resolve, reject))
      }),
    )
  }

  async rows(text: string): Promise<Record<string, unknown>[][]> {
    const results = await this.guarded(this.client.query(text))
    return (Array.isArray(results) ? results : [results]).map(result => result.rows)
  }

  async query(sql: string, params: readonly unknown[] | undefined): Promise<Record<string, unknown>[]> {
    const sent: Promise<PgResult | PgResult[]> =
      params === undefined ? this.client.query(sql) : this.client.query(sql, [...params])
    const result = await this.guarded(sent)
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
  }

  isLost(error: unknown): boolean {
    return this.lost || isConnectionError(error)
  }

  private async guarded<Result>(work: Promise<Result>): Promise<Result> {
    this.busy = true
    try {
      return await work
    } catch (error) {
      if (this.cancelled) markCancelled(error)
      throw error
    } finally {
      this.busy = false
      this.cancelled = false
    }
  }
}

/** One simple-query message whose rows nobody wants, told answer by answer. */
class SimpleMessage implements PgSubmittable {
  private readonly text: string
  private readonly complete: (tag: string) => void
  private readonly resolve: () => void
  private readonly reject: (error: unknown) => void

  constructor(text: string, complete: (tag: string) => void, resolve: () => void, reject: (error: unknown) => void) {
    this.text = text
    this.complete = complete
    this.resolve = resolve
    this.reject = reject
  }

  submit(connection: PgConnection): null {
    connection.query(this.text)
    return null
  }

  handleCommandComplete(message: { readonly text: string }): void {
    this.complete(message.text)
  }

  handleError(error: unknown): void {
    this.reject(error)
  }

  handleReadyForQuery(): void {
    this.resolve()
  }

  handleCopyInResponse(connection: PgConnection): void {
    connection.sendCopyFail('COPY FROM STDIN has no data here: copy the rows in a TypeScript revision')
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyData(): void {}
}

/** A CancelRequest on a connection of its own (manual 55.2.8); the server answers by closing it. */
function cancelRequest(pg: PgModule, client: PgClient, settings: ResolvedSettings): Promise<void> {
  const { processID, secretKey } = client
  if (processID === null || secretKey === null) return Promise.resolve()
  return new Promise(resolve => {
    const connection = new pg.Connection({ ssl: client.ssl ?? false })
    const timer = setTimeout(() => connection.stream.destroy(), settings.connectTimeoutMs)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const request = (): void => connection.cancel(processID, secretKey)
    connection.on('connect', () => (client.ssl ? connection.requestSsl() : request()))
    connection.on('sslconnect', request)
    connection.on('error', done)
    connection.on('end', done)
    const { host = 'localhost', port = 5432 } = client
    if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
    else connection.connect(port, host)
  })
}
