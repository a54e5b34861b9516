// The known word that was most likely meant: for every "did you mean" of the configuration and the command line.
import { editDistance } from '../core/edit-distance.ts'

/**
 * The nearest of `known`, or undefined when none is near enough to be a slip of the fingers.
 * @example nearest('databses', ['databases', 'hooks']) // 'databases'
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length * 0.4)) + 1
  for (const candidate of known) {
    const prefix = word.length >= 3 && candidate.toLowerCase().startsWith(word.toLowerCase())
    const d = prefix ? 0.5 : editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (d < bestDistance) {
      best = candidate
      bestDistance = d
    }
  }
  return best
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = nearest(word, known)
  return found === undefined ? '' : ` Did you mean "${found}"?`
}
