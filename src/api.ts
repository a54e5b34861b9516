// The library's verbs: the same as the command line's, typed, without process exit and without output.
import type { RunObserver } from './engine/event.ts'
import type {
  HistoryResult,
  LockResult,
  RepairResult,
  RunResult,
  ShowResult,
  StatusResult,
  VerifyResult,
  WriteResult,
} from './engine/result.ts'

export interface SelectOptions {
  /** Names of configured databases. Default: all. */
  readonly databases?: readonly string[]
  readonly signal?: AbortSignal
}

export interface RunOptions extends SelectOptions {
  /** Revision, unique prefix, `+n`, `-n`, `head`, `heads`, `base`, `label@head`. Default `head` for up, `-1` for down. */
  readonly target?: string
  /** Run, then roll back; on a scratch database where the store cannot. */
  readonly dryRun?: boolean
  /** Databases at the same time. Default false: one after the other. */
  readonly parallel?: boolean
  /** How long to wait for another runner, ms. Default from the configuration (30,000). */
  readonly lockWaitMs?: number
  /** Consent to a protected environment: its name. */
  readonly confirm?: string
  /** Called at once, in the middle of the work: must be quick. What it throws is ignored. */
  readonly on?: RunObserver
  /** Tell each statement when it ends, at a round trip each. Default false: several may be told together. */
  readonly live?: boolean
}

export interface ScriptOptions extends SelectOptions {
  readonly direction: 'up' | 'down'
  readonly target?: string
  /** What is applied already. Default: `base` for up, `head` for down. No database is touched. */
  readonly from?: string
}

export interface NewOptions {
  readonly message: string
  readonly database?: string
  /** Default `sql`; `ts` on stores without SQL. */
  readonly format?: 'sql' | 'ts'
  /** Default: the head. */
  readonly parents?: readonly string[]
  readonly labels?: readonly string[]
  readonly depends?: readonly string[]
}

export interface RepairOptions extends SelectOptions {
  readonly confirm?: string
  /** What to do with statements in doubt: record as done, or run again. Default: only report. */
  readonly inDoubt?: 'done' | 'retry'
  /** Accept edited files: the journal takes the new checksums. */
  readonly acceptChecksums?: boolean
  /** Forget applied revisions that have no file any more. */
  readonly forgetMissing?: boolean
  /** Forget what was done of a partial revision, so that it starts over. */
  readonly restartPartial?: boolean
  /** Bring the journal of an older godwit to this one's format; older runners refuse it from then on. */
  readonly upgradeJournal?: boolean
}

export interface Godwit {
  readonly databases: readonly string[]
  readonly environment: string
  up(options?: RunOptions): Promise<RunResult>
  down(options?: RunOptions): Promise<RunResult>
  /** The SQL of a run, for a DBA: one text per database. */
  script(options: ScriptOptions): Promise<readonly { readonly database: string; readonly sql: string }[]>
  status(options?: SelectOptions): Promise<StatusResult>
  /** `offline`: files only, no database is asked. */
  history(options?: SelectOptions & { readonly offline?: boolean }): Promise<HistoryResult>
  show(revision: string, options?: { readonly database?: string; readonly signal?: AbortSignal }): Promise<ShowResult>
  newRevision(options: NewOptions): Promise<WriteResult>
  merge(options?: {
    readonly database?: string
    readonly message?: string
    readonly heads?: readonly string[]
  }): Promise<WriteResult>
  /** Puts the branch that ends in `branch` (a head or label) onto `onto`. Refuses when any of it is applied in the configured database. */
  rebase(options: { readonly branch: string; readonly onto: string; readonly database?: string }): Promise<WriteResult>
  /** Records revisions up to `target` as applied, and those beyond as not, without running anything. */
  stamp(options: SelectOptions & { readonly target: string; readonly confirm?: string }): Promise<RunResult>
  verify(options?: SelectOptions): Promise<VerifyResult>
  repair(options?: RepairOptions): Promise<RepairResult>
  lockStatus(options?: SelectOptions): Promise<LockResult>
  lockBreak(options?: SelectOptions & { readonly confirm?: string }): Promise<LockResult>
  /** True when every database is reachable and nothing is pending. Never throws. For health endpoints. */
  isReady(options?: SelectOptions): Promise<boolean>
  /** Closes nothing today: every verb opens and closes its own connections. Kept for `await using`. */
  close(): Promise<void>
}
