// What the clauses of an ALTER TABLE claim: names that must be there afterwards and names that must be gone. Clauses
// it does not know claim nothing. Used to tell the statement's own effect from somebody else's change.
import { type ObjectName, Reader, type Token } from './recovery-subject.ts'

export interface Claim {
  readonly of: 'column' | 'index' | 'constraint' | 'partition'
  readonly name: string
  readonly there: boolean
}

export interface Alteration {
  readonly claims: readonly Claim[]
  /** ALTER TABLE … RENAME TO. */
  readonly renamed: ObjectName | undefined
  /** EXCHANGE PARTITION p WITH TABLE t: the partition and the table. */
  readonly exchange: { readonly partition: string; readonly table: ObjectName } | undefined
  /** Running it twice may change data: TRUNCATE PARTITION, DISCARD or IMPORT TABLESPACE. */
  readonly unsafe: string | undefined
}

const INDEX_WORDS = ['INDEX', 'KEY']
const KIND_WORDS = ['UNIQUE', 'FULLTEXT', 'SPATIAL', 'VECTOR']

/** What an ALTER TABLE claims, from the tokens behind its table's name. */
export function readAlteration(rest: readonly Token[]): Alteration {
  const claims: Claim[] = []
  let renamed: ObjectName | undefined
  let exchange: Alteration['exchange']
  let unsafe: string | undefined
  for (const clause of clauses(rest)) {
    const reader = new Reader(clause)
    switch (reader.take()) {
      case 'ADD':
        claims.push(...added(reader))
        break
      case 'DROP':
        claims.push(...dropped(reader))
        break
      case 'CHANGE': {
        reader.skip('COLUMN')
        reader.skipCondition()
        const [old, now] = [reader.part(), reader.part()]
        if (old !== undefined && now !== undefined) claims.push(gone('column', old), there('column', now))
        break
      }
      case 'RENAME': {
        const of = reader.skip('COLUMN') ? 'column' : INDEX_WORDS.some(word => reader.skip(word)) ? 'index' : undefined
        if (of === undefined) {
          if (!reader.skip('TO') && !reader.skip('AS')) reader.skip('=')
          renamed = reader.name()
          break
        }
        reader.skipCondition()
        const old = reader.part()
        reader.skip('TO')
        const now = reader.part()
        if (old !== undefined && now !== undefined) claims.push(gone(of, old), there(of, now))
        break
      }
      case 'EXCHANGE': {
        reader.skip('PARTITION')
        const partition = reader.part()
        reader.skip('WITH')
        reader.skip('TABLE')
        const table = reader.name()
        if (partition !== undefined && table !== undefined) exchange = { partition, table }
        else unsafe = 'EXCHANGE PARTITION'
        break
      }
      case 'CONVERT':
        // CONVERT PARTITION p TO TABLE t and CONVERT TABLE t TO PARTITION p show in the partitions of the table.
        break
      case 'TRUNCATE':
        unsafe = 'TRUNCATE PARTITION'
        break
      case 'DISCARD':
        unsafe = 'DISCARD TABLESPACE'
        break
      case 'IMPORT':
        unsafe = 'IMPORT TABLESPACE'
        break
    }
  }
  return { claims: settled(claims), renamed, exchange, unsafe }
}

const there = (of: Claim['of'], name: string): Claim => ({ of, name, there: true })
const gone = (of: Claim['of'], name: string): Claim => ({ of, name, there: false })

/** DROP i, ADD i leaves i: what is to be there wins. */
function settled(claims: readonly Claim[]): Claim[] {
  const key = ({ of, name }: Claim) => `${of} ${name.toLowerCase()}`
  const kept = new Set(claims.filter(claim => claim.there).map(key))
  return claims.filter(claim => claim.there || !kept.has(key(claim)))
}

function added(reader: Reader): Claim[] {
  if (reader.skip('COLUMN')) return columns(reader)
  if (reader.skip('CONSTRAINT')) {
    reader.skipCondition()
    const name = reader.part()
    // Without a name the next word is the kind of constraint.
    return name === undefined || /^(?:PRIMARY|UNIQUE|FOREIGN|CHECK)$/i.test(name) ? [] : [there('constraint', name)]
  }
  if (reader.skip('FOREIGN') || reader.skip('PRIMARY') || reader.skip('CHECK') || reader.skip('SYSTEM')) return []
  if (reader.skip('PERIOD')) return []
  if (reader.skip('PARTITION')) return partitions(reader)
  const special = KIND_WORDS.some(word => reader.skip(word))
  if (INDEX_WORDS.some(word => reader.skip(word)) || special) {
    reader.skipCondition()
    const name = reader.part()
    return name === undefined || /^(?:USING|TYPE)$/i.test(name) ? [] : [there('index', name)]
  }
  return columns(reader)
}

/** `a int`, or `(a int, b int)`. */
function columns(reader: Reader): Claim[] {
  reader.skipCondition()
  if (!reader.skip('(')) {
    const name = reader.part()
    return name === undefined ? [] : [there('column', name)]
  }
  const inside = reader.remaining()
  const close = inside.findLastIndex(({ value, kind }) => kind === 'symbol' && value === ')')
  return clauses(inside.slice(0, close)).flatMap(definition => {
    const name = new Reader(definition).part()
    const other = /^(?:INDEX|KEY|UNIQUE|FULLTEXT|SPATIAL|PRIMARY|FOREIGN|CONSTRAINT|CHECK|PERIOD)$/i
    return name === undefined || other.test(name) ? [] : [there('column', name)]
  })
}

/** `(PARTITION p1 VALUES …, PARTITION p2 …)` */
function partitions(reader: Reader): Claim[] {
  reader.skipCondition()
  if (!reader.skip('(')) return []
  return clauses(reader.remaining()).flatMap(definition => {
    const inner = new Reader(definition)
    if (!inner.skip('PARTITION')) return []
    const name = inner.part()
    return name === undefined ? [] : [there('partition', name)]
  })
}

function dropped(reader: Reader): Claim[] {
  if (reader.skip('PRIMARY')) return [gone('index', 'PRIMARY')]
  if (reader.skip('SYSTEM') || reader.skip('PERIOD')) return []
  if (reader.skip('PARTITION')) {
    reader.skipCondition()
    return [...names(reader)].map(name => gone('partition', name))
  }
  const of = INDEX_WORDS.some(word => reader.skip(word))
    ? 'index'
    : reader.skip('FOREIGN') || reader.skip('CONSTRAINT') || reader.skip('CHECK')
      ? 'constraint'
      : 'column'
  reader.skip(of === 'constraint' ? 'KEY' : 'COLUMN')
  reader.skipCondition()
  const name = reader.part()
  return name === undefined ? [] : [gone(of, name)]
}

function* names(reader: Reader): Generator<string> {
  for (let name = reader.part(); name !== undefined; name = reader.part()) {
    yield name
    if (!reader.skip(',')) return
  }
}

/** Cut at the commas outside parentheses; DROP PARTITION a, b stays one clause. */
function clauses(tokens: readonly Token[]): Token[][] {
  const all: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.kind === 'symbol' && token.value === '(') depth++
    if (token.kind === 'symbol' && token.value === ')') depth--
    if (depth < 0) break
    const last = all.at(-1) as Token[]
    const listsPartitions = last[0]?.value === 'DROP' && last[1]?.value === 'PARTITION'
    if (depth === 0 && token.kind === 'symbol' && token.value === ',' && !listsPartitions) all.push([])
    else last.push(token)
  }
  return all.filter(clause => clause.length > 0)
}
