// Messages of a client-server protocol as a proxy sees them: where each ends, and when the server has answered.

export interface Frame {
  readonly bytes: Buffer
  /** What it is, the same in each run: names and texts without times, ids and secrets. */
  readonly text: string
  /** The server will answer before it reads on. */
  readonly asks: boolean
  /** A message of statements, and how one of other statements is written. */
  readonly query?: { readonly sql: string; remake(sql: string): Buffer }
}

/** One connection's reader. */
export interface Reader {
  /** The whole frames that are complete with these bytes. */
  client(bytes: Buffer): Frame[]
  /** How many of the asked-for answers end within these bytes. */
  server(bytes: Buffer): number
}

/** Bytes that came, kept until they make a whole. */
export class Buffered {
  #bytes: Buffer = Buffer.alloc(0)

  push(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return taken
  }
}

/** The same text for the same message of another run. */
export function stable(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/'\d+( ms)?'/g, "'<n>'")
    .replace(/pid \d+/g, 'pid <n>')
    .replace(/godwit_(?:crash|\d+)_[0-9a-z]+/g, '<database>')
    .replace(/\b\d{6,}\b/g, '<n>')
    .replace(/\s+/g, ' ')
    .trim()
}
