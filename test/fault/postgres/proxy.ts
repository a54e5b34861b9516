// A TCP proxy that reads the messages of PostgreSQL (manual 55.7) and cuts a connection at one of them: before the
// server got it, or after the server answered it and before the client did.
import { createConnection, createServer, type Socket } from 'node:net'

export interface Cut {
  /** Words of the query message at which the connection is cut, once. */
  readonly at: string
  /** `before`: the server never gets it. `after`: the server has done it and said so, and the client never hears. */
  readonly when: 'before' | 'after'
}

export interface Proxy {
  readonly port: number
  /** The cut was made. */
  readonly made: () => boolean
  close(): Promise<void>
}

const QUERY = 0x51
const READY = 0x5a

export async function startProxy(target: number, cut: Cut): Promise<Proxy> {
  let made = false
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const upstream = createConnection(target, '127.0.0.1')
    let dropping = false
    const drop = (): void => {
      made = true
      client.destroy()
      upstream.destroy()
    }
    const asked = messages(true, (type, message) => {
      if (!made && type === QUERY && message.includes(cut.at)) {
        if (cut.when === 'before') return drop()
        dropping = true
      }
      upstream.write(message)
    })
    const answered = messages(false, (type, message) => {
      if (!dropping) client.write(message)
      else if (type === READY) drop()
    })
    for (const [socket, other, read] of [
      [client, upstream, asked],
      [upstream, client, answered],
    ] as const) {
      sockets.add(socket)
      socket.on('data', read)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    made: () => made,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Cuts a stream into messages. The first one of a client has no type. */
function messages(client: boolean, each: (type: number, message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  let first = client
  return chunk => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const head = first ? 0 : 1
      if (rest.length < head + 4) return
      const length = head + rest.readInt32BE(head)
      if (rest.length < length) return
      const message = rest.subarray(0, length)
      rest = rest.subarray(length)
      each(first ? 0 : (message[0] as number), message)
      first = false
    }
  }
}
