// What tables, views and enums are called in TypeScript: in PascalCase, each name once, none that hides a type of the
// language. The same schema gives the same names whatever the order of its objects.
import type { SchemaObject } from '../../schema/model/object.ts'
import { byPath } from '../table.ts'

/** Of the language: a type of that name would hide them in the whole file. */
const TAKEN = [
  'Array',
  'BigInt',
  'Boolean',
  'Buffer',
  'Date',
  'Error',
  'Function',
  'JSON',
  'Map',
  'Number',
  'Object',
].concat(['Omit', 'Partial', 'Pick', 'Promise', 'Record', 'RegExp', 'Set', 'String', 'Symbol', 'Uint8Array'])

export interface TypeNames {
  of(key: string): string
  /** Of the row that an insert takes. */
  ofNew(key: string): string
}

/** @param objects tables, views and enums; with their schema where the name alone is not enough */
export function typeNames(objects: readonly SchemaObject[]): TypeNames {
  const count = new Map<string, number>()
  const short = ({ path }: SchemaObject) => pascalCase(path.slice(-1))
  for (const object of objects) count.set(short(object), (count.get(short(object)) ?? 0) + 1)
  const taken = new Set(TAKEN)
  const take = (wanted: string, suffix: string): string => {
    let name = wanted
    if (taken.has(name)) name = `${wanted}${suffix}`
    for (let nth = 2; taken.has(name); nth++) name = `${wanted}${suffix}${nth}`
    taken.add(name)
    return name
  }
  const sorted = objects.toSorted(byPath)
  const whole = ({ path }: SchemaObject) => pascalCase(path)
  const names = new Map(
    sorted.map(object => [
      object.key,
      take((count.get(short(object)) ?? 0) > 1 ? whole(object) : short(object), 'Row'),
    ]),
  )
  const inserts = new Map(sorted.map(({ key }) => [key, take(`New${names.get(key)}`, 'Row')]))
  return { of: key => names.get(key) ?? 'unknown', ofNew: key => inserts.get(key) ?? 'unknown' }
}

/** `order_items` → `OrderItems`, `2fa` → `_2fa`. */
export function pascalCase(names: readonly string[]): string {
  const words = names.flatMap(name => name.split(/[^\p{L}\p{N}]+/u)).filter(word => word !== '')
  const joined = words
    .map(word => (word === word.toUpperCase() ? word.toLowerCase() : word))
    .map(word => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')
  return /^[\p{ID_Start}_]/u.test(joined) ? joined : `_${joined}`
}
