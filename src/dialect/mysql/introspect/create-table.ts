// What SHOW CREATE TABLE says, taken apart: columns, keys, constraints, periods, options and partitions.
import type { Json } from '../../../schema/model/object.ts'
import { type ColumnText, parseColumn } from './column.ts'
import { closing, items, nameOf, stringOf, type Token, tokensOf } from './token.ts'

export interface PartText {
  readonly kind: 'primary' | 'index' | 'foreign' | 'check' | 'period'
  /** Empty for a primary key. */
  readonly name: string
  /** The server's words without the name, the comment and what makes an index invisible. */
  readonly definition: string
  readonly columns: readonly string[]
  readonly unique: boolean
  /** `ignored` on MariaDB, `invisible` on MySQL. */
  readonly hidden: 'ignored' | 'invisible' | undefined
  readonly comment: string | undefined
  readonly references: { readonly table: string; readonly columns: readonly string[] } | undefined
}

export interface PartitionText {
  /** `RANGE (`id`)`, with subpartitions; without the moment at which the first interval starts. */
  readonly by: string
  /** `PARTITIONS 4`, or the list as the server writes it. */
  readonly parts: readonly { readonly name: string; readonly definition: string }[]
  readonly count: number | undefined
  /** The whole clause. */
  readonly text: string
}

export interface TableText {
  readonly columns: readonly ColumnText[]
  readonly parts: readonly PartText[]
  readonly engine: string | undefined
  readonly charset: string | undefined
  readonly collation: string | undefined
  readonly comment: string | undefined
  readonly options: Record<string, Json>
  readonly versioned: boolean
  /** Columns of the SYSTEM_TIME period when they have names. */
  readonly systemPeriod: readonly string[] | undefined
  readonly partition: PartitionText | undefined
}

export function parseCreateTable(text: string): TableText {
  const tokens = tokensOf(text)
  const open = tokens.findIndex(token => token.text === '(')
  const close = closing(tokens, open)
  const columns: ColumnText[] = []
  const parts: PartText[] = []
  let systemPeriod: readonly string[] | undefined
  for (const item of items(tokens.slice(open + 1, close))) {
    const [first] = item
    if (first?.kind === 'quoted') columns.push(parseColumn(item, text))
    else if (first?.text === 'PERIOD' && item[2]?.text === 'SYSTEM_TIME') systemPeriod = names(item, 3)
    else parts.push(parsePart(item, text))
  }
  return { columns, parts, systemPeriod, ...parseTail(tokens.slice(close + 1), text) }
}

/** Names in the parentheses at `open`. */
function names(item: readonly Token[], open: number): string[] {
  const inner = item.slice(open + 1, closing(item, open))
  return items(inner).flatMap(([first]) => nameOf(first) ?? [])
}

function parsePart(item: readonly Token[], text: string): PartText {
  const words = item.map(token => token.text)
  const end = item.length
  const slice = (from: number, to: number) =>
    to > from ? text.slice((item[from] as Token).start, (item[to - 1] as Token).end) : ''
  const none = { unique: false, hidden: undefined, comment: undefined, references: undefined }
  if (words[0] === 'PERIOD') {
    return { ...none, kind: 'period', name: nameOf(item[2]) ?? '', definition: slice(3, end), columns: names(item, 3) }
  }
  if (words[0] === 'CONSTRAINT' || words[0] === 'CHECK' || words[0] === 'FOREIGN') {
    const at = words[0] === 'CONSTRAINT' ? 2 : 0
    const name = at === 2 ? (nameOf(item[1]) ?? '') : ''
    const definition = slice(at, end)
    if (words[at] !== 'FOREIGN') {
      const columns = item.slice(at).flatMap(token => (token.kind === 'quoted' ? (nameOf(token) ?? []) : []))
      return { ...none, kind: 'check', name, definition, columns }
    }
    const target = words.indexOf('REFERENCES', at) + 1
    const foreign = words[target + 1] === '.' ? target + 2 : target
    const table = foreign === target ? (nameOf(item[target]) ?? '') : ''
    const references = { table, columns: names(item, foreign + 1) }
    return { ...none, kind: 'foreign', name, definition, columns: names(item, at + 2), references }
  }
  const list = words.indexOf('(')
  const primary = words[0] === 'PRIMARY'
  let definition = `${words.slice(0, words.indexOf('KEY') + 1).join(' ')} `
  let comment: string | undefined
  let hidden: PartText['hidden']
  const stop = closing(item, list)
  definition += slice(list, stop + 1)
  for (let at = stop + 1; at < end; at++) {
    const word = words[at] as string
    if (word === 'COMMENT') comment = stringOf((item[++at] as Token).text)
    else if (word === 'IGNORED') hidden = 'ignored'
    else if (word === 'INVISIBLE') hidden = 'invisible'
    else if (word === '=') definition += '='
    else definition += `${definition.endsWith('=') ? '' : ' '}${word}`
  }
  return {
    kind: primary ? 'primary' : 'index',
    name: primary ? '' : (nameOf(item[list - 1]) ?? ''),
    definition,
    columns: names(item, list),
    unique: primary || words[0] === 'UNIQUE',
    hidden,
    comment,
    references: undefined,
  }
}

