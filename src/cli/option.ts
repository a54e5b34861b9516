// One flag as data.

export interface OptionSpec {
  /** As commander reads it: `--lock-wait <duration>`. */
  readonly flags: string
  readonly summary: string
  readonly repeatable?: boolean
  /** What a shell can offer for the value. */
  readonly completes?: 'database' | 'revision' | 'environment' | 'file' | 'folder'
}
