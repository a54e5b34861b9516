// What a statement that stands outside of transactions names: enough of its grammar (manual, part VI) to find its
// objects in the catalog. Exact for quoted, qualified and overlong names; what it does not understand is `other`.
import { type Token, tokensOf } from './token.ts'

export interface Name {
  readonly schema: string | undefined
  readonly name: string
}

/** A key of an index: the column, or undefined for an expression. */
export interface IndexKey {
  readonly column: string | undefined
  readonly descending: boolean
}

export interface CreateIndex {
  readonly kind: 'create-index'
  readonly unique: boolean
  readonly ifNotExists: boolean
  /** Undefined: the server chooses. */
  readonly name: string | undefined
  readonly table: Name
  readonly method: string
  readonly keys: readonly IndexKey[]
  readonly included: number
  readonly partial: boolean
}

export interface Reindex {
  readonly kind: 'reindex'
  readonly scope: 'index' | 'table' | 'schema' | 'database' | 'system'
  readonly name: Name | undefined
}

export interface Detach {
  readonly kind: 'detach'
  readonly table: Name
  readonly partition: Name
}

/** An object that belongs to no schema, made or dropped. */
export interface Shared {
  readonly kind: 'shared'
  readonly what: 'database' | 'tablespace' | 'subscription'
  readonly verb: 'create' | 'drop'
  readonly name: string
}

export type LoneStatement =
  | CreateIndex
  | { readonly kind: 'drop-index'; readonly index: Name; readonly ifExists: boolean }
  | Reindex
  | Detach
  | Shared
  | { readonly kind: 'publications'; readonly subscription: string }
  /** Done twice it does what it does once, or what it did ended with its session. */
  | { readonly kind: 'repeatable'; readonly command: string }
  | { readonly kind: 'other'; readonly command: string }

const REPEATABLE: ReadonlySet<string> = new Set(
  (
    'vacuum analyze cluster checkpoint refresh repack set reset show listen unlisten discard prepare deallocate ' +
    'declare close load lock'
  ).split(' '),
)

/** @example loneStatement('DROP INDEX CONCURRENTLY app.by_total') // { kind: 'drop-index', index: { schema: 'app', name: 'by_total' }, … } */
export function loneStatement(text: string): LoneStatement {
  const reader = new Reader(tokensOf(text))
  const first = reader.peek()
  const command = first?.kind === 'word' ? first.text.toUpperCase() : ''
  const found = reader.several ? undefined : read(reader)
  return found ?? { kind: 'other', command }
}

function read(reader: Reader): LoneStatement | undefined {
  const first = reader.peek()
  if (first?.kind !== 'word') return undefined
  const repeatable = { kind: 'repeatable', command: first.text.toUpperCase() } as const
  if (REPEATABLE.has(first.text)) return repeatable
  reader.next()
  switch (first.text) {
    case 'create':
      return readCreate(reader)
    case 'drop':
      return readDrop(reader)
    case 'reindex':
      return readReindex(reader)
    case 'alter':
      return readAlter(reader)
    case 'explain':
      return reader.has('analyze') || reader.has('analyse') ? undefined : repeatable
    default:
      return undefined
  }
}

function readCreate(reader: Reader): LoneStatement | undefined {
  if (isTemporary(reader)) return { kind: 'repeatable', command: 'CREATE TEMPORARY' }
  const unique = reader.accept('unique')
  if (reader.accept('index')) return reader.accept('concurrently') ? readCreateIndex(reader, unique) : undefined
  return readShared(reader, 'create')
}

function readShared(reader: Reader, verb: Shared['verb']): Shared | undefined {
  for (const what of ['database', 'tablespace', 'subscription'] as const) {
    if (!reader.accept(what)) continue
    if (verb === 'drop') reader.acceptAll('if', 'exists')
    const name = reader.identifier()
    return name === undefined ? undefined : { kind: 'shared', what, verb, name }
  }
  return undefined
}

function readCreateIndex(reader: Reader, unique: boolean): CreateIndex | undefined {
  const ifNotExists = reader.acceptAll('if', 'not', 'exists')
  const name = reader.is('on') ? undefined : reader.identifier()
  if (!reader.accept('on')) return undefined
  reader.accept('only')
  const table = reader.qualified()
  const method = reader.accept('using') ? reader.identifier() : 'btree'
  const keys = reader.group()
  if (table === undefined || method === undefined || keys === undefined) return undefined
  const included = reader.accept('include') ? (reader.group()?.length ?? 0) : 0
  const partial = reader.has('where')
  return { kind: 'create-index', unique, ifNotExists, name, table, method, keys: keys.map(keyOf), included, partial }
}

function keyOf(tokens: readonly Token[]): IndexKey {
  const [first, second] = tokens
  const plain = first !== undefined && first.kind !== 'mark' && first.kind !== 'string' && second?.text !== '('
  const descending = tokens.some(token => token.kind === 'word' && token.text === 'desc')
  return { column: plain ? first.text : undefined, descending }
}

function readDrop(reader: Reader): LoneStatement | undefined {
  if (!reader.accept('index')) return readShared(reader, 'drop')
  if (!reader.accept('concurrently')) return undefined
  const ifExists = reader.acceptAll('if', 'exists')
  const index = reader.qualified()
  return index === undefined ? undefined : { kind: 'drop-index', index, ifExists }
}

