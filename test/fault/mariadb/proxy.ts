// Proxies between a runner and MariaDB: one that cuts the connection at a message of the runner, and one that spreads
// the commands of one client over two connections, as a multiplexing proxy does.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import mysql from 'mysql2'

export interface Proxy {
  /** The database through the proxy. */
  readonly url: string
  /** Resolves when a connection was cut. */
  readonly cut: Promise<void>
  close(): Promise<void>
}

export interface CutAt {
  /** Text of the message of the runner. */
  readonly text: string
  /** `before` the server got it, or `after` it did it, when `done` resolves; its answer is lost. */
  readonly when: 'before' | 'after'
  done?(): Promise<unknown>
}

export async function proxied(url: string, how: 'spread' | CutAt): Promise<Proxy> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  let told: () => void = () => {}
  const cut = new Promise<void>(resolve => (told = resolve))
  let over = false
  const server = createServer(client => {
    const keep = (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      return socket
    }
    keep(client)
    if (how === 'spread') {
      void spread(client, keep, url)
      return
    }
    const upstream = keep(connect(Number(port), hostname))
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    client.on('close', end)
    upstream.on('close', end)
    let silent = false
    upstream.on('data', chunk => {
      if (!silent) client.write(chunk)
    })
    client.on('data', chunk => {
      if (over || !chunk.includes(how.text)) {
        upstream.write(chunk)
        return
      }
      over = true
      silent = true
      if (how.when === 'after') upstream.write(chunk)
      void Promise.resolve(how.when === 'after' ? how.done?.() : undefined).then(() => {
        end()
        told()
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const through = new URL(url)
  through.port = String((server.address() as { port: number }).port)
  return {
    url: through.href,
    cut,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Every second command goes to a connection of the proxy's own; one command is under way at a time. */
async function spread(client: Socket, keep: (socket: Socket) => Socket, url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const first = keep(connect(Number(port), hostname))
  // The same abilities as the runner's driver asks for, so that both connections answer in the same form.
  const own = mysql.createConnection({
    uri: url,
    multipleStatements: true,
    charset: 'UTF8MB4_GENERAL_CI',
    flags: ['-IGNORE_SPACE', '-FOUND_ROWS', '-LOCAL_FILES', '-ODBC'],
  })
  own.on('error', () => {})
  const early: Buffer[] = []
  let target: Socket | undefined
  let turn = 0
  const pass = (chunk: Buffer) => {
    // Commands begin a new sequence; the packets of the handshake do not.
    const command = chunk[3] === 0
    if (command && second) target = turn++ % 2 === 0 ? first : second
    ;(target ?? first).write(chunk)
  }
  let second = undefined as Socket | undefined
  client.on('data', chunk => (second === undefined ? early.push(chunk) : pass(chunk)))
  await new Promise<void>((resolve, reject) => own.connect(error => (error ? reject(error) : resolve())))
  second = keep((own as unknown as { stream: Socket }).stream)
  second.removeAllListeners('data')
  second.on('data', chunk => client.write(chunk))
  first.on('data', chunk => client.write(chunk))
  const end = () => {
    first.destroy()
    second?.destroy()
    client.destroy()
  }
  for (const socket of [client, first, second]) socket.on('close', end)
  for (const chunk of early) pass(chunk)
}
