// Reads SQLite text token by token, and cuts it where SQLite's own `sqlite3_complete` would: at semicolons outside
// strings, quoted names and comments, and for CREATE TRIGGER only after `; END ;`. Exact for all valid SQL.

export type TokenKind = 'word' | 'string' | 'name' | 'sign' | 'semicolon' | 'open' | 'end'

/** One token, overwritten by the next: a 50 MB text must not become millions of objects. */
export interface Token {
  /** `string` = '…', `name` = "…", `…` or […], `open` = a string or name without end, `end` = end of the text. */
  kind: TokenKind
  start: number
  end: number
}

export interface Piece {
  /** Offset of the first token. */
  readonly start: number
  /** Offset after the last token, without the semicolon. */
  readonly end: number
}

export function newToken(): Token {
  return { kind: 'end', start: 0, end: 0 }
}

/** Reads the token at or after `position`, past blanks and comments, into `token`. */
export function readToken(text: string, position: number, token: Token): Token {
  let at = skipBlank(text, position)
  token.start = at
  if (at >= text.length) return finish(token, 'end', text.length)
  const code = text.charCodeAt(at)
  if (isWord(code)) {
    do at++
    while (at < text.length && isWord(text.charCodeAt(at)))
    return finish(token, 'word', at)
  }
  if (code === 59) return finish(token, 'semicolon', at + 1)
  if (code === 39 || code === 34 || code === 96) {
    const quote = text[at] as string
    for (let from = at + 1; ; ) {
      const close = text.indexOf(quote, from)
      if (close < 0) return finish(token, 'open', text.length)
      if (text[close + 1] !== quote) return finish(token, code === 39 ? 'string' : 'name', close + 1)
      from = close + 2
    }
  }
  if (code === 91) {
    const close = text.indexOf(']', at)
    return close < 0 ? finish(token, 'open', text.length) : finish(token, 'name', close + 1)
  }
  return finish(token, 'sign', at + 1)
}

export interface Cut {
  /** In order; an unfinished last one counts. */
  readonly pieces: readonly Piece[]
  /** Where a string or quoted name begins that is never closed. */
  readonly open: number | undefined
}

export function cut(text: string): Cut {
  const pieces: Piece[] = []
  let open: number | undefined
  const token = newToken()
  let position = 0
  let first = -1
  let last = 0
  let state = 1
  for (;;) {
    readToken(text, position, token)
    position = token.end
    if (token.kind === 'end') break
    if (token.kind === 'semicolon') {
      state = next(state, 0)
      if (state !== 1) {
        last = token.end
      } else if (first >= 0) {
        pieces.push({ start: first, end: last })
        first = -1
      }
      continue
    }
    if (first < 0) first = token.start
    last = token.end
    if (token.kind === 'open') open = token.start
    // In a plain statement nothing but a semicolon matters, which spares the words of long INSERTs.
    if (state !== 2) state = next(state, token.kind === 'word' ? symbol(text, token) : 1)
  }
  if (first >= 0) pieces.push({ start: first, end: last })
  return { pieces, open }
}

// States: 1 start, 2 plain statement, 3 after EXPLAIN, 4 after CREATE, 5 trigger, 6 semicolon in a trigger, 7 its END.
// Columns: semicolon, other, EXPLAIN, CREATE, TEMP, TRIGGER, END. (https://sqlite.org/c3ref/complete.html)
const transitions: readonly (readonly number[])[] = [
  [],
  [1, 2, 3, 4, 2, 2, 2],
  [1, 2, 2, 2, 2, 2, 2],
  [1, 3, 2, 4, 2, 2, 2],
  [1, 2, 2, 2, 4, 5, 2],
  [6, 5, 5, 5, 5, 5, 5],
  [6, 5, 5, 5, 5, 5, 7],
  [1, 5, 5, 5, 5, 5, 5],
]

function next(state: number, column: number): number {
  return transitions[state]?.[column] ?? 2
}

function symbol(text: string, token: Token): number {
  const length = token.end - token.start
  if (length < 3 || length > 9) return 1
  switch (text.slice(token.start, token.end).toUpperCase()) {
    case 'EXPLAIN':
      return 2
    case 'CREATE':
      return 3
    case 'TEMP':
    case 'TEMPORARY':
      return 4
    case 'TRIGGER':
      return 5
    case 'END':
      return 6
    default:
      return 1
  }
}

function skipBlank(text: string, position: number): number {
  let at = position
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 32 || (code >= 9 && code <= 13) || code === 0xfeff) continue
    if (code === 45 && text.charCodeAt(at + 1) === 45) {
      const line = text.indexOf('\n', at)
      if (line < 0) return text.length
      at = line
      continue
    }
    if (code === 47 && text.charCodeAt(at + 1) === 42) {
      // SQLite ends an unfinished comment at the end of the text.
      const close = text.indexOf('*/', at + 2)
      if (close < 0) return text.length
      at = close + 1
      continue
    }
    return at
  }
  return at
}

/** Letters, digits, `_`, `$` and everything beyond ASCII, as SQLite's tokenizer has it. */
function isWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 36 ||
    (code > 127 && code !== 0xfeff)
  )
}

function finish(token: Token, kind: TokenKind, end: number): Token {
  token.kind = kind
  token.end = end
  return token
}
