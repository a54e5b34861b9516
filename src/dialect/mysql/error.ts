// Turns errors of the driver and of the server into GodwitErrors, by error number, and keeps secrets out of them:
// the password of the connection, passwords in URLs, and passwords quoted from SQL. The driver's copy of the SQL text
// is not passed on, because it may hold any of them. Numbers: "Server Error Message Reference" of both manuals.
import { GodwitError, isGodwitError } from '../../core/error.ts'
import type { ErrorCode } from '../../core/error-codes.ts'
import { BatchFailure } from '../session.ts'
import type { ResolvedSettings } from './settings.ts'

/** Numbers of the server that say what happened better than RUN.STATEMENT_FAILED. */
const BY_NUMBER: Readonly<Record<number, ErrorCode>> = {
  1021: 'RUN.DISK_FULL',
  1041: 'RUN.STATEMENT_FAILED',
  1044: 'RUN.PERMISSION_DENIED',
  1045: 'CONNECT.AUTHENTICATION_FAILED',
  1049: 'CONNECT.DATABASE_MISSING',
  1053: 'CONNECT.LOST',
  1064: 'SQL.SYNTAX_INVALID',
  1114: 'RUN.DISK_FULL',
  1142: 'RUN.PERMISSION_DENIED',
  1143: 'RUN.PERMISSION_DENIED',
  1205: 'RUN.LOCK_TIMEOUT',
  1213: 'RUN.DEADLOCK',
  1227: 'RUN.PERMISSION_DENIED',
  1290: 'CONNECT.READ_ONLY',
  1317: 'RUN.ABORTED',
  1370: 'RUN.PERMISSION_DENIED',
  1614: 'RUN.DEADLOCK',
  1698: 'CONNECT.AUTHENTICATION_FAILED',
  1792: 'CONNECT.READ_ONLY',
  1836: 'CONNECT.READ_ONLY',
  1927: 'CONNECT.LOST',
  1969: 'RUN.STATEMENT_TIMEOUT',
  2002: 'CONNECT.REFUSED',
  2003: 'CONNECT.REFUSED',
  2006: 'CONNECT.LOST',
  2013: 'CONNECT.LOST',
  3024: 'RUN.STATEMENT_TIMEOUT',
  3118: 'CONNECT.AUTHENTICATION_FAILED',
  3572: 'RUN.LOCK_TIMEOUT',
  4031: 'CONNECT.LOST',
}

/** Names of the driver and of the operating system. */
const BY_NAME: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'CONNECT.REFUSED',
  ENOENT: 'CONNECT.REFUSED',
  ENOTFOUND: 'CONNECT.REFUSED',
  EAI_AGAIN: 'CONNECT.REFUSED',
  EHOSTUNREACH: 'CONNECT.REFUSED',
  ENETUNREACH: 'CONNECT.REFUSED',
  EACCES: 'CONNECT.REFUSED',
  HANDSHAKE_NO_SSL_SUPPORT: 'CONNECT.REFUSED',
  HANDSHAKE_SSL_ERROR: 'CONNECT.REFUSED',
  ETIMEDOUT: 'CONNECT.TIMEOUT',
  PROTOCOL_CONNECTION_LOST: 'CONNECT.LOST',
  PROTOCOL_UNEXPECTED_PACKET: 'CONNECT.LOST',
  ECONNRESET: 'CONNECT.LOST',
  ECONNABORTED: 'CONNECT.LOST',
  EPIPE: 'CONNECT.LOST',
}

interface DriverError {
  readonly message: string
  readonly errno: number | undefined
  readonly code: string | undefined
  readonly sqlState: string | undefined
  readonly fatal: boolean
  /** The session marks errors of the journal's own statements. */
  readonly journal: boolean
}

/** The fields of a driver's error, also when it is wrapped in a BatchFailure. */
export function driverError(error: unknown): DriverError {
  let inner = error
  while ((inner instanceof BatchFailure || isGodwitError(inner)) && inner.cause !== undefined) inner = inner.cause
  const fields = (typeof inner === 'object' && inner !== null ? inner : {}) as Record<string, unknown>
  return {
    message: inner instanceof Error ? inner.message : String(inner),
    errno: typeof fields['errno'] === 'number' ? fields['errno'] : undefined,
    code: typeof fields['code'] === 'string' ? fields['code'] : undefined,
    sqlState: typeof fields['sqlState'] === 'string' && fields['sqlState'] !== '' ? fields['sqlState'] : undefined,
    fatal: fields['fatal'] === true,
    journal: fields['journal'] === true,
  }
}

/** True when nothing more can be sent over the connection that gave this error. */
export function losesConnection(error: unknown): boolean {
  const { errno, code, fatal } = driverError(error)
  return fatal || codeOf(errno, code) === 'CONNECT.LOST' || errno === 1152 || errno === 1153 || errno === 1184
}

