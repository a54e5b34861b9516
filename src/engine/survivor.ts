// The connection of a runner that is gone may still be at work on the server. It is waited for while it works on a step
// whose end only it brings, else ended; nothing is decided, and nothing is run, beside it. No wait is without a bound.
import { setTimeout as sleep } from 'node:timers/promises'
import { GodwitError } from '../core/error.ts'
import type { JournalState, LeaseRow } from '../dialect/journal.ts'
import type { Survivor } from '../dialect/recovery.ts'
import type { Session, SessionIdentity } from '../dialect/session.ts'
import type { EngineDatabase, RunScope } from './database.ts'
import { refuseAborted } from './lease.ts'

export interface SurvivorWait {
  readonly database: EngineDatabase
  readonly session: Session
  readonly scope: Pick<RunScope, 'emit'>
  readonly stop: AbortSignal
  /** Longest wait for one that works on a step in doubt, and for one that may not be ended, ms. */
  readonly waitMs: number
}

/** A connection of a former runner, as the journal names it. */
export interface Former {
  readonly identity: SessionIdentity
  /** For people. */
  readonly holder: string
  /** It began a step whose end is not recorded. */
  readonly inDoubt: boolean
}

/** Pause between two looks, ms. */
const LOOK_EVERY = 200
/** How often a wait is told, ms. */
const TELL_EVERY = 5_000
/** How long the server has at least to end a connection, ms; else as long as is waited for one: what it did is rolled back first. */
const END_WITHIN = 2_000

/** Who may still be at work: the former holder, and whoever began a step. Never this connection itself. */
export function formerConnections(journal: JournalState, previous: LeaseRow | undefined): Former[] {
  const doubts = journal.steps.flatMap(step => (step.running === null || !step.connection ? [] : [step.connection]))
  const found = new Map<string, Former>()
  const add = (identity: SessionIdentity, holder: string) => {
    const { backend, backendStart } = identity
    // A number that is ours now is no other connection's any more.
    if (backend === '' || backend === journal.lease?.backend) return
    const inDoubt = doubts.some(other => other.backend === backend)
    if (!found.has(backend)) found.set(backend, { identity: { backend, backendStart }, holder, inDoubt })
  }
  if (previous) add(previous, previous.holder)
  for (const identity of doubts) add(identity, `connection ${identity.backend}`)
  return [...found.values()]
}

/** Returns when the connection is gone. @throws LOCK.SURVIVOR RUN.ABORTED LOCK.LOST */
export async function outlive(wait: SurvivorWait, former: Former): Promise<void> {
  const { database, session, scope, stop } = wait
  const { recovery } = database.dialect
  const begun = Date.now()
  let told = Number.NEGATIVE_INFINITY
  let endedAt: number | undefined
  let refused = false
  for (;;) {
    refuseAborted(stop)
    const found = await recovery?.survivor?.(session, former.identity)
    if (!found) return
    const now = Date.now()
    const waitedMs = now - begun
    const overdue = waitedMs >= wait.waitMs
    const ending = !former.inDoubt || found.idle === true || overdue
    if (ending && endedAt === undefined && !refused) {
      refused = (await recovery?.end?.(session, former.identity)) !== true
      if (!refused) endedAt = now
    }
    if (now - told >= TELL_EVERY || endedAt === now) {
      told = now
      const { statement } = found
      const facts = { statement, waitedMs, ending: ending && !refused }
      scope.emit({ type: 'survivor', database: database.name, holder: former.holder, ...facts })
    }
    // One that may not be ended may end by itself.
    if (endedAt === undefined ? refused && overdue : now - endedAt >= Math.max(END_WITHIN, wait.waitMs)) {
      throw stillThere(former, found, waitedMs, refused)
    }
    await sleep(LOOK_EVERY)
  }
}

/** LOCK.SURVIVOR, for one that is at work still. */
export function stillThere(former: Former, found: Survivor, waitedMs: number, refused: boolean): GodwitError {
  const { holder, identity } = former
  const what = found.statement === undefined ? '' : `: ${found.statement}`
  const waited = `Waited ${Math.round(waitedMs / 100) / 10} s. `
  const ended = refused ? 'This user may not end it. ' : 'The server was asked to end it and has not done so yet. '
  return new GodwitError(
    'LOCK.SURVIVOR',
    `a former runner's connection is still at work on the server (${holder}, connection ${identity.backend})${what}`,
    {
      why: `${waited}${ended}What it does is not decided before it ends, and nothing is run beside it. Nothing was changed now.`,
      next: ['godwit up --lock-wait 1h', `end connection ${identity.backend} on the server, then: godwit up`],
      meta: {
        holder,
        backend: identity.backend,
        backendStart: identity.backendStart,
        statement: found.statement ?? null,
        forMs: found.forMs ?? null,
        inDoubt: former.inDoubt,
      },
    },
  )
}
