// The constraints in a CREATE TABLE, of a column or of the table, in one form. Names a foreign key refers to keep their
// case, because SQLite tells them as they were written.
import { canonical, isWord, nameOf, spelledName, type Word } from './canonical.ts'

export interface ConstraintText {
  readonly type: 'primary key' | 'unique' | 'foreign key' | 'check'
  readonly name: string | undefined
  /** Canonical, as a table constraint, without the name. */
  readonly definition: string
  /** Lower-case words in it that can name columns. */
  readonly columns: readonly string[]
  /** The column in whose definition it stands. */
  readonly inline: string | undefined
  /** An integer primary key that is the row's number, once its column is INTEGER. */
  readonly isRowid?: true
}

export type Bare = Omit<ConstraintText, 'name' | 'inline'>

export interface Clause {
  /** How many words it takes. */
  readonly taken: number
  readonly constraint?: Bare
}

interface Source {
  readonly sql: string
  readonly names: ReadonlySet<string>
}

/** The place of the closing sign of `words[open]`. */
export function matching(words: readonly Word[], open: number): number {
  let depth = 0
  for (let at = open; at < words.length; at++) {
    if (isWord(words[at], '(')) depth++
    else if (isWord(words[at], ')') && --depth === 0) return at
  }
  return words.length
}

export const textOf = (sql: string, { start, end }: Word): string => sql.slice(start, end)

/** A constraint that stands in the definition of `column`. */
export function constraintClause(source: Source, rest: readonly Word[], column: string): Clause {
  const own = column.toLowerCase()
  if (isWord(rest[0], 'check')) return checkClause(source, rest)
  if (isWord(rest[0], 'primary')) {
    const descending = isWord(rest[2], 'desc')
    let taken = isWord(rest[2], 'asc', 'desc') ? 3 : 2
    const conflict = conflictClause(rest.slice(taken))
    taken += conflict.taken
    const auto = isWord(rest[taken], 'autoincrement')
    // Of a column, DESC keeps an integer key from being the row's number (https://sqlite.org/lang_createtable.html#rowid).
    const definition = `primary key ( ${own}${descending ? ' desc' : ''} )${conflict.text}${auto ? ' autoincrement' : ''}${descending ? ' of the column' : ''}`
    const constraint: Bare = {
      type: 'primary key',
      definition,
      columns: [own],
      ...(descending ? {} : { isRowid: true }),
    }
    return { taken: taken + (auto ? 1 : 0), constraint }
  }
  if (isWord(rest[0], 'unique')) {
    const conflict = conflictClause(rest.slice(1))
    const definition = `unique ( ${own} )${conflict.text}`
    return { taken: 1 + conflict.taken, constraint: { type: 'unique', definition, columns: [own] } }
  }
  if (isWord(rest[0], 'references')) {
    const taken = referenceLength(rest)
    const definition = `foreign key ( ${own} ) ${reference(source, rest.slice(0, taken))}`
    return { taken, constraint: { type: 'foreign key', definition, columns: [own] } }
  }
  return { taken: 1 }
}

/** One or more constraints of the table: between them no comma is needed. */
export function readTableConstraints(source: Source, entry: readonly Word[]): ConstraintText[] {
  const found: ConstraintText[] = []
  let rest = entry
  let named: string | undefined
  while (rest.length > 0) {
    if (isWord(rest[0], 'constraint')) {
      named = spelledName(rest[1])
      rest = rest.slice(2)
      continue
    }
    const { taken, constraint } = tableConstraint(source, rest)
    if (constraint) found.push({ ...constraint, name: named, inline: undefined })
    named = undefined
    rest = rest.slice(Math.max(1, taken))
  }
  return found
}

