// What an error says of the sessions that kept a statement waiting, and of what a cut statement leaves behind.
import { GodwitError } from '../core/error.ts'
import type { ErrorCode } from '../core/error-codes.ts'
import { type Blocker, describeBlocker } from '../dialect/blocker.ts'
import type { Waited } from './watch.ts'

const WAITS: readonly ErrorCode[] = ['RUN.LOCK_TIMEOUT', 'RUN.DEADLOCK', 'RUN.STATEMENT_TIMEOUT']

/** The store calls our own request to end a wait an abort; people asked for a bound. */
export function cutWait(mapped: GodwitError, waited: Waited | undefined): GodwitError {
  const cut = waited?.cut
  if (!cut || mapped.code !== 'RUN.ABORTED') return mapped
  const seconds = Math.round(cut.waitMs / 100) / 10
  return new GodwitError('RUN.LOCK_TIMEOUT', `the statement was cancelled: it waited ${seconds} s for others`, {
    next: ['godwit up'],
    meta: mapped.meta,
    cause: mapped.cause,
  })
}

export interface BlockedDetails {
  readonly why: string
  readonly next: readonly string[]
  readonly meta: { readonly blockers?: readonly Blocker[] }
}

/** Undefined where nobody was seen, or the failure is no wait. */
export function blockedDetails(code: ErrorCode, waited: Waited | undefined): BlockedDetails | undefined {
  const blockers = waited?.blockers ?? []
  if (blockers.length === 0 || !WAITS.includes(code)) return undefined
  const shown = blockers.slice(0, 3).map(describeBlocker)
  const more = blockers.length > shown.length ? `; and ${blockers.length - shown.length} more` : ''
  const may = blockers.every(blocker => blocker.possible)
  // How a deadlock came about is not seen, only what the run waited for before.
  const held =
    code === 'RUN.LOCK_TIMEOUT'
      ? `The lock ${may ? 'may be' : 'was'} held by`
      : `Shortly before, the run waited for a lock that ${may ? 'may be' : 'was'} held by`
  const ends = blockers.flatMap(({ end }) => (end === undefined ? [] : [end]))
  return {
    why: `${held} ${shown.join('; ')}${more}.`,
    next: ends.slice(0, 3).map(end => `${end}; -- the last resort: what that session has not committed is lost`),
    meta: { blockers },
  }
}
