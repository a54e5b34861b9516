// The outside world as the command line sees it: streams, folder and the way out. Made once, in main.ts.

export interface OutStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface Io {
  /** Data only. */
  readonly stdout: OutStream
  /** Everything else. */
  readonly stderr: OutStream
  readonly stdin: { readonly isTTY?: boolean | undefined }
  readonly cwd: string
  /** Ends the process at once, without waiting for anything. */
  exit(code: number): void
  /** Calls `listener` at each signal; returns how to stop that. */
  onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
}
