// What went wrong between godwit and a Chroma server, as a GodwitError with the server's own words.
// Every text passes the mask first. A write that failed may still have been done; the message says so.
import { GodwitError, isGodwitError } from '../../core/error.ts'
import type { ChromaTarget } from './settings.ts'

export interface FailedRequest {
  readonly method: string
  /** Below the database, for people: `collections/docs`. */
  readonly path: string
  /** Changes something on the server. */
  readonly writes: boolean
}

/** Replaces every secret of the target by `***`. */
export function mask(target: ChromaTarget, text: string): string {
  let clean = text
  for (const secret of target.secrets) clean = clean.replaceAll(secret, '***')
  return clean
}

/** An answer with an error status. */
export function answerError(target: ChromaTarget, request: FailedRequest, status: number, body: string): GodwitError {
  const said = mask(target, serverText(body))
  const meta = { status, request: `${request.method} ${mask(target, request.path)}` }
  if (status === 401 || status === 403) {
    return new GodwitError('CONNECT.AUTHENTICATION_FAILED', `${target.shown} refused the access token: ${said}`, {
      next: ['set token (and tokenHeader) of this database in the configuration'],
      meta,
    })
  }
  if (/^(Database|Tenant) \[.*\] (not found|does not exist)/.test(said)) return databaseMissing(target, said, meta)
  // The second form: the collection is deleted by somebody else during the request (status 412; measured, Chroma 1.0.0).
  if ((status === 404 && said.startsWith('Collection [')) || /Missing \w+ segment/.test(said)) {
    return new GodwitError('CHROMA.COLLECTION_MISSING', said, { next: ['godwit status'], meta })
  }
  // A rename onto a taken name is answered with 500 and the text of the store below (measured, Chroma 1.0.0).
  if (
    (status === 409 && said.startsWith('Collection [')) ||
    said.includes('UNIQUE constraint failed: collections.name')
  ) {
    return new GodwitError('CHROMA.COLLECTION_EXISTS', said, { next: ['godwit status'], meta })
  }
  if (said.includes('database or disk is full') || said.includes('No space left on device')) {
    return new GodwitError('RUN.DISK_FULL', `the disk of the Chroma server is full: ${said}`, {
      why: inDoubt(request),
      meta,
    })
  }
  // Its messages: "Error sending message to compactor", "Error sending backfill request to compactor: Failed to send request".
  if (/to compactor(: Failed to send request)?$/.test(said)) {
    return new GodwitError('CHROMA.REQUEST_FAILED', `the Chroma server has lost its indexing thread: ${said}`, {
      why:
        'Chroma 1.0 ends up so when a client is killed or loses its connection during a request. Until it is restarted ' +
        `every request on records fails. ${inDoubt(request)}`,
      next: ['restart the Chroma server', 'godwit up'],
      meta,
    })
  }
  return new GodwitError('CHROMA.REQUEST_FAILED', `${meta.request} was answered with ${status}: ${said}`, {
    why: status >= 500 ? inDoubt(request) : 'The server refused the request and did nothing.',
    next: ['godwit status'],
    meta,
  })
}

export function databaseMissing(target: ChromaTarget, said: string, meta: Record<string, unknown> = {}): GodwitError {
  return new GodwitError('CONNECT.DATABASE_MISSING', `${target.shown}: ${said}`, {
    why: 'Only a run creates a missing database, and nothing creates a tenant.',
    next: ['godwit up'],
    meta,
  })
}

/** No answer at all. `connected`: the server has answered this session before. */
export function networkError(
  target: ChromaTarget,
  request: FailedRequest,
  error: unknown,
  connected: boolean,
  timeoutMs: number,
): GodwitError {
  const reason = error instanceof Error ? error : new Error(String(error))
  if (reason.name === 'TimeoutError') {
    return new GodwitError('CONNECT.TIMEOUT', `${target.shown} did not answer within ${timeoutMs} ms`, {
      why: inDoubt(request),
      next: ['raise requestTimeoutMs or connectTimeoutMs of this database', 'godwit status'],
    })
  }
  const cause = reason.cause instanceof Error ? reason.cause : reason
  const code = 'code' in cause ? String(cause.code) : ''
  const text = mask(target, cause.message || code || reason.message)
  if (connected) {
    return new GodwitError('CONNECT.LOST', `the connection to ${target.shown} was lost: ${text}`, {
      why: inDoubt(request),
      next: ['godwit status', 'godwit up'],
    })
  }
  const timeout = code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT'
  return new GodwitError(
    timeout ? 'CONNECT.TIMEOUT' : 'CONNECT.REFUSED',
    `${target.shown} cannot be reached: ${text}`,
    {
      why: 'Nothing was run.',
      next: ['start the server: chroma run --path DIR --port 8000', 'check url of this database in the configuration'],
    },
  )
}

/** Any error of this store as a GodwitError. */
export function mapError(target: ChromaTarget, error: unknown): GodwitError {
  if (isGodwitError(error)) return error
  if (error instanceof Error && isGodwitError(error.cause)) return error.cause
  const text = mask(target, error instanceof Error ? error.message : String(error))
  if (error instanceof Error && error.name === 'AbortError') {
    return new GodwitError('RUN.ABORTED', 'the run was stopped', { next: ['godwit status'] })
  }
  return new GodwitError('RUN.STATEMENT_FAILED', text)
}

export function hasCode(error: unknown, code: GodwitError['code']): boolean {
  return isGodwitError(error) && error.code === code
}

/** Chroma records a write before it indexes it, so that a failing answer does not mean that nothing was done. */
function inDoubt(request: FailedRequest): string {
  return request.writes
    ? `The server may have done ${request.method} ${request.path} or not; running again settles it.`
    : 'It was a read: nothing was changed.'
}

function serverText(body: string): string {
  try {
    const answer: unknown = JSON.parse(body)
    if (typeof answer === 'object' && answer !== null && 'message' in answer) return String(answer.message)
  } catch {
    // Not from Chroma itself: a proxy's page, shown in part.
  }
  return body.trim().slice(0, 300) || 'no text'
}
