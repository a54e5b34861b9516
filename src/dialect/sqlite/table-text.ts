// CREATE TABLE as SQLite keeps it, taken apart: columns, constraints and options. The text was accepted by SQLite
// before, so only its shape is read, never checked.
import { canonical, isWord, nameOf, spelledName, type Word, wordsOf } from './canonical.ts'
import {
  type Clause,
  constraintClause,
  type ConstraintText,
  matching,
  readTableConstraints,
  textOf,
} from './constraint-text.ts'

export interface TableText {
  /** Where the name of the table stands in the text, with its schema if there is one. */
  readonly name: { readonly start: number; readonly end: number }
  readonly columns: readonly ColumnText[]
  readonly constraints: readonly ConstraintText[]
  readonly strict: boolean
  readonly withoutRowid: boolean
  /** Places where the table's own name stands before a point: `t.a > 0`. */
  readonly selfNames: readonly { readonly start: number; readonly end: number }[]
}

export interface ColumnText {
  readonly name: string
  /** Upper case, blanks collapsed; empty when there is none. */
  readonly type: string
  readonly notNull: boolean
  /** `ON CONFLICT` of NOT NULL. */
  readonly notNullConflict: string | undefined
  /** Canonical. */
  readonly default: string | undefined
  /** The default as an expression. */
  readonly defaultText: string | undefined
  readonly collation: string | undefined
  readonly generated: { readonly kind: 'stored' | 'virtual'; readonly expression: string } | undefined
  /** The whole definition as written. */
  readonly text: string
}

/** @param sql a CREATE TABLE statement that is not AS SELECT: SQLite writes such out with its columns */
export function parseTable(sql: string): TableText {
  const words = wordsOf(sql)
  const open = words.findIndex(word => isWord(word, '('))
  const close = matching(words, open)
  // CREATE [TEMP] TABLE [IF NOT EXISTS] [schema .] name (
  const first = isWord(words[open - 2], '.') ? open - 3 : open - 1
  const table = nameOf(words[open - 1])
  const entries = split(words.slice(open + 1, close))
  const names = new Set([table, ...entries.flatMap(([word]) => (word ? [nameOf(word)] : [])), ...ROWIDS])
  const columns: ColumnText[] = []
  const constraints: ConstraintText[] = []
  for (const entry of entries) {
    if (isTableConstraint(entry)) constraints.push(...readTableConstraints({ sql, names }, entry))
    else columns.push(readColumn({ sql, names }, entry, constraints))
  }
  const tail = words.slice(close + 1)
  return {
    name: { start: words[first]?.start ?? 0, end: words[open - 1]?.end ?? 0 },
    columns,
    constraints,
    strict: tail.some(word => isWord(word, 'strict')),
    withoutRowid: tail.some(word => isWord(word, 'rowid')),
    selfNames: words
      .slice(open + 1, close)
      .filter((word, at, inside) => word.kind !== 'sign' && isWord(inside[at + 1], '.') && nameOf(word) === table)
      .map(({ start, end }) => ({ start, end })),
  }
}

/** Names of the row's number, where no column bears them. */
export const ROWIDS = ['rowid', '_rowid_', 'oid'] as const

interface Source {
  readonly sql: string
  /** Names that a word in double quotes can mean. */
  readonly names: ReadonlySet<string>
}

/** Cut at the commas that are in no parentheses. */
function split(words: readonly Word[]): Word[][] {
  const parts: Word[][] = [[]]
  let depth = 0
  for (const word of words) {
    if (isWord(word, '(')) depth++
    if (isWord(word, ')')) depth--
    if (depth === 0 && isWord(word, ',')) parts.push([])
    else parts.at(-1)?.push(word)
  }
  return parts.filter(part => part.length > 0)
}

function isTableConstraint(entry: readonly Word[]): boolean {
  const [first, second] = entry
  if (isWord(first, 'constraint')) return true
  return (
    (isWord(first, 'primary', 'foreign') && isWord(second, 'key')) ||
    (isWord(first, 'unique', 'check') && isWord(second, '('))
  )
}

/** Words that end the type of a column. */
const AFTER_TYPE = [
  'constraint',
  'primary',
  'not',
  'null',
  'unique',
  'check',
  'default',
  'collate',
  'references',
  'generated',
  'as',
]

interface Facts {
  notNull: boolean
  notNullConflict?: string
  default?: string
  defaultText?: string
  collation?: string
  generated?: ColumnText['generated']
}

