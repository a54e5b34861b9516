// Frames of the PostgreSQL protocol, version 3 (manual chapter 55): a type byte and a length, but for the start-up packet.
import { Buffered, type Frame, type Reader, stable } from './protocol.ts'

/** Messages after which the client waits. */
const ASKING = new Set(['Q', 'S', 'p', 'F'])

export function postgresReader(): Reader {
  const client = new Buffered()
  const server = new Buffered()
  let started = false
  return {
    client(bytes) {
      client.push(bytes)
      const frames: Frame[] = []
      for (;;) {
        const head = started ? 1 : 0
        if (client.bytes.length < head + 4) return frames
        const length = head + client.bytes.readUInt32BE(head)
        if (client.bytes.length < length) return frames
        const frame = Buffer.from(client.take(length))
        if (started) {
          const type = String.fromCharCode(frame[0] as number)
          const body = type === 'p' ? '' : frame.subarray(5).toString('utf8').replaceAll('\0', ' ')
          const query = type === 'Q' ? { sql: frame.subarray(5, -1).toString('utf8'), remake: simpleQuery } : undefined
          frames.push({
            bytes: frame,
            text: stable(`${type} ${body}`),
            asks: ASKING.has(type),
            ...(query ? { query } : {}),
          })
        } else {
          // The code of a cancel request is 1234 5678.
          const cancel = frame.readUInt32BE(4) === 80877102
          started = true
          frames.push({ bytes: frame, text: cancel ? 'cancel' : 'start-up', asks: !cancel })
        }
      }
    },
    server(bytes) {
      server.push(bytes)
      let answers = 0
      while (server.bytes.length >= 5) {
        const length = 1 + server.bytes.readUInt32BE(1)
        if (server.bytes.length < length) break
        const frame = server.take(length)
        const type = String.fromCharCode(frame[0] as number)
        // 10 and 11: the server waits for the next part of the password exchange.
        const wants = type === 'R' && [3, 5, 10, 11].includes(frame.readUInt32BE(5))
        if (type === 'Z' || wants) answers++
      }
      return answers
    },
  }
}

function simpleQuery(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`)
  const head = Buffer.from('Q0000')
  head.writeUInt32BE(4 + text.length, 1)
  return Buffer.concat([head, text])
}
