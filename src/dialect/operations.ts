// What a store offers to code revisions beyond SQL: typed operations whose effects are recorded step by step.
import type { Session } from './session.ts'

/** Runs one effect as a numbered step: journaled before and after where the store has no transactions, skipped when done in an earlier attempt. An effect that refuses before it changes anything throws a GodwitError with `meta.untouched: true`. `again`: an earlier attempt began this very step, so it may be done already. */
export type StepRunner = <Result>(
  description: string,
  effect: (again: boolean) => Promise<Result>,
) => Promise<Result | undefined>

export interface OperationsContext {
  readonly session: Session
  readonly step: StepRunner
  readonly signal: AbortSignal
  readonly direction: 'up' | 'down'
}

/** Makes the store's own part of a code revision's context. Its members are merged into `m`. */
export type Operations = (context: OperationsContext) => object
