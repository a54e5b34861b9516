// What makes two SQL texts the same: comments, line ends, BOM, blank lines and white space between tokens do not count.
// Everything inside strings, quoted names, dollar quotes, versioned comments and optimizer hints does, byte for byte.
// Works on UTF-8 bytes in one pass with a fixed output buffer, so that 50 MB cost time but no memory.
import { createHash, hash as hashAtOnce } from 'node:crypto'

/** How a dialect's text is read far enough to tell comments from the rest. */
export interface LexicalRules {
  /** `#` starts a comment (MySQL). */
  readonly hashComments: boolean
  /** `--` starts a comment only before white space (MySQL). */
  readonly dashNeedsSpace: boolean
  /** Block comments nest (PostgreSQL). */
  readonly nestedComments: boolean
  /** `$tag$ … $tag$` (PostgreSQL, DuckDB). */
  readonly dollarQuotes: boolean
  /** A backslash escapes in every '…' and "…" string (MySQL). */
  readonly backslashEscapes: boolean
  /** `E'…'` strings with backslash escapes (PostgreSQL, DuckDB). */
  readonly escapeStrings: boolean
  /** Block comments that begin with an exclamation mark (or M and one) are code (MySQL, MariaDB). */
  readonly versionedComments: boolean
  /** Backtick-quoted names (MySQL, SQLite). */
  readonly backticks: boolean
  /** `[name]` (SQLite). */
  readonly brackets: boolean
}

/** SHA-256 in lower-case hex. */
export function sha256(text: string | Uint8Array): string {
  return hashAtOnce('sha256', text, 'hex')
}

/**
 * The tokens of `text` with one space between them. Two texts with the same result mean the same to the server.
 * White space and comments between tokens never count, not even their absence: `a,b` equals `a /* x *\/ , b`.
 * A comment separates like a blank. Upper and lower case count. CRLF and LF are the same inside strings and function
 * bodies too: git may change them on checkout, and a checkout is no edit.
 * An unterminated string or comment reaches to the end of the text.
 *
 * @example
 * normalizeSql('SELECT 1; -- one', rules) // 'SELECT 1 ;'
 */
export function normalizeSql(text: string, rules: LexicalRules): string {
  const parts: Buffer[] = []
  writeTokens(Buffer.from(unixLines(text)), rules, chunk => parts.push(Buffer.from(chunk)))
  return Buffer.concat(parts).toString()
}

const unixLines = (text: string): string => (text.includes('\r') ? text.replace(/\r\n/g, '\n') : text)

/** SHA-256 (hex) of {@link normalizeSql}, without ever holding the normalised text. */
export function sqlChecksum(text: string, rules: LexicalRules): string {
  const hash = createHash('sha256')
  writeTokens(Buffer.from(unixLines(text)), rules, chunk => hash.update(chunk))
  return hash.digest('hex')
}

/**
 * SHA-256 (hex) of TypeScript or JavaScript source. BOM, line ends, trailing blanks and blank lines do not count, not
 * even in template literals; everything else does, comments too, because only a full parser could tell them apart.
 */
export function codeChecksum(text: string): string {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  return sha256(
    lines
      .map(line => line.trimEnd())
      .filter(line => line !== '')
      .join('\n'),
  )
}

const OUTPUT_SIZE = 65_536
const output = Buffer.allocUnsafe(OUTPUT_SIZE)

const BLANK = 1
const WORD = 2
const OPERATOR = 3
const charClass = new Uint8Array(256)
for (const char of ' \t\n\r\f\v') charClass[char.charCodeAt(0)] = BLANK
for (let byte = 0; byte < 256; byte++) {
  if (byte >= 0x80 || /[\w$]/.test(String.fromCharCode(byte))) charClass[byte] = WORD
}
for (const char of '+-*/<>=~!@#%^&|`?:') charClass[char.charCodeAt(0)] = OPERATOR