function tableConstraint(source: Source, rest: readonly Word[]): Clause {
  if (isWord(rest[0], 'check')) return checkClause(source, rest)
  const open = rest.findIndex(word => isWord(word, '('))
  const close = matching(rest, open)
  const inner = rest.slice(open + 1, close)
  if (isWord(rest[0], 'primary', 'unique')) {
    const type = isWord(rest[0], 'primary') ? 'primary key' : 'unique'
    const auto = inner.some(word => isWord(word, 'autoincrement'))
    const listed = inner.filter(word => !isWord(word, 'asc', 'autoincrement'))
    const conflict = conflictClause(rest.slice(close + 1))
    const definition = `${type} ( ${canonical(listed)} )${conflict.text}${auto ? ' autoincrement' : ''}`
    const isRowid = type === 'primary key' && !inner.some(word => isWord(word, ','))
    const constraint: Bare = { type, definition, columns: namesIn(listed), ...(isRowid ? { isRowid: true } : {}) }
    return { taken: close + 1 + conflict.taken, constraint }
  }
  if (isWord(rest[0], 'foreign')) {
    const tail = rest.slice(close + 1)
    const length = referenceLength(tail)
    const definition = `foreign key ( ${canonical(inner)} ) ${reference(source, tail.slice(0, length))}`
    return { taken: close + 1 + length, constraint: { type: 'foreign key', definition, columns: namesIn(inner) } }
  }
  return { taken: rest.length }
}

function checkClause({ names }: Source, rest: readonly Word[]): Clause {
  const close = matching(rest, 1)
  const words = rest.slice(0, close + 1)
  const taken = close + 1 + conflictClause(rest.slice(close + 1)).taken
  return { taken, constraint: { type: 'check', definition: canonical(words, names), columns: namesIn(words) } }
}

function conflictClause(rest: readonly Word[]): { readonly text: string; readonly taken: number } {
  if (!isWord(rest[0], 'on') || !isWord(rest[1], 'conflict')) return { text: '', taken: 0 }
  return { text: ` on conflict ${nameOf(rest[2])}`, taken: 3 }
}

/** REFERENCES with everything that follows it. */
function referenceLength(rest: readonly Word[]): number {
  let at = 2
  if (isWord(rest[at], '(')) at = matching(rest, at) + 1
  for (;;) {
    if (isWord(rest[at], 'on') && isWord(rest[at + 1], 'delete', 'update')) {
      at += isWord(rest[at + 2], 'set', 'no') ? 4 : 3
    } else if (isWord(rest[at], 'match')) at += 2
    else if (isWord(rest[at], 'deferrable') || (isWord(rest[at], 'not') && isWord(rest[at + 1], 'deferrable'))) {
      at += isWord(rest[at], 'not') ? 2 : 1
      if (isWord(rest[at], 'initially')) at += 2
    } else return at
  }
}

/** Without NO ACTION, which is what happens anyway; DELETE before UPDATE. */
function reference({ sql }: Source, words: readonly Word[]): string {
  const written = (word: Word) => (word.kind === 'word' ? textOf(sql, word) : spelledName(word))
  const close = isWord(words[2], '(') ? matching(words, 2) : 1
  const columns = words.slice(3, close).map(written).join(' ')
  const tail = words
    .slice(close + 1)
    .map(word => word.text.toLowerCase())
    .join(' ')
  const action = (event: string) => {
    const found = new RegExp(`\\bon ${event} (set null|set default|cascade|restrict)\\b`).exec(tail)
    return found === null ? '' : ` on ${event} ${found[1]}`
  }
  const match = /\bmatch \S+/.exec(tail)?.[0]
  const deferred = /\b(?:not )?deferrable\b(?: initially \S+)?/.exec(tail)?.[0]
  const target = `references ${JSON.stringify(written(words[1] as Word))}${columns === '' ? '' : ` ( ${columns} )`}`
  return [`${target}${action('delete')}${action('update')}`, match, deferred].filter(Boolean).join(' ')
}

const namesIn = (words: readonly Word[]): string[] => words.filter(word => word.kind !== 'sign').map(nameOf)