/** Makes the mapping for one database. */
export function errorMapper(settings: ResolvedSettings): (error: unknown) => GodwitError {
  return error => {
    if (isGodwitError(error)) return error
    if (error instanceof BatchFailure && isGodwitError(error.cause)) return error.cause
    const facts = driverError(error)
    const lost = error instanceof BatchFailure && error.connectionLost
    const mapped = codeOf(facts.errno, facts.code) ?? bySystemError(facts.message)
    const code = mapped ?? (lost || facts.fatal ? 'CONNECT.LOST' : 'RUN.STATEMENT_FAILED')
    const message = mask(facts.message, settings.password)
    return new GodwitError(code, describe(code, message, settings), {
      ...advice(code, facts, settings),
      meta: {
        ...(facts.errno === undefined ? {} : { errno: facts.errno }),
        ...(facts.code === undefined ? {} : { driverCode: facts.code }),
        ...(facts.sqlState === undefined ? {} : { sqlState: facts.sqlState }),
      },
      cause: maskedCause(error, message),
    })
  }
}

/**
 * Takes secrets out of a text: the given password as it is and percent-encoded, passwords in URLs, and what SQL
 * sets as a password.
 */
export function mask(text: string, password?: string): string {
  let masked = text
  if (password !== undefined && password !== '') {
    for (const secret of new Set([password, encodeURIComponent(password)])) {
      // A very short password is also part of ordinary words; there only whole words are replaced.
      masked = masked.replaceAll(
        secret.length >= 4 ? secret : new RegExp(`(?<!\\w)${escapeRegExp(secret)}(?!\\w)`, 'g'),
        '***',
      )
    }
  }
  return masked
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@]*@/gi, '$1***@')
    .replace(
      /\b(identified\s+(?:with\s+\S+\s+)?(?:by|as|using)\s+(?:password\s*)?\(?\s*|password\s*(?:\(|=|for\b[^=]*=)\s*|(?:master|source)_password\s*=\s*)(['"])(?:\\[\s\S]|\2\2|(?!\2)[^\\])*(?:\2|$)/gi,
      '$1$2***$2',
    )
}

function codeOf(errno: number | undefined, code: string | undefined): ErrorCode | undefined {
  const byNumber = errno === undefined ? undefined : BY_NUMBER[errno]
  if (byNumber !== undefined) return byNumber
  return code !== undefined && Object.hasOwn(BY_NAME, code) ? BY_NAME[code] : undefined
}

/** File errors carry the operating system's number: `(errno: 28 "No space left on device")`. */
function bySystemError(message: string): ErrorCode | undefined {
  return /errno: 28\b|error: 28\b|No space left on device/i.test(message) ? 'RUN.DISK_FULL' : undefined
}

function describe(code: ErrorCode, message: string, settings: ResolvedSettings): string {
  switch (code) {
    case 'CONNECT.REFUSED':
      return `no server answers at ${settings.target}: ${message || 'connection refused'}`
    case 'CONNECT.TIMEOUT':
      return `the server at ${settings.target} did not answer within ${settings.connectTimeoutMs} ms`
    case 'CONNECT.AUTHENTICATION_FAILED':
    case 'CONNECT.DATABASE_MISSING':
      return `${message} (${settings.target})`
    default:
      return message
  }
}

function advice(code: ErrorCode, facts: DriverError, settings: ResolvedSettings): { why?: string; next?: string[] } {
  const account = `${settings.user === undefined ? '' : ` --user=${settings.user} --password`}`
  const place =
    settings.socket === undefined ? `--host=${settings.host} --port=${settings.port}` : `--socket=${settings.socket}`
  switch (code) {
    case 'CONNECT.REFUSED':
    case 'CONNECT.TIMEOUT':
    case 'CONNECT.AUTHENTICATION_FAILED':
      return { why: 'no connection was made, so nothing was changed', next: [`mariadb ${place}${account}`] }
    case 'CONNECT.DATABASE_MISSING':
      return {
        why: 'godwit does not create databases, so nothing was changed',
        next: [`mariadb ${place}${account} --execute='CREATE DATABASE \`${settings.database}\`'`],
      }
    case 'RUN.LOCK_TIMEOUT':
      return {
        why: 'another session held a lock on a table or row of the statement for longer than lock_timeout',
        next: [`mariadb ${place}${account} --execute='SHOW FULL PROCESSLIST'`],
      }
    default:
      if (facts.errno === 1153) {
        return { why: 'the statement is longer than the server allows (max_allowed_packet)' }
      }
      return {}
  }
}

/** The original error without what it quotes: same name, code and stack, masked message, no SQL. */
function maskedCause(error: unknown, message: string): Error {
  const { errno, code, sqlState, journal } = driverError(error)
  const cause = new Error(message)
  if (error instanceof Error && error.stack !== undefined) {
    cause.stack = `${error.name}: ${message}\n${error.stack
      .split('\n')
      .filter(line => /^\s+at /.test(line))
      .join('\n')}`
  }
  return Object.assign(cause, { errno, code, sqlState, journal })
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