const [
  NEWLINE,
  RETURN,
  QUOTE,
  DOUBLE,
  BACKTICK,
  BACKSLASH,
  DASH,
  HASH,
  SLASH,
  STAR,
  DOLLAR,
  OPEN,
  CLOSE,
  AT,
  DOT,
  AMPERSAND,
] = [...'\n\r\'"`\\-#/*$[]@.&'].map(char => char.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
]

/** Cuts `bytes` into tokens and hands them on in chunks that are valid only during the call. */
function writeTokens(bytes: Buffer, rules: LexicalRules, flush: (chunk: Buffer) => void): void {
  const end = bytes.length
  let at = end >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  let used = 0
  let first = true
  while (at < end) {
    const byte = bytes[at] as number
    if (charClass[byte] === BLANK) {
      at++
      continue
    }
    const comment = commentEnd(bytes, at, end, byte, rules)
    if (comment > 0) {
      at = comment
      continue
    }
    const stop = tokenEnd(bytes, at, end, byte, rules)
    if (used + (stop - at) + 1 > OUTPUT_SIZE) {
      flush(output.subarray(0, used))
      used = 0
    }
    if (!first) output[used++] = 0x20
    first = false
    if (stop - at >= OUTPUT_SIZE) {
      flush(output.subarray(0, used))
      used = 0
      flush(bytes.subarray(at, stop))
    } else if (stop - at < 24) {
      for (let from = at; from < stop; from++) output[used++] = bytes[from] as number
    } else {
      used += bytes.copy(output, used, at, stop)
    }
    at = stop
  }
  flush(output.subarray(0, used))
}

/** End of the comment that starts at `at`, or 0 when none does. */
function commentEnd(bytes: Buffer, at: number, end: number, byte: number, rules: LexicalRules): number {
  if (byte === DASH) {
    if (bytes[at + 1] !== DASH) return 0
    const after = bytes[at + 2]
    if (rules.dashNeedsSpace && after !== undefined && after > 0x20) return 0
    return lineEnd(bytes, at + 2, end)
  }
  if (byte === HASH) return rules.hashComments ? lineEnd(bytes, at + 1, end) : 0
  if (byte !== SLASH || bytes[at + 1] !== STAR || isCodeComment(bytes, at, rules)) return 0
  return blockEnd(bytes, at + 2, end, rules.nestedComments)
}

function isCodeComment(bytes: Buffer, at: number, rules: LexicalRules): boolean {
  if (!rules.versionedComments) return false
  const mark = bytes[at + 2]
  // `/*!`, `/*M!` and `/*+`
  return mark === 0x21 || mark === 0x2b || (mark === 0x4d && bytes[at + 3] === 0x21)
}

function lineEnd(bytes: Buffer, at: number, end: number): number {
  while (at < end && bytes[at] !== NEWLINE && bytes[at] !== RETURN) at++
  return at
}

function blockEnd(bytes: Buffer, at: number, end: number, nested: boolean): number {
  let depth = 1
  while (at < end) {
    const byte = bytes[at]
    if (byte === STAR && bytes[at + 1] === SLASH) {
      at += 2
      if (--depth === 0) return at
    } else if (nested && byte === SLASH && bytes[at + 1] === STAR) {
      at += 2
      depth++
    } else at++
  }
  return end
}

