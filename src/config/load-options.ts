// What a caller may say about which configuration to load, and what of it to replace.

export interface LoadOptions {
  /** Folder to start the search from. */
  readonly cwd: string
  /** `--config`. */
  readonly config?: string
  /** `--env`. */
  readonly env?: string
  /** `--url`: replaces the URL of the one selected database. */
  readonly url?: string
  /** `--migrations`: replaces the folder of the one selected database. */
  readonly migrations?: string
  /** `--database`: these must exist; others may lack a URL. */
  readonly databases?: readonly string[]
  readonly lockWaitMs?: number
  /** The command only works on files: a missing URL is an error only when a database is opened after all. */
  readonly offline?: boolean
}
