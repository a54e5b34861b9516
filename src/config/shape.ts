// The shape of a configuration as data, and the first place where a value departs from it.
// Unknown keys are faults: a misspelt setting must not be a silent default.
import { didYouMean } from './nearest.ts'

export interface Fault {
  /** Keys from the top of the file to the value. */
  readonly path: readonly string[]
  /** The key itself is wrong, not its value. */
  readonly atKey: boolean
  readonly message: string
  readonly expected: string
}

/** Undefined when the value is as wanted. */
export type Check = (value: unknown, path: readonly string[]) => Fault | undefined

/** What a value is, for people; never the value itself, which may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
}

const nameOf = (path: readonly string[]): string => (path.length === 0 ? 'the configuration' : path.join('.'))

function wrong(value: unknown, path: readonly string[], expected: string): Fault {
  return { path, atKey: false, message: `${nameOf(path)} is ${kindOf(value)}, not ${expected}`, expected }
}

export const text: Check = (value, path) =>
  typeof value !== 'string'
    ? wrong(value, path, 'text')
    : value.trim() === ''
      ? { path, atKey: false, message: `${nameOf(path)} is empty`, expected: 'text' }
      : undefined

export const flag: Check = (value, path) =>
  typeof value === 'boolean' ? undefined : wrong(value, path, 'true or false')

export const milliseconds: Check = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? undefined
    : wrong(value, path, 'a number of milliseconds, 0 or more')

export const callback: Check = (value, path) =>
  typeof value === 'function' ? undefined : wrong(value, path, 'a function')

export const list: Check = (value, path) => (Array.isArray(value) ? undefined : wrong(value, path, 'a list'))

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Any object. */
export const record: Check = (value, path) => (isRecord(value) ? undefined : wrong(value, path, 'an object'))

/** An object of free keys whose values are all of one shape. */
export function recordOf(check: Check, keyPattern: RegExp, keyRule: string): Check {
  return (value, path) => {
    if (!isRecord(value)) return wrong(value, path, 'an object')
    for (const [key, entry] of Object.entries(value)) {
      if (!keyPattern.test(key))
        return {
          path: [...path, key],
          atKey: true,
          message: `"${key}" cannot be a name in ${nameOf(path)}`,
          expected: keyRule,
        }
      const fault = check(entry, [...path, key])
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

/** An object of exactly these keys, all optional; `undefined` counts as absent. */
export function object(checks: Readonly<Record<string, Check>>): Check {
  const known = Object.keys(checks)
  return (value, path) => {
    if (!isRecord(value)) return wrong(value, path, 'an object')
    for (const [key, entry] of Object.entries(value)) {
      const check = Object.hasOwn(checks, key) ? checks[key] : undefined
      if (check === undefined)
        return {
          path: [...path, key],
          atKey: true,
          message: `${nameOf(path)} has an unknown key "${key}".${didYouMean(key, known)}`,
          expected: `one of ${known.join(', ')}`,
        }
      const fault = entry === undefined ? undefined : check(entry, [...path, key])
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

/** An object with no other keys than these, of any value. */
export function knownKeys(known: readonly string[]): Check {
  return object(Object.fromEntries(known.map(key => [key, () => undefined])))
}

/** A name out of a list, or an object (a dialect value). */
export function nameOrObject(names: readonly string[]): Check {
  return (value, path) => {
    if (isRecord(value)) return undefined
    if (typeof value !== 'string') return wrong(value, path, `one of ${names.join(', ')}, or a dialect value`)
    if (names.includes(value)) return undefined
    return {
      path,
      atKey: false,
      message: `${nameOf(path)} is "${value}".${didYouMean(value, names)}`,
      expected: `one of ${names.join(', ')}, or a dialect value`,
    }
  }
}