function readColumn(source: Source, entry: readonly Word[], constraints: ConstraintText[]): ColumnText {
  const [nameWord] = entry as [Word]
  const name = nameWord.kind === 'word' ? textOf(source.sql, nameWord) : spelledName(nameWord)
  let at = 1
  for (let depth = 0; at < entry.length; at++) {
    if (isWord(entry[at], '(')) depth++
    if (isWord(entry[at], ')')) depth--
    if (depth === 0 && isWord(entry[at], ...AFTER_TYPE)) break
  }
  const type = typeText(entry.slice(1, at))
  const facts: Facts = { notNull: false }
  let named: string | undefined
  while (at < entry.length) {
    const rest = entry.slice(at)
    if (isWord(rest[0], 'constraint')) named = spelledName(rest[1])
    const { taken, constraint } = readClause(source, rest, facts, name)
    if (constraint) {
      constraints.push({ ...constraint, name: named, inline: name.toLowerCase() })
      named = undefined
    }
    at += Math.max(1, taken)
  }
  const last = entry.at(-1) as Word
  return {
    name,
    type,
    notNull: facts.notNull,
    notNullConflict: facts.notNullConflict,
    default: facts.default,
    defaultText: facts.defaultText,
    collation: facts.collation,
    generated: facts.generated,
    text: source.sql.slice(nameWord.start, last.end),
  }
}

/** One clause of a column: how many words it takes, and the constraint it makes. */
function readClause(source: Source, rest: readonly Word[], facts: Facts, column: string): Clause {
  const [first, second] = rest
  if (isWord(first, 'constraint')) return { taken: 2 }
  if (isWord(first, 'not') && isWord(second, 'null')) {
    facts.notNull = true
    const [on, conflict, how] = rest.slice(2)
    if (!isWord(on, 'on') || !isWord(conflict, 'conflict')) return { taken: 2 }
    facts.notNullConflict = nameOf(how)
    return { taken: 5 }
  }
  if (isWord(first, 'null')) return { taken: isWord(second, 'on') ? 4 : 1 }
  if (isWord(first, 'default')) return readDefault(source, rest, facts)
  if (isWord(first, 'collate')) {
    facts.collation = nameOf(second)
    return { taken: 2 }
  }
  if (isWord(first, 'generated', 'as')) {
    const open = rest.findIndex(word => isWord(word, '('))
    const close = matching(rest, open)
    facts.generated = {
      kind: isWord(rest[close + 1], 'stored') ? 'stored' : 'virtual',
      expression: canonical(rest.slice(open + 1, close), source.names),
    }
    return { taken: close + 1 + (isWord(rest[close + 1], 'stored', 'virtual') ? 1 : 0) }
  }
  return constraintClause(source, rest, column)
}

const NUMBER = /[+-]?\s*(?:0x[0-9a-f_]+|(?:[0-9][0-9_]*)?\.?[0-9_]*(?:e[+-]?[0-9_]+)?)/iy

function readDefault({ sql, names }: Source, rest: readonly Word[], facts: Facts): Clause {
  const value = rest[1] as Word
  if (isWord(value, '(')) {
    const close = matching(rest, 1)
    facts.default = canonical(bare(rest.slice(2, close)), names)
    facts.defaultText = sql.slice(value.start, rest[close]?.end)
    return { taken: close + 1 }
  }
  NUMBER.lastIndex = value.start
  const number = NUMBER.exec(sql)?.[0] ?? ''
  if (/[0-9]/.test(number)) {
    const taken = rest.findIndex((word, at) => at > 0 && word.start >= value.start + number.length)
    facts.default = number.replace(/\s/g, '').toLowerCase()
    facts.defaultText = number
    return { taken: taken === -1 ? rest.length : taken }
  }
  // x'0f' is a word and a string that touch; a sign may stand before a word.
  const last = rest[2]?.kind === 'string' && rest[2].start === value.end ? 2 : isWord(value, '+', '-') ? 2 : 1
  const written = sql.slice(value.start, rest[last]?.end)
  const isKeyword = isWord(value, 'null', 'true', 'false', 'current_time', 'current_date', 'current_timestamp')
  facts.default = isKeyword || last === 2 ? written.toLowerCase() : written
  if (last === 2 && value.kind === 'word') facts.default = `x${(rest[2] as Word).text.toLowerCase()}`
  // Any other word is a text.
  const isText = !isKeyword && last === 1 && value.kind !== 'string'
  facts.defaultText = isText ? `'${unquotedText(value, written).replaceAll("'", "''")}'` : written
  return { taken: last + 1 }
}

const unquotedText = (word: Word, written: string): string => (word.kind === 'name' ? word.text : written)

/** `((1))` is `1`. */
function bare(words: readonly Word[]): readonly Word[] {
  const isWrapped = words.length > 2 && isWord(words[0], '(') && matching(words, 0) === words.length - 1
  return isWrapped ? bare(words.slice(1, -1)) : words
}

function typeText(words: readonly Word[]): string {
  return words
    .map(word => spelledName(word).toUpperCase())
    .join(' ')
    .replace(/\s*([(),])\s*/g, '$1')
}
