// How values of one type become values of another: by assignment, by a cast, or by way of text.
import type { SnapshotIndex } from '../../../schema/model/snapshot.ts'
import { objectKey } from '../../../schema/model/object.ts'
import { parseTypeName } from './name.ts'

const base = (type: string): string =>
  type
    .replace(/\(\d+(?:,-?\d+)?\)/, '')
    .replace(/\[\]$/, '')
    .trim()

const NUMBERS = new Set(['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'])
const TEXTS = new Set(['text', 'character varying', 'character', 'name', 'bpchar', '"char"'])
const DATES = new Set(['date', 'timestamp without time zone', 'timestamp with time zone'])
const TIMES = new Set(['time without time zone', 'time with time zone'])
const PAIRS = new Set(['json>jsonb', 'jsonb>json', 'cidr>inet', 'inet>cidr', 'bit>bit varying', 'bit varying>bit'])
/** Pairs whose cast must be asked for (pg_cast, context e), beside those of text. */
const EXPLICIT = new Set([
  'integer>boolean',
  'boolean>integer',
  'jsonb>boolean',
  'jsonb>numeric',
  'jsonb>integer',
  'jsonb>bigint',
  'jsonb>smallint',
  'jsonb>real',
  'jsonb>double precision',
  'integer>bit',
  'bigint>bit',
  'bit>integer',
  'bit>bigint',
  'integer>"char"',
  '"char">integer',
])

/** ` USING …`, or nothing where the server converts by itself, as an INSERT would. */
export function usingClause(column: string, before: string, after: string, types: SnapshotIndex): string {
  const from = base(plain(before, types))
  const to = base(plain(after, types))
  const [wasArray, isArray] = [before.endsWith('[]'), after.endsWith('[]')]
  if (wasArray === isArray && (from === to || isAssignable(from, to))) return ''
  if (!wasArray && isArray) {
    return ` USING CASE WHEN ${column} IS NULL THEN NULL ELSE ARRAY[${column}]::${after} END`
  }
  if (isAssignable(from, 'text') && TEXTS.has(to) && !isArray) return ''
  if (wasArray === isArray && (TEXTS.has(from) || EXPLICIT.has(`${from}>${to}`))) return ` USING ${column}::${after}`
  return ` USING ${column}::text::${after}`
}

/** A domain converts as the type it is made of. */
function plain(type: string, types: SnapshotIndex): string {
  const domain = types.get(objectKey('domain', parseTypeName(type).path))
  return domain === undefined ? type : String(domain.properties['type'])
}

function isAssignable(from: string, to: string): boolean {
  if (PAIRS.has(`${from}>${to}`)) return true
  if (NUMBERS.has(from) && NUMBERS.has(to)) return true
  if (DATES.has(from) && (DATES.has(to) || (TIMES.has(to) && from !== 'date'))) return true
  if (TIMES.has(from) && TIMES.has(to)) return true
  // Everything can be assigned to a text: manual 10.3, automatic I/O conversion casts.
  return TEXTS.has(to)
}
