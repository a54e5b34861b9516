// What a revision is, whatever its file looked like: plain data, made by a source, ordered by the graph.

export type Direction = 'up' | 'down'

/** What the header of a revision asks for. Times are milliseconds. */
export interface RevisionOptions {
  /** `off`: each statement stands alone (CREATE INDEX CONCURRENTLY). Default `on`. */
  readonly transaction: 'on' | 'off'
  readonly lockTimeoutMs?: number
  readonly statementTimeoutMs?: number
  readonly phase?: 'expand' | 'backfill' | 'contract'
  /** Why it cannot be undone. */
  readonly irreversible?: string
}

/** A revision of another configured database: `analytics:20261101_base`. */
export interface Dependency {
  readonly database: string
  readonly revision: string
}

/**
 * One stretch of SQL text of a file. `whole` blocks are one statement as they stand
 * (goose StatementBegin … StatementEnd); others are cut by the dialect's splitter.
 */
export interface SqlBlock {
  readonly text: string
  /** Line of the file, from 1, on which `text` starts. */
  readonly line: number
  readonly whole: boolean
}

export interface SqlSection {
  readonly file: string
  readonly blocks: readonly SqlBlock[]
}

/** The body of a revision: SQL sections, or code that is loaded only when it is to run. */
export type RevisionBody =
  | { readonly kind: 'sql'; readonly up: SqlSection; readonly down: SqlSection | undefined }
  | { readonly kind: 'code'; load(): Promise<CodeBody> }

/** The functions of a code revision. The context type depends on the store. */
export interface CodeBody {
  readonly up: (context: never) => unknown
  readonly down: ((context: never) => unknown) | undefined
  /** Options of the module; they win over what was read from the file's text. */
  readonly options?: Partial<RevisionOptions>
}

export interface Revision {
  /** File name without extension, or folder name: `20261119101010_users`. Unique in one database. */
  readonly id: string
  /** Path as shown to people, relative to the project; undefined for revisions given in code. */
  readonly file: string | undefined
  /** From the header; undefined = the previous revision in the order of names. Empty = a base. */
  readonly parents: readonly string[] | undefined
  readonly depends: readonly Dependency[]
  readonly labels: readonly string[]
  readonly options: RevisionOptions
  /** SHA-256 (hex) of the up text without comments, line-end and trailing-space differences; undefined = not checked. */
  readonly checksum: string | undefined
  /** SHA-256 (hex) of the file's bytes: the fast way to see that nothing changed. */
  readonly fileHash: string | undefined
  /** The whole source text, kept in the journal so that an edit can be shown as a diff. */
  readonly source: string | undefined
  /** Parsed on first use, so that 5,000 applied files cost only their hash. @throws FILE.* */
  body(): RevisionBody
}
