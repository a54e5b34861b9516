// HTTP to one Chroma server: time-outs, stop from outside, repeated reads, errors as GodwitError.
// Reads are repeated; writes only where the server said that it did not take them.
import { setTimeout as sleep } from 'node:timers/promises'
import { GodwitError } from '../../core/error.ts'
import { answerError, mask, networkError } from './error.ts'
import { parseExact, stringifyExact } from './json.ts'
import type { ChromaTarget } from './settings.ts'

export interface ChromaRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api/v2/`, encoded. */
  readonly path: string
  readonly body?: unknown
  /** A POST that only reads. GET always does. */
  readonly reads?: boolean
}

/** Answers of proxies and overloaded servers after which a read is tried again. */
const PASSING = new Set([502, 503, 504])
/** What Chroma says when two clients change its SQLite file at the same moment: the later one was rolled back. */
const BUSY = /database (table )?is locked/

const FIRST_PAUSE_MS = 100
/** Requests on the records of a collection: `…/collections/<id>/upsert`. */
const ON_RECORDS = /\/collections\/[^/]+\/\w+$/

interface Failed {
  readonly error: GodwitError
  /** Undefined: no answer. */
  readonly status: number | undefined
  /** The server did not take the request, so it can be sent again whatever it was. */
  readonly refused: boolean
}

export class ChromaTransport {
  readonly #target: ChromaTarget
  #stop = new AbortController()
  #connected = false
  #closed = false

  constructor(target: ChromaTarget) {
    this.#target = target
  }

  /** @throws GodwitError CHROMA.* CONNECT.* RUN.ABORTED */
  async send(request: ChromaRequest, signal?: AbortSignal): Promise<unknown> {
    const reads = request.reads ?? request.method === 'GET'
    const stop = signal ? AbortSignal.any([this.#stop.signal, signal]) : this.#stop.signal
    for (let attempt = 0; ; attempt++) {
      const begun = this.#connected
      const result = await this.#once(request, reads, stop)
      if ('value' in result) return result.value
      // The first request tells at once that nobody is there; later ones survive a restart of the server.
      const passing = result.status === undefined ? begun : PASSING.has(result.status)
      if (attempt >= this.#target.retries || !(result.refused || (reads && passing))) throw result.error
      const pause = FIRST_PAUSE_MS * 2 ** attempt
      await sleep(pause * (0.5 + Math.random()), undefined, { signal: stop }).catch(() => {
        throw aborted(stop)
      })
    }
  }

  /** Ends the requests under way, except those on records, which end by themselves; later ones work again. */
  cancel(): void {
    this.#stop.abort()
    this.#stop = new AbortController()
  }

  close(): void {
    this.#closed = true
    this.#stop.abort()
  }

  async #once(
    request: ChromaRequest,
    reads: boolean,
    stop: AbortSignal,
  ): Promise<{ readonly value: unknown } | Failed> {
    if (this.#closed) throw new GodwitError('INTERNAL.BUG', 'a closed Chroma session was used')
    if (stop.aborted) throw aborted(stop)
    const target = this.#target
    const failed = { method: request.method, path: shortPath(target, request.path), writes: !reads }
    const timeoutMs = this.#connected ? target.requestTimeoutMs : target.connectTimeoutMs
    const limit = AbortSignal.timeout(timeoutMs)
    // A client that goes away during a request on records ends the server's indexing thread, after which every such
    // request of everybody fails until the server is restarted (measured, Chroma 1.0.0). So these are never broken off.
    const kept = ON_RECORDS.test(request.path)
    let status: number
    let text: string
    try {
      const work = fetch(`${target.origin}/api/v2/${request.path}`, {
        method: request.method,
        headers: { ...target.headers, ...(request.body === undefined ? {} : { 'content-type': 'application/json' }) },
        // Following a redirect could carry the token to another server.
        redirect: 'error',
        ...(kept ? {} : { signal: AbortSignal.any([stop, limit]) }),
        ...(request.body === undefined ? {} : { body: stringifyExact(request.body) }),
      }).then(async answer => ({ status: answer.status, text: await answer.text() }))
      const answer = await (kept ? orTimeout(work, limit) : work)
      status = answer.status
      text = answer.text
    } catch (error) {
      if (stop.aborted) throw aborted(stop)
      return {
        error: networkError(target, failed, error, this.#connected, timeoutMs),
        status: undefined,
        refused: false,
      }
    }
    this.#connected = true
    if (status < 200 || status > 299) {
      const refused = status === 429 || (status === 500 && BUSY.test(text))
      return { error: answerError(target, failed, status, text), status, refused }
    }
    try {
      return { value: text === '' ? undefined : parseExact(text) }
    } catch {
      const seen = mask(target, text.slice(0, 100))
      const error = new GodwitError('CHROMA.REQUEST_FAILED', `${target.shown} is no Chroma server: it answered ${seen}`)
      return { error, status, refused: false }
    }
  }
}

/** The answer, or the reason of `limit`, whichever is first. The work goes on by itself. */
function orTimeout<Result>(work: Promise<Result>, limit: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(limit.reason)
    limit.addEventListener('abort', stop, { once: true })
    void work.then(resolve, reject).finally(() => limit.removeEventListener('abort', stop))
  })
}

function aborted(signal: AbortSignal): GodwitError {
  if (signal.reason instanceof GodwitError) return signal.reason
  return new GodwitError('RUN.ABORTED', 'the run was stopped while it waited for the Chroma server', {
    why: 'The request under way may have been done or not.',
    next: ['godwit status'],
  })
}

function shortPath(target: ChromaTarget, path: string): string {
  const base = `tenants/${encodeURIComponent(target.tenant)}/databases/${encodeURIComponent(target.database)}/`
  return path.startsWith(base) ? path.slice(base.length) : path
}
