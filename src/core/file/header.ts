// The header of a revision file: `-- godwit: key=value …` lines (`// godwit:` in code) above the first statement.
// Several lines and lists with commas are allowed; an unknown key, a broken value or a repeated one is an error with its place.
import { GodwitError } from '../error.ts'
import type { Dependency, RevisionOptions } from '../revision/revision.ts'
import { didYouMean, suggestNames } from '../revision/wording.ts'
import { parseDuration } from './duration.ts'
import { eachLine, type Line } from './text.ts'

/** What a revision says about itself before its body: from header lines, from code, or both. */
export interface Header {
  /** Undefined: not said. Empty: a base, written `parent=base` or `parent=`. */
  readonly parents: readonly string[] | undefined
  readonly depends: readonly Dependency[]
  readonly labels: readonly string[]
  readonly options: Partial<RevisionOptions>
}

/** One `key=value` of a header line, with its offsets in the text. */
export interface HeaderEntry {
  readonly key: string
  readonly value: string
  readonly start: number
  readonly valueStart: number
  readonly end: number
  readonly line: Line
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export const headerKeys = [
  'parent',
  'depends',
  'label',
  'transaction',
  'lock_timeout',
  'statement_timeout',
  'phase',
  'irreversible',
] as const

export const emptyHeader: Header = { parents: undefined, depends: [], labels: [], options: {} }

const LISTS: readonly string[] = ['parent', 'depends', 'label']

/** The text of a header line after `godwit:`, or undefined for any other line. */
const HEADER_LINE = /^([ \t]*(?:--|\/\/)[ \t]*godwit:)(.*)$/

/** @throws FILE.HEADER_INVALID with file, line and column */
export function parseHeader(text: string, file: string): Header {
  if (!text.includes('godwit:')) return emptyHeader
  return readEntries(headerEntries(text, file), file)
}

/** @throws FILE.HEADER_INVALID */
export function headerEntries(text: string, file: string): readonly HeaderEntry[] {
  return [...headerLines(text)].flatMap(line => lineEntries(line, file))
}

/** The header lines at the top: only blank lines and comments may stand above them. */
export function* headerLines(text: string): Generator<Line> {
  for (const line of topLines(text)) if (HEADER_LINE.test(line.text)) yield line
}

/** Lines above the first statement: blank, comment, `#!`. Lines inside a block comment are left out. */
export function* topLines(text: string): Generator<Line> {
  let inside = false
  for (const line of eachLine(text)) {
    const code = line.text.trim()
    if (inside) {
      const close = code.indexOf('*/')
      if (close < 0) continue
      if (code.slice(close + 2).trim() !== '') return
      inside = false
    } else if (/^\/\*(?![!+]|M!)/.test(code)) {
      const close = code.indexOf('*/', 2)
      if (close < 0) inside = true
      else if (code.slice(close + 2).trim() !== '') return
    } else if (
      code === '' ||
      code.startsWith('--') ||
      code.startsWith('//') ||
      (line.number === 1 && code.startsWith('#!'))
    ) {
      yield line
    } else return
  }
}

/** An error that points into a line; `column` is 0-based here. */
export function fileError(
  code: 'FILE.HEADER_INVALID' | 'FILE.SECTION_INVALID',
  file: string,
  line: Line,
  column: number,
  message: string,
  why?: string,
): GodwitError {
  return new GodwitError(code, message, {
    why: `${why === undefined ? '' : `${why} `}Nothing was run.`,
    next: [`mend ${file}, then: godwit status`],
    where: { file, line: line.number, column: column + 1, text: line.text },
  })
}

/** `key=value` pairs; a value with blanks is in double quotes, with `\"` and `\\` inside. */
const ENTRY = /([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/y

function lineEntries(line: Line, file: string): HeaderEntry[] {
  const start = (HEADER_LINE.exec(line.text) as RegExpExecArray)[1]?.length as number
  const entries: HeaderEntry[] = []
  let at = skipBlanks(line.text, start)
  while (at < line.text.length) {
    ENTRY.lastIndex = at
    const found = ENTRY.exec(line.text)
    if (found === null) {
      const word = /^\S+/.exec(line.text.slice(at))?.[0] as string
      throw fileError('FILE.HEADER_INVALID', file, line, at, `\`${word}\` is not of the form key=value`, VALUES_HINT)
    }
    const key = found[1] as string
    entries.push({
      key,
      value: found[2] === undefined ? (found[3] as string) : found[2].replace(/\\(.)/g, '$1'),
      start: line.start + at,
      valueStart: line.start + at + key.length + 1,
      end: line.start + ENTRY.lastIndex,
      line,
    })
    at = skipBlanks(line.text, ENTRY.lastIndex)
  }
  return entries
}

const VALUES_HINT = `A header line holds key=value pairs; a value with blanks needs double quotes. Keys: ${headerKeys.join(', ')}.`

function skipBlanks(text: string, at: number): number {
  while (at < text.length && /\s/.test(text[at] as string)) at++
  return at
}

function readEntries(entries: readonly HeaderEntry[], file: string): Header {
  const seen = new Set<string>()
  const parents: string[] = []
  const depends: Dependency[] = []
  const labels: string[] = []
  const options: Mutable<Partial<RevisionOptions>> = {}
  for (const entry of entries) {
    const fail = (message: string, why?: string, atValue = true) =>
      fileError(
        'FILE.HEADER_INVALID',
        file,
        entry.line,
        (atValue ? entry.valueStart : entry.start) - entry.line.start,
        message,
        why,
      )
    if (seen.has(entry.key) && !LISTS.includes(entry.key))
      throw fail(`the header gives ${entry.key} twice`, undefined, false)
    seen.add(entry.key)
    if (entry.key === 'parent') parents.push(...parentList(entry.value))
    else if (entry.key === 'label') labels.push(...splitList(entry.value))
    else if (entry.key === 'depends') {
      for (const item of splitList(entry.value)) {
        const dependency = parseDependency(item)
        if (dependency === undefined) throw fail(`\`${item}\` names no revision of another database`, DEPENDS_HINT)
        depends.push(dependency)
      }
    } else {
      const problem = readOption(options, entry.key, entry.value)
      if (problem === 'unknown') throw fail(`unknown header key \`${entry.key}\``, keyHint(entry.key), false)
      if (problem !== undefined) throw fail(`\`${entry.value}\` is no value for ${entry.key}`, problem)
    }
  }
  return { parents: seen.has('parent') ? parents : undefined, depends, labels, options }
}

function keyHint(key: string): string {
  const valid = `Valid keys: ${headerKeys.join(', ')}.`
  const meant = didYouMean(suggestNames(key, headerKeys, 1))
  return meant === undefined ? valid : `${meant} ${valid}`
}

export const DEPENDS_HINT = 'A dependency is written database:revision, for example depends=analytics:20261101_base.'

/** `base` and nothing mean: no parent. */
export function parentList(value: string): string[] {
  return splitList(value).filter(parent => parent !== 'base')
}

/** Items between commas, without blanks around them and without empty ones. */
export function splitList(value: string): string[] {
  return value
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}

/** `database:revision`, or undefined. */
export function parseDependency(item: string): Dependency | undefined {
  const found = /^([^:]+):(.+)$/.exec(item)
  return found ? { database: found[1] as string, revision: found[2] as string } : undefined
}

/** Sets one option; answers `unknown` for a key that is none, or says what values are valid. */
export function readOption(options: Mutable<Partial<RevisionOptions>>, key: string, value: string): string | undefined {
  switch (key) {
    case 'transaction':
      if (value !== 'on' && value !== 'off') return 'Valid values: on, off.'
      options.transaction = value
      return undefined
    case 'phase':
      if (value !== 'expand' && value !== 'backfill' && value !== 'contract')
        return 'Valid values: expand, backfill, contract.'
      options.phase = value
      return undefined
    case 'irreversible':
      if (value.trim() === '') return 'Say why the revision cannot be undone: irreversible="reason".'
      options.irreversible = value
      return undefined
    case 'lock_timeout':
    case 'statement_timeout': {
      const ms = parseDuration(value)
      if (ms === undefined)
        return 'A duration is a number with ms, s, min or h, from 1ms to 24 days, for example 500ms or 2s.'
      options[key === 'lock_timeout' ? 'lockTimeoutMs' : 'statementTimeoutMs'] = ms
      return undefined
    }
    default:
      return 'unknown'
  }
}
