// The door `godwit/dialect`: what a package that adds a store implements.
export { describeBlocker, describeBlockers, shownQuery } from './blocker.ts'
export type { Blocker, LongWait } from './blocker.ts'
export type { Capabilities } from './capability.ts'
export type { Dialect, OpenOptions, Scratch, SqlPart } from './dialect.ts'
export * from './journal.ts'
export type { LeaseAnswer, LeaseRequest, Locker } from './lock.ts'
export type { Operations, OperationsContext, StepRunner } from './operations.ts'
export { BatchFailure } from './session.ts'
export type {
  BatchItem,
  BatchObserver,
  BatchSettings,
  BeginHint,
  Session,
  SessionIdentity,
  SqlSession,
} from './session.ts'
export { SplitFailure } from './split.ts'
export type { SplitStatement, Splitter, StatementClass } from './split.ts'
export { GodwitError, isGodwitError } from '../core/error.ts'
