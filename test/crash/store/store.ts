// What the harness asks of each store: places to run on, what can be seen there, and points at which a child is killed.
import type { Dialect } from '../../../src/dialect/dialect.ts'
import type { ChildJob } from '../child.ts'

export type StoreName = 'postgres' | 'mariadb' | 'sqlite' | 'duckdb' | 'chroma'

/**
 * When a child is killed, relative to one message or call.
 *
 * `before-send` the message never leaves. `half-sent` the server gets its first half. `after-send` it gets all, and the
 * client is gone at once. `after-done` the server has answered, the answer never arrives. `after-answer` it arrives, and
 * nothing is sent after it. `cut-short` the server does the first statements of a message and then ends the connection,
 * as it does when it is told to kill it. `survivor` as `after-send`, but the server does not learn that the client is gone.
 * `before-call` and `after-call` are calls of a driver in the process, `at-syscall` is the entry of a system call.
 */
export type Moment =
  | 'before-send'
  | 'half-sent'
  | 'after-send'
  | 'after-done'
  | 'after-answer'
  | 'cut-short'
  | 'survivor'
  | 'before-call'
  | 'after-call'
  | 'at-syscall'

/** One act of a runner. All of them can be repeated: the second time they find nothing to do. */
export type Act =
  | { readonly verb: 'up' | 'down' | 'stamp'; readonly target: string }
  | { readonly verb: 'repair'; readonly inDoubt: 'done' | 'retry' }

export interface Scenario {
  readonly name: string
  /** Name of a history of the store. */
  readonly history: string
  /** Brings a fresh database to where the scenario begins. Default: nothing. */
  readonly prepare?: (place: Place, run: (act: Act) => Promise<void>) => Promise<void>
  /** What the child is killed in. */
  readonly act: Act
  /** What is done afterwards in any case, undisturbed. */
  readonly finish?: readonly Act[]
  /** A variant of the store, where it has some. */
  readonly variant?: string
  /** Long, and little different from another: only with `--thorough`, or when it is named. */
  readonly thorough?: boolean
}

/** What can be seen of a database, as lines of text that are equal where the databases are. */
export interface Sight {
  readonly schema: readonly string[]
  readonly data: readonly string[]
  /** What a runner that died may leave: connections, invalid indexes, temporary tables. Empty when all is well. */
  readonly leftovers: readonly string[]
}

export interface Place {
  /** For a child or a dialect that connects directly. */
  readonly url: string
  readonly settings?: Readonly<Record<string, unknown>>
  /** A new dialect value. */
  dialect(): Dialect | Promise<Dialect>
  look(): Promise<Sight>
  /** Lets the time of a dead runner's lease run out, where nothing else tells that it died. */
  expireLease?(): Promise<void>
  /** Starts a server anew that says that it must be, because of a client that was killed. */
  revive?(): Promise<void>
  dispose(): Promise<void>
}

export interface Point {
  /** From 1, in the order of the enumeration of the scenario. */
  readonly number: number
  readonly scenario: Scenario
  /** The message, call or system call. */
  readonly what: string
  readonly moment: Moment
  /** Which one it is, for the store that made it. */
  readonly at: unknown
}

export interface Strike {
  /** The child was killed at exactly that point. */
  readonly hit: boolean
  /** What happened instead. */
  readonly instead?: string
  /** Closes what was kept open. */
  release?(): Promise<void>
}

/** Called while the child is held at a message. */
export type Glimpse = (place: Place) => Promise<void>

export interface CrashStore {
  readonly name: StoreName
  /** File name → text of the revisions, for each history. */
  readonly histories: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly scenarios: readonly Scenario[]
  /** Points at a time. */
  readonly parallel: number
  /** Why it cannot run here. */
  start(): Promise<string | undefined>
  fresh(scenario: Scenario): Promise<Place>
  /** From now on `fresh` gives copies of this place for the scenario. Absent: each is prepared anew. */
  freeze?(scenario: Scenario, place: Place): Promise<void>
  /** Runs the child undisturbed and tells its points. `glimpse` is called between its messages. */
  learn(
    scenario: Scenario,
    place: Place,
    job: ChildJob,
    glimpse: Glimpse,
  ): Promise<readonly Omit<Point, 'number' | 'scenario'>[]>
  /** Runs the child on the place and kills it at the point. */
  strike(point: Point, place: Place, job: ChildJob): Promise<Strike>
  /** The message a point is at, the same for all its moments. */
  messageOf?(point: Point): string
  /** Which points are not run, and why. */
  notes?(): readonly string[]
  stop(): Promise<void>
}
