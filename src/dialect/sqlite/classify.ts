// What a SQLite statement is, told from its first words. Promises nothing about its grammar.
import type { StatementClass } from '../split.ts'
import { newToken, readToken } from './lex.ts'

/** The first tokens of a statement: words in upper case, everything else as written. */
export function firstTokens(text: string, most: number): string[] {
  const tokens: string[] = []
  const token = newToken()
  for (let at = 0; tokens.length < most; at = token.end) {
    readToken(text, at, token)
    if (token.kind === 'end' || token.kind === 'open') break
    const written = text.slice(token.start, token.end)
    tokens.push(token.kind === 'word' ? written.toUpperCase() : written)
  }
  return tokens
}

/** PRAGMAs that fail or are ignored inside a transaction (tried with SQLite 3.40 and 3.45). */
const outsidePragmas = new Set(['JOURNAL_MODE', 'SYNCHRONOUS', 'TEMP_STORE', 'WAL_CHECKPOINT'])

export function classify(text: string): StatementClass {
  const words = firstTokens(text, 8)
  const first = words[0] ?? ''
  switch (first) {
    case 'BEGIN':
    case 'COMMIT':
    case 'END':
    case 'ROLLBACK':
    case 'SAVEPOINT':
    case 'RELEASE':
      return facts(first, 'control', false)
    case 'CREATE':
    case 'DROP':
    case 'ALTER': {
      const command = `${first} ${objectWords(words)}`
      return facts(command, 'ddl', true, command === 'DROP TABLE')
    }
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE':
      return facts(first, 'dml', true)
    case 'SELECT':
    case 'VALUES':
    case 'EXPLAIN':
      return facts(first, 'query', true)
    case 'WITH': {
      const verb = mainVerb(text)
      return facts(`WITH ${verb}`, verb === 'SELECT' ? 'query' : 'dml', true)
    }
    case 'PRAGMA': {
      const name = pragmaName(words)
      const reads = !words.includes('=') && !words.includes('(') && name !== 'WAL_CHECKPOINT'
      return facts(`PRAGMA ${name.toLowerCase()}`, 'session', reads || !outsidePragmas.has(name))
    }
    case 'ATTACH':
    case 'DETACH':
      return facts(first, 'session', false)
    case 'VACUUM':
      return facts(first, 'other', false)
    default:
      return facts(first, 'other', true)
  }
}

/** The name of a PRAGMA statement in upper case, without its schema. */
export function pragmaName(words: readonly string[]): string {
  const name = words[2] === '.' ? words[3] : words[1]
  return (name ?? '').replace(/^["'`[]|["'`\]]$/g, '').toUpperCase()
}

/** A table as a statement names it. `schema` is undefined where the name stands alone. */
export interface WrittenTable {
  readonly schema: string | undefined
  readonly table: string
}

/** What DROP names, quotes removed; undefined for other statements. */
export function dropped(text: string): (WrittenTable & { readonly type: string }) | undefined {
  const words = rawTokens(text, 8)
  const type = words[1]?.toLowerCase()
  if (words[0]?.toUpperCase() !== 'DROP' || type === undefined) return undefined
  const at = words[2]?.toUpperCase() === 'IF' && words[3]?.toUpperCase() === 'EXISTS' ? 4 : 2
  return { type, ...written(words, at) }
}

/** The table that ALTER TABLE … RENAME TO gives another name; undefined for other statements. */
export function renamedTable(text: string): WrittenTable | undefined {
  const words = rawTokens(text, 8)
  if (words[0]?.toUpperCase() !== 'ALTER' || words[1]?.toUpperCase() !== 'TABLE') return undefined
  const after = words[3] === '.' ? 5 : 3
  if (words[after]?.toUpperCase() !== 'RENAME' || words[after + 1]?.toUpperCase() !== 'TO') return undefined
  return written(words, 2)
}

function written(words: readonly string[], at: number): WrittenTable {
  const first = unquote(words[at] ?? '')
  return words[at + 1] === '.'
    ? { schema: first, table: unquote(words[at + 2] ?? '') }
    : { schema: undefined, table: first }
}

function rawTokens(text: string, most: number): string[] {
  const tokens: string[] = []
  const token = newToken()
  for (let at = 0; tokens.length < most; at = token.end) {
    readToken(text, at, token)
    if (token.kind === 'end' || token.kind === 'open') break
    tokens.push(text.slice(token.start, token.end))
  }
  return tokens
}

function unquote(name: string): string {
  const quote = name[0]
  if (quote === '[') return name.slice(1, -1)
  if (quote !== '"' && quote !== '`' && quote !== "'") return name
  return name.slice(1, -1).replaceAll(quote + quote, quote)
}

const modifiers = new Set(['TEMP', 'TEMPORARY', 'UNIQUE', 'VIRTUAL'])

/** `UNIQUE INDEX` after CREATE, `TABLE` after DROP. */
function objectWords(words: readonly string[]): string {
  const found: string[] = []
  for (const word of words.slice(1, 4)) {
    found.push(word)
    if (!modifiers.has(word)) break
  }
  return found.join(' ')
}

/** The verb behind the common table expressions of WITH. */
function mainVerb(text: string): string {
  const token = newToken()
  let depth = 0
  for (let at = 0; ; at = token.end) {
    readToken(text, at, token)
    if (token.kind === 'end' || token.kind === 'open') return 'SELECT'
    if (token.kind === 'sign') {
      const sign = text[token.start]
      if (sign === '(') depth++
      if (sign === ')') depth--
    }
    if (token.kind !== 'word' || depth > 0) continue
    const word = text.slice(token.start, token.end).toUpperCase()
    if (word === 'INSERT' || word === 'REPLACE' || word === 'UPDATE' || word === 'DELETE') return word
    if (word === 'SELECT' || word === 'VALUES') return 'SELECT'
  }
}

function facts(
  command: string,
  kind: StatementClass['kind'],
  transactional: boolean,
  rebuildsTable = false,
): StatementClass {
  return { command, kind, transactional, rebuildsTable }
}
