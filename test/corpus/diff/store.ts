// What a store must do so that the pairs of schemas can be tried on it. One adapter file for each: postgres.ts,
// mariadb.ts, sqlite.ts, each with an export `store`.
import type { Dialect } from '../../../src/dialect/dialect.ts'
import type { RenderedStatement } from '../../../src/schema/change/renderer.ts'

export interface Pair {
  readonly id: string
  readonly dialect: 'pg' | 'mysql' | 'sqlite'
  /** Scripts that load into an empty database. */
  readonly current: string
  readonly desired: string
  /** Must exist first. */
  readonly roles: readonly string[]
  readonly servers: readonly string[]
}

export interface Target {
  readonly dialect: Dialect
  /** As the comparer of the corpus addresses it. */
  readonly connection: object
  dispose(): Promise<void>
}

/** Rows and values that are not null, by table and by column: `public.a` and `public.a.id`. */
export type Counts = ReadonlyMap<string, number>

export interface Failure {
  readonly message: string
  /** The rows of the test do not fit the wanted schema: the server refused, and nothing was lost. */
  readonly isData: boolean
}

export interface DiffStore {
  readonly dialect: Pair['dialect']
  /** Why it cannot be tried here. */
  unavailable(): Promise<string | undefined>
  /** The pair was made for a server like this one. Absent: all are. */
  fits?(pair: Pair): Promise<boolean>
  fresh(pair: Pair): Promise<Target>
  /** Runs a script with the plain client. */
  load(target: Target, sql: string): Promise<Failure | undefined>
  /** One row into each table where that is possible. */
  fill(target: Target): Promise<void>
  counts(target: Target): Promise<Counts>
  /** As a user would: in one transaction, and alone what must be alone. */
  apply(target: Target, statements: readonly RenderedStatement[]): Promise<Failure | undefined>
}
