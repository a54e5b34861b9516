// Reads DuckDB text token by token and cuts it at top-level semicolons. Knows '…', E'…', "…", $tag$…$tag$,
// line comments and block comments, which nest (tried with DuckDB 1.5.6).

export interface Token {
  /** `quoted` = "…", `open` = something without its end, `end` = end of the text. */
  kind: 'word' | 'string' | 'quoted' | 'sign' | 'semicolon' | 'open' | 'end'
  start: number
  end: number
}

export interface Piece {
  readonly start: number
  /** Offset after the last token, without the semicolon. */
  readonly end: number
}

export interface Cut {
  /** In order; an unfinished last one counts. */
  readonly pieces: readonly Piece[]
  /** Where something begins that is never closed. */
  readonly open: number | undefined
}

export function cut(text: string): Cut {
  const pieces: Piece[] = []
  const token: Token = { kind: 'end', start: 0, end: 0 }
  let open: number | undefined
  let first = -1
  let last = 0
  for (let at = 0; ; at = token.end) {
    readToken(text, at, token)
    if (token.kind === 'end' || token.kind === 'semicolon') {
      if (first >= 0) pieces.push({ start: first, end: last })
      first = -1
      if (token.kind === 'end') return { pieces, open }
      continue
    }
    if (first < 0) first = token.start
    last = token.end
    if (token.kind === 'open') open = token.start
  }
}

/** The first tokens of a statement: words in upper case, everything else as written. */
export function firstTokens(text: string, most: number): string[] {
  const tokens: string[] = []
  const token: Token = { kind: 'end', start: 0, end: 0 }
  for (let at = 0; tokens.length < most; at = token.end) {
    readToken(text, at, token)
    if (token.kind === 'end' || token.kind === 'open') break
    const written = text.slice(token.start, token.end)
    tokens.push(token.kind === 'word' ? written.toUpperCase() : written)
  }
  return tokens
}

/** Reads the token at or after `position`, past blanks and comments, into `token`. */
export function readToken(text: string, position: number, token: Token): Token {
  let at = skipBlank(text, position)
  if (at < 0) {
    token.start = -at - 1
    return finish(token, 'open', text.length)
  }
  token.start = at
  if (at >= text.length) return finish(token, 'end', text.length)
  const code = text.charCodeAt(at)
  if (isWordStart(code)) {
    do at++
    while (at < text.length && isWordPart(text.charCodeAt(at)))
    const escapes = at - token.start === 1 && (code | 32) === 101 && text.charCodeAt(at) === 39
    return escapes ? readEscaped(text, at, token) : finish(token, 'word', at)
  }
  if (code === 59) return finish(token, 'semicolon', at + 1)
  if (code === 39 || code === 34) return readQuoted(text, at, code === 39 ? "'" : '"', token)
  if (code === 36) return readDollar(text, at, token)
  return finish(token, 'sign', at + 1)
}

function readQuoted(text: string, at: number, quote: string, token: Token): Token {
  for (let from = at + 1; ; ) {
    const close = text.indexOf(quote, from)
    if (close < 0) return finish(token, 'open', text.length)
    if (text[close + 1] !== quote) return finish(token, quote === "'" ? 'string' : 'quoted', close + 1)
    from = close + 2
  }
}

function readEscaped(text: string, quote: number, token: Token): Token {
  for (let at = quote + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 92) at++
    else if (code === 39) {
      if (text.charCodeAt(at + 1) !== 39) return finish(token, 'string', at + 1)
      at++
    }
  }
  return finish(token, 'open', text.length)
}

const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y

function readDollar(text: string, at: number, token: Token): Token {
  dollarTag.lastIndex = at
  const tag = dollarTag.exec(text)?.[0]
  if (tag === undefined) return finish(token, 'sign', at + 1)
  const close = text.indexOf(tag, at + tag.length)
  return close < 0 ? finish(token, 'open', text.length) : finish(token, 'string', close + tag.length)
}

/** Offset of the next token; for a comment without end, -1 minus where it begins. */
function skipBlank(text: string, position: number): number {
  let at = position
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 32 || (code >= 9 && code <= 13) || code === 0xfeff || code === 0xa0) continue
    if (code === 45 && text.charCodeAt(at + 1) === 45) {
      const line = text.indexOf('\n', at)
      if (line < 0) return text.length
      at = line
      continue
    }
    if (code === 47 && text.charCodeAt(at + 1) === 42) {
      const end = commentEnd(text, at)
      if (end < 0) return -at - 1
      at = end - 1
      continue
    }
    return at
  }
  return at
}

function commentEnd(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length - 1; at++) {
    const pair = text.charCodeAt(at) * 256 + text.charCodeAt(at + 1)
    if (pair === 0x2f2a) {
      depth++
      at++
    } else if (pair === 0x2a2f) {
      at++
      if (--depth === 0) return at + 1
    }
  }
  return -1
}

function isWordStart(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    code === 95 ||
    (code > 127 && code !== 0xfeff && code !== 0xa0) ||
    (code >= 48 && code <= 57)
  )
}

function isWordPart(code: number): boolean {
  return isWordStart(code) || code === 36
}

function finish(token: Token, kind: Token['kind'], end: number): Token {
  token.kind = kind
  token.end = end
  return token
}
