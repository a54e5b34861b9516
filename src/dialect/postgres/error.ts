// What PostgreSQL's SQLSTATE codes (manual, appendix A) and the network's errors mean to a person. Texts of the
// server are kept as they are, with secrets masked; codes decide, because messages are translated.
import type { ErrorCode } from '../../core/error-codes.ts'
import { type ErrorDetails, GodwitError, isGodwitError } from '../../core/error.ts'
import { maskSecrets } from '../../core/mask.ts'
import { BatchFailure } from '../session.ts'

/** The fields of a server error, as pg and PGlite name them. */
export interface ServerError {
  readonly message?: string
  readonly severity?: string
  readonly code?: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  readonly constraint?: string
}

interface Meaning {
  readonly code: ErrorCode
  readonly why?: string
  readonly next?: readonly string[]
}

const TRY_LATER = ['godwit up']

const SQLSTATES: Readonly<Record<string, Meaning>> = {
  '28P01': { code: 'CONNECT.AUTHENTICATION_FAILED' },
  '28000': {
    code: 'CONNECT.AUTHENTICATION_FAILED',
    why: 'the server has no rule that lets this user in from here (pg_hba.conf), or demands TLS',
  },
  '3D000': { code: 'CONNECT.DATABASE_MISSING' },
  '53300': { code: 'CONNECT.REFUSED', why: 'the server has no connection left' },
  '57P03': { code: 'CONNECT.REFUSED', why: 'the server is starting or stopping' },
  '08001': { code: 'CONNECT.REFUSED' },
  '08004': { code: 'CONNECT.REFUSED' },
  '08000': { code: 'CONNECT.LOST' },
  '08003': { code: 'CONNECT.LOST' },
  '08006': { code: 'CONNECT.LOST' },
  '57P01': { code: 'CONNECT.LOST', why: 'the server was stopped, or an administrator ended the connection' },
  '57P02': { code: 'CONNECT.LOST', why: 'the server crashed and restarts' },
  '57P05': { code: 'CONNECT.LOST', why: 'the server ended the session because it was idle' },
  '25P03': { code: 'CONNECT.LOST', why: 'the server ended the session because its transaction was idle' },
  '25P04': { code: 'RUN.STATEMENT_TIMEOUT', why: "the transaction ran longer than the server's transaction_timeout" },
  '55P03': {
    code: 'RUN.LOCK_TIMEOUT',
    next: [
      'godwit up',
      'psql -c "SELECT pid, state, query FROM pg_stat_activity WHERE xact_start < now() - interval \'5 s\'"',
    ],
  },
  '57014': { code: 'RUN.STATEMENT_TIMEOUT' },
  '40P01': { code: 'RUN.DEADLOCK', next: TRY_LATER },
  '53100': { code: 'RUN.DISK_FULL' },
  '42501': { code: 'RUN.PERMISSION_DENIED' },
  '25006': { code: 'CONNECT.READ_ONLY', why: 'the server is a replica, or default_transaction_read_only is on' },
  '25001': { code: 'SQL.TRANSACTION_FORBIDDEN', next: ['put `-- godwit: transaction=off` into the head of the file'] },
}

const SYSTEM_ERRORS: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { code: 'CONNECT.REFUSED' },
  ENOENT: { code: 'CONNECT.REFUSED', why: 'the socket file does not exist' },
  EACCES: { code: 'CONNECT.REFUSED', why: 'the socket file may not be opened by this user' },
  ENOTFOUND: { code: 'CONNECT.REFUSED', why: 'the host name has no address' },
  EAI_AGAIN: { code: 'CONNECT.REFUSED', why: 'the host name could not be looked up' },
  EHOSTUNREACH: { code: 'CONNECT.REFUSED' },
  ENETUNREACH: { code: 'CONNECT.REFUSED' },
  ETIMEDOUT: { code: 'CONNECT.TIMEOUT' },
  ECONNRESET: { code: 'CONNECT.LOST' },
  EPIPE: { code: 'CONNECT.LOST' },
}

const cancelled = new WeakSet<object>()

/** Remembers that this error is the answer to our own cancel request; the server's code is that of a time-out too. */
export function markCancelled(error: unknown): void {
  if (typeof error === 'object' && error !== null) cancelled.add(error)
}

