// A proxy between one child and a server that speaks HTTP: each request is a message. Requests are told apart by what
// they ask for and by how often that was asked before, because a runner may send two at a time in any order.
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { Moment } from '../store/store.ts'
import { stable } from './protocol.ts'

export interface HttpPlan {
  /** Text of the request with its occurrence: `GET … #2`. */
  readonly at: string
  readonly moment: Moment
  kill(): Promise<unknown>
}

export interface HttpProxy {
  readonly port: number
  readonly frames: readonly { readonly text: string; readonly body: boolean }[]
  hit(): string | undefined
  close(): Promise<void>
}

/**
 * Chroma 1.0 loses its indexing thread when a client goes away during a request on records, so these are let finish:
 * the client is gone all the same (chroma-core/chroma issue 4365).
 */
const KEPT = /\/collections\/[^/]+\/\w+$/
/** How long a sign of an arrived answer is waited for, ms. */
const SIGN_MS = 60

export async function openHttpProxy(origin: string, plan?: HttpPlan): Promise<HttpProxy> {
  const { hostname: host, port } = new URL(origin)
  const agent = new Agent({ keepAlive: true })
  const frames: { text: string; body: boolean }[] = []
  const seen = new Map<string, number>()
  let hit: string | undefined
  let frozen = false
  let sign = (): void => {}
  const signed = new Promise<void>(resolve => (sign = resolve))
  /** Requests that were let go on without their client. */
  const kept: Promise<unknown>[] = []

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part as Buffer)
    if (frozen) return sign()
    const body = Buffer.concat(parts)
    const path = incoming.url ?? '/'
    const text = stable(`${incoming.method} ${path.replace(/^.*\/databases\/[^/]+/, '')}`)
    const times = (seen.get(text) ?? 0) + 1
    seen.set(text, times)
    const name = `${text} #${times}`
    frames.push({ text: name, body: body.length > 1 })
    const headers = { ...incoming.headers, 'content-length': String(body.length) }
    const upstream = request({ host, port, agent, method: incoming.method, path, headers })
    upstream.on('error', () => undefined)
    const answer = new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>(
      (resolve, reject) => {
        upstream.once('error', reject)
        upstream.once('response', async got => {
          const chunks: Buffer[] = []
          try {
            for await (const chunk of got) chunks.push(chunk as Buffer)
            resolve({ status: got.statusCode ?? 500, headers: got.headers, body: Buffer.concat(chunks) })
          } catch (error) {
            reject(error as Error)
          }
        })
      },
    )
    answer.catch(() => undefined)
    const deliver = async (): Promise<void> => {
      const got = await answer
      const { 'transfer-encoding': _, connection: __, ...rest } = got.headers
      response.writeHead(got.status, { ...rest, 'content-length': String(got.body.length) })
      await new Promise<void>(resolve => response.end(got.body, resolve))
    }
    const send = (bytes: Buffer): Promise<void> => new Promise(resolve => upstream.end(bytes, resolve))
    if (plan?.at !== name) {
      void send(body)
      return deliver()
    }
    const { moment, kill } = plan
    frozen = true
    hit = name
    if (moment === 'before-send') {
      await kill()
      return void upstream.destroy()
    }
    if (moment === 'half-sent') {
      await new Promise<void>(resolve => upstream.write(body.subarray(0, body.length >> 1), () => resolve()))
      await kill()
      return void upstream.destroy()
    }
    await send(body)
    if (moment === 'after-send') {
      await kill()
      if (KEPT.test(path)) kept.push(answer.catch(() => undefined))
      else upstream.destroy()
      return
    }
    await answer.catch(() => undefined)
    if (moment === 'after-answer') {
      await deliver()
      const late = setTimeout(sign, SIGN_MS)
      await signed
      clearTimeout(late)
    }
    await kill()
  }

  const listener = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    handle(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    frames,
    hit: () => hit,
    async close() {
      await Promise.all(kept)
      listener.closeAllConnections()
      agent.destroy()
      await new Promise<void>(resolve => listener.close(() => resolve()))
    },
  }
}