type Tail = Omit<TableText, 'columns' | 'parts' | 'systemPeriod'>

function parseTail(tail: readonly Token[], text: string): Tail {
  const start = tail.findIndex((token, index) => token.text === 'PARTITION' && tail[index + 1]?.text === 'BY')
  const own = start === -1 ? tail : tail.slice(0, start)
  const found: { -readonly [Name in keyof Tail]: Tail[Name] } = {
    engine: undefined,
    charset: undefined,
    collation: undefined,
    comment: undefined,
    options: {},
    versioned: false,
    partition: start === -1 ? undefined : parsePartition(tail.slice(start), text),
  }
  let name: string[] = []
  for (let at = 0; at < own.length; at++) {
    const token = own[at] as Token
    if (token.text !== '=') {
      name.push(token.text)
      if (name.join(' ') === 'WITH SYSTEM VERSIONING') {
        found.versioned = true
        name = []
      }
      continue
    }
    const list = own[at + 1]?.text === '('
    const last = list ? closing(own, at + 1) : at + 1
    const value = text.slice((own[at + 1] as Token).start, (own[last] as Token).end)
    at = last
    const option = name.join(' ')
    name = []
    if (option === 'ENGINE') found.engine = value
    else if (option === 'DEFAULT CHARSET') found.charset = value
    else if (option === 'COLLATE') found.collation = value
    else if (option === 'COMMENT') found.comment = stringOf(value)
    else if (option !== 'AUTO_INCREMENT') found.options[option] = value
  }
  return found
}

function parsePartition(tokens: readonly Token[], text: string): PartitionText {
  const slice = (from: number, to: number) =>
    to > from ? text.slice((tokens[from] as Token).start, (tokens[to - 1] as Token).end) : ''
  // The list of partitions begins with its first name; parentheses before it are those of expressions.
  const list = tokens.findIndex((token, index) => token.text === '(' && tokens[index + 1]?.text === 'PARTITION')
  const head = list === -1 ? tokens.length : list
  const starts = tokens.findIndex(({ text: word }, index) => word === 'STARTS' && index < head)
  const counted = tokens.findIndex(({ text: word }, index) => word === 'PARTITIONS' && index < head)
  // STARTS TIMESTAMP'…' is the moment of creation when nobody chose one.
  const ends = [starts, counted].filter(index => index !== -1)
  const by = slice(2, Math.min(head, ...ends))
  const parts =
    list === -1
      ? []
      : items(tokens.slice(list + 1, closing(tokens, list))).map(part => ({
          name: nameOf(part[1]) ?? '',
          definition: text.slice((part[2] as Token).start, (part.at(-1) as Token).end),
        }))
  const whole = slice(0, list === -1 ? tokens.length : closing(tokens, list) + 1)
  return { by, parts, count: counted === -1 ? undefined : Number(tokens[counted + 1]?.text), text: whole }
}
