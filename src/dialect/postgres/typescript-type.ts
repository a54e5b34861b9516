// What the driver `pg` gives for the types of PostgreSQL, with the parsers that it has by default (package pg-types):
// 64-bit integers and numerics are text, arrays of numerics are numbers, and what it does not know is text.
import { objectKey } from '../../schema/model/object.ts'
import type { MadeTypes, TypescriptPart } from '../typescript-type.ts'
import { parseTypeName } from './render/name.ts'

export const postgresTypescript: TypescriptPart = { typescriptType }

const POINT = '{ x: number; y: number }'
const INTERVAL =
  '{ years?: number; months?: number; days?: number; hours?: number; minutes?: number; seconds?: number; milliseconds?: number }'

/** Anything else is its text. */
const TYPES: Readonly<Record<string, string>> = {
  smallint: 'number',
  integer: 'number',
  oid: 'number',
  real: 'number',
  'double precision': 'number',
  boolean: 'boolean',
  date: 'Date',
  'timestamp without time zone': 'Date',
  'timestamp with time zone': 'Date',
  interval: INTERVAL,
  bytea: 'Uint8Array',
  json: 'unknown',
  jsonb: 'unknown',
  point: POINT,
  circle: '{ x: number; y: number; radius: number }',
}

/** Arrays that the driver takes apart; others stay text. */
const ARRAYS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'smallint',
      'integer',
      'oid',
      'real',
      'double precision',
      'boolean',
      'date',
      'interval',
      'bytea',
      'json',
      'jsonb',
      'point',
    ]
      .concat(['timestamp without time zone', 'timestamp with time zone'])
      .map(name => [name, TYPES[name] ?? 'string']),
  ),
  ...Object.fromEntries(
    ['bigint', 'character', 'character varying', 'text', 'cidr', 'inet', 'macaddr', 'uuid', 'money', 'numrange']
      .concat(['time without time zone', 'time with time zone'])
      .map(name => [name, 'string']),
  ),
  numeric: 'number',
}

function typescriptType(type: string, made: MadeTypes): string {
  const isArray = type.endsWith('[]')
  const { path } = parseTypeName(type)
  // The server tells the type under a domain, and sends an array of domains as text.
  const domain = made.get(objectKey('domain', path))
  if (domain && !isArray) return typescriptType(String(domain.properties['type']), made)
  const key = objectKey('enum', path)
  if (made.get(key) && !isArray) return made.nameOf(key)
  const plain = type
    .replace(/(\[\])+$/, '')
    .replace(/\([^)]*\)/, '')
    .replace(/\s+/g, ' ')
    .trim()
  const name = plain.startsWith('interval') ? 'interval' : plain
  if (!isArray) return TYPES[name] ?? 'string'
  const element = ARRAYS[name]
  if (element === undefined) return 'string'
  return element === 'unknown' ? 'unknown[]' : `(${element} | null)[]`
}
