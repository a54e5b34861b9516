// JSON that keeps whole numbers beyond 2^53: they are read as bigint and written back digit by digit.
// Chroma's metadata holds 64-bit integers; JSON.parse would round them while records are copied.
import { randomBytes } from 'node:crypto'

/** Marks a whole number inside a string while it passes through JSON.parse or JSON.stringify. */
const MARK = `int:${randomBytes(12).toString('hex')}:`
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g')

/** @throws SyntaxError for text that is not JSON */
export function parseExact(text: string): unknown {
  // Numbers that can be rounded have at least 16 digits; most answers have none and stay on the fast path.
  if (!/\d{16}/.test(text)) return JSON.parse(text)
  const marked = text.replace(TOKEN, token => (needsMark(token) ? `"${MARK}${token}"` : token))
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  )
}

function needsMark(token: string): boolean {
  return /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token))
}

export function stringifyExact(value: unknown): string {
  let found = false
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'bigint') return item
    found = true
    return `${MARK}${item}`
  })
  return found ? text.replace(MARKED, '$1') : text
}
