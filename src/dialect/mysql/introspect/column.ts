// A column as SHOW CREATE TABLE writes it, taken apart. What is not known here stays as text in `options`.
import type { Json } from '../../../schema/model/object.ts'
import { closing, nameOf, stringOf, type Token } from './token.ts'

export interface ColumnText {
  readonly name: string
  readonly properties: Record<string, Json>
  /** As written: absent means the table's. */
  readonly charset: string | undefined
  readonly collation: string | undefined
}

/** Words that begin an attribute; anything before the first is the type. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  'CHARACTER',
  'COLLATE',
  'GENERATED',
  'NOT',
  'NULL',
  'DEFAULT',
  'ON',
  'AUTO_INCREMENT',
  'COMMENT',
  'CHECK',
  'INVISIBLE',
  'WITH',
  'WITHOUT',
  'COMPRESSED',
  'SRID',
  'REF_SYSTEM_ID',
  'STORAGE',
  'COLUMN_FORMAT',
])

/** @param text the statement that the tokens are of */
export function parseColumn(item: readonly Token[], text: string): ColumnText {
  const name = nameOf(item[0]) ?? ''
  const properties: Record<string, Json> = name === name.toLowerCase() ? {} : { spelled: name }
  const slice = (from: number, to: number) =>
    to > from ? text.slice((item[from] as Token).start, (item[to - 1] as Token).end) : ''
  let at = attributeAfter(item, 1)
  properties['type'] = slice(1, at)
  let charset: string | undefined
  let collation: string | undefined
  const options: string[] = []
  while (at < item.length) {
    const word = (item[at] as Token).text.toUpperCase()
    let next = attributeAfter(item, at + 1)
    switch (word) {
      case 'CHARACTER':
        charset = item[at + 2]?.text
        break
      case 'COLLATE':
        collation = item[at + 1]?.text
        break
      case 'GENERATED': {
        const row = item[at + 3]
        if (row?.text.toUpperCase() === 'ROW') properties['period'] = `row ${item[at + 4]?.text.toLowerCase()}`
        else {
          const open = at + 3
          const close = closing(item, open)
          const kind = item[close + 1]?.text.toLowerCase() === 'virtual' ? 'virtual' : 'stored'
          properties['generated'] = { kind, expression: slice(open + 1, close) }
          next = close + 2
        }
        break
      }
      case 'NOT':
        // NOT NULL
        properties['notNull'] = true
        next = at + 2
        break
      case 'NULL':
        break
      case 'DEFAULT': {
        // DEFAULT NULL: the word is an attribute elsewhere.
        if (next === at + 1) next = attributeAfter(item, at + 2)
        const value = slice(at + 1, next)
        if (value !== 'NULL') properties['default'] = value
        break
      }
      case 'ON':
        properties['onUpdate'] = slice(at + 2, next)
        break
      case 'AUTO_INCREMENT':
        properties['autoIncrement'] = true
        break
      case 'COMMENT':
        properties['comment'] = stringOf((item[at + 1] as Token).text)
        break
      case 'CHECK': {
        const close = closing(item, at + 1)
        properties['check'] = slice(at + 2, close)
        next = close + 1
        break
      }
      case 'INVISIBLE':
        properties['invisible'] = true
        break
      case 'WITH':
      case 'WITHOUT':
        properties['versioned'] = word === 'WITH'
        break
      case 'COMPRESSED':
        properties['compressed'] = true
        break
      default:
        options.push(slice(at, next))
    }
    at = Math.max(next, at + 1)
  }
  if (options.length > 0) properties['options'] = options.join(' ')
  return { name, properties, charset, collation }
}

/** Index of the next attribute from `from` on that is in no parentheses. */
function attributeAfter(item: readonly Token[], from: number): number {
  let depth = 0
  for (let at = from; at < item.length; at++) {
    const { kind, text } = item[at] as Token
    if (kind === 'symbol') {
      if (text === '(') depth++
      else if (text === ')') depth--
      continue
    }
    if (depth > 0 || at === 1) continue
    if (kind === 'word' ? ATTRIBUTES.has(text.toUpperCase()) : text.startsWith('`')) return at
  }
  return item.length
}
