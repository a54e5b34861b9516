// Cutting a block of SQL into statements, exactly, and saying what each of them is.

export interface SplitStatement {
  /** Without the terminating delimiter, comments and blanks around it removed. */
  readonly text: string
  /** 0-based UTF-16 offset of `text` in the block. */
  readonly offset: number
  readonly class: StatementClass
}

export interface StatementClass {
  /** First words, upper case, for people: `CREATE TABLE`. */
  readonly command: string
  /** `control` = BEGIN, COMMIT, ROLLBACK, SAVEPOINT …, which a revision must not contain. */
  readonly kind: 'ddl' | 'dml' | 'query' | 'session' | 'control' | 'other'
  /** Can it run inside a transaction that still rolls back afterwards? */
  readonly transactional: boolean
  /** Drops or rebuilds a table (see BeginHint). */
  readonly rebuildsTable: boolean
}

/**
 * Cuts `text` into statements.
 * @throws SplitFailure for text the dialect's parser refuses, client commands and inline COPY data
 */
export type Splitter = (text: string) => Promise<readonly SplitStatement[]>

/** The text cannot be cut. The engine adds file and line. */
export class SplitFailure extends Error {
  override readonly name = 'SplitFailure'
  readonly code: 'SQL.SYNTAX_INVALID' | 'SQL.CLIENT_COMMAND' | 'SQL.COPY_DATA'
  /** 0-based UTF-16 offset in the text given. */
  readonly offset: number | undefined
  readonly next: readonly string[]

  constructor(code: SplitFailure['code'], message: string, offset: number | undefined, next: readonly string[] = []) {
    super(message)
    this.code = code
    this.offset = offset
    this.next = next
  }
}
