// A column's words in CREATE and ALTER TABLE, and what is lost when its type becomes narrower.
import type { SchemaObject } from '../../../schema/model/object.ts'
import { flag, lastName, literal, q, record, text } from './name.ts'

/** @param tableCollation what the table has at that moment; undefined: always say the column's own */
export function columnDefinition(column: SchemaObject, tableCollation: string | undefined): string {
  const { properties } = column
  const { generated, check, comment } = properties
  const collation = text(column, 'collation')
  const type = text(column, 'type') ?? ''
  const words = [q(lastName(column)), type]
  if (flag(column, 'compressed')) words.push('COMPRESSED')
  if (collation !== undefined && collation !== tableCollation) words.push(`COLLATE ${collation}`)
  if (generated !== undefined && generated !== null) {
    const { kind, expression } = record(generated)
    words.push(`GENERATED ALWAYS AS (${String(expression)}) ${kind === 'stored' ? 'STORED' : 'VIRTUAL'}`)
  }
  const period = text(column, 'period')
  if (period !== undefined) words.push(`GENERATED ALWAYS AS ${period.toUpperCase()}`)
  if (flag(column, 'notNull')) words.push('NOT NULL')
  // Without it, the first timestamp of a table would be NOT NULL (explicit_defaults_for_timestamp = OFF).
  else if (type.startsWith('timestamp') && period === undefined && generated === undefined) words.push('NULL')
  const options = text(column, 'options')
  if (options !== undefined) words.push(options)
  if (flag(column, 'invisible')) words.push('INVISIBLE')
  const value = text(column, 'default')
  if (value !== undefined) words.push(`DEFAULT ${value}`)
  const onUpdate = text(column, 'onUpdate')
  if (onUpdate !== undefined) words.push(`ON UPDATE ${onUpdate}`)
  if (flag(column, 'autoIncrement')) words.push('AUTO_INCREMENT')
  const { versioned } = properties
  if (versioned !== undefined && versioned !== null)
    words.push(`${versioned === true ? 'WITH' : 'WITHOUT'} SYSTEM VERSIONING`)
  if (typeof comment === 'string') words.push(`COMMENT ${literal(comment)}`)
  if (typeof check === 'string') words.push(`CHECK (${check})`)
  return words.join(' ')
}

export type Storage = 'base' | 'stored' | 'virtual' | 'period'

export function storageOf(column: SchemaObject): Storage {
  if (text(column, 'period') !== undefined) return 'period'
  const { kind } = record(column.properties['generated'])
  return kind === 'stored' || kind === 'virtual' ? kind : 'base'
}

/** What values may lose; undefined when every value keeps its meaning. */
export function narrowing(before: SchemaObject, after: SchemaObject): string | undefined {
  const [was, is] = [text(before, 'type') ?? '', text(after, 'type') ?? '']
  const column = `${after.path[0]}.${lastName(after)}`
  const [old, next] = [storageOf(before), storageOf(after)]
  if (old === 'base' && (next === 'stored' || next === 'virtual'))
    return `the values of ${column}, which is computed now`
  if (was === is || next !== 'base') return undefined
  if (labels(was) && labels(is)) {
    const kept = new Set(labels(is))
    const gone = (labels(was) ?? []).filter(label => !kept.has(label))
    return gone.length === 0 ? undefined : `the values ${gone.join(', ')} of ${column}`
  }
  return fits(measure(was), measure(is)) ? undefined : `what of ${column} does not fit ${is} (it was ${was})`
}

/** The labels of an enum or set. */
function labels(type: string): string[] | undefined {
  if (!/^(?:enum|set)\(/.test(type)) return undefined
  return type.match(/'(?:[^'\\]|''|\\.)*'/gs) ?? []
}

interface Measure {
  readonly family: string
  readonly size: number
  readonly scale: number
  readonly unsigned: boolean
}

const INTEGERS: Readonly<Record<string, number>> = { tinyint: 1, smallint: 2, mediumint: 3, int: 4, bigint: 8 }
const TEXTS: Readonly<Record<string, number>> = {
  tinytext: 255,
  text: 65_535,
  mediumtext: 2 ** 24 - 1,
  longtext: 2 ** 32 - 1,
}
const BLOBS: Readonly<Record<string, number>> = {
  tinyblob: 255,
  blob: 65_535,
  mediumblob: 2 ** 24 - 1,
  longblob: 2 ** 32 - 1,
}

function measure(type: string): Measure {
  const [, name = '', first = '', second = ''] = /^(\w+)(?:\((\d+)(?:,(\d+))?\))?/.exec(type) ?? []
  const unsigned = /\bunsigned\b/.test(type)
  const plain = { scale: 0, unsigned: false }
  if (name in INTEGERS) return { family: 'integer', size: INTEGERS[name] as number, scale: 0, unsigned }
  if (name in TEXTS) return { ...plain, family: 'text', size: TEXTS[name] as number }
  if (name in BLOBS) return { ...plain, family: 'blob', size: BLOBS[name] as number }
  if (name === 'varchar' || name === 'char') return { ...plain, family: 'text', size: Number(first) }
  if (name === 'varbinary' || name === 'binary') return { ...plain, family: 'blob', size: Number(first) }
  if (name === 'decimal') {
    return { family: 'decimal', size: Number(first) - Number(second || 0), scale: Number(second || 0), unsigned }
  }
  if (name === 'float' || name === 'double')
    return { family: 'real', size: name === 'float' ? 4 : 8, scale: 0, unsigned }
  return { ...plain, family: name, size: Number(first || 0) }
}

function fits(was: Measure, is: Measure): boolean {
  if (is.family === 'text' && was.family !== 'text' && was.family !== 'blob')
    return is.size >= 30 || was.family === 'enum'
  if (was.family !== is.family) return was.family === 'date' && is.family === 'datetime'
  const wide = is.size >= was.size && is.scale >= was.scale
  if (was.unsigned === is.unsigned) return wide
  return was.unsigned && is.size > was.size && is.scale >= was.scale
}
