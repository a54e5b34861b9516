// How names are put into messages: short lists, and the names somebody may have meant.
import { editDistance } from '../edit-distance.ts'
import { slugOf } from './order.ts'

const shown = 8

/** `a, b and c`; a long list ends with how many more there are. */
export function nameList(names: readonly string[]): string {
  if (names.length > shown) return `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** `revision` or `revisions`, with its count. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** A sentence for the names that look like what was written; undefined when none does. */
export function didYouMean(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `Did you mean ${names.join(' or ')}?`
}

/**
 * The names that look like `text`, best first: those that contain it, that begin alike, or that are few edits away,
 * as a whole or in the part after the number.
 *
 * @param limit how many at most. Default 3.
 */
export function suggestNames(text: string, names: Iterable<string>, limit = 3): string[] {
  const scored: { name: string; score: number }[] = []
  for (const name of names) {
    const slug = slugOf(name)
    const score = Math.min(likeness(text, name), slug === '' ? Infinity : likeness(text, slug))
    if (score < Infinity) scored.push({ name, score })
  }
  return scored
    .sort((a, b) => a.score - b.score)
    .slice(0, limit)
    .map(entry => entry.name)
}

// 0 = contained; otherwise the number of edits, or of characters after a common beginning; Infinity = unlike.
function likeness(text: string, name: string): number {
  const a = text.toLowerCase()
  const b = name.toLowerCase()
  if (a.length > 1 && b.includes(a)) return 0
  const allowed = Math.max(2, Math.floor(Math.max(a.length, b.length) / 3))
  const edits = Math.abs(a.length - b.length) > allowed ? Infinity : editDistance(a, b)
  const unlike = a.length - commonLength(a, b)
  return Math.min(edits <= allowed && edits < a.length ? edits : Infinity, unlike <= a.length / 2 ? unlike : Infinity)
}

function commonLength(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return at
}
