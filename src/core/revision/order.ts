// The order of names: what comes first when no header says otherwise.
// Code-unit order, except that the number a name begins with counts as a number: 2_x before 10_x, v1.9 before v1.10.

interface NameKey {
  readonly id: string
  /** Letters before the number: the `V` of `V2__users`. */
  readonly letters: string
  /** The pieces of the number without leading zeros; empty when the name does not begin with a number. */
  readonly pieces: readonly string[]
  readonly rest: string
}

const leadingNumber = /^([A-Za-z]*)(\d+(?:\.\d+)*)/
const wholeVersion = /^[A-Za-z]*\d+(?:\.\d+)*(?=$|_|[-.]\D)/

/**
 * Compares two revision ids in the order of names: below zero when `a` comes first.
 * Numbers of any length are compared exactly; equal numbers (`01_b`, `1_a`) are ordered by the text after them.
 *
 * @example
 * ['10_b', '2_a'].sort(compareIds) // ['2_a', '10_b']
 */
export function compareIds(a: string, b: string): number {
  return compareKeys(nameKey(a), nameKey(b))
}

/** A sorted copy, each name read only once. */
export function sortIds(ids: Iterable<string>): string[] {
  const list = Array.from(ids)
  // Numbers of one width, as timestamps are, stand in the order of their text.
  const width = plainWidth(list[0] ?? '')
  if (width > 0 && list.every(id => plainWidth(id) === width)) return list.sort(compareText)
  return list
    .map(nameKey)
    .sort(compareKeys)
    .map(key => key.id)
}

/**
 * The number of a name in a form that can be compared for equality, letters included: `v1.2` for `v01.02_x`.
 * Undefined when the name does not begin with a number that stands alone (`2fa`).
 */
export function versionOf(id: string): string | undefined {
  const found = wholeVersion.exec(id)
  if (!found) return undefined
  const key = nameKey(found[0])
  return key.letters + key.pieces.join('.')
}

/** What stands after the first underscores of a name: `users` in `20261119101010_users`. Empty when there are none. */
export function slugOf(id: string): string {
  const at = id.indexOf('_')
  return at < 0 ? '' : id.slice(at).replace(/^_+/, '')
}

/** How many digits a name begins with; 0 when what follows may belong to the number. */
function plainWidth(id: string): number {
  let width = 0
  while (isDigit(id.charCodeAt(width))) width++
  return id[width] === '.' ? 0 : width
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

function nameKey(id: string): NameKey {
  const found = leadingNumber.exec(id)
  if (!found) return { id, letters: '', pieces: [], rest: id }
  const [whole, letters = '', number = ''] = found
  const pieces = number.split('.').map(piece => piece.replace(/^0+(?=\d)/, ''))
  return { id, letters, pieces, rest: id.slice(whole.length) }
}

// Names with the same letters before a number stand together in code-unit order, nothing else can come between them;
// so ordering them by number among themselves keeps the whole order transitive.
function compareKeys(a: NameKey, b: NameKey): number {
  if (a.pieces.length > 0 && b.pieces.length > 0 && a.letters === b.letters) {
    const byNumber = comparePieces(a.pieces, b.pieces)
    return byNumber || compareText(a.rest, b.rest) || compareText(a.id, b.id)
  }
  return compareText(a.id, b.id)
}

function comparePieces(a: readonly string[], b: readonly string[]): number {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index++) {
    const difference = a[index]!.length - b[index]!.length || compareText(a[index]!, b[index]!)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
