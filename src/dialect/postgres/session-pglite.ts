// Sessions on a PGlite, PostgreSQL in process. It has one connection: a session that began a transaction keeps it
// until the end of it, others wait their turn, as they would for a lock. The same messages as over a socket.
import { randomUUID } from 'node:crypto'
import { GodwitError } from '../../core/error.ts'
import type { Session } from '../session.ts'
import { SplitFailure } from '../split.ts'
import { isConnectionError, type ServerError } from './error.ts'
import { countStatements, cutStatements } from './lex.ts'
import { BEGIN, RESET } from './session.ts'
import { sqlSession, type Wire } from './sql-session.ts'

/** The parts of a PGlite that godwit uses, typed by structure: the package is an optional peer. */
export interface PgliteInstance {
  readonly closed?: boolean
  exec(sql: string): Promise<{ readonly rows: Record<string, unknown>[] }[]>
  query(sql: string, params?: unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>
  execProtocol(
    message: Uint8Array,
    options?: { throwOnError?: boolean },
  ): Promise<{ readonly messages: readonly PgliteMessage[] }>
  close(): Promise<void>
}

interface PgliteMessage extends ServerError {
  readonly name: string
  readonly text?: string
  readonly status?: string
}

/** One PGlite and the queue of its sessions. */
export class PgliteConnection {
  readonly instance: PgliteInstance
  /** The same for every dialect value on a live instance: a lease of one of them has a living holder. */
  readonly backend = `pglite-${randomUUID()}`
  private tail: Promise<void> = Promise.resolve()
  private owner: object | undefined
  private handBack: (() => void) | undefined

  constructor(instance: PgliteInstance) {
    this.instance = instance
  }

  /** Runs `work` when it is the session's turn. The turn is kept while a transaction is open. */
  async exclusive<Result>(
    session: object,
    work: () => Promise<{ result: Result; inTransaction: boolean }>,
  ): Promise<Result> {
    if (this.owner !== session) {
      const turn = this.tail
      let release = (): void => {}
      this.tail = new Promise(resolve => {
        release = resolve
      })
      await turn
      this.owner = session
      this.handBack = release
    }
    let inTransaction = false
    try {
      const done = await work()
      inTransaction = done.inTransaction
      return done.result
    } finally {
      if (!inTransaction) this.release(session)
    }
  }

  /** Gives the turn to the next session, if this one has it. */
  release(session: object): void {
    if (this.owner !== session) return
    this.owner = undefined
    this.handBack?.()
  }

  holds(session: object): boolean {
    return this.owner === session
  }
}

/** `closeInstance` is called after the session's own end. */
export function pgliteSession(
  connection: PgliteConnection,
  facts: { readonly version: string; readonly backend: string; readonly setup: readonly string[] },
  closeInstance: () => Promise<void>,
): Session {
  const wire = new PgliteWire(connection)
  const sql = sqlSession(wire, { begin: BEGIN, reset: [...RESET, ...facts.setup], refuse: refuseCopy })
  let closed = false
  return {
    identity: { backend: facts.backend, backendStart: '' },
    sql,
    client: connection.instance,
    serverVersion: `PostgreSQL ${facts.version}`,
    async cancel() {},
    async close() {
      if (closed) return
      closed = true
      if (connection.holds(wire)) await sql.rollback()
      await closeInstance().catch(() => {})
    },
  }
}

class PgliteWire implements Wire {
  private readonly connection: PgliteConnection
  /** Calls of one session are answered in order, as a socket would. */
  private queue: Promise<unknown> = Promise.resolve()

  constructor(connection: PgliteConnection) {
    this.connection = connection
  }

  send(text: string, complete: (tag: string) => void): Promise<void> {
    return this.inOrder(text, async instance => {
      const { messages } = await instance.execProtocol(queryMessage(text), { throwOnError: false })
      let failure: PgliteMessage | undefined
      for (const message of messages) {
        if (message.name === 'commandComplete') complete(message.text ?? '')
        if (message.name === 'error') failure = message
      }
      const status = messages.findLast(message => message.name === 'readyForQuery')?.status
      return { result: undefined, failure, inTransaction: status !== undefined && status !== 'I' }
    })
  }

  rows(text: string): Promise<Record<string, unknown>[][]> {
    return this.inOrder(text, async instance => {
      try {
        const results = await instance.exec(text)
        return { result: results.map(result => result.rows), ...(await this.transaction(instance)) }
      } catch (error) {
        return { result: [], failure: error, ...(await this.transaction(instance)) }
      }
    })
  }

  query(sql: string, params: readonly unknown[] | undefined): Promise<Record<string, unknown>[]> {
    return this.inOrder(sql, async instance => {
      try {
        // Without parameters several statements may come at once, as the driver pg allows.
        const simple = params === undefined && countStatements(sql) !== 1
        const rows = simple
          ? ((await instance.exec(sql)).at(-1)?.rows ?? [])
          : (await instance.query(sql, [...(params ?? [])])).rows
        return { result: rows, ...(await this.transaction(instance)) }
      } catch (error) {
        return { result: [], failure: error, ...(await this.transaction(instance)) }
      }
    })
  }

  isLost(error: unknown): boolean {
    return this.connection.instance.closed === true || isConnectionError(error)
  }

  private async transaction(instance: PgliteInstance): Promise<{ inTransaction: boolean }> {
    if (instance.closed === true) return { inTransaction: false }
    const { messages } = await instance.execProtocol(syncMessage(), { throwOnError: false })
    const status = messages.findLast(message => message.name === 'readyForQuery')?.status
    return { inTransaction: status !== undefined && status !== 'I' }
  }

  private inOrder<Result>(
    text: string,
    work: (instance: PgliteInstance) => Promise<{ result: Result; failure?: unknown; inTransaction: boolean }>,
  ): Promise<Result> {
    const { connection } = this
    const run = async (): Promise<Result> => {
      const refusal = refuseCopy(text)
      if (refusal !== undefined) throw refusal
      const answer = await connection.exclusive(this, async () => {
        const done = await work(connection.instance)
        return { result: done, inTransaction: done.inTransaction }
      })
      if (answer.failure !== undefined) throw answer.failure
      return answer.result
    }
    const next = this.queue.then(run)
    this.queue = next.catch(() => {})
    return next
  }
}

/** COPY FROM STDIN ends the whole PGlite, and the process with it (measured on 0.5.14). */
function refuseCopy(text: string): GodwitError | undefined {
  if (!/\bstdin\b/i.test(text)) return undefined
  try {
    for (const _ of cutStatements(text));
    return undefined
  } catch (error) {
    if (!(error instanceof SplitFailure) || error.code !== 'SQL.COPY_DATA') return undefined
    return new GodwitError('SQL.COPY_DATA', error.message, {
      why: 'PGlite would end with the process',
      next: error.next,
      cause: error,
    })
  }
}

/** The protocol message Query. */
function queryMessage(text: string): Uint8Array {
  const body = new TextEncoder().encode(text)
  const message = new Uint8Array(body.length + 6)
  message[0] = 0x51
  new DataView(message.buffer).setInt32(1, body.length + 5)
  message.set(body, 5)
  return message
}

/** The protocol message Sync, whose answer tells whether a transaction is open. */
function syncMessage(): Uint8Array {
  return Uint8Array.of(0x53, 0, 0, 0, 4)
}
