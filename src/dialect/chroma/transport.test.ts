// Failures a Chroma server cannot be asked for, produced by a small HTTP server on a free port.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { type GodwitError, isGodwitError } from '../../core/error.ts'
import { type ChromaSettings, resolveTarget } from './settings.ts'
import { ChromaTransport } from './transport.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
let stop: (() => void) | undefined

afterEach(() => {
  stop?.()
  stop = undefined
})

async function start(answers: readonly Answer[], settings: Partial<ChromaSettings> = {}) {
  const seen: string[] = []
  const server = createServer((request, response) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)]
    seen.push(`${request.method} ${request.url}`)
    answer?.(request, response)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  stop = () => {
    server.closeAllConnections()
    server.close()
  }
  const url = `chroma://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { transport: new ChromaTransport(resolveTarget({ url, token: 'tok-secret', ...settings })), seen }
}

const say =
  (status: number, body: string): Answer =>
  (_, response) =>
    response.writeHead(status).end(body)
const ok = say(200, '"fine"')
const reset: Answer = request => request.socket.destroy()
const silent: Answer = () => undefined
const read = { method: 'GET', path: 'version' } as const
const write = { method: 'POST', path: 'collections', body: {} } as const

async function failure(promise: Promise<unknown>): Promise<GodwitError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isGodwitError(error)) throw new Error(`expected a GodwitError, got ${String(error)}`)
  return error
}

it('tries a read again after a lost connection and a busy server', async () => {
  const { transport, seen } = await start([ok, reset, say(503, 'busy'), ok])
  await transport.send(read)
  expect(await transport.send(read)).toBe('fine')
  expect(seen).toHaveLength(4)
})

it('never repeats a write whose fate is not known', async () => {
  const { transport, seen } = await start([ok, reset, ok])
  await transport.send(read)
  const error = await failure(transport.send(write))
  expect(error.code).toBe('CONNECT.LOST')
  expect(error.why).toMatch(/may have done/)
  expect(seen).toHaveLength(2)
})

it.each([
  [429, 'slow down'],
  [500, '{"message":"Database error: error returned from database: (code: 5) database is locked"}'],
])('repeats a write that the server did not take: %i %s', async (status, body) => {
  const { transport, seen } = await start([say(status, body), ok])
  expect(await transport.send(write)).toBe('fine')
  expect(seen).toHaveLength(2)
})

it('gives up after the configured number of tries', async () => {
  const { transport, seen } = await start([ok, say(503, 'busy')], { retries: 1 })
  await transport.send(read)
  expect((await failure(transport.send(read))).code).toBe('CHROMA.REQUEST_FAILED')
  expect(seen).toHaveLength(3)
})

it('says that nobody is there at once', async () => {
  const { transport } = await start([ok])
  stop?.()
  const error = await failure(transport.send(read))
  expect(error.code).toBe('CONNECT.REFUSED')
  expect(error.message).toMatch(/^chroma:\/\/127\.0\.0\.1:\d+\/default_tenant\/default_database cannot be reached/)
})

it('stops waiting after the time-out', async () => {
  const { transport } = await start([silent], { connectTimeoutMs: 80 })
  expect((await failure(transport.send(read))).code).toBe('CONNECT.TIMEOUT')
})

it.each([401, 403])('tells a refused token from other failures (%i) and does not print it', async status => {
  const { transport } = await start([say(status, 'token tok-secret is unknown')])
  const error = await failure(transport.send(read))
  expect(error.code).toBe('CONNECT.AUTHENTICATION_FAILED')
  expect(JSON.stringify(error)).not.toContain('tok-secret')
})

it('recognises something that is not Chroma', async () => {
  const { transport } = await start([say(200, '<html>hello</html>')])
  expect((await failure(transport.send(read))).message).toMatch(/is no Chroma server/)
})

it('does not follow a redirect with the token', async () => {
  const { transport, seen } = await start([
    (_, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    ok,
  ])
  expect((await failure(transport.send(read))).code).toBe('CONNECT.REFUSED')
  expect(seen).toHaveLength(1)
})

it('stops a request under way, and works afterwards', async () => {
  const { transport } = await start([silent, ok])
  const waiting = failure(transport.send(read))
  await new Promise(resolve => setTimeout(resolve, 50))
  transport.cancel()
  expect((await waiting).code).toBe('RUN.ABORTED')
  expect(await transport.send(read)).toBe('fine')
})

it('never breaks off a request on records, by a stop or by a time-out', async () => {
  let broken = 0
  const slow: Answer = (request, response) => {
    request.socket.on('close', () => broken++)
    setTimeout(() => response.writeHead(200).end('7'), 150)
  }
  const { transport } = await start([ok, slow, slow], { requestTimeoutMs: 1_000 })
  await transport.send(read)
  const count = transport.send({ method: 'GET', path: 'tenants/t/databases/d/collections/id/count' })
  await new Promise(resolve => setTimeout(resolve, 50))
  transport.cancel()
  expect(await count).toBe(7)
  expect(broken).toBe(0)
})

it('leaves a request on records alone when it stops waiting for it', async () => {
  let broken = 0
  const never: Answer = request => request.socket.on('close', () => broken++)
  const { transport } = await start([ok, never], { requestTimeoutMs: 60, retries: 0 })
  await transport.send(read)
  const path = 'tenants/t/databases/d/collections/id/upsert'
  expect((await failure(transport.send({ method: 'POST', path, body: {} }))).code).toBe('CONNECT.TIMEOUT')
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(broken).toBe(0)
})

it('sees a collection that goes away during the request', async () => {
  const { transport } = await start([say(412, '{"message":"Missing field: [Missing metadata segment]"}')])
  expect((await failure(transport.send(write))).code).toBe('CHROMA.COLLECTION_MISSING')
})

it.each([
  'Error sending message to compactor',
  'Error executing plan: Error sending backfill request to compactor: Failed to send request',
])('says that the server must be restarted: %s', async message => {
  const { transport } = await start([say(500, JSON.stringify({ message }))])
  expect((await failure(transport.send(write))).next[0]).toBe('restart the Chroma server')
})

it('stops with the reason of the signal that was given', async () => {
  const { transport } = await start([silent])
  const controller = new AbortController()
  const waiting = failure(transport.send(read, controller.signal))
  controller.abort()
  expect((await waiting).code).toBe('RUN.ABORTED')
})

it('sees a full disk and a taken name behind a status 500', async () => {
  const unique =
    '{"message":"Database error: (code: 2067) UNIQUE constraint failed: collections.name, collections.database_id"}'
  const full = '{"message":"(code: 13) database or disk is full"}'
  const { transport } = await start([say(500, unique), say(500, full)])
  expect((await failure(transport.send(write))).code).toBe('CHROMA.COLLECTION_EXISTS')
  expect((await failure(transport.send(write))).code).toBe('RUN.DISK_FULL')
})