function readReindex(reader: Reader): LoneStatement | undefined {
  reader.group()
  for (const scope of ['index', 'table', 'schema', 'database', 'system'] as const) {
    if (!reader.accept(scope)) continue
    reader.accept('concurrently')
    const name = reader.qualified()
    if (name === undefined && (scope === 'index' || scope === 'table' || scope === 'schema')) return undefined
    return { kind: 'reindex', scope, name }
  }
  return undefined
}

function readAlter(reader: Reader): LoneStatement | undefined {
  if (reader.accept('system')) return { kind: 'repeatable', command: 'ALTER SYSTEM' }
  if (reader.accept('database')) return { kind: 'repeatable', command: 'ALTER DATABASE' }
  if (reader.accept('subscription')) {
    const subscription = reader.identifier()
    if (subscription === undefined) return undefined
    const adds = reader.accept('add') || reader.accept('drop')
    return adds ? { kind: 'publications', subscription } : { kind: 'repeatable', command: 'ALTER SUBSCRIPTION' }
  }
  if (!reader.accept('table')) return undefined
  reader.acceptAll('if', 'exists')
  reader.accept('only')
  const table = reader.qualified()
  if (table === undefined || !reader.acceptAll('detach', 'partition')) return undefined
  const partition = reader.qualified()
  return partition === undefined || !reader.accept('concurrently') ? undefined : { kind: 'detach', table, partition }
}

function isTemporary(reader: Reader): boolean {
  reader.acceptAll('or', 'replace')
  if (!reader.accept('global')) reader.accept('local')
  return reader.accept('temp') || reader.accept('temporary')
}

/**
 * What a statement makes that ends with its session and has content that running it again does not bring back.
 *
 * @example sessionBound('CREATE TEMP TABLE draft (id int)') // 'the temporary table draft'
 */
export function sessionBound(text: string): string | undefined {
  const reader = new Reader(tokensOf(text))
  if (reader.accept('declare')) {
    const cursor = reader.identifier()
    return reader.has('hold') ? `the cursor ${cursor ?? ''}` : undefined
  }
  if (reader.accept('create')) {
    const temporary = isTemporary(reader)
    if (!temporary) reader.accept('unlogged')
    reader.accept('recursive')
    const kind = ['table', 'sequence', 'view'].find(word => reader.accept(word))
    if (kind === undefined) return undefined
    reader.acceptAll('if', 'not', 'exists')
    const name = reader.qualified()
    return temporary || name?.schema === 'pg_temp' ? `the temporary ${kind} ${name?.name ?? ''}` : undefined
  }
  if (!reader.is('select') && !reader.is('with')) return undefined
  if (!reader.skipTo('into')) return undefined
  if (!reader.accept('temp') && !reader.accept('temporary')) return undefined
  reader.accept('table')
  return `the temporary table ${reader.qualified()?.name ?? ''}`
}

class Reader {
  private at = 0
  private readonly tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    const end = tokens.findLastIndex(token => token.text !== ';' || token.kind !== 'mark')
    this.tokens = tokens.slice(0, end + 1)
  }

  /** More than one statement: a semicolon that is not the end. */
  get several(): boolean {
    return this.tokens.some(token => token.kind === 'mark' && token.text === ';')
  }

  peek(): Token | undefined {
    return this.tokens[this.at]
  }

  next(): Token | undefined {
    return this.tokens[this.at++]
  }

  is(word: string): boolean {
    const token = this.peek()
    return token?.kind === 'word' && token.text === word
  }

  /** The word stands somewhere in what is left. */
  has(word: string): boolean {
    return this.tokens.some((token, index) => index >= this.at && token.kind === 'word' && token.text === word)
  }

  accept(word: string): boolean {
    if (!this.is(word)) return false
    this.at++
    return true
  }

  acceptAll(...words: readonly string[]): boolean {
    const all = words.every((word, index) => {
      const token = this.tokens[this.at + index]
      return token?.kind === 'word' && token.text === word
    })
    if (all) this.at += words.length
    return all
  }

  skipTo(word: string): boolean {
    while (this.at < this.tokens.length)
      if (this.accept(word)) return true
      else this.at++
    return false
  }

  identifier(): string | undefined {
    const token = this.peek()
    if (token?.kind !== 'word' && token?.kind !== 'name') return undefined
    this.at++
    return token.text
  }

  /** `name`, `schema.name`, `database.schema.name`. */
  qualified(): Name | undefined {
    const parts: string[] = []
    for (;;) {
      const part = this.identifier()
      if (part === undefined) return undefined
      parts.push(part)
      if (this.peek()?.kind !== 'mark' || this.peek()?.text !== '.') break
      this.at++
    }
    return { schema: parts.at(-2), name: parts.at(-1) as string }
  }

  /** What stands in parentheses, cut at the commas of its own level; undefined when nothing stands in them. */
  group(): Token[][] | undefined {
    if (this.peek()?.text !== '(' || this.peek()?.kind !== 'mark') return undefined
    const parts: Token[][] = [[]]
    let depth = 0
    for (let token = this.next(); token !== undefined; token = this.next()) {
      if (token.kind === 'mark' && token.text === '(') depth++
      if (token.kind === 'mark' && token.text === ')') depth--
      if (depth === 0) return parts
      if (depth === 1 && token.kind === 'mark' && token.text === ',') parts.push([])
      else if (depth > 1 || token.text !== '(' || token.kind !== 'mark') parts.at(-1)?.push(token)
    }
    return undefined
  }
}
