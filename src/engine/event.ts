// What a run tells while it goes on. The command line draws progress from it, `--json=stream` prints it.
import type { GodwitError } from '../core/error.ts'
import type { Direction } from '../core/revision/revision.ts'
import type { Blocker } from '../dialect/blocker.ts'
import type { LeaseRow } from '../dialect/journal.ts'
import type { DatabaseResult } from './result.ts'

interface EventBase {
  /** Name of the configured database. */
  readonly database: string
}

export type RunEvent = EventBase &
  (
    | { readonly type: 'connected'; readonly server: string; readonly url: string }
    /** What is going to happen; `revisions` in order. Empty: nothing to do. */
    | { readonly type: 'planned'; readonly direction: Direction; readonly revisions: readonly string[] }
    /** Another runner holds the lock; sent at once and about every five seconds. */
    | { readonly type: 'lock-waiting'; readonly by: LeaseRow | undefined; readonly waitedMs: number }
    | { readonly type: 'lock-acquired'; readonly fence: number }
    | {
        readonly type: 'revision-start'
        readonly revision: string
        readonly direction: Direction
        readonly statements: number
        readonly resumedAt?: number
      }
    /** `index` from 0. `text` is the statement's beginning, at most 200 characters. */
    | {
        readonly type: 'statement-start'
        readonly revision: string
        readonly index: number
        readonly text: string
        readonly line: number
      }
    | {
        readonly type: 'statement-end'
        readonly revision: string
        readonly index: number
        readonly ms: number
        readonly rows?: number
      }
    | {
        readonly type: 'revision-end'
        readonly revision: string
        readonly direction: Direction
        readonly ms: number
        readonly state: 'applied' | 'undone' | 'tried' | 'stamped'
      }
    | {
        readonly type: 'revision-failed'
        readonly revision: string
        readonly direction: Direction
        readonly ms: number
        readonly state: 'rolled-back' | 'partial' | 'in-doubt'
        readonly error: GodwitError
      }
    /**
     * What runs waits for a lock that others hold; sent when they are found, when they change, and about every five
     * seconds. `by` is empty when the wait is over. Of revisions in one message the first that is not known to be done.
     */
    | {
        readonly type: 'blocked'
        readonly revision: string
        readonly by: readonly Blocker[]
        readonly waitedMs: number
      }
    /** A lock time-out or deadlock of a whole transaction, or of a statement that stands alone, that is tried again. */
    | {
        readonly type: 'retry'
        readonly revision: string
        readonly attempt: number
        readonly delayMs: number
        readonly reason: string
      }
    /** The connection of a former runner is still at work on the server: waited for, or ended. Sent at once and about every five seconds. */
    | {
        readonly type: 'survivor'
        readonly holder: string
        readonly statement: string | undefined
        readonly waitedMs: number
        readonly ending: boolean
      }
    /** A step that an earlier run had begun was decided, or what it left was removed. `evidence`: one sentence each. */
    | {
        readonly type: 'recovered'
        readonly revision: string
        /** 1-based; 0 when no step is concerned. */
        readonly step: number
        readonly outcome: 'done' | 'not-done' | 'cleaned'
        readonly evidence: readonly string[]
      }
    | { readonly type: 'log'; readonly revision: string; readonly message: string }
    | { readonly type: 'waiting-for'; readonly revision: string; readonly depends: readonly string[] }
    | { readonly type: 'done'; readonly result: DatabaseResult }
  )

export type RunObserver = (event: RunEvent) => void
