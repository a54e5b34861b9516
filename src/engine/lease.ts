// Holding the lock of one database: acquire by polling, keep by heartbeat, give back. See lease.md for the states.
import { setTimeout as sleep } from 'node:timers/promises'
import { GodwitError, isGodwitError } from '../core/error.ts'
import type { Fence, LeaseRow } from '../dialect/journal.ts'
import type { Session } from '../dialect/session.ts'
import type { EngineDatabase, RunScope } from './database.ts'

export interface HeldLease {
  readonly fence: Fence
  /** The lease was taken over from a holder that did not give it back. */
  readonly previous: LeaseRow | undefined
  /** The session that the run writes on: its own, or the one that took its place when the connection was lost. */
  readonly session: Session
  /** Goes on with another session of this run; it is closed with the lease. */
  replace(session: Session): void
  /** Aborted with LOCK.LOST when another runner took the lease. */
  readonly lost: AbortSignal
  /** Renews on the run's own session when a third of the life is gone; for stores where a second session would block. */
  renewIfDue(): Promise<void>
  /** Never throws. */
  release(): Promise<void>
}

/** Pauses between two tries, ms: doubles from the first to the last, with jitter so that waiting runners do not march in step. */
const FIRST_PAUSE = 60
const LAST_PAUSE = 1_000
/** How often a wait is told, ms. */
const TELL_EVERY = 5_000

/** @throws LOCK.HELD RUN.ABORTED and whatever the store says */
export async function acquireLease(
  database: EngineDatabase,
  session: Session,
  scope: RunScope,
  run: string,
  waitMs: number,
  singleTransaction = false,
): Promise<HeldLease> {
  const { dialect } = database
  const { operator } = scope
  const request = {
    owner: run,
    holder: `${operator.by} pid ${operator.pid}`,
    ttlMs: database.lock.ttlMs,
    singleTransaction,
  }
  const begun = Date.now()
  let told = Number.NEGATIVE_INFINITY
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LAST_PAUSE)) {
    refuseAborted(scope.signal)
    const answer = await dialect.locker.acquire(session, request)
    if (answer.acquired) return keep(database, session, answer.fence, answer.previous)
    const waited = Date.now() - begun
    if (waited >= waitMs) throw held(answer.by, waited)
    if (waited - told >= TELL_EVERY) {
      told = waited
      scope.emit({ type: 'lock-waiting', database: database.name, by: answer.by, waitedMs: waited })
    }
    const jittered = pause * (0.5 + Math.random() / 2)
    await sleep(Math.min(jittered, waitMs - waited), undefined, { signal: scope.signal }).catch(() => undefined)
  }
}

/** @throws RUN.ABORTED, or what the signal was aborted with when that is a GodwitError */
export function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal)
}

/** What an aborted signal means to people. */
export function abortError(signal: AbortSignal): GodwitError {
  if (isGodwitError(signal.reason)) return signal.reason
  return new GodwitError('RUN.ABORTED', 'the run was stopped', {
    why: 'Someone asked it to stop.',
    next: ['godwit status'],
    cause: signal.reason,
  })
}

/** No runner renews its lease for longer than that, ms. */
const LONGEST_LIFE = 24 * 3_600_000

/** Times that a runner at work would not leave: waiting for their end may mean waiting for years. */
function strangeTimes({ ahead, heartbeatAt, expiresAt }: LeaseRow): string | undefined {
  const found = ahead
    ? "Its last sign of life lies in the future of the database's clock"
    : Date.parse(expiresAt) - Date.parse(heartbeatAt) > LONGEST_LIFE
      ? 'It would expire more than a day after its last sign of life'
      : undefined
  if (found === undefined) return undefined
  return `${found}: the clock was set back, or the row was edited. A runner that is at work puts that right by itself; if none is, break the lock.`
}

function held(by: LeaseRow | undefined, waitedMs: number): GodwitError {
  const strange = by && strangeTimes(by)
  const who = by ? `${by.holder}, since ${by.acquiredAt}, last sign of life ${by.heartbeatAt}` : 'another process'
  return new GodwitError('LOCK.HELD', `the lock is held by ${who}`, {
    why: `Waited ${Math.round(waitedMs / 100) / 10} s. Nothing was run and nothing was changed.${by ? ` Without a sign of life the lock expires ${by.expiresAt}.` : ''}${strange === undefined ? '' : ` ${strange}`}`,
    next:
      strange === undefined
        ? ['godwit lock status', 'godwit up --lock-wait 5min', 'godwit lock break']
        : ['godwit lock status', 'godwit lock break'],
    meta: by ? { holder: by.holder, acquiredAt: by.acquiredAt, expiresAt: by.expiresAt } : {},
  })
}

function keep(database: EngineDatabase, session: Session, fence: Fence, previous: LeaseRow | undefined): HeldLease {
  const { dialect, lock } = database
  const period = Math.max(50, Math.floor(lock.ttlMs / 3))
  const lost = new AbortController()
  let renewed = Date.now()
  let heart: Promise<Session> | undefined
  const stopHeart = async () => {
    const ended = heart
    heart = undefined
    await (await ended?.catch(() => undefined))?.close()
  }
  let beating: Promise<void> | undefined
  const beat = async () => {
    heart ??= dialect.open({ purpose: 'heartbeat' })
    const on = await heart
    if (await dialect.locker.renew(on, fence, lock.ttlMs)) renewed = Date.now()
    else lost.abort(leaseLost())
  }
  const timer = dialect.capabilities.server
    ? setInterval(() => {
        // A beat that fails is tried again at the next period; the fence protects the data meanwhile.
        beating ??= beat()
          .catch(stopHeart)
          .finally(() => {
            beating = undefined
          })
      }, period)
    : undefined
  timer?.unref()
  let current = session
  return {
    fence,
    previous,
    get session() {
      return current
    },
    replace(other) {
      current = other
    },
    lost: lost.signal,
    async renewIfDue() {
      if (timer || Date.now() - renewed < period) return
      if (!(await dialect.locker.renew(current, fence, lock.ttlMs))) throw leaseLost()
      renewed = Date.now()
    },
    async release() {
      clearInterval(timer)
      await beating
      await stopHeart()
      // The lease expires by itself when it cannot be given back; the run's own outcome matters more.
      await dialect.locker.release(current, fence).catch(() => undefined)
      if (current !== session) await current.close()
    },
  }
}

export function leaseLost(cause?: unknown): GodwitError {
  return new GodwitError('LOCK.LOST', 'the lock was taken over by another runner', {
    why: 'This runner was silent for longer than the life of its lease, or the lock was broken by hand. The write in progress was refused and rolled back where the store can.',
    next: ['godwit lock status', 'godwit status'],
    ...(cause === undefined ? {} : { cause }),
  })
}
