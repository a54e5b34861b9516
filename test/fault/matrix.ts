// The fault matrix: 22 faults on four stores, each cell with its promised outcome and the test that shows it, or the
// reason why the fault cannot occur there. docs/guide/faults.md is generated from it; test/guard keeps both honest.

export type Store = 'postgres' | 'mariadb' | 'sqlite' | 'duckdb'

/** As the page names them, in its order. */
export const storeNames: Readonly<Record<Store, string>> = {
  postgres: 'PostgreSQL',
  mariadb: 'MariaDB',
  sqlite: 'SQLite',
  duckdb: 'DuckDB',
}

/**
 * What the next run finds. `clean`: nothing happened, it starts over. `resume`: it goes on at the recorded step.
 * `reconciled`: the catalog decides what is done. `refused`: it stops before touching anything and says what to run.
 * `rolled-back`: the engine took the work back. `waits`: the other runner goes first. `none`: the fault cannot occur.
 */
export type Outcome = 'clean' | 'resume' | 'reconciled' | 'refused' | 'rolled-back' | 'waits' | 'none'

export interface Cell {
  /** 1 … 22, see `faults`. */
  readonly fault: number
  readonly outcome: Outcome
  /** What is promised, one sentence. */
  readonly promise: string
  /** Where it is shown: file from the project's root, and the whole name of the test. Several where one is not enough. */
  readonly tests?: readonly { readonly file: string; readonly name: string }[]
  /** Why the fault cannot occur, with its source or measurement. Exactly one of `tests` and `reason` is there. */
  readonly reason?: string
}

export const faults: readonly { readonly fault: number; readonly title: string; readonly phase: string }[] = [
  { fault: 1, title: 'kill -9 of the runner before its first statement', phase: 'lock taken' },
  { fault: 2, title: 'kill -9 during a transactional DDL step', phase: 'apply' },
  { fault: 3, title: 'kill -9 between the commit of a step and its journal write', phase: 'apply' },
  { fault: 4, title: 'kill -9 during CREATE INDEX CONCURRENTLY or an online index build', phase: 'apply' },
  { fault: 5, title: 'kill -9 during REINDEX or DETACH CONCURRENTLY, or partition maintenance', phase: 'apply' },
  { fault: 6, title: 'kill -9 between NOT VALID and VALIDATE', phase: 'apply' },
  { fault: 7, title: 'kill -9 inside a batch of a backfill', phase: 'backfill' },
  { fault: 8, title: 'kill -9 between two batches of a backfill', phase: 'backfill' },
  { fault: 9, title: 'kill -9 in the middle of a contract step', phase: 'contract' },
  { fault: 10, title: 'kill -9 during a table rebuild', phase: 'rebuild' },
  { fault: 11, title: 'server crash or immediate stop', phase: 'any' },
  { fault: 12, title: 'connection cut while COMMIT is answered', phase: 'apply' },
  { fault: 13, title: 'lock not available within its time', phase: 'apply' },
  { fault: 14, title: 'chosen as the victim of a deadlock', phase: 'apply' },
  { fault: 15, title: 'statement time-out', phase: 'apply' },
  { fault: 16, title: 'a second runner starts at the same time', phase: 'start' },
  { fault: 17, title: 'holder of the lease paused past its expiry, then wakes', phase: 'any' },
  { fault: 18, title: 'pooler in transaction mode in between', phase: 'start' },
  { fault: 19, title: 'disk full', phase: 'apply' },
  { fault: 20, title: 'duplicates or NULLs break the new constraint', phase: 'validate' },
  {
    fault: 21,
    title: 'the application writes through both shapes during expand … contract',
    phase: 'expand … contract',
  },
  { fault: 22, title: 'file edited, or database restored to an older point, after a partial run', phase: 'resume' },
]
