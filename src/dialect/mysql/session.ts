// One connection to a MySQL or MariaDB server through the driver `mysql2`. Sends batches in as few messages as can be
// counted exactly, keeps 64-bit integers exact (numbers up to 2^53, text beyond), times as text, and reports the loss
// of the connection as such. The driver is loaded here, when a session is opened, and nowhere else.
import type { Connection, ConnectionOptions } from 'mysql2'
import { GodwitError } from '../../core/error.ts'
import type { OpenOptions } from '../dialect.ts'
import { BatchFailure, type BatchItem, type BatchObserver, type Session, type SqlSession } from '../session.ts'
import { LENIENT, type Message, messages, SessionText, type TransactionState } from './batch.ts'
import { losesConnection } from './error.ts'
import { type Flavor, readFlavor } from './flavor.ts'
import { Channel, MessageFailure, type Row } from './message.ts'
import type { ResolvedSettings } from './settings.ts'
import { cut } from './split.ts'
import { syntaxPlace } from './syntax-place.ts'

/** @throws the driver's own error when no connection comes about; GodwitError CONFIG.DRIVER_MISSING */
export async function openSession(settings: ResolvedSettings, options: OpenOptions): Promise<Session> {
  const { channel, flavor, thread } = await connect(settings, options.signal)
  const sql = new MysqlSession(channel, flavor, settings, options.purpose === 'run')
  return {
    identity: { backend: String(thread), backendStart: '' },
    sql,
    client: channel.connection.promise(),
    serverVersion: flavor.name,
    async cancel() {
      if (!channel.busy || channel.lost !== undefined) return
      const other = await connect(settings, undefined)
      try {
        // A statement that ended meanwhile leaves nothing to stop: the server answers 1094 when the thread is gone.
        await other.channel.send(`KILL QUERY ${thread}`).catch(() => undefined)
      } finally {
        await other.channel.close()
      }
    },
    close: () => channel.close(),
  }
}

interface Connected {
  readonly channel: Channel
  readonly flavor: Flavor
  readonly thread: number
}

async function connect(settings: ResolvedSettings, signal: AbortSignal | undefined): Promise<Connected> {
  const { createConnection } = await loadDriver()
  signal?.throwIfAborted()
  const connection = createConnection(driverOptions(settings))
  return new Promise<Connected>((resolve, reject) => {
    const fail = (error: unknown) => {
      cleanUp()
      // Errors that come later than the first have nobody to tell.
      connection.on('error', () => undefined)
      connection.destroy()
      reject(error)
    }
    const abort = () => fail(signal?.reason)
    const ready = (handshake: { serverVersion?: string }) => {
      cleanUp()
      resolve({
        channel: new Channel(connection),
        flavor: readFlavor(handshake.serverVersion ?? ''),
        thread: connection.threadId ?? 0,
      })
    }
    const cleanUp = () => {
      signal?.removeEventListener('abort', abort)
      connection.removeListener('error', fail)
      connection.removeListener('connect', ready)
    }
    signal?.addEventListener('abort', abort, { once: true })
    connection.on('error', fail)
    connection.on('connect', ready)
  })
}

type Driver = { createConnection(options: ConnectionOptions): Connection }

async function loadDriver(): Promise<Driver> {
  try {
    const module = (await import('mysql2')) as unknown as Driver & { default?: Driver }
    return module.default ?? module
  } catch (error) {
    const code = (error as { code?: unknown } | undefined)?.code
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    throw new GodwitError('CONFIG.DRIVER_MISSING', 'the package mysql2 is not installed', {
      why: 'godwit reaches MySQL and MariaDB through it; no connection was tried',
      next: ['npm install mysql2'],
      cause: error,
    })
  }
}

function driverOptions(settings: ResolvedSettings): ConnectionOptions {
  const { tls } = settings
  const options: ConnectionOptions = {
    database: settings.database,
    connectTimeout: settings.connectTimeoutMs,
    enableKeepAlive: settings.keepAlive,
    keepAliveInitialDelay: 10_000,
    multipleStatements: true,
    supportBigNumbers: true,
    dateStrings: true,
    charset: 'UTF8MB4_GENERAL_CI',
    // As the command-line clients have them: no IGNORE_SPACE (it would reserve function names such as `count`), affected
    // rows are changed rows, and no file is ever read from this machine on the server's demand.
    flags: ['-IGNORE_SPACE', '-FOUND_ROWS', '-LOCAL_FILES', '-ODBC'],
    connectAttributes: { program_name: 'godwit' },
    ...(settings.socket === undefined ? { host: settings.host, port: settings.port } : { socketPath: settings.socket }),
    ...(settings.user === undefined ? {} : { user: settings.user }),
    ...(settings.password === undefined ? {} : { password: settings.password }),
  }
  if (tls === undefined) return options
  const { ca, ...rest } = tls
  const authorities = ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }
  return { ...options, ssl: { verifyIdentity: tls.rejectUnauthorized !== false, ...rest, ...authorities } }
}

class MysqlSession implements SqlSession {
  readonly #channel: Channel
  readonly #text: SessionText
  readonly #state: TransactionState = { bounded: false, aside: false }
  /** A journal item failed while the mode was strict. */
  #strict = false
  /** The session's settings are still to be made, with the first message. */
  #unprepared: boolean

  constructor(channel: Channel, flavor: Flavor, settings: ResolvedSettings, changes: boolean) {
    this.#channel = channel
    this.#text = new SessionText(flavor, settings)
    this.#unprepared = changes
  }

