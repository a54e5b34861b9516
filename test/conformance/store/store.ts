// What the conformance suite needs of a store: a fresh database, and revisions that mean the same on all of them.
import type { Dialect } from '../../../src/dialect/dialect.ts'
import type { MemoryRevision } from '../../../src/source/memory.ts'

type Body = MemoryRevision['up']

/** The vocabulary of the suite. A "thing" is a table or a collection. */
export interface Words {
  /** Makes a thing; the down drops it. */
  make(thing: string): { readonly up: Body; readonly down: Body }
  /** Puts `count` rows into a thing, as one revision. */
  fill(thing: string, count: number): { readonly up: Body; readonly down: Body }
  /** Makes `before`, then fails, then would make `after`. `mended`: the same text with the fault mended. */
  broken(before: string, after: string): { readonly up: Body; readonly mended: Body; readonly down: Body }
  /** A revision of code: makes a thing through the context. `fault` is thrown at its end. */
  code(
    thing: string,
    fault?: Error,
  ): { readonly up: (m: never) => Promise<void>; readonly down: (m: never) => Promise<void> }
  /** Code that forgets to await its only call. */
  forgetful(thing: string): { readonly up: (m: never) => Promise<void> }
}

export interface FreshStore {
  /** A new dialect value on the same database each time, as another process would have. */
  dialect(): Dialect
  /** Names of the user's things, sorted; godwit's own are left out. */
  things(): Promise<string[]>
  rows(thing: string): Promise<number>
  dispose(): Promise<void>
}

export interface StoreCase {
  /** `PostgreSQL 18`, `SQLite (libsql)` … */
  readonly name: string
  /** Why it cannot be tested here; undefined = it can. */
  readonly unavailable: string | undefined
  readonly words: Words
  fresh(): Promise<FreshStore>
}
