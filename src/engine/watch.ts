// Looking who blocks a run, from a second session and only when something takes long: a fast run opens nothing.
// Cuts waits that the store leaves unbounded. Never makes a run fail: a store that does not answer is asked later.
import type { Blocker, LongWait } from '../dialect/blocker.ts'
import type { BatchObserver, Session } from '../dialect/session.ts'
import type { Execution } from './execution.ts'

/** What is in progress. */
export interface WatchedItem {
  readonly revision: string
  /** Longest wait for a lock that its header gives it, milliseconds. */
  readonly lockTimeoutMs?: number | undefined
  readonly longWait?: LongWait | undefined
}

/** What was seen of the item in progress. */
export interface Waited {
  /** Whom it waited for at the last look. */
  readonly blockers: readonly Blocker[]
  /** It was cancelled because this wait was over. */
  readonly cut: LongWait | undefined
}

export interface Watch {
  /** Something else is in progress from now on. */
  next(item: WatchedItem): void
  /** Ends it. When it resolves no request of it is on its way to the run's own session. */
  end(): Promise<Waited>
}

/** An item that runs for so long is looked at, and as often, ms. */
const PERIOD = 1_000
/** How often the same blockers are told again, ms. */
const TELL_EVERY = 5_000
/** Pause after the store did not answer, ms. */
const AFTER_FAILURE = 5_000

const blind: Watch = { next() {}, end: async () => ({ blockers: [], cut: undefined }) }

export function watchLocks(execution: Execution, first: WatchedItem): Watch {
  const { dialect } = execution.database
  return dialect.blockers ? new LockWatch(execution, first, dialect.blockers.bind(dialect)) : blind
}

/** A batch observer that also tells the watch what is in progress; `items[i]` belongs to item i of the batch. */
export function watchedProgress(progress: BatchObserver, watch: Watch, items: readonly WatchedItem[]): BatchObserver {
  return {
    ...progress,
    done(index, rows) {
      progress.done(index, rows)
      const next = items[index + 1]
      if (next) watch.next(next)
    },
  }
}

class LockWatch implements Watch {
  private readonly execution: Execution
  private readonly ask: (session: Session, identity: Session['identity']) => Promise<readonly Blocker[]>
  private readonly opening = new AbortController()
  private timer: NodeJS.Timeout
  private session: Session | undefined
  private asking: Promise<void> | undefined
  private ended = false

  private item: WatchedItem
  /** Counts the items: an answer that comes late belongs to the one before. */
  private turn = 0
  private begun = Date.now()
  /** When it was last known not to wait. */
  private free = Date.now()
  private blockers: readonly Blocker[] = []
  private missed = 0
  private told = ''
  private toldAt = 0
  private cut: LongWait | undefined

  constructor(execution: Execution, first: WatchedItem, ask: LockWatch['ask']) {
    this.execution = execution
    this.ask = ask
    this.item = first
    this.timer = this.arm(this.period)
  }

  next(item: WatchedItem): void {
    this.turn++
    this.item = item
    this.begun = Date.now()
    this.free = this.begun
    // Answers of one message come together at its end: what was seen may belong to the item that begins now.
    if (this.execution.scope.live) this.blockers = []
    this.missed = 0
    this.told = ''
    this.cut = undefined
  }

  async end(): Promise<Waited> {
    this.ended = true
    clearTimeout(this.timer)
    const { blockers, cut } = this
    this.opening.abort()
    // A session that is still being opened has asked nothing yet; it is closed when it comes.
    if (this.session) {
      await this.asking
      await this.session?.close()
    }
    return { blockers, cut }
  }

  /** A wait that is over sooner is looked at in its middle. */
  private get period(): number {
    const limit = this.item.lockTimeoutMs ?? this.execution.database.dialect.lockTimeoutMs
    return limit ? Math.min(PERIOD, limit / 2) : PERIOD
  }

  private arm(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      const left = this.begun + this.period - Date.now()
      if (left > 0) this.timer = this.arm(left)
      else this.asking = this.look()
    }, ms)
    timer.unref()
    return timer
  }

  private async look(): Promise<void> {
    const { turn } = this
    let pause = this.period
    try {
      this.session ??= await this.open()
      const found = await this.ask(this.session, this.execution.session.identity)
      if (turn === this.turn && !this.ended) await this.learn(found)
    } catch {
      const broken = this.session
      this.session = undefined
      pause = AFTER_FAILURE
      await broken?.close()
    }
    if (!this.ended) this.timer = this.arm(pause)
  }

  private async open(): Promise<Session> {
    const session = await this.execution.database.dialect.open({ purpose: 'heartbeat', signal: this.opening.signal })
    if (!this.ended) return session
    await session.close()
    throw new Error('not needed any more')
  }

  private async learn(found: readonly Blocker[]): Promise<void> {
    const now = Date.now()
    if (found.length === 0) {
      // One empty answer may only have come before the news that the wait has timed out.
      if (++this.missed === 1 && this.blockers.length > 0) return
      this.blockers = []
      this.free = now
      if (this.told !== '') this.tell([], 0)
      return
    }
    this.missed = 0
    this.blockers = found
    const waited = now - this.free
    this.tell(found, waited)
    const { longWait } = this.item
    if (!longWait || longWait.waitMs <= 0 || waited < longWait.waitMs) return
    this.cut = longWait
    await this.execution.session.cancel()
  }

  private tell(by: readonly Blocker[], waitedMs: number): void {
    const now = Date.now()
    const text = by.map(({ backend, state, query }) => [backend, state, query].join()).join('\n')
    if (text === this.told && now - this.toldAt < TELL_EVERY) return
    this.told = text
    this.toldAt = now
    const { database, scope } = this.execution
    scope.emit({ type: 'blocked', database: database.name, revision: this.item.revision, by, waitedMs })
  }
}