function tokenEnd(bytes: Buffer, at: number, end: number, byte: number, rules: LexicalRules): number {
  if (byte === QUOTE || byte === DOUBLE) return quoteEnd(bytes, at + 1, end, byte, rules.backslashEscapes)
  if (byte === BACKTICK && rules.backticks) return quoteEnd(bytes, at + 1, end, byte, false)
  if (byte === OPEN && rules.brackets) return bracketEnd(bytes, at, end)
  if (byte === SLASH && bytes[at + 1] === STAR) return blockEnd(bytes, at + 2, end, false)
  if (byte === DOLLAR && rules.dollarQuotes) {
    const stop = dollarEnd(bytes, at, end)
    if (stop > 0) return stop
  }
  const kind = charClass[byte]
  if (byte === DOT && isDigit(bytes[at + 1])) return numberEnd(bytes, at, end)
  if (isDigit(byte)) return numberEnd(bytes, at, end)
  // `@name` is a variable where `@` is no operator; elsewhere it may be part of `@>`.
  if (kind === WORD || (byte === AT && !rules.dollarQuotes)) return wordEnd(bytes, at, end, rules)
  if (kind === OPERATOR) return operatorEnd(bytes, at, end, rules)
  return at + 1
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function quoteEnd(bytes: Buffer, at: number, end: number, quote: number, escapes: boolean): number {
  while (at < end) {
    const byte = bytes[at]
    if (byte === BACKSLASH && escapes) at += 2
    else if (byte !== quote) at++
    else if (bytes[at + 1] === quote) at += 2
    else return at + 1
  }
  return end
}

function bracketEnd(bytes: Buffer, at: number, end: number): number {
  const close = bytes.indexOf(CLOSE, at)
  return close < 0 ? end : close + 1
}

/** End of a dollar-quoted string, or 0 when `$` at `at` opens none. */
function dollarEnd(bytes: Buffer, at: number, end: number): number {
  let stop = at + 1
  while (stop < end && charClass[bytes[stop] as number] === WORD && bytes[stop] !== DOLLAR) stop++
  if (bytes[stop] !== DOLLAR || isDigit(bytes[at + 1])) return 0
  const close = bytes.indexOf(bytes.subarray(at, stop + 1), stop + 1)
  return close < 0 ? end : close + (stop + 1 - at)
}

function numberEnd(bytes: Buffer, at: number, end: number): number {
  let stop = at + 1
  while (stop < end && (charClass[bytes[stop] as number] === WORD || bytes[stop] === DOT)) stop++
  const last = (bytes[stop - 1] as number) | 0x20
  const sign = bytes[stop]
  // `1e-5` is one number; `0x1e-5` is read so too, which only makes blanks there count.
  if (last === 0x65 && (sign === 0x2b || sign === DASH) && isDigit(bytes[stop + 1]))
    return numberEnd(bytes, stop + 1, end)
  return stop
}

function wordEnd(bytes: Buffer, at: number, end: number, rules: LexicalRules): number {
  let stop = at + 1
  while (stop < end && (charClass[bytes[stop] as number] === WORD || (bytes[stop] === AT && !rules.dollarQuotes)))
    stop++
  if (stop !== at + 1) return stop
  // E'…', N'…', X'…', B'…' and U&'…' are one token: with a blank between they would be a name and a string.
  const letter = (bytes[at] as number) | 0x20
  const next = bytes[stop]
  if (next === QUOTE && (letter === 0x65 || letter === 0x6e || letter === 0x78 || letter === 0x62)) {
    const escapes = rules.backslashEscapes || (letter === 0x65 && rules.escapeStrings)
    return quoteEnd(bytes, stop + 1, end, QUOTE, escapes)
  }
  const quote = bytes[stop + 1]
  if (letter === 0x75 && next === AMPERSAND && (quote === QUOTE || quote === DOUBLE)) {
    return quoteEnd(bytes, stop + 2, end, quote, rules.backslashEscapes)
  }
  return stop
}

/** Operators as PostgreSQL reads them (manual 4.1.3): `=-` is two, `@-` is one; a comment ends an operator. */
function operatorEnd(bytes: Buffer, at: number, end: number, rules: LexicalRules): number {
  let stop = at
  let special = false
  while (stop < end) {
    const byte = bytes[stop] as number
    if (charClass[byte] !== OPERATOR || (byte === BACKTICK && rules.backticks)) break
    if (stop > at) {
      if (byte === AT && !rules.dollarQuotes) break
      if (byte === SLASH && bytes[stop + 1] === STAR) break
      if (commentEnd(bytes, stop, end, byte, rules) > 0) break
    }
    if (SPECIAL.has(byte)) special = true
    stop++
  }
  if (special) return stop
  while (stop > at + 1 && (bytes[stop - 1] === 0x2b || bytes[stop - 1] === DASH)) stop--
  return stop
}

const SPECIAL = new Set([...'~!@#%^&|`?'].map(char => char.charCodeAt(0)))
