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
  /** Calls `listener` when nothing is left that could go on: no timer, connection or file. Returns how to stop that. */
  onIdle(listener: () => void): () => void
  /** Calls `listener` with what code that godwit runs threw where nobody could catch it. Returns how to stop that. */
  onUncaught(listener: (error: unknown) => void): () => void
  /** Calls `listener` at each signal; returns how to stop that. */
  onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
}
