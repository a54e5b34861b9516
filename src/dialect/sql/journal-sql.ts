// How one SQL store spells the journal: the interface between the shared journal and a dialect.
import type { Fence } from '../journal.ts'

export type JournalTable = 'revision' | 'run' | 'step' | 'lease'

/** How one SQL store spells the journal. Expressions are SQL text; column arguments are plain names. */
export interface JournalSql {
  /**
   * Idempotent DDL of godwit_revision, godwit_run, godwit_step and godwit_lease (see `journalTables`), ending with
   * the insert of lease row 1 (`format` = JOURNAL_FORMAT, `fence` = 0) unless it is there.
   */
  readonly create: readonly string[]
  /** True where DDL rolls back: `ensure` then creates all or nothing. */
  readonly transactionalCreate: boolean
  /** The table's name, qualified and quoted. */
  table(name: JournalTable): string
  /** An SQL literal, right for any text: quotes, backslashes, newlines. @throws GodwitError FILE.ENCODING_INVALID for NUL */
  literal(value: string | number | boolean | null): string
  /** Type name of a long text, for columns that an older journal gets. */
  readonly textType: string
  /** Expressions of type text: this connection, and when it began, as the lease row and SessionIdentity name them. */
  readonly connection: { readonly backend: string; readonly backendStart: string }
  /**
   * The values of the expressions as the text of a JSON array: one long row is fetched faster as one value. It may
   * fail for values that JSON cannot hold. Absent: the store cannot be relied on for it.
   */
  packed?(expressions: readonly string[]): string
  /** Current time by the database's clock, at the moment of the statement. */
  readonly now: string
  /** The column as ISO 8601 UTC text with milliseconds, `2026-11-19T10:10:10.123Z`; NULL stays NULL. */
  iso(column: string): string
  /**
   * Whole milliseconds since the transaction began, or since the client's clock given where that is not known.
   * Used in the select list of an aggregate over the revision table. Never negative.
   */
  elapsedMs(startedAtMs: number): string
  /**
   * Scalar subquery in parentheses: the fence number while the lease is ours, else NULL. It takes a share lock on
   * the lease row where the store can, so that a take-over waits for this transaction. Never called with fence 0.
   */
  fence(fence: Fence): string
  /**
   * Inserts one row or replaces the one with the same key. `values` maps each column (key columns too) to an SQL
   * expression; a column of `insertOnly` keeps its value when the row exists.
   * `when`: a condition without which nothing is written; given only where `Recovery.keeps` makes one. A NULL fence must fail, never become 0.
   */
  upsert(
    table: JournalTable,
    keyColumns: readonly string[],
    values: Readonly<Record<string, string>>,
    insertOnly?: readonly string[],
    when?: string,
  ): string
  /** The driver's error (or a BatchFailure around it) says that a table of the journal, or its schema, does not exist. */
  isMissingTable(error: unknown): boolean
  /** The driver's error (or a BatchFailure around it) is the NOT NULL violation of a `fence` column. */
  isFenceViolation(error: unknown): boolean
  /** Two runners created the journal at the same moment: `ensure` tries again. Absent: cannot happen. */
  isCreateConflict?(error: unknown): boolean
}
