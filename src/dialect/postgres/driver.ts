// The parts of the driver `pg` that godwit uses, typed by structure: the package is an optional peer.

export interface PgConnection {
  readonly stream: { destroy(error?: Error): void }
  query(text: string): void
  sendCopyFail(message: string): void
  on(event: string, listener: (message: never) => void): void
}

/** Something the client sends by itself and tells every answer; the contract of pg-cursor and pg-copy-streams. */
export interface PgSubmittable {
  submit(connection: PgConnection): Error | null | undefined
  handleRowDescription(message: unknown): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: { readonly text: string }): void
  handleEmptyQuery(): void
  handlePortalSuspended(): void
  handleCopyInResponse(connection: PgConnection): void
  handleCopyData(): void
  handleError(error: unknown): void
  handleReadyForQuery(): void
  callback?: (error: unknown) => void
}

export interface PgResult {
  readonly rows: Record<string, unknown>[]
}

export interface PgClient {
  readonly processID: number | null
  readonly secretKey: number | null
  readonly host?: string
  readonly port?: number
  readonly ssl?: unknown
  readonly connection?: PgConnection
  connect(): Promise<unknown>
  end(): Promise<void>
  query(submittable: PgSubmittable): unknown
  query(text: string): Promise<PgResult | PgResult[]>
  query(text: string, values: unknown[]): Promise<PgResult>
  on(event: 'error' | 'end', listener: (error: unknown) => void): unknown
  removeListener(event: 'error' | 'end', listener: (error: unknown) => void): unknown
}

/** A connection for one cancel request. */
export interface PgCancelConnection {
  readonly stream: { destroy(): void }
  connect(portOrPath: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: number): void
  on(event: string, listener: (argument: unknown) => void): unknown
  end(): void
}

export interface PgModule {
  readonly Client: new (config: Record<string, unknown>) => PgClient
  readonly Connection: new (config: Record<string, unknown>) => PgCancelConnection
}
