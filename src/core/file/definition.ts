// What a code revision states about itself, as values: read from the text before it runs and from the module after.
// Both are turned into the same Header, and a difference between them is an error, because the graph was made of the first.
import { GodwitError } from '../error.ts'
import type { Dependency, RevisionOptions } from '../revision/revision.ts'
import { formatDuration } from './duration.ts'
import {
  DEPENDS_HINT,
  type Header,
  type Mutable,
  parentList,
  parseDependency,
  readOption,
  splitList,
} from './header.ts'

/** The stated keys of a revision in code. Lists may be written as one string with commas. */
export interface RevisionStatement {
  /** Ids of the parents; an empty list or `base` for a base; left out: the previous revision by name. */
  readonly parent?: string | readonly string[] | undefined
  /** `database:revision` */
  readonly depends?: string | readonly string[] | undefined
  readonly label?: string | readonly string[] | undefined
  readonly transaction?: 'on' | 'off' | undefined
  /** Milliseconds, or a duration such as `2s`. */
  readonly lockTimeout?: number | string | undefined
  /** Milliseconds, or a duration such as `10min`. */
  readonly statementTimeout?: number | string | undefined
  readonly phase?: 'expand' | 'backfill' | 'contract' | undefined
  /** Why it cannot be undone. */
  readonly irreversible?: string | undefined
}

const OPTION_KEYS: Readonly<Record<string, string>> = {
  transaction: 'transaction',
  lockTimeout: 'lock_timeout',
  statementTimeout: 'statement_timeout',
  phase: 'phase',
  irreversible: 'irreversible',
}

/** Checks stated values. @throws FILE.MODULE_INVALID naming the key */
export function statementHeader(statement: Readonly<Record<string, unknown>>, file: string): Header {
  const fail = (key: string, why: string) =>
    new GodwitError('FILE.MODULE_INVALID', `${file} has a wrong value for ${key}`, { why, where: { file } })
  const list = (key: string, read: (value: string) => string[]): string[] | undefined => {
    const value = statement[key]
    if (value === undefined) return undefined
    if (typeof value === 'string') return read(value)
    if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value.flatMap(read)
    throw fail(key, `${key} is a string or a list of strings.`)
  }
  const depends: Dependency[] = []
  for (const item of list('depends', splitList) ?? []) {
    const dependency = parseDependency(item)
    if (dependency === undefined) throw fail('depends', DEPENDS_HINT)
    depends.push(dependency)
  }
  const options: Mutable<Partial<RevisionOptions>> = {}
  for (const [key, name] of Object.entries(OPTION_KEYS)) {
    const value = statement[key]
    if (value === undefined) continue
    const text = typeof value === 'number' && name.endsWith('timeout') ? formatDuration(value) : value
    const problem = typeof text === 'string' ? readOption(options, name, text) : 'The value is not a string.'
    if (problem !== undefined) throw fail(key, problem)
  }
  return { parents: list('parent', parentList), depends, labels: list('label', splitList) ?? [], options }
}

/**
 * One header out of two places of the same file. The second wins nothing: a key in both must have the same value.
 * @throws FILE.MODULE_INVALID
 */
export function mergeHeaders(lines: Header, literals: Header, file: string): Header {
  refuseDifference(lines, literals, file, 'the header line', 'the code', false)
  return {
    parents: lines.parents ?? literals.parents,
    depends: lines.depends.length > 0 ? lines.depends : literals.depends,
    labels: lines.labels.length > 0 ? lines.labels : literals.labels,
    options: { ...lines.options, ...literals.options },
  }
}

/**
 * Compares what was read from the text with the module itself.
 * @param lines from header lines, which the module need not repeat
 * @param literals from the text of the code, which the module must bear out
 * @throws FILE.MODULE_INVALID
 */
export function checkStatement(lines: Header, literals: Header, real: Header, file: string): void {
  refuseDifference(literals, real, file, 'the text of the file', 'the loaded module', true)
  refuseDifference(mergeHeaders(lines, literals, file), real, file, 'the text of the file', 'the loaded module', false)
  const known = headerFacts(mergeHeaders(lines, literals, file))
  for (const [key, value] of Object.entries(headerFacts(real))) {
    if (known[key] === undefined)
      throw difference(file, key, 'the text of the file', undefined, 'the loaded module', value)
  }
}

function refuseDifference(a: Header, b: Header, file: string, nameA: string, nameB: string, both: boolean): void {
  const other = headerFacts(b)
  for (const [key, value] of Object.entries(headerFacts(a))) {
    const there = other[key]
    if (there === value || (there === undefined && !both)) continue
    throw difference(file, key, nameA, value, nameB, there)
  }
}

function difference(
  file: string,
  key: string,
  nameA: string,
  a: string | undefined,
  nameB: string,
  b: string | undefined,
) {
  const say = (value: string | undefined) => value ?? 'nothing'
  return new GodwitError('FILE.MODULE_INVALID', `${file}: ${key} is ${say(a)} in ${nameA} but ${say(b)} in ${nameB}`, {
    why: `The order of revisions is made from the text, without running it. Write ${key} as a plain literal or in a header line: // godwit: ${key}=… Nothing was run.`,
    next: ['godwit verify'],
    where: { file },
  })
}

/** The header key of a key in code: `lockTimeout` → `lock_timeout`. */
export function headerKeyOf(key: string): string {
  return OPTION_KEYS[key] ?? key
}

/** What a header says, one comparable text per key said. */
export function headerFacts(header: Header): Readonly<Record<string, string | undefined>> {
  const said: Record<string, string> = {}
  if (header.parents !== undefined) said['parent'] = header.parents.join(', ') || 'base'
  if (header.depends.length > 0)
    said['depends'] = header.depends.map(({ database, revision }) => `${database}:${revision}`).join(', ')
  if (header.labels.length > 0) said['label'] = header.labels.join(', ')
  const { lockTimeoutMs, statementTimeoutMs, ...words } = header.options
  Object.assign(said, words)
  if (lockTimeoutMs !== undefined) said['lock_timeout'] = formatDuration(lockTimeoutMs)
  if (statementTimeoutMs !== undefined) said['statement_timeout'] = formatDuration(statementTimeoutMs)
  return said
}
