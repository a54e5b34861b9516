// Cuts MySQL and MariaDB text into tokens: words, quoted text, symbols, delimiters and versioned comments.
// Plain comments and blanks are passed over. Every offset counts UTF-16 units. Knows no grammar: what a word means
// is decided by its readers. Refuses strings, names and comments that never end.
import { SplitFailure } from '../split.ts'

export type TokenKind =
  /** Unquoted name, keyword or number. */
  | 'word'
  /** `'…'`, `"…"` or a name in backticks. */
  | 'quoted'
  /** One other character. */
  | 'symbol'
  /** The delimiter set by a DELIMITER line; `;` is a symbol unless it is the delimiter. */
  | 'delimiter'
  /** Begin of a comment whose content is code: an exclamation mark follows its opening. */
  | 'code-open'
  | 'code-close'
  /** A backslash outside quotes: a client command, or NULL written as backslash N. */
  | 'backslash'
  | 'end'

export interface LexOptions {
  /** False under the SQL mode NO_BACKSLASH_ESCAPES. Default true. */
  readonly backslashEscapes?: boolean
}

/** Versions from here on name no server: such comments are for client programs and are never code. */
const NEVER_CODE = 990_000

const SINGLE = 39
const DOUBLE = 34
const BACKTICK = 96
const BACKSLASH = 92
const HASH = 35
const DASH = 45
const SLASH = 47
const STAR = 42
const EXCLAMATION = 33
const NEWLINE = 10

/** Reads tokens one after the other; `kind`, `start` and `end` describe the latest. */
export class Lexer {
  readonly text: string
  kind: TokenKind = 'end'
  start = 0
  end: number
  /** What ends a statement; `;` until a DELIMITER line changes it. */
  delimiter = ';'
  /** Offset of the versioned comment that the position is in; -1 outside. */
  codeComment = -1
  readonly #backslashEscapes: boolean

  constructor(text: string, options: LexOptions = {}, from = 0) {
    this.text = text
    this.end = from
    this.#backslashEscapes = options.backslashEscapes ?? true
  }

  /** The latest token's text. */
  value(): string {
    return this.text.slice(this.start, this.end)
  }

  /** Reads one token. @throws SplitFailure SQL.SYNTAX_INVALID at the start of what never ends */
  next(): TokenKind {
    this.kind = this.#read()
    return this.kind
  }

  #read(): TokenKind {
    const { text, delimiter } = this
    const length = text.length
    const first = delimiter.charCodeAt(0)
    let at = this.end
    while (at < length) {
      const code = text.charCodeAt(at)
      if (isBlank(code)) {
        at++
        continue
      }
      this.start = at
      if (code === first && (delimiter.length === 1 || text.startsWith(delimiter, at))) {
        return this.#token('delimiter', at + delimiter.length)
      }
      if (isWord(code)) return this.#token('word', this.#wordEnd(at, first))
      if (code === HASH) {
        at = this.#lineEnd(at)
        continue
      }
      if (code === DASH && isLineComment(text, at)) {
        at = this.#lineEnd(at)
        continue
      }
      if (code === SLASH && text.charCodeAt(at + 1) === STAR) {
        const opening = codeOpening(text, at)
        if (opening > 0 && this.codeComment < 0) {
          this.codeComment = at
          return this.#token('code-open', at + opening)
        }
        const close = text.indexOf('*/', at + 2)
        if (close < 0) throw unterminated('comment', at)
        at = close + 2
        continue
      }
      if (code === STAR && this.codeComment >= 0 && text.charCodeAt(at + 1) === SLASH) {
        this.codeComment = -1
        return this.#token('code-close', at + 2)
      }
      if (code === SINGLE || code === DOUBLE) return this.#token('quoted', this.#stringEnd(at, code))
      if (code === BACKTICK) return this.#token('quoted', this.#nameEnd(at))
      return this.#token(code === BACKSLASH ? 'backslash' : 'symbol', at + 1)
    }
    if (this.codeComment >= 0) throw unterminated('versioned comment', this.codeComment)
    this.start = length
    return this.#token('end', length)
  }

  #token(kind: TokenKind, end: number): TokenKind {
    this.end = end
    return kind
  }

  #lineEnd(at: number): number {
    const newline = this.text.indexOf('\n', at)
    return newline < 0 ? this.text.length : newline + 1
  }

  /** A delimiter such as `$$` ends a word although it is made of word characters. */
  #wordEnd(at: number, first: number): number {
    const { text, delimiter } = this
    let end = at + 1
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end)
      if (!isWord(code)) break
      if (code === first && text.startsWith(delimiter, end)) break
    }
    return end
  }

  #stringEnd(at: number, quote: number): number {
    const { text } = this
    for (let end = at + 1; end < text.length; end++) {
      const code = text.charCodeAt(end)
      if (code === BACKSLASH && this.#backslashEscapes) end++
      else if (code === quote) {
        if (text.charCodeAt(end + 1) !== quote) return end + 1
        end++
      }
    }
    throw unterminated('string', at)
  }

  #nameEnd(at: number): number {
    for (let close = this.text.indexOf('`', at + 1); close >= 0; close = this.text.indexOf('`', close + 2)) {
      if (this.text.charCodeAt(close + 1) !== BACKTICK) return close + 1
    }
    throw unterminated('quoted name', at)
  }
}

/** White space of the server's lexer; also the byte-order mark, which editors leave at the start. */
export function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xfeff
}

/** Letters, digits, `_`, `$` and everything from U+0080 on (MySQL Reference Manual, "Schema Object Names"). */
function isWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 36 ||
    code >= 128
  )
}

/** Two dashes are a comment only before white space, a control character or the end ("'--' as the Start of a Comment"). */
function isLineComment(text: string, at: number): boolean {
  if (text.charCodeAt(at + 1) !== DASH) return false
  const after = text.charCodeAt(at + 2)
  return Number.isNaN(after) || after <= 32 || after === 127 || after === NEWLINE
}

/** Length of the opening of a versioned comment at `at`; 0 when it is an ordinary comment. */
function codeOpening(text: string, at: number): number {
  const mark = text[at + 2] === 'M' ? at + 3 : at + 2
  if (text.charCodeAt(mark) !== EXCLAMATION) return 0
  let digits = mark + 1
  while (digits < mark + 7 && isDigit(text.charCodeAt(digits))) digits++
  // Servers read 5 or 6 digits; fewer are not a version but code, such as `/*!1 + 1*/`.
  if (digits - mark - 1 < 5) return mark + 1 - at
  const version = Number(text.slice(mark + 1, digits))
  return version >= NEVER_CODE || version === 99_999 ? 0 : digits - at
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function unterminated(what: string, at: number): SplitFailure {
  return new SplitFailure('SQL.SYNTAX_INVALID', `the ${what} that begins here never ends`, at)
}
