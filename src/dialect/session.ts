// One open connection. The engine talks to a SQL store through batches: lists of items which the
// session sends in as few round trips as its protocol allows, reporting each item as it ends.

/** Who the server says this connection is; stored in the lease to find a dead holder. */
export interface SessionIdentity {
  /** Backend pid, thread id or process id, as text. */
  readonly backend: string
  /** When that backend started, as the server tells it; empty where unknown. */
  readonly backendStart: string
}

export interface BatchSettings {
  readonly lockTimeoutMs?: number
  readonly statementTimeoutMs?: number
}

export type BatchItem =
  /** Starts a transaction; the settings hold inside it only. */
  | { readonly kind: 'begin'; readonly settings?: BatchSettings; readonly hint?: BeginHint }
  | { readonly kind: 'commit' }
  /** A statement of a revision. `alone`: must not share a message or a transaction with others. */
  | { readonly kind: 'statement'; readonly sql: string; readonly alone?: boolean }
  /** SQL of the journal or lease. It must change or return something as its author says, or fail. */
  | { readonly kind: 'journal'; readonly sql: string }
  /** Puts the session's settings (role, search_path, variables) back to what the configuration says. */
  | { readonly kind: 'reset' }
  /** Settings for what follows outside a transaction, until `reset`. */
  | { readonly kind: 'settings'; readonly settings: BatchSettings }

/** What the engine knows of the statements of a transaction before it begins. */
export interface BeginHint {
  /** A table is dropped or rebuilt: stores with cascading drops must keep child rows (SQLite foreign keys). */
  readonly rebuildsTables: boolean
}

export interface BatchObserver {
  /** Each statement is to be told when it ends, even if that costs a round trip each. Default false. */
  readonly live?: boolean
  /** Item `index` of the batch is done. Called in order; may be called from inside driver callbacks: must not throw. */
  done(index: number, affectedRows: number | undefined): void
  /** Something people should know of the transaction that just ended; told before `done` of its commit. */
  notice?(message: string): void
}

/** Thrown by `run`: which item failed, and the driver's own error as `cause`. */
export class BatchFailure extends Error {
  override readonly name = 'BatchFailure'
  /** Index of the item that failed (all before it are done). */
  readonly index: number
  /** 0-based UTF-16 offset of the fault inside that item's `sql`, where the server tells it. */
  readonly offset: number | undefined
  /** The connection is gone: whether the item was done is unknown. */
  readonly connectionLost: boolean

  constructor(index: number, cause: unknown, facts: { offset?: number | undefined; connectionLost?: boolean } = {}) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.index = index
    this.offset = facts.offset
    this.connectionLost = facts.connectionLost ?? false
  }
}

/** The SQL side of a session. */
export interface SqlSession {
  /** Rows as objects. Integers beyond 2^53 are strings or bigints, never rounded. */
  query<Row = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>
  /** Several parameterless queries, in one round trip where the protocol allows. One row list per query, in order. */
  queryAll(sqls: readonly string[]): Promise<Record<string, unknown>[][]>
  /** @throws BatchFailure */
  run(items: readonly BatchItem[], observer?: BatchObserver): Promise<void>
  /** Ends an open or failed transaction, if there is one. Must not throw when there is none or the connection is gone. */
  rollback(): Promise<void>
}

export interface Session {
  readonly identity: SessionIdentity
  /** Undefined on stores without SQL. */
  readonly sql: SqlSession | undefined
  /** The driver's own connection, handed to code revisions. */
  readonly client: unknown
  /** Server name and version, as reported: `PostgreSQL 18.4`. */
  readonly serverVersion: string
  /** Stops what runs now, from outside; resolves when the request was delivered. Does nothing where it cannot. */
  cancel(): Promise<void>
  /** Ends the connection; never throws, safe to call twice. */
  close(): Promise<void>
}
