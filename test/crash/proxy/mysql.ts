// Packets of the MySQL protocol: three bytes of length, one of sequence. The end of an answer has to be followed through
// result sets, since no packet says that the server waits again.
import { Buffered, type Frame, type Reader, stable } from './protocol.ts'

const DEPRECATE_EOF = 1 << 24
const MORE_RESULTS = 8
const COMMANDS: Readonly<Record<number, string>> = {
  1: 'quit',
  3: 'query',
  14: 'ping',
  22: 'prepare',
  23: 'execute',
  25: 'close',
}

/** Where the reading of an answer is. */
type Stage = 'idle' | 'login' | 'first' | 'columns' | 'rows' | 'prepared'

export function mysqlReader(): Reader {
  const client = new Buffered()
  const server = new Buffered()
  let loggedIn = false
  let plainEof = true
  let stage: Stage = 'idle'
  let preparing = false
  /** Packets until the stage is over. */
  let left = 0

  const command = (packet: Buffer): Frame => {
    const code = packet[4] as number
    const name = COMMANDS[code] ?? `command ${code}`
    const body = code === 3 || code === 22 ? packet.subarray(5).toString('utf8') : ''
    const asks = name !== 'quit' && name !== 'close'
    const query = code === 3 ? { sql: body, remake: queryPacket } : undefined
    return { bytes: packet, text: stable(`${name} ${body}`), asks, ...(query ? { query } : {}) }
  }

  /** True when the answer ends with this packet. */
  const answered = (packet: Buffer): boolean => {
    const type = packet[4] as number
    const length = packet.length - 4
    switch (stage) {
      case 'idle':
        return false
      case 'login':
        // 0xfe asks for another kind of password, 1 for more of this one: the client goes on.
        if (type === 0) loggedIn = true
        stage = 'idle'
        return true
      case 'first':
        if (type === 0xff) return over()
        if (type === 0 && preparing) {
          const columns = packet.readUInt16LE(9)
          const params = packet.readUInt16LE(11)
          const ends = plainEof ? 1 : 0
          left = (params > 0 ? params + ends : 0) + (columns > 0 ? columns + ends : 0)
          stage = 'prepared'
          return left === 0 ? over() : false
        }
        if (type === 0) return more(okStatus(packet)) ? false : over()
        left = lengthOf(packet, 4).value + (plainEof ? 1 : 0)
        stage = 'columns'
        return false
      case 'columns':
        if (--left === 0) stage = 'rows'
        return false
      case 'prepared':
        return --left === 0 ? over() : false
      case 'rows': {
        if (type === 0xff) return over()
        const ends = type === 0xfe && (plainEof ? length < 9 : length < 0xffffff)
        if (!ends) return false
        if (more(plainEof ? packet.readUInt16LE(7) : okStatus(packet))) {
          stage = 'first'
          return false
        }
        return over()
      }
    }
  }
  const more = (status: number): boolean => (status & MORE_RESULTS) !== 0
  const over = (): boolean => {
    stage = 'idle'
    return true
  }

  return {
    client(bytes) {
      client.push(bytes)
      const frames: Frame[] = []
      for (;;) {
        const packet = wholePacket(client)
        if (packet === undefined) return frames
        if (!loggedIn) {
          if (packet[3] === 1) plainEof = (packet.readUInt32LE(4) & DEPRECATE_EOF) === 0
          stage = 'login'
          frames.push({ bytes: packet, text: packet[3] === 1 ? 'login' : 'password', asks: true })
        } else {
          const frame = command(packet)
          if (frame.asks) stage = 'first'
          preparing = packet[4] === 22
          frames.push(frame)
        }
      }
    },
    server(bytes) {
      server.push(bytes)
      let answers = 0
      for (;;) {
        const packet = wholePacket(server)
        if (packet === undefined) return answers
        if (answered(packet)) answers++
      }
    },
  }
}

function wholePacket(buffered: Buffered): Buffer | undefined {
  const { bytes } = buffered
  if (bytes.length < 4) return undefined
  const length = 4 + bytes.readUIntLE(0, 3)
  return bytes.length < length ? undefined : Buffer.from(buffered.take(length))
}

/** A length-encoded number and where it ends. */
function lengthOf(packet: Buffer, at: number): { value: number; end: number } {
  const first = packet[at] as number
  if (first < 0xfb) return { value: first, end: at + 1 }
  if (first === 0xfc) return { value: packet.readUInt16LE(at + 1), end: at + 3 }
  if (first === 0xfd) return { value: packet.readUIntLE(at + 1, 3), end: at + 4 }
  return { value: Number(packet.readBigUInt64LE(at + 1)), end: at + 9 }
}

/** The status word of an OK packet, behind two length-encoded numbers. */
function okStatus(packet: Buffer): number {
  const rows = lengthOf(packet, 5)
  const id = lengthOf(packet, rows.end)
  return packet.readUInt16LE(id.end)
}

function queryPacket(sql: string): Buffer {
  const text = Buffer.from(sql)
  const head = Buffer.from([0, 0, 0, 0, 3])
  head.writeUIntLE(1 + text.length, 0, 3)
  return Buffer.concat([head, text])
}
