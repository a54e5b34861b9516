// The lexical rules of PostgreSQL (manual 4.1): just enough to find where statements begin and end. Exact for
// quotes, escape strings, dollar quotes, nested comments, parentheses (CREATE RULE) and BEGIN ATOMIC bodies.
// Refuses what is not SQL: psql commands, inline COPY data, NUL, and quotes or comments that never end.
import type { LexicalRules } from '../../core/checksum.ts'
import { SplitFailure } from '../split.ts'

export const lexicalRules: LexicalRules = {
  hashComments: false,
  dashNeedsSpace: false,
  nestedComments: true,
  dollarQuotes: true,
  backslashEscapes: false,
  escapeStrings: true,
  versionedComments: false,
  backticks: false,
  brackets: false,
}

/** One statement: UTF-16 offsets of its first and behind its last token, without the semicolon. */
export interface Cut {
  readonly start: number
  readonly end: number
}

const DOLLAR_TAG = /\$(?:[A-Za-z_\x80-\uffff][A-Za-z0-9_\x80-\uffff]*)?\$/y

/** @throws SplitFailure at the first thing that is not SQL */
export function* cutStatements(text: string): Generator<Cut> {
  const nul = text.indexOf('\0')
  if (nul >= 0) throw new SplitFailure('SQL.SYNTAX_INVALID', 'the text holds a NUL character', nul)
  const { length } = text
  const body = new BodyTracker()
  let start = -1
  let end = 0
  let parentheses = 0
  for (let at = 0; at < length; ) {
    const code = text.charCodeAt(at)
    if (isBlank(code)) {
      at++
      continue
    }
    if (code === DASH && text.charCodeAt(at + 1) === DASH) {
      at = endOfLine(text, at)
      continue
    }
    if (code === SLASH && text.charCodeAt(at + 1) === STAR) {
      at = endOfComment(text, at)
      continue
    }
    if (code === BACKSLASH) throw clientCommand(text, at)
    if (code === SEMICOLON && parentheses === 0 && !body.open) {
      if (start >= 0) yield checked(text, start, end)
      start = -1
      body.clear()
      at++
      continue
    }
    if (start < 0) start = at
    if (isWordPart(code)) {
      const from = at
      do at++
      while (at < length && isWordPart(text.charCodeAt(at)))
      if (at === from + 1 && (code | 32) === LETTER_E && text.charCodeAt(at) === QUOTE) at = endOfEscapeString(text, at)
      else if (body.listens && !isDigit(code)) body.word(text.slice(from, at))
    } else if (code === QUOTE || code === DOUBLE_QUOTE) at = endOfQuote(text, at, code === QUOTE ? "'" : '"')
    else if (code === DOLLAR) at = endOfDollarQuote(text, at)
    else {
      if (code === OPEN) parentheses++
      else if (code === CLOSE) parentheses = Math.max(0, parentheses - 1)
      at++
    }
    end = at
  }
  if (start >= 0) yield checked(text, start, end)
}

const [DASH, SLASH, STAR, BACKSLASH, SEMICOLON, QUOTE, DOUBLE_QUOTE, DOLLAR, OPEN, CLOSE, LETTER_E] = [
  45, 47, 42, 92, 59, 39, 34, 36, 40, 41, 101,
] as const

/** Number of statements in a text; 1 for a text that cannot be cut, which the server then refuses as a whole. */
export function countStatements(text: string): number {
  try {
    let count = 0
    for (const _ of cutStatements(text)) count++
    return count
  } catch {
    return 1
  }
}

/** Follows CREATE FUNCTION/PROCEDURE … BEGIN ATOMIC … END, whose semicolons do not end the statement. */
class BodyTracker {
  private words = 0
  private create = false
  private routine = false
  private previous = ''
  private depth = 0

  get open(): boolean {
    return this.depth > 0
  }

  /** Later words do not matter: only a routine has a body. */
  get listens(): boolean {
    return this.routine || this.words < 4
  }

