// Texts of many authors (ours, servers', drivers') as sentences for people.

/** Words that begin sentences and are no names of databases, keys or revisions. */
const STARTERS = /^(?:an?|another|databases|expected|it|its|known|no|none|nothing|one|stopped|the|this|what) /

/**
 * With a full stop at its end, unless it ends with lines of JSON, which are to be copied, and a capital where an article or the like begins it; a name stays as it is.
 * @example
 * asSentence('the disk is full') // 'The disk is full.'
 */
export function asSentence(text: string): string {
  const trimmed = text.trim()
  const begun = STARTERS.test(trimmed) ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed
  return trimmed === '' || /[.!?:…]$|\n\}$/.test(trimmed) ? begun : `${begun}.`
}

/** One after the other; what is missing or empty is left out. */
export function sentences(...parts: readonly (string | undefined)[]): string {
  return parts.flatMap(part => (part === undefined || part.trim() === '' ? [] : [asSentence(part)])).join(' ')
}
