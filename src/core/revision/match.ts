// Which revisions a short text can mean. It only collects candidates; whether one, none or several
// is an error is decided by whoever asked.
import { slugOf, versionOf } from './order.ts'

const onlyNumber = /^[A-Za-z]*\d+(?:\.\d+)*$/

export interface IdMatcher {
  /** The id itself; else the ids with that number (`2` for `002_users`); else the ids that begin with the text. */
  match(text: string): readonly string[]
  /** The ids whose part after the first underscore is the text; else those where it begins with the text. */
  matchSlug(text: string): readonly string[]
}

/** Indexes are made on first use: a history in which all parents are full ids never pays for them. */
export function createIdMatcher(ids: readonly string[]): IdMatcher {
  const known = new Set(ids)
  let versions: Map<string, string[]> | undefined
  let sorted: string[] | undefined
  return {
    match(text) {
      if (text === '') return []
      if (known.has(text)) return [text]
      // Only a text that is nothing but a number asks for that number; `2_us` is the beginning of a name.
      if (onlyNumber.test(text)) {
        versions ??= groupByVersion(ids)
        const numbered = versions.get(versionOf(text)!)
        if (numbered) return numbered
      }
      sorted ??= ids.toSorted()
      return prefixed(sorted, text)
    },
    matchSlug(text) {
      if (text === '') return []
      const exact = ids.filter(id => slugOf(id) === text)
      return exact.length > 0 ? exact : ids.filter(id => slugOf(id).startsWith(text))
    },
  }
}

function groupByVersion(ids: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const id of ids) {
    const version = versionOf(id)
    if (version === undefined) continue
    const group = groups.get(version)
    if (group) group.push(id)
    else groups.set(version, [id])
  }
  return groups
}

// Names with a common beginning stand together in code-unit order, so a binary search finds them all.
function prefixed(sorted: readonly string[], text: string): string[] {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < text) low = middle + 1
    else high = middle
  }
  const found: string[] = []
  for (let at = low; at < sorted.length && sorted[at]!.startsWith(text); at++) found.push(sorted[at]!)
  return found
}