/** Any error of the driver as a GodwitError, with `secrets` masked. @example mapError({ code: '40P01' }, []).code // 'RUN.DEADLOCK' */
export function mapError(error: unknown, secrets: readonly string[]): GodwitError {
  if (isGodwitError(error)) return error
  if (error instanceof BatchFailure && error.cause !== undefined) return mapError(error.cause, secrets)
  const server = (typeof error === 'object' && error !== null ? error : {}) as ServerError
  const mask = (text: string): string => maskSecrets(text, secrets)
  const meaning = meaningOf(error, server)
  const message = mask(messageOf(error, server))
  const why = [meaning.why, server.detail, server.hint]
    .filter(part => part !== undefined && part !== '')
    .map(part => mask(part as string))
  const meta = metaOf(server, mask)
  const details: ErrorDetails = {
    ...(why.length > 0 ? { why: why.join('; ') } : {}),
    ...(meaning.next ? { next: meaning.next } : {}),
    meta,
    cause: secrets.some(secret => String((error as Error)?.message).includes(secret)) ? undefined : error,
  }
  return new GodwitError(meaning.code, message, details)
}

/** The connection cannot be used after this error. */
export function isConnectionError(error: unknown): boolean {
  const server = (error ?? {}) as ServerError
  if (server.severity === 'FATAL' || server.severity === 'PANIC') return true
  return meaningOf(error, server).code === 'CONNECT.LOST'
}

/** The server error inside a driver error, a BatchFailure or a GodwitError. */
export function serverError(error: unknown): ServerError {
  let found = error
  for (let depth = 0; depth < 4; depth++) {
    if (!(found instanceof BatchFailure) && !isGodwitError(found)) break
    found = found.cause
  }
  return (typeof found === 'object' && found !== null ? found : {}) as ServerError
}

function meaningOf(error: unknown, server: ServerError): Meaning {
  const code = server.code ?? ''
  const message = server.message ?? ''
  if (
    code === '57014' &&
    ((typeof error === 'object' && error !== null && cancelled.has(error)) || /user request/.test(message))
  ) {
    return { code: 'RUN.ABORTED' }
  }
  const known = SQLSTATES[code] ?? SYSTEM_ERRORS[code]
  if (known) return known
  if (/timeout expired|connect ETIMEDOUT|Query read timeout/i.test(message)) return { code: 'CONNECT.TIMEOUT' }
  if (/Connection terminated|connection error and is not queryable|Client was closed|PGlite is closed/i.test(message)) {
    return { code: 'CONNECT.LOST' }
  }
  if (/^SASL|password must be a string|SCRAM/i.test(message)) return { code: 'CONNECT.AUTHENTICATION_FAILED' }
  if (/does not support SSL|establishing an SSL connection/i.test(message)) {
    return { code: 'CONNECT.REFUSED', next: ['add ?sslmode=disable to the URL if the network is trusted'] }
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL/.test(code)) {
    return {
      code: 'CONNECT.REFUSED',
      why: "the server's TLS certificate was not accepted",
      next: ['add ?sslrootcert=FILE to the URL'],
    }
  }
  return { code: 'RUN.STATEMENT_FAILED' }
}

function messageOf(error: unknown, server: ServerError): string {
  if (server.message) return server.message
  // Node joins the attempts of several addresses in an error without a text of its own.
  const errors = (error as { errors?: unknown } | null)?.errors
  if (Array.isArray(errors) && errors[0] instanceof Error)
    return errors.map(each => String((each as Error).message)).join(', ')
  return server.code ?? String(error)
}

function metaOf(server: ServerError, mask: (text: string) => string): Record<string, unknown> {
  const meta: Record<string, unknown> = {}
  if (server.code !== undefined) meta[/^[0-9A-Z]{5}$/.test(server.code) ? 'sqlstate' : 'system'] = server.code
  for (const field of ['detail', 'hint', 'where', 'schema', 'table', 'column', 'constraint'] as const) {
    const value = server[field]
    if (typeof value === 'string' && value !== '') meta[field] = mask(value)
  }
  return meta
}
