// What a command was asked to find: the fields of an error as data, plus a severity.
import type { ErrorCode } from './error-codes.ts'
import type { ErrorLocation } from './error.ts'

export interface Finding {
  readonly code: ErrorCode
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: string
  readonly why?: string
  readonly next?: readonly string[]
  readonly where?: ErrorLocation
  readonly meta?: Readonly<Record<string, unknown>>
}
