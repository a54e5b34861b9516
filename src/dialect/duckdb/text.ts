// SQL as DuckDB writes it back, read token by token: the parts of a CREATE TABLE, and the relations and functions that
// a view, a macro or a default names.
import { readToken, type Token } from './lex.ts'

export interface Word {
  readonly kind: 'word' | 'string' | 'quoted' | 'sign' | 'semicolon' | 'open'
  /** Words in lower case, quoted names without their quotes, the rest as written. */
  readonly text: string
  readonly start: number
  readonly end: number
}

export function wordsOf(sql: string): Word[] {
  const words: Word[] = []
  const token: Token = { kind: 'end', start: 0, end: 0 }
  for (let at = 0; ; at = token.end) {
    readToken(sql, at, token)
    const { kind, start, end } = token
    if (kind === 'end') return words
    const written = sql.slice(start, end)
    const text =
      kind === 'word' ? written.toLowerCase() : kind === 'quoted' ? written.slice(1, -1).replaceAll('""', '"') : written
    words.push({ kind, text, start, end })
  }
}

/** The entries between the outer parentheses of a CREATE TABLE, as written. */
export function entriesOf(sql: string): string[] {
  const entries: string[] = []
  let depth = 0
  let from = 0
  for (const { kind, text, start, end } of wordsOf(sql)) {
    if (kind !== 'sign') continue
    if (/[([{]/.test(text)) {
      if (depth++ === 0) from = end
    } else if (/[)\]}]/.test(text)) {
      if (--depth === 0) {
        entries.push(sql.slice(from, start).trim())
        return entries
      }
    } else if (text === ',' && depth === 1) {
      entries.push(sql.slice(from, start).trim())
      from = end
    }
  }
  return entries
}

/** The texts in the parentheses of `nextval('…')` and `currval('…')`. */
export function sequencesIn(sql: string): string[] {
  return [...sql.matchAll(/\b(?:nextval|currval)\(\s*'((?:[^']|'')+)'/gi)].map(([, name = '']) =>
    name.replaceAll("''", "'"),
  )
}

export interface Named {
  /** Lower-case paths: `['t']`, `['s', 't']`. */
  readonly relations: readonly (readonly string[])[]
  readonly functions: readonly (readonly string[])[]
}

const AFTER_TABLES = new Set([
  'where',
  'group',
  'order',
  'limit',
  'having',
  'union',
  'except',
  'intersect',
  'select',
  'qualify',
  'values',
])

/** What stands where a table or a function is named. */
export function namedIn(sql: string): Named {
  const words = wordsOf(sql)
  const relations: string[][] = []
  const functions: string[][] = []
  const lists = [false]
  let isExpected = false
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word
    const isName = word.kind === 'word' || word.kind === 'quoted'
    if (!isName) {
      if (word.text === '(') lists.push(isExpected)
      else if (word.text === ')') {
        lists.pop()
        isExpected = false
      } else if (word.text === ',') isExpected = lists.at(-1) ?? false
      continue
    }
    if (word.kind === 'word' && ['from', 'join', 'into', 'update'].includes(word.text)) {
      lists[lists.length - 1] = true
      isExpected = true
      continue
    }
    if (word.kind === 'word' && AFTER_TABLES.has(word.text)) {
      lists[lists.length - 1] = false
      isExpected = false
      continue
    }
    const path = [word.text.toLowerCase()]
    while (words[at + 1]?.text === '.' && words[at + 2] && words[at + 2]?.kind !== 'sign') {
      path.push((words[at + 2] as Word).text.toLowerCase())
      at += 2
    }
    if (words[at + 1]?.text === '(') functions.push(path)
    else if (isExpected) relations.push(path)
    isExpected = false
  }
  return { relations, functions }
}
