// Says whether a loaded value is a configuration, and if not: where, and what was expected there.
import { GodwitError } from '../core/error.ts'
import type { GodwitConfig } from './config.ts'
import { jsonPosition } from './json-position.ts'
import { settingNames } from './setting-names.ts'
import {
  callback,
  type Check,
  type Fault,
  flag,
  knownKeys,
  list,
  milliseconds,
  nameOrObject,
  object,
  recordOf,
  text,
} from './shape.ts'

export const dialectNames: readonly string[] = ['postgres', 'pglite', 'mysql', 'mariadb', 'sqlite', 'duckdb', 'chroma']

const timeZone: Check = (value, path) => {
  const fault = text(value, path)
  if (fault !== undefined) return fault
  try {
    new Intl.DateTimeFormat('en', { timeZone: value as string })
    return undefined
  } catch {
    const expected = 'an IANA time zone such as UTC or Europe/Berlin'
    return { path, atKey: false, message: `${path.join('.')} is "${String(value)}", which is no time zone`, expected }
  }
}

const database = object({
  dialect: nameOrObject(dialectNames),
  url: text,
  migrations: text,
  revisions: list,
  naming: text,
  timeZone,
  strictSequence: flag,
  lock: object({ waitMs: milliseconds, ttlMs: milliseconds }),
  settings: knownKeys(settingNames),
})

const namePattern = /^[A-Za-z][A-Za-z0-9_-]*$/
const nameRule = 'a letter, then letters, digits, "_" or "-"'
const databases = recordOf(database, namePattern, nameRule)

const configuration = object({
  databases,
  environments: recordOf(object({ protected: flag, envFiles: flag, databases }), namePattern, nameRule),
  defaultEnvironment: text,
  hooks: object({ beforeRun: callback, afterRun: callback, beforeRevision: callback, afterRevision: callback }),
})

/**
 * @param file as people see it; undefined when the value was given in code
 * @param source text of the file, from which the line of a fault is found
 * @throws GodwitError CONFIG.FILE_INVALID
 */
export function validateConfig(value: unknown, file: string | undefined, source: string): GodwitConfig {
  const fault = configuration(value, [])
  if (fault === undefined) return value as GodwitConfig
  const found = file?.endsWith('.json') ? jsonPosition(source, fault.path, fault.atKey) : keyPosition(source, fault)
  const line = found === undefined ? undefined : source.split(/\r?\n/)[found.line - 1]
  throw new GodwitError('CONFIG.FILE_INVALID', `${fault.message}${/[.?!]$/.test(fault.message) ? '' : '.'}`, {
    why: `Expected ${fault.expected}. No database was touched.`,
    ...(file === undefined ? {} : { where: { file, ...found, ...(line === undefined ? {} : { text: line }) } }),
    meta: { path: fault.path.join('.') },
  })
}

/** A module is code, so its lines are only a guess: given when the key is written exactly once. */
function keyPosition(source: string, fault: Fault): { line: number; column: number } | undefined {
  const key = fault.path.at(-1)
  if (key === undefined) return undefined
  const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const matches = [...source.matchAll(new RegExp(`(?<![\\w$.])['"]?${escaped}['"]?\\s*:`, 'g'))]
  const match = matches.length === 1 ? matches[0] : undefined
  if (match === undefined) return undefined
  const before = source.slice(0, match.index).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
