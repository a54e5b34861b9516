// What a store can tell after a runner died: whether its connection still works, whether a statement that was begun
// is done, and what it left behind. Needed only for statements that do not share a transaction with their journal row.
import type { Session, SessionIdentity } from './session.ts'

/** What the catalog says of a statement that was begun and never recorded as ended. */
export interface Verdict {
  /**
   * `done`: its effect is there, whole. `not-done`: nothing of it is there, or what is there is a leftover that
   * `cleanUp` removes: it can be run again. `unknown`: neither can be proved, so people have to look.
   */
  readonly outcome: 'done' | 'not-done' | 'unknown'
  /** What was found, one sentence each, for people: `index invoice_total_idx exists and is INVALID`. */
  readonly evidence: readonly string[]
}

/** The connection of a runner that is gone, still at work on the server. */
export interface Survivor {
  /** What it runs, shortened; undefined where the server does not tell. */
  readonly statement: string | undefined
  /** For how long it has been running that, milliseconds; undefined where the server does not tell. */
  readonly forMs: number | undefined
  /** It runs nothing at this moment: waiting for it is useless. */
  readonly idle?: true
}

export interface Recovery {
  /**
   * The connection `identity` of a former runner, if it still exists; undefined = it is gone, and so is what it had
   * not committed. Absent: connections end with their process.
   */
  survivor?(session: Session, identity: SessionIdentity): Promise<Survivor | undefined>
  /** Asks the server to end that connection. False: not allowed (the error is not thrown). */
  end?(session: Session, identity: SessionIdentity): Promise<boolean>
  /**
   * A SQL expression of type text that describes what the catalog says of everything `statement` names (definitions,
   * existence, validity). It is stored in the intent row by the statement that writes that row, before `statement` is
   * sent. Undefined: the catalog cannot tell anything of this statement. Pure.
   */
  observe(statement: string): string | undefined
  /**
   * Decides a statement that was begun. `observed` is the stored value of `observe` from before, null when there was
   * none. Asked only when no survivor is left.
   */
  decide(session: Session, statement: string, observed: string | null): Promise<Verdict>
  /**
   * Removes what an earlier, unfinished attempt of `statement` left (an INVALID index, `_ccnew`), or completes what can
   * only be completed (a pending DETACH), before `statement` is run again. Returns what it did, one sentence each.
   */
  cleanUp?(session: Session, statement: string): Promise<readonly string[]>
  /**
   * True: `statement` passes over what an unfinished attempt left and succeeds (IF NOT EXISTS over an INVALID index), so
   * `cleanUp` is called before its first attempt too, whoever made the leftover. Absent: never. Pure.
   */
  passesOver?(statement: string): boolean
  /**
   * What `statement` makes that lives in its session only and that running it again does not bring back: `the
   * temporary table draft`. Undefined: nothing. A revision that did so cannot be resumed in another session. Pure.
   */
  sessionBound?(statement: string): string | undefined
  /**
   * A SQL condition that holds when one of the tables that these statements change does not take changes back when the
   * transaction is rolled back. Undefined, or absent: never. Pure.
   */
  keeps?(statements: readonly string[]): string | undefined
}
