// Text that the server wrote, as tokens: SHOW CREATE, bodies of views and routines. Versioned comments are read as code.
import { Lexer } from '../lex.ts'

export interface Token {
  readonly kind: 'word' | 'quoted' | 'symbol'
  readonly text: string
  readonly start: number
  readonly end: number
}

export function tokensOf(text: string, from = 0): Token[] {
  const lexer = new Lexer(text, {}, from)
  const tokens: Token[] = []
  for (let kind = lexer.next(); kind !== 'end'; kind = lexer.next()) {
    if (kind === 'code-open' || kind === 'code-close') continue
    const known = kind === 'word' || kind === 'quoted' ? kind : 'symbol'
    tokens.push({ kind: known, text: lexer.value(), start: lexer.start, end: lexer.end })
  }
  return tokens
}

/** The text with the content of versioned comments as plain code: MySQL writes half of SHOW CREATE TABLE in them. */
export function withoutVersions(text: string): string {
  if (!text.includes('/*')) return text
  const lexer = new Lexer(text)
  let result = ''
  let copied = 0
  for (let kind = lexer.next(); kind !== 'end'; kind = lexer.next()) {
    if (kind !== 'code-open' && kind !== 'code-close') continue
    result += text.slice(copied, lexer.start)
    copied = lexer.end
  }
  return result + text.slice(copied)
}

/** The name that a token stands for; undefined for strings and symbols. */
export function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === 'word') return token.text
  if (token?.kind === 'quoted' && token.text.startsWith('`')) return token.text.slice(1, -1).replaceAll('``', '`')
  return undefined
}

/** What a string literal of the server holds. */
export function stringOf(literal: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0', b: '\b', Z: '\x1a' }
  return literal
    .slice(1, -1)
    .replace(/''|\\([\s\S])/g, (_, sign?: string) => (sign === undefined ? "'" : (escapes[sign] ?? sign)))
}

/** Index of the parenthesis that closes the one at `open`; the last token when there is none. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    const { kind, text } = tokens[at] as Token
    if (kind !== 'symbol') continue
    if (text === '(') depth++
    else if (text === ')' && --depth === 0) return at
  }
  return tokens.length - 1
}

/** Lists of tokens between commas that are in no parentheses. */
export function items(tokens: readonly Token[]): Token[][] {
  const found: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.kind === 'symbol') {
      if (token.text === '(') depth++
      else if (token.text === ')') depth--
      else if (token.text === ',' && depth === 0) {
        found.push([])
        continue
      }
    }
    found.at(-1)?.push(token)
  }
  return found
}

/**
 * The text without the name of its own database before names: what it means there, it means in any other. Names of
 * accounts and parts of longer names stay.
 */
export function withoutDatabase(text: string, database: string): string {
  if (!text.includes(database) && !text.includes(database.replaceAll('`', '``'))) return text
  const tokens = tokensOf(text)
  let result = ''
  let copied = 0
  tokens.forEach((token, index) => {
    if (nameOf(token) !== database || tokens[index + 1]?.text !== '.') return
    const before = tokens[index - 1]?.text
    if (before === '.' || before === '@') return
    result += text.slice(copied, token.start)
    copied = (tokens[index + 1] as Token).end
  })
  return result + text.slice(copied)
}