  clear(): void {
    this.words = 0
    this.create = false
    this.routine = false
    this.previous = ''
    this.depth = 0
  }

  word(found: string): void {
    this.words++
    const word = found.toUpperCase()
    if (this.words === 1) this.create = word === 'CREATE'
    else if (this.create && !this.routine && (word === 'FUNCTION' || word === 'PROCEDURE')) this.routine = true
    else if (this.routine) {
      if (this.depth === 0) {
        if (word === 'ATOMIC' && this.previous === 'BEGIN') this.depth = 1
      } else if (word === 'CASE') this.depth++
      else if (word === 'END') this.depth--
    }
    this.previous = word
  }
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xfeff
}

/** Letters, digits, `_`, `$` inside a word, and everything beyond ASCII. A number is read as a word: it holds no quote. */
function isWordPart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || isDigit(code) || code === 95 || code >= 128
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function endOfLine(text: string, at: number): number {
  for (let next = at; next < text.length; next++) {
    const code = text.charCodeAt(next)
    if (code === 10 || code === 13) return next
  }
  return text.length
}

function endOfComment(text: string, at: number): number {
  const mark = /\/\*|\*\//g
  mark.lastIndex = at + 2
  let depth = 1
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return mark.lastIndex
  }
  throw new SplitFailure('SQL.SYNTAX_INVALID', 'the comment that begins here never ends', at)
}

function endOfQuote(text: string, at: number, quote: string): number {
  for (let from = at + 1; ; ) {
    const next = text.indexOf(quote, from)
    if (next < 0) throw new SplitFailure('SQL.SYNTAX_INVALID', `the ${quote} quote that begins here never ends`, at)
    if (text[next + 1] !== quote) return next + 1
    from = next + 2
  }
}

function endOfEscapeString(text: string, at: number): number {
  const mark = /\\[\s\S]|''|'/g
  mark.lastIndex = at + 1
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    if (found[0] === "'") return mark.lastIndex
  }
  throw new SplitFailure('SQL.SYNTAX_INVALID', "the E'…' string that begins here never ends", at)
}

/** Behind the dollar quote that begins here; a dollar that begins none (`$1`, inside a name) is one character. */
function endOfDollarQuote(text: string, at: number): number {
  DOLLAR_TAG.lastIndex = at
  const tag = at > 0 && isWordPart(text.charCodeAt(at - 1)) ? undefined : DOLLAR_TAG.exec(text)?.[0]
  if (tag === undefined) return at + 1
  const next = text.indexOf(tag, at + tag.length)
  if (next < 0) throw new SplitFailure('SQL.SYNTAX_INVALID', `the ${tag} quote that begins here never ends`, at)
  return next + tag.length
}

function clientCommand(text: string, at: number): SplitFailure {
  const command = /^\\(?:[A-Za-z_]+|[^\s])?/.exec(text.slice(at, at + 40))?.[0] ?? '\\'
  return new SplitFailure('SQL.CLIENT_COMMAND', `${command} is a command of psql, not SQL`, at, [
    `remove ${command} from the file: godwit connects by itself and runs SQL only`,
  ])
}

/** COPY … FROM STDIN is refused where it stands: the data lines behind it are not SQL and cannot be cut. */
function checked(text: string, start: number, end: number): Cut {
  if (/^copy$/i.test(text.slice(start, start + 5).trim()) && readsFromClient(text.slice(start, end))) {
    throw new SplitFailure('SQL.COPY_DATA', 'COPY … FROM STDIN takes its rows from the client, not from SQL', start, [
      'write the rows as INSERT statements (pg_dump --inserts does), or copy them in a TypeScript revision',
    ])
  }
  return { start, end }
}

/** The statement is a COPY … FROM STDIN, whatever its quoted parts say. */
function readsFromClient(statement: string): boolean {
  const plain = statement.replace(/--[^\n\r]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\([^()]*\)/g, ' x ')
  return /^\s*(?:x\s+)*copy\s[^;]*?\sfrom\s+stdin\b/i.test(plain)
}
