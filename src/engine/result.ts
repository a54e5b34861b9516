// What every verb returns: plain data, the same object that `--json` prints.
import type { GodwitError } from '../core/error.ts'
import type { Finding } from '../core/finding.ts'
import type { Direction } from '../core/revision/revision.ts'
import type { LeaseRow } from '../dialect/journal.ts'

/** The fate of one planned revision in a run. */
export type StepState =
  /** Done and recorded. */
  | 'applied'
  | 'undone'
  /** It failed; nothing of it stays. */
  | 'rolled-back'
  /** It failed or was stopped after some of its statements; the journal knows which. */
  | 'partial'
  /** Nobody knows yet whether its last statement was done (connection lost). */
  | 'in-doubt'
  /** Not reached. */
  | 'pending'
  /** Dry run only: it ran and was rolled back with everything else. */
  | 'tried'
  /** Recorded without running (`stamp`). */
  | 'stamped'

export interface StepResult {
  readonly revision: string
  readonly direction: Direction
  /** Statements done by this run. */
  readonly statements: number
  readonly ms: number
  readonly state: StepState
}

export interface DatabaseResult {
  readonly name: string
  readonly dialect: string
  /** Masked. */
  readonly url: string
  readonly ok: boolean
  /** Heads of what was applied, before and after. */
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** Revisions applied after the run; absent when the database was not read. */
  readonly appliedCount?: number
  readonly steps: readonly StepResult[]
  /** After the run the journal was read again and is as planned. */
  readonly verified: boolean
  readonly dryRun: boolean
  /** Where a dry run took place: `transaction` (rolled back) or `scratch` (a throw-away database built from the history). */
  readonly dryRunIn?: 'transaction' | 'scratch'
  /** Path of the written report; null when none was asked for. */
  readonly report: string | null
  readonly error?: GodwitError
}

export interface RunResult {
  readonly ok: boolean
  readonly command: string
  readonly databases: readonly DatabaseResult[]
  /** Set when a database failed (its own error), or RUN.DATABASES_FAILED when several did. */
  readonly error?: GodwitError
}

export type DatabaseState = 'current' | 'pending' | 'partial' | 'drifted' | 'unreachable' | 'uninitialised'

export interface AppliedRevision {
  readonly id: string
  /** ISO 8601 UTC, by the database's clock. */
  readonly at: string
  readonly ms: number
  readonly checksum: string | null
  readonly by: string
  readonly kind: 'applied' | 'stamped'
}

export interface DatabaseStatus {
  readonly name: string
  readonly dialect: string
  readonly url: string
  /** `drifted`: an applied file was edited or is missing. */
  readonly state: DatabaseState
  readonly current: readonly string[]
  readonly heads: readonly string[]
  readonly applied: readonly AppliedRevision[]
  readonly pending: readonly string[]
  /** Revisions that are half done, with how far. */
  readonly partial: readonly {
    readonly revision: string
    readonly direction: Direction
    readonly done: number
    readonly total: number
    readonly inDoubt: boolean
  }[]
  readonly lock?: LeaseRow
  /** Edited or missing files. */
  readonly findings: readonly Finding[]
  readonly error?: GodwitError
}

export interface StatusResult {
  readonly ok: boolean
  readonly command: string
  readonly databases: readonly DatabaseStatus[]
}

export interface HistoryEntry {
  readonly id: string
  readonly file: string | null
  readonly parents: readonly string[]
  readonly depends: readonly string[]
  readonly labels: readonly string[]
  readonly head: boolean
  /** null when pending, or when the history was read without a database. */
  readonly applied: AppliedRevision | null
  /** In the journal but without a file. */
  readonly missing: boolean
}

export interface DatabaseHistory {
  readonly name: string
  readonly dialect: string
  readonly url: string
  /** False: the database could not be read, so `applied` says nothing; `error` says why. */
  readonly connected: boolean
  /** Parents before children. */
  readonly revisions: readonly HistoryEntry[]
  readonly heads: readonly string[]
  readonly error?: GodwitError
}

export interface HistoryResult {
  readonly ok: boolean
  readonly command: string
  readonly databases: readonly DatabaseHistory[]
}

export interface ShownStatement {
  readonly text: string
  readonly line: number
  readonly command: string
  readonly transactional: boolean
}

export interface ShowResult {
  readonly ok: boolean
  readonly command: 'show'
  readonly database: string
  readonly revision: HistoryEntry
  readonly transaction: 'on' | 'off'
  readonly irreversible: string | null
  /** Empty for code revisions. */
  readonly up: readonly ShownStatement[]
  /** null: there is no down. */
  readonly down: readonly ShownStatement[] | null
  /** The file's text (or the journal's copy when the file is gone). */
  readonly source: string | null
}

export interface VerifyResult {
  readonly ok: boolean
  readonly command: 'verify'
  readonly databases: readonly {
    readonly name: string
    readonly dialect: string
    readonly url: string
    readonly ok: boolean
    /** What was compared: `files`, `graph`, `checksums`, `journal`, `connection`. */
    readonly checked: readonly string[]
    readonly findings: readonly Finding[]
    readonly error?: GodwitError
  }[]
}

export interface LockResult {
  readonly ok: boolean
  readonly command: 'lock status' | 'lock break'
  readonly databases: readonly {
    readonly name: string
    readonly dialect: string
    readonly url: string
    /** The holder (status: now; break: until now); null when free. */
    readonly lock: LeaseRow | null
    readonly error?: GodwitError
  }[]
}

export interface RepairResult {
  readonly ok: boolean
  readonly command: 'repair'
  readonly databases: readonly {
    readonly name: string
    readonly dialect: string
    readonly url: string
    /** What was found and what was done about it, in words. */
    readonly actions: readonly { readonly revision: string; readonly found: string; readonly done: string }[]
    readonly error?: GodwitError
  }[]
}

/** Files written by `new`, `merge`, `rebase`. */
export interface WriteResult {
  readonly ok: boolean
  readonly command: 'new' | 'merge' | 'rebase'
  readonly database: string
  /** Id and file of each written or changed revision. */
  readonly written: readonly { readonly id: string; readonly file: string; readonly parents: readonly string[] }[]
}