  async query<Result = Row>(sql: string, params: readonly unknown[] = []): Promise<Result[]> {
    const cuts = cut(sql, this.#channel)
    if (cuts.length > 1 && cuts[0]?.compound !== true) {
      throw new GodwitError('SQL.SYNTAX_INVALID', `the text holds ${cuts.length} statements where one is expected`, {
        why: 'the server would run all of them, and a failure could not be told apart; nothing of this text was run',
      })
    }
    if (params.length > 0) {
      await this.#prepareAlone()
      return (await this.#channel.execute(sql, params)) as Result[]
    }
    const results: Row[][] = []
    await this.#send([sql], (_, { rows, affectedRows }) => {
      // CALL answers with the results of its SELECTs and one without rows.
      if (affectedRows === undefined) results.push(rows)
    }).catch(driversOwn)
    return (results[0] ?? []) as Result[]
  }

  async queryAll(sqls: readonly string[]): Promise<Row[][]> {
    const results: Row[][] = sqls.map(() => [])
    if (sqls.length === 0) return results
    await this.#send(sqls, (index, { rows }) => {
      if (index < results.length) results[index] = rows
    }).catch(driversOwn)
    return results
  }

  async run(items: readonly BatchItem[], observer?: BatchObserver): Promise<void> {
    let done = 0
    const batch = messages(items, this.#text, this.#state, () => this.#channel)
    for (;;) {
      let message: Message
      try {
        const next = batch.next()
        if (next.done) {
          this.#state.aside = this.#state.bounded
          return
        }
        message = next.value
      } catch (error) {
        // A text that cannot be cut: everything sent before is done, the failure names its item.
        throw error instanceof BatchFailure ? error : new BatchFailure(done, error)
      }
      const { pieces } = message
      let failed: MessageFailure | undefined
      let answered = 0
      await this.#send(
        pieces.map(piece => piece.sql),
        (position, { affectedRows }) => {
          answered = position + 1
          const piece = pieces[position]
          if (piece?.completes !== true || pieces.length === 1) return
          done = piece.index + 1
          observer?.done(piece.index, affectedRows)
        },
        affectedRows => {
          // A statement by itself may answer more than once (CALL): it is done when the message is.
          const [piece] = pieces
          if (pieces.length !== 1 || piece === undefined || !piece.completes) return
          done = piece.index + 1
          observer?.done(piece.index, affectedRows)
        },
      ).catch(error => {
        failed = error as MessageFailure
      })
      if (failed !== undefined) throw this.#batchFailure(message, failed)
      if (pieces.length > 1 && answered !== pieces.length) throw this.#miscounted(done, answered, pieces.length)
    }
  }

  async rollback(): Promise<void> {
    if (this.#channel.lost !== undefined) return
    const texts = ['ROLLBACK']
    if (this.#strict) texts.push(LENIENT)
    if (this.#state.aside) texts.push(this.#text.recall())
    this.#strict = false
    this.#state.bounded = false
    this.#state.aside = false
    // A connection that is gone has rolled back by itself.
    await this.#send(texts, () => undefined).catch(() => undefined)
  }

  /** Sends statements as one message, after the session's own settings when they are still to be made. */
  async #send(
    sqls: readonly string[],
    answered: Parameters<Channel['send']>[1] & {},
    ended?: (affectedRows: number | undefined) => void,
  ): Promise<void> {
    const head = this.#unprepared ? this.#text.prepare() : []
    let last: number | undefined
    try {
      await this.#channel.send([...head, ...sqls].join(';\n'), (index, answer) => {
        if (index === head.length - 1) this.#unprepared = false
        if (index < head.length) return
        last = answer.affectedRows
        answered(index - head.length, answer)
      })
    } catch (error) {
      if (!(error instanceof MessageFailure)) throw error
      throw new MessageFailure(error.answered - head.length, error.cause)
    }
    ended?.(last)
  }

  async #prepareAlone(): Promise<void> {
    if (this.#unprepared) await this.#send([], () => undefined).catch(driversOwn)
  }

  #batchFailure({ pieces, strict }: Message, failure: MessageFailure): BatchFailure {
    const position = Math.max(0, pieces.length === 1 ? 0 : failure.answered)
    const piece = pieces[Math.min(position, pieces.length - 1)]
    const cause = failure.cause
    const connectionLost = this.#channel.lost !== undefined || losesConnection(cause)
    if (piece === undefined) return new BatchFailure(0, cause, { connectionLost })
    this.#strict = pieces.slice(0, position).reduce((before, { sql }) => isStrict(sql, before), strict)
    if (!(cause instanceof Error)) return new BatchFailure(piece.index, cause, { connectionLost })
    const after = pieces
      .slice(position + 1, position + 4)
      .map(({ sql }) => `;\n${sql.slice(0, 200)}`)
      .join('')
    const place = syntaxPlace(cause.message, piece.sql, after)
    const told = Object.assign(cause, { message: place.message, sqlMessage: place.message, journal: piece.journal })
    const offset = place.offset === undefined || piece.offset === undefined ? undefined : piece.offset + place.offset
    return new BatchFailure(piece.index, told, { offset, connectionLost })
  }

  /** The server saw other statements than the splitter did: what is done cannot be told any more. */
  #miscounted(done: number, answered: number, expected: number): BatchFailure {
    const error = new GodwitError('INTERNAL.BUG', `${expected} statements were sent and ${answered} were answered`, {
      why: 'the server reads the text differently; what ran is not known, and nothing more was sent',
    })
    void this.#channel.close()
    return new BatchFailure(done, error, { connectionLost: true })
  }
}

/** Queries outside a batch fail with the driver's error as it is. */
function driversOwn(error: unknown): never {
  throw error instanceof MessageFailure ? error.cause : error
}

function isStrict(sql: string, before: boolean): boolean {
  if (sql === LENIENT) return false
  return before || sql.startsWith('SET @godwit_journal_mode')
}
