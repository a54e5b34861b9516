// The SQL side of a session, the same over a socket and in process: batches, queries and the way out of a
// transaction. What carries the messages is a Wire.
import type { BatchFailure } from '../session.ts'
import { type BatchItem, type BatchObserver, type SqlSession } from '../session.ts'
import {
  type BatchSpelling,
  type BatchState,
  type Message,
  MessageProgress,
  messagesOf,
  singleMessages,
} from './batch.ts'

/** Carries messages to a server. Every method rejects with the driver's own error. */
export interface Wire {
  /** One simple-query message; `complete` is called for each CommandComplete, in order. */
  send(text: string, complete: (tag: string) => void): Promise<void>
  /** Statements of one message, one row list for each. */
  rows(text: string): Promise<Record<string, unknown>[][]>
  query(sql: string, params: readonly unknown[] | undefined): Promise<Record<string, unknown>[]>
  /** The connection is gone, with this error or before it. */
  isLost(error: unknown): boolean
}

export function sqlSession(wire: Wire, spelling: BatchSpelling): SqlSession {
  const state: BatchState = { inTransaction: false, lockTimeoutGiven: false, lifted: false }
  return {
    async query<Row>(sql: string, params?: readonly unknown[]) {
      return (await wire.query(sql, params)) as Row[]
    },
    queryAll: sqls => (sqls.length === 0 ? Promise.resolve([]) : wire.rows(sqls.join('\n;\n'))),
    async run(items: readonly BatchItem[], observer?: BatchObserver) {
      for (const message of messagesOf(items, spelling, state, observer?.live)) await deliver(wire, message, observer)
    },
    async rollback() {
      state.inTransaction = false
      const restore = state.lifted && spelling.unlimited ? `;${spelling.unlimited.restore}` : ''
      state.lifted = false
      try {
        await wire.send(`ROLLBACK${restore}`, () => {})
      } catch {
        // Only a connection that is gone refuses this, and its transaction is gone with it.
      }
    },
  }
}

async function deliver(wire: Wire, message: Message, observer: BatchObserver | undefined): Promise<void> {
  const progress = new MessageProgress(message, observer)
  let silent: BatchFailure | undefined
  try {
    await wire.send(message.text, tag => {
      silent ??= progress.complete(tag)
    })
  } catch (error) {
    const failure = silent ?? progress.failure(error, wire.isLost(error))
    if (failure !== undefined) throw failure
    // One item does not parse, so the server ran none: sent one by one, those before it do what they should.
    for (const single of singleMessages(message)) await deliver(wire, single, observer)
    return
  }
  if (silent !== undefined) throw silent
  progress.end()
}
