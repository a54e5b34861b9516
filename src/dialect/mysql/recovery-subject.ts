// What a statement does and to what, read from its first clause: the verb, the kind of object, the names with their
// schemas, and the flags that decide whether it may be run twice. Knows no more grammar than that; undefined for
// statements that name nothing the catalog could be asked about.
import { Lexer } from './lex.ts'

export interface ObjectName {
  /** Undefined: the session's own database. */
  readonly schema: string | undefined
  readonly name: string
}

export type ObjectKind =
  | 'TABLE'
  | 'VIEW'
  | 'SEQUENCE'
  | 'TRIGGER'
  | 'PROCEDURE'
  | 'FUNCTION'
  | 'PACKAGE'
  | 'PACKAGE BODY'
  | 'EVENT'
  | 'DATABASE'

export interface Subject {
  readonly verb: 'CREATE' | 'DROP' | 'ALTER' | 'RENAME' | 'TRUNCATE'
  /** Of an index: its table, since its table's definition tells of it. */
  readonly kind: ObjectKind
  /** RENAME: pairs of old and new name, one after the other. */
  readonly names: readonly ObjectName[]
  readonly temporary: boolean
  readonly orReplace: boolean
  /** IF EXISTS or IF NOT EXISTS. */
  readonly conditional: boolean
  /** CREATE INDEX, DROP INDEX. */
  readonly index: string | undefined
  /** What follows the names: the clauses of an ALTER TABLE, upper case where unquoted. */
  readonly rest: readonly Token[]
}

export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'symbol'
  /** Words in upper case; names and strings without their quotes. */
  readonly value: string
  /** As written, without quotes. */
  readonly text: string
}

const KINDS: ReadonlySet<string> = new Set(
  'TABLE TABLES VIEW SEQUENCE TRIGGER PROCEDURE FUNCTION PACKAGE EVENT DATABASE SCHEMA INDEX USER ROLE SERVER'.split(
    ' ',
  ),
)

/** What a statement is about; undefined where the catalog knows nothing of it. @throws SplitFailure SQL.SYNTAX_INVALID */
export function readSubject(statement: string): Subject | undefined {
  const tokens = readTokens(statement)
  const reader = new Reader(tokens)
  const verb = reader.take()
  switch (verb) {
    case 'CREATE':
    case 'DROP':
    case 'ALTER':
    case 'RENAME':
      return readObject(verb, reader)
    case 'TRUNCATE': {
      reader.skip('TABLE')
      const name = reader.name()
      return name && subject({ verb, kind: 'TABLE', names: [name] })
    }
    case 'SET': {
      // SET STATEMENT x = 1 FOR ALTER TABLE …
      if (reader.take() !== 'STATEMENT') return undefined
      const at = tokens.findIndex(({ kind, value }) => kind === 'word' && value === 'FOR')
      return at < 0 ? undefined : readSubject(statement.slice(offsetAfter(statement, at)))
    }
    default:
      return undefined
  }
}

function subject(
  facts: Pick<Subject, 'verb' | 'kind' | 'names'> & Partial<Omit<Subject, 'verb' | 'kind' | 'names'>>,
): Subject {
  return { temporary: false, orReplace: false, conditional: false, index: undefined, rest: [], ...facts }
}

function readObject(verb: Exclude<Subject['verb'], 'TRUNCATE'>, reader: Reader): Subject | undefined {
  let temporary = false
  let orReplace = false
  let object = ''
  // OR REPLACE, UNIQUE, DEFINER = `a`@`b`, ALGORITHM = MERGE … stand between the verb and the kind of object.
  while (!reader.atEnd) {
    const { kind, value } = reader.next()
    if (kind !== 'word') continue
    if (value === 'REPLACE') orReplace = true
    else if (value === 'TEMPORARY') temporary = true
    else if (KINDS.has(value)) {
      object = value
      break
    }
  }
  if (object === '' || object === 'USER' || object === 'ROLE' || object === 'SERVER') return undefined
  const body = object === 'PACKAGE' && reader.skip('BODY')
  const conditional = reader.skipCondition()
  if (object === 'INDEX') return indexOf(verb, reader, orReplace, conditional)
  const kind = kindOf(body ? 'PACKAGE BODY' : object)
  const flags = { temporary, orReplace, conditional }
  if (verb === 'RENAME') return renaming(reader, kind, conditional)
  const first = reader.name()
  // ALTER DATABASE may leave out the name.
  if (first === undefined) return undefined
  if (verb !== 'DROP') {
    if (verb === 'ALTER' && kind === 'TABLE') reader.skipWait()
    return subject({ verb, kind, names: [first], ...flags, rest: reader.remaining() })
  }
  const names = [first]
  while (reader.skip(',')) {
    const name = reader.name()
    if (name === undefined) return undefined
    names.push(name)
  }
  return subject({ verb, kind, names, ...flags })
}

