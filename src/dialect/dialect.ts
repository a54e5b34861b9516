// A dialect is a value made by `postgres({...})`: a name, a record of facts and small parts.
// An absent part is an absent ability. Outside its own folder no code asks for a dialect's name.
import type { GodwitError } from '../core/error.ts'
import type { LexicalRules } from '../core/checksum.ts'
import type { Blocker, LongWait } from './blocker.ts'
import type { Capabilities } from './capability.ts'
import type { JournalStore } from './journal.ts'
import type { Locker } from './lock.ts'
import type { Operations } from './operations.ts'
import type { Recovery } from './recovery.ts'
import type { SchemaPart } from './schema-part.ts'
import type { Session, SessionIdentity } from './session.ts'
import type { Splitter } from './split.ts'

export interface OpenOptions {
  /** `run`: may change the database. `read`: only looks. `heartbeat`: keeps the lease while `run` is busy. */
  readonly purpose: 'run' | 'read' | 'heartbeat'
  readonly signal?: AbortSignal
  /** How long to wait for another runner, ms, where the opening itself waits for it (DuckDB's file lock). */
  readonly lockWaitMs?: number
}

export interface SqlPart {
  readonly lexical: LexicalRules
  readonly split: Splitter
  /** Placeholder of parameter n (from 1) in a statement. Default `?`. */
  placeholder?(n: number): string
  /** `BEGIN` and `COMMIT` as an offline script writes them. */
  readonly script: {
    readonly begin: string
    readonly commit: string
    terminate(statement: string): string
    /** Lines that a plain client needs around changes of a schema, which godwit itself sees to. Absent: none. */
    frame?(statements: readonly string[]): { readonly before: string; readonly after: string } | undefined
  }
}

export interface Dialect {
  /** `postgres`, `mysql`, `sqlite`, `duckdb`, `chroma`, or the name of an outside package. */
  readonly name: string
  readonly capabilities: Capabilities
  /** URL or path with secrets masked, for people and reports. */
  readonly target: string
  /** Undefined on stores without SQL. */
  readonly sql: SqlPart | undefined
  readonly operations: Operations | undefined
  readonly journal: JournalStore
  readonly locker: Locker
  /** What the store can tell after a runner died. Absent: nothing is ever in doubt there, or nothing can be told. */
  readonly recovery?: Recovery
  /** @throws GodwitError CONNECT.* CONFIG.DRIVER_MISSING, always masked */
  open(options: OpenOptions): Promise<Session>
  /** Any error of the driver as a GodwitError (RUN.*, CONNECT.*); RUN.STATEMENT_FAILED when nothing better is known. Masks secrets. */
  mapError(error: unknown): GodwitError
  /**
   * Who holds the lock that the session `identity` waits for; empty when it waits for nobody. Asked on a session of
   * purpose `heartbeat`, once a second and only while a statement takes long. Absent: the store cannot be asked.
   */
  blockers?(session: Session, identity: SessionIdentity): Promise<readonly Blocker[]>
  /** Longest wait for a lock that sessions are given, milliseconds. Undefined: unknown; 0: no bound. */
  readonly lockTimeoutMs?: number
  /** Statements that the store's own lock time-out is not applied to: the engine bounds their waits. */
  longWait?(sql: string): LongWait | undefined
  /** Reading schemas and turning their changes into SQL. Absent: schemas of this store cannot be compared. */
  schema?(): Promise<SchemaPart>
  /** A throw-away empty database of the same kind beside this one. Absent: not possible. */
  scratch?(): Promise<Scratch>
}

export interface Scratch {
  readonly dialect: Dialect
  /** Removes it; never throws. */
  dispose(): Promise<void>
}
