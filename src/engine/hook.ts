// Functions of the user around a run and around each revision. A hook that throws stops the run (RUN.HOOK_FAILED).
import type { Direction } from '../core/revision/revision.ts'
import type { DatabaseResult } from './result.ts'

export interface HookContext {
  readonly database: string
  readonly dialect: string
  readonly direction: Direction
  /** The driver's own connection of this run. */
  readonly client: unknown
  readonly signal: AbortSignal
}

export interface RunHooks {
  /** After the lock was obtained, before the first revision. Not called when nothing is to be done. */
  beforeRun?(context: HookContext & { readonly revisions: readonly string[] }): unknown
  /** After the last revision, also after a failure; the lock is still held. */
  afterRun?(context: HookContext & { readonly result: DatabaseResult }): unknown
  /** Before the transaction of the revision. */
  beforeRevision?(context: HookContext & { readonly revision: string }): unknown
  /** After the revision was committed. A throw stops the run; the revision stays. */
  afterRevision?(context: HookContext & { readonly revision: string; readonly ms: number }): unknown
}