function indexOf(
  verb: 'CREATE' | 'DROP' | 'ALTER' | 'RENAME',
  reader: Reader,
  orReplace: boolean,
  conditional: boolean,
): Subject | undefined {
  const index = reader.name()?.name
  while (!reader.atEnd && !reader.skip('ON')) reader.next()
  const table = reader.name()
  if (index === undefined || table === undefined || (verb !== 'CREATE' && verb !== 'DROP')) return undefined
  return subject({ verb, kind: 'TABLE', names: [table], orReplace, conditional, index })
}

function renaming(reader: Reader, kind: ObjectKind, conditional: boolean): Subject | undefined {
  if (kind !== 'TABLE') return undefined
  const names: ObjectName[] = []
  do {
    const old = reader.name()
    reader.skipWait()
    if (!reader.skip('TO')) return undefined
    const renamed = reader.name()
    if (old === undefined || renamed === undefined) return undefined
    names.push(old, renamed)
  } while (reader.skip(','))
  return subject({ verb: 'RENAME', kind, names, conditional })
}

function kindOf(object: string): ObjectKind {
  if (object === 'SCHEMA') return 'DATABASE'
  return object === 'TABLES' ? 'TABLE' : (object as ObjectKind)
}

/** The tokens of a statement; those of a body end at its first semicolon. @throws SplitFailure SQL.SYNTAX_INVALID */
export function readTokens(statement: string): Token[] {
  const lexer = new Lexer(statement)
  const tokens: Token[] = []
  for (let kind = lexer.next(); kind !== 'end' && kind !== 'delimiter'; kind = lexer.next()) {
    const text = lexer.value()
    if (kind === 'word') tokens.push({ kind, value: text.toUpperCase(), text })
    else if (kind === 'symbol') tokens.push({ kind, value: text, text })
    else if (kind === 'quoted') {
      const quote = text[0] as string
      const inner = text.slice(1, -1).replaceAll(quote + quote, quote)
      tokens.push({ kind: quote === "'" ? 'string' : 'name', value: inner, text: inner })
    }
  }
  return tokens
}

/** Offset behind token number `at`. */
function offsetAfter(statement: string, at: number): number {
  const lexer = new Lexer(statement)
  for (let n = -1; n < at; ) {
    const kind = lexer.next()
    if (kind === 'word' || kind === 'symbol' || kind === 'quoted') n++
  }
  return lexer.end
}

/** Reads tokens one after the other. */
export class Reader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length
  }

  next(): Token {
    return this.#tokens[this.#at++] ?? { kind: 'symbol', value: '', text: '' }
  }

  /** The next token's value when it is a word, else nothing. */
  take(): string {
    const { kind, value } = this.next()
    return kind === 'word' ? value : ''
  }

  /** Passes over a word or symbol if it is next. */
  skip(value: string): boolean {
    const token = this.#tokens[this.#at]
    if (token === undefined || token.value !== value || (token.kind !== 'word' && token.kind !== 'symbol')) return false
    this.#at++
    return true
  }

  /** IF EXISTS, IF NOT EXISTS. */
  skipCondition(): boolean {
    const [first, second] = [this.#tokens[this.#at], this.#tokens[this.#at + 1]]
    if (first?.kind !== 'word' || first.value !== 'IF') return false
    if (second?.value !== 'EXISTS' && second?.value !== 'NOT') return false
    this.#at += second.value === 'NOT' ? 3 : 2
    return true
  }

  /** WAIT n, NOWAIT. */
  skipWait(): void {
    if (this.skip('WAIT')) this.next()
    else this.skip('NOWAIT')
  }

  name(): ObjectName | undefined {
    const first = this.part()
    if (first === undefined) return undefined
    if (!this.skip('.')) return { schema: undefined, name: first }
    const second = this.part()
    return second === undefined ? undefined : { schema: first, name: second }
  }

  /** One name without its schema. */
  part(): string | undefined {
    const token = this.#tokens[this.#at]
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'name')) return undefined
    this.#at++
    return token.text
  }

  remaining(): Token[] {
    return this.#tokens.slice(this.#at)
  }
}
