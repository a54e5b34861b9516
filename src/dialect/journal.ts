// What happened, in the database. The engine decides what to write; a dialect knows how.
// SQL stores render writes as text, so that they travel in the same transaction as the work.
import type { Direction } from '../core/revision/revision.ts'
import type { BatchItem, Session, SessionIdentity } from './session.ts'

/** Version of the journal's tables. A database with a higher number is refused
 * (JOURNAL.FORMAT_NEWER), one with a lower number is only read (JOURNAL.FORMAT_OLDER). */
export const JOURNAL_FORMAT = 2

/** One applied revision. Times are ISO 8601 UTC by the database's clock. */
export interface AppliedRow {
  readonly id: string
  readonly checksum: string | null
  readonly fileHash: string | null
  readonly appliedAt: string
  readonly ms: number
  readonly statements: number
  /** `applied` by running it, `stamped` without running it. */
  readonly kind: 'applied' | 'stamped'
  /** Who ran it: `user@host`. */
  readonly appliedBy: string
  /** godwit version. */
  readonly tool: string
  /** Order of application: 1, 2, 3 … */
  readonly sequence: number
}

/** A revision in progress on a store where statements stand alone. At most one row per revision. */
export interface StepRow {
  readonly revision: string
  readonly direction: Direction
  /** Steps that are done: 0 … total. */
  readonly done: number
  /** 1-based number of the step that was begun and not recorded as ended; null = none. */
  readonly running: number | null
  /** Steps in all; 0 where it is not known before (code). */
  readonly total: number
  /** SHA-256 of each done or begun step's text, in order, so that an edited file is seen at resume. */
  readonly hashes: readonly string[]
  readonly startedAt: string
  /** Message of the failure that stopped it; null while running or after a crash. */
  readonly error: string | null
  /** What the catalog said of the running step before it began (see `Recovery.observe`); null = nothing was asked. */
  readonly observed: string | null
  /** The connection that began the running step; null when none is running, or where connections have no identity. */
  readonly connection: SessionIdentity | null
}

export interface JournalState {
  /** False: the tables do not exist. Everything else is then empty. */
  readonly initialised: boolean
  /** Format found in the database; 0 when not initialised. */
  readonly format: number
  /** In order of application. */
  readonly applied: readonly AppliedRow[]
  readonly steps: readonly StepRow[]
  readonly lease: LeaseRow | undefined
}

/** The lease as stored. `undefined` in JournalState when free. */
export interface LeaseRow {
  /** Unique id of the run that holds it. */
  readonly owner: string
  /** `user@host pid 123`, for people. */
  readonly holder: string
  readonly backend: string
  readonly backendStart: string
  /** Rises by one with each acquisition; each journal write checks it. */
  readonly fence: number
  readonly acquiredAt: string
  readonly heartbeatAt: string
  readonly expiresAt: string
  /** By the database's clock, at the time of reading. */
  readonly expired: boolean
  /** The last sign of life lies in the future of the database's clock: it was set back, or the row was edited. */
  readonly ahead?: boolean
}

/** Proof of holding the lease. `fence` 0 = offline script: no check is rendered. */
export interface Fence {
  readonly owner: string
  readonly fence: number
}

export type JournalWrite =
  | {
      readonly type: 'applied'
      readonly id: string
      readonly checksum: string | undefined
      readonly fileHash: string | undefined
      readonly source: string | undefined
      /** Client clock (ms since the epoch) when the work was handed over. Stores measure from the begin item where they can, else from this. */
      readonly startedAtMs: number
      readonly statements: number
      readonly kind: 'applied' | 'stamped'
      readonly appliedBy: string
      readonly tool: string
      readonly run: string
    }
  /** Removes the applied row (and its step row, if any). */
  | { readonly type: 'undone'; readonly id: string }
  /** Takes a file as it is now for what was applied; time, order and author of the row stay. */
  | {
      readonly type: 'accept'
      readonly id: string
      readonly checksum: string | undefined
      readonly fileHash: string | undefined
      readonly source: string | undefined
    }
  /** Inserts or replaces the step row of a revision. */
  | {
      readonly type: 'step'
      readonly step: Omit<StepRow, 'startedAt' | 'observed' | 'connection'>
      /** SQL expression stored as `observed` of a running step (see `Recovery.observe`). Default: null is stored. */
      readonly observe?: string | undefined
      /** SQL condition: the row is written only while it holds (see `Recovery.keeps`). Default: always. */
      readonly when?: string | undefined
    }
  /** Removes the step row of a revision. */
  | { readonly type: 'step-end'; readonly revision: string }
  | { readonly type: 'run-start'; readonly run: RunRow }
  | {
      readonly type: 'run-end'
      readonly run: string
      readonly ok: boolean
      readonly applied: readonly string[]
      readonly undone: readonly string[]
      readonly error: string | undefined
    }

/** One run, for the audit trail. */
export interface RunRow {
  readonly id: string
  /** `up`, `down`, `stamp`, `repair` … */
  readonly verb: string
  readonly by: string
  readonly tool: string
}

export interface JournalStore {
  /** One round trip where the protocol allows; never creates anything. Old formats are read, newer ones are reported, not thrown. */
  read(session: Session): Promise<JournalState>
  /** Creates what is missing. Safe to call from two runners at the same moment. */
  ensure(session: Session): Promise<void>
  /**
   * Brings an older format to `JOURNAL_FORMAT`: adds what is missing, then sets the number. Nothing happens to a
   * journal that has it already; after a crash it is simply called again. @throws GodwitError LOCK.LOST
   */
  upgrade(session: Session, fence: Fence): Promise<void>
  /** Writes now, all or nothing where the store can. Must reject with a LeaseLost when the fence is not current. */
  write(session: Session, fence: Fence, writes: readonly JournalWrite[]): Promise<void>
  /**
   * SQL stores: the writes as batch items to be run with the work. An item must fail when the fence is not
   * current, in a way that `isFenceViolation` recognises. Absent: the store has no SQL.
   */
  render?(fence: Fence, writes: readonly JournalWrite[]): BatchItem[]
  /** SQL stores: the text that creates the journal, for offline scripts. */
  renderCreate?(): string[]
  /** True when a driver error means that the fence check failed. */
  isFenceViolation(error: unknown): boolean
  /** The stored source text of an applied revision, if it was kept. */
  source(session: Session, id: string): Promise<string | undefined>
  /** The latest runs, newest first. */
  runs(
    session: Session,
    limit: number,
  ): Promise<readonly (RunRow & { startedAt: string; endedAt: string | null; ok: boolean | null })[]>
}
