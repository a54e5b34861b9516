// What the engine is given: one configured store with its revisions, and the facts of one call.
import type { Revision } from '../core/revision/revision.ts'
import type { Dialect } from '../dialect/dialect.ts'
import type { LexicalRules } from '../core/checksum.ts'
import type { RunObserver } from './event.ts'
import type { RunHooks } from './hook.ts'

export interface EngineDatabase {
  readonly name: string
  readonly dialect: Dialect
  readonly source: {
    readonly description: string
    load(lexical: LexicalRules | undefined): Promise<readonly Revision[]>
  }
  /** Duplicate and missing sequential numbers are errors. */
  readonly strictSequence: boolean
  /** Milliseconds. */
  readonly lock: { readonly waitMs: number; readonly ttlMs: number }
}

/** Who runs: recorded in the journal and the lease. */
export interface Operator {
  /** `user@host`. */
  readonly by: string
  readonly pid: number
  /** godwit version. */
  readonly tool: string
}

export interface RunScope {
  readonly operator: Operator
  readonly hooks: RunHooks
  readonly signal: AbortSignal
  readonly emit: RunObserver
  /** Tell each statement when it ends, at a round trip each, instead of when the server sends its answers. */
  readonly live?: boolean
}
