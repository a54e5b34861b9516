// A proxy between one child and its server that knows where messages end: it counts those of the run's own connection
// and kills the child at one of them. Side connections (heartbeats) are passed on and not counted.
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Moment } from '../store/store.ts'
import type { Frame, Reader } from './protocol.ts'

export interface TcpPlan {
  /** Number of the message, from 0. */
  readonly at: number
  readonly moment: Moment
  /** For `cut-short`: how many characters of its statements the server gets. */
  readonly length?: number
  /** Sends SIGKILL; resolves when the process is gone. */
  kill(): Promise<unknown>
}

export type CountedFrame = Pick<Frame, 'text' | 'asks'> & { readonly sql?: string }

export interface TcpProxy {
  readonly port: number
  /** What was counted, in order. */
  readonly frames: readonly CountedFrame[]
  /** The text of the message at which the child was killed. */
  hit(): string | undefined
  /** Ends what is still open. */
  close(): Promise<void>
}

export interface TcpOptions {
  readonly host: string
  readonly port: number
  reader(): Reader
  readonly plan?: TcpPlan
  /** Waited for before a counted message is passed on. */
  readonly before?: (frame: Frame) => Promise<void>
}

/** After the last answer a child says nothing more: this long is waited for a sign that it got it, ms. */
const SIGN_MS = 60

export async function openTcpProxy(options: TcpOptions): Promise<TcpProxy> {
  const frames: CountedFrame[] = []
  const sockets = new Set<Socket>()
  const { plan } = options
  let hit: string | undefined
  /** Nothing more is passed on to the server. */
  let frozen = false
  let counted: Socket | undefined
  let sign = (): void => {}
  const signed = new Promise<void>(resolve => (sign = resolve))

  const serve = (client: Socket): void => {
    const server = connect({ host: options.host, port: options.port, noDelay: true, allowHalfOpen: true })
    const reader = options.reader()
    const counts = counted === undefined
    if (counts) counted = client
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => sockets.delete(socket))
    }
    client.setNoDelay(true)
    /** Answers of the server that the child may not see. */
    let withheld = false
    let answered: (() => void) | undefined

    const strike = async (frame: Frame, { moment, length, kill }: TcpPlan): Promise<void> => {
      const end = (): void => void server.end()
      frozen = true
      hit = frame.text
      if (moment === 'before-send') {
        const gone = kill()
        end()
        return void (await gone)
      }
      withheld = moment !== 'after-answer'
      const answer = new Promise<void>(resolve => {
        answered = resolve
        server.once('close', resolve)
      })
      let { bytes } = frame
      if (moment === 'half-sent') bytes = bytes.subarray(0, Math.max(1, bytes.length >> 1))
      if (moment === 'cut-short' && frame.query) bytes = frame.query.remake(frame.query.sql.slice(0, length))
      await new Promise<void>(resolve => server.write(bytes, () => resolve()))
      if (['after-done', 'after-answer', 'cut-short'].includes(moment)) await answer
      if (moment === 'after-answer') {
        const late = setTimeout(sign, SIGN_MS)
        await signed
        clearTimeout(late)
      }
      const gone = kill()
      if (moment !== 'survivor') end()
      await gone
    }

    let queue: Promise<unknown> = Promise.resolve()
    const pass = async (frame: Frame): Promise<void> => {
      if (frozen) return
      if (!counts) return void server.write(frame.bytes)
      const { query } = frame
      const number = frames.push({ text: frame.text, asks: frame.asks, ...(query ? { sql: query.sql } : {}) }) - 1
      if (plan?.at === number) return strike(frame, plan)
      await options.before?.(frame)
      server.write(frame.bytes)
    }
    client.on('data', bytes => {
      if (frozen) sign()
      for (const frame of reader.client(bytes)) queue = queue.then(() => pass(frame))
    })
    const endServer = (): void => {
      sign()
      if (counted === client) counted = undefined
      // A connection that is frozen is ended by whoever froze it.
      if (!frozen || !counts) queue = queue.then(() => (frozen && counts ? undefined : server.end()))
    }
    client.once('end', endServer).once('close', endServer)
    server.on('data', bytes => {
      const ends = reader.server(bytes)
      if (!withheld) client.write(bytes)
      if (ends > 0) answered?.()
    })
    server.once('end', () => {
      server.end()
      client.end()
    })
  }

  const listener: Server = createServer({ noDelay: true, allowHalfOpen: true }, serve)
  await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    frames,
    hit: () => hit,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => listener.close(() => resolve()))
    },
  }
}
