// One runner at a time: a lease row with fencing number and expiry, plus the engine's native lock as a hint.
import type { Fence, LeaseRow } from './journal.ts'
import type { Session } from './session.ts'

export interface LeaseRequest {
  /** Unique id of the run. */
  readonly owner: string
  /** `user@host pid 123`, for people. */
  readonly holder: string
  /** How long the lease lives without a heartbeat, milliseconds. */
  readonly ttlMs: number
  /** All that the run will change is one transaction, journal row and fence included. Default false. */
  readonly singleTransaction?: boolean
}

export type LeaseAnswer =
  /** `previous`: the lease was taken over from a holder that did not give it back; its connection may still be at work. */
  | { readonly acquired: true; readonly fence: Fence; readonly previous?: LeaseRow }
  /** `by` is undefined when the other runner could not be read (a file lock of the store itself). */
  | { readonly acquired: false; readonly by: LeaseRow | undefined }

export interface Locker {
  /**
   * One try, without waiting. Succeeds when the lease is free, expired by the database's clock, or its holder's
   * connection is provably gone. The journal must exist (`JournalStore.ensure`).
   */
  acquire(session: Session, request: LeaseRequest): Promise<LeaseAnswer>
  /** Heartbeat. False when the lease is no longer ours. Called on a session of its own. */
  renew(session: Session, fence: Fence, ttlMs: number): Promise<boolean>
  /** Gives the lease back if it is still ours; never throws for a lost one. */
  release(session: Session, fence: Fence): Promise<void>
  /** Takes the lease from its holder (raises the fence, leaves it free). Returns who held it; undefined when it was free. */
  break(session: Session): Promise<LeaseRow | undefined>
}
