// Names of new revisions. Promises: never one that exists, never one that comes before the newest of its kind, whatever
// the clock says. Refuses messages and patterns that no file name can be made of.
import { GodwitError } from '../error.ts'
import { compareIds } from '../revision/order.ts'
import { type Fields, parsePattern, type NamePattern } from './pattern.ts'
import { slugify } from './slug.ts'

export { checkSequence, type NumberedFile, type SequenceOptions, sequenceNumber, sequenceProblems } from './sequence.ts'
export { slugify } from './slug.ts'

export interface NameRequest {
  /** `timestamp` (default), `sequential`, or a template such as `{yyyy}{MM}{dd}_{slug}`. */
  readonly pattern?: string
  /** IANA time zone. Default `UTC`. */
  readonly zone?: string
  readonly now: Date
  /** Ids that exist, of any kind. */
  readonly existing: readonly string[]
  readonly message: string
}

/**
 * The id of the next revision.
 * @throws FILE.NAME_INVALID
 * @example
 * nextName({ now, existing: ['001_a'], pattern: 'sequential', message: 'Add b' }) // '002_add_b'
 */
export function nextName(request: NameRequest): string {
  const pattern = parsePattern(request.pattern ?? 'timestamp')
  const slug = slugify(request.message)
  const number = nextNumber(pattern, request.existing)
  const fields = { ...timeFields(request.now, request.zone ?? 'UTC'), n: number.value }
  const name = pattern.write(fields, slug, number.width)
  const newest = request.existing
    .filter(id => pattern.read(id) !== undefined)
    .reduce<string | undefined>((a, b) => (a === undefined || compareIds(a, b) < 0 ? b : a), undefined)
  if (newest === undefined || isLater(pattern, name, newest)) return name
  return pattern.write({ ...later(pattern, pattern.read(newest) as Fields), n: number.value }, slug, number.width)
}

/** With seconds in the name two revisions never share a time; with days only they may, in the order of names. */
function isLater(pattern: NamePattern, name: string, newest: string): boolean {
  const fine = pattern.tokens.some(token => token === 'ss' || token === 'SSS' || token === 'unix')
  if (!fine) return compareIds(name, newest) > 0
  const prefix = (id: string) => pattern.write(pattern.read(id) as Fields, '', 1)
  return compareIds(prefix(name), prefix(newest)) > 0
}

function nextNumber(pattern: NamePattern, existing: readonly string[]): { value: number; width: number } {
  let value = 0
  let width = pattern.numberWidth
  if (width === 0) return { value, width }
  for (const id of existing) {
    const read = pattern.read(id)
    if (read?.n === undefined || read.n < value) continue
    value = read.n
    width = read.digits.length
  }
  return { value: value + 1, width }
}

function timeFields(now: Date, zone: string): Fields {
  let parts: Intl.DateTimeFormatPart[]
  try {
    const format = new Intl.DateTimeFormat('en', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    parts = format.formatToParts(now)
  } catch (cause) {
    throw new GodwitError('FILE.NAME_INVALID', `the time zone ${JSON.stringify(zone)} is unknown`, {
      why: 'A zone is written as in the IANA database: UTC, Europe/Berlin. Nothing was written.',
      cause,
    })
  }
  const value = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find(part => part.type === type)?.value)
  return {
    yyyy: value('year'),
    MM: value('month'),
    dd: value('day'),
    HH: value('hour'),
    mm: value('minute'),
    ss: value('second'),
    SSS: now.getUTCMilliseconds(),
    unix: Math.floor(now.getTime() / 1000),
  }
}

/** The same moment plus one of the smallest unit that the pattern writes. */
function later(pattern: NamePattern, fields: Fields): Fields {
  const step = (token: 'yyyy' | 'MM' | 'dd' | 'HH' | 'mm' | 'ss' | 'SSS') =>
    (fields[token] ?? (token === 'MM' || token === 'dd' ? 1 : 0)) + (smallest === token ? 1 : 0)
  const smallest = (['SSS', 'ss', 'mm', 'HH', 'dd', 'MM', 'yyyy'] as const).find(token =>
    pattern.tokens.includes(token),
  )
  const moved = new Date(
    Date.UTC(step('yyyy'), step('MM') - 1, step('dd'), step('HH'), step('mm'), step('ss'), step('SSS')),
  )
  return {
    yyyy: moved.getUTCFullYear(),
    MM: moved.getUTCMonth() + 1,
    dd: moved.getUTCDate(),
    HH: moved.getUTCHours(),
    mm: moved.getUTCMinutes(),
    ss: moved.getUTCSeconds(),
    SSS: moved.getUTCMilliseconds(),
    unix: (fields.unix ?? 0) + 1,
  }
}
