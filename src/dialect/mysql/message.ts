// One message of several statements to the server, and its answers in order. The server runs the statements one after
// the other and stops at the first that fails; each but the last must answer with exactly one result without rows, or
// the count of what is done would be a guess (measured on MariaDB 10.11: results arrive in order, nothing after an error runs).
import type { Connection, FieldPacket } from 'mysql2'

export type Row = Record<string, unknown>

/** What one statement answered. */
export interface Answer {
  /** Undefined for a result with rows. */
  readonly affectedRows: number | undefined
  readonly rows: Row[]
}

/** A failed message: how many results came before, and the driver's error. */
export class MessageFailure extends Error {
  override readonly name = 'MessageFailure'
  readonly answered: number

  constructor(answered: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.answered = answered
  }
}

/** The part of the driver's OK packet that is used. */
interface Header {
  readonly affectedRows?: number | string
  readonly serverStatus?: number
}

/** SERVER_STATUS_NO_BACKSLASH_ESCAPES of the protocol's status flags. */
const NO_BACKSLASH_ESCAPES = 0x200

/** Sends messages over one connection, and never lets an error of the connection go unheard. */
export class Channel {
  /** What the server last said about backslashes in strings. */
  backslashEscapes = true
  /** Set when the connection is gone; every later message fails with it. */
  lost: Error | undefined
  readonly connection: Connection
  #reject: ((error: Error) => void) | undefined
  #closing = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection) {
    this.connection = connection
    connection.on('error', error => this.#gone(error))
    connection.on('end', () => this.#gone(new Error('the server closed the connection')))
  }

  /** A message is under way. */
  get busy(): boolean {
    return this.#reject !== undefined
  }

  /**
   * Sends the text; `answered` hears each result as it ends.
   * @throws MessageFailure
   */
  async send(sql: string, answered: (index: number, answer: Answer) => void = () => undefined): Promise<void> {
    return this.#inTurn(() => this.#send(sql, answered))
  }

  #send(sql: string, answered: (index: number, answer: Answer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let count = 0
      let open: Row[] | undefined
      let failure: unknown
      const settle = (error?: unknown) => {
        if (this.#reject === undefined) return
        this.#reject = undefined
        if (error === undefined) resolve()
        else reject(new MessageFailure(count, error))
      }
      if (this.lost !== undefined) {
        reject(new MessageFailure(0, this.lost))
        return
      }
      this.#reject = settle
      const close = () => {
        if (open === undefined) return
        const rows = open
        open = undefined
        answered(count++, { affectedRows: undefined, rows })
      }
      const query = this.connection.query(sql)
      query.on('fields', (fields: FieldPacket[] | undefined) => {
        close()
        if (fields !== undefined) open = []
      })
      query.on('result', (result: unknown) => {
        if (open !== undefined) {
          open.push(result as Row)
          return
        }
        const header = result as Header
        this.#note(header)
        answered(count++, { affectedRows: Number(header.affectedRows ?? 0), rows: [] })
      })
      query.on('error', (error: Error & { sql?: string }) => {
        // The whole message: long, and perhaps with secrets.
        delete error.sql
        failure = error
        // An error in the midst of rows belongs to the statement that sends them.
        open = undefined
      })
      query.on('end', () => {
        close()
        settle(failure)
      })
    })
  }

  /** Runs a query with parameters as a prepared statement; rows, or none for a statement without rows. */
  async execute(sql: string, params: readonly unknown[]): Promise<Row[]> {
    return this.#inTurn(() => this.#execute(sql, params))
  }

  #execute(sql: string, params: readonly unknown[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      if (this.lost !== undefined) {
        reject(this.lost)
        return
      }
      this.#reject = reject
      this.connection.execute(sql, params as never, (error: (Error & { sql?: string }) | null, result: unknown) => {
        this.#reject = undefined
        delete error?.sql
        if (error !== null) reject(error)
        else resolve(rowsOf(result))
      })
    })
  }

  /** Says goodbye and closes; waits no longer than a second for it. */
  close(): Promise<void> {
    if (this.#closing || this.lost !== undefined) {
      this.#closing = true
      this.connection.destroy()
      return Promise.resolve()
    }
    this.#closing = true
    if (this.busy) {
      this.connection.destroy()
      this.#gone(new Error('the connection was closed while a statement ran'))
      return Promise.resolve()
    }
    return new Promise(resolve => {
      const finish = () => {
        clearTimeout(timer)
        this.lost ??= new Error('the connection is closed')
        this.connection.destroy()
        resolve()
      }
      const timer = setTimeout(finish, 1_000)
      this.connection.end(finish)
    })
  }

  /** Calls that overlap wait for each other: the protocol knows one message at a time. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.then(
      () => undefined,
      () => undefined,
    )
    return result
  }

  #note(header: Header): void {
    if (header.serverStatus !== undefined) this.backslashEscapes = (header.serverStatus & NO_BACKSLASH_ESCAPES) === 0
  }

  #gone(error: Error): void {
    this.lost ??= Object.assign(error, { fatal: true })
    this.#reject?.(this.lost)
    this.#reject = undefined
  }
}

/** CALL answers with a list of results: the first with rows counts. */
function rowsOf(result: unknown): Row[] {
  if (!Array.isArray(result)) return []
  const first = result[0] as unknown
  return Array.isArray(first) ? (first as Row[]) : (result as Row[])
}
