// Types for a Chroma revision file; nothing happens here.
import type { ChromaContext } from './operations/index.ts'

export interface ChromaRevision {
  /** Default: the revision before it in the order of names. */
  readonly parent?: string | readonly string[]
  /** Revisions of other databases that must be applied first: `main:20261101_base`. */
  readonly depends?: string | readonly string[]
  readonly label?: string | readonly string[]
  /** Why it cannot be undone. */
  readonly irreversible?: string
  up(m: ChromaContext): unknown
  /** Undoes `up`. */
  down?(m: ChromaContext): unknown
}

/**
 * Gives a revision file its types and returns the object as it is.
 *
 * @example
 * export default defineChromaRevision({
 *   async up(m) {
 *     await m.createCollection('docs', { distance: 'cosine', dimension: 384 })
 *   },
 *   async down(m) {
 *     await m.deleteCollection('docs')
 *   },
 * })
 */
export function defineChromaRevision<Revision extends ChromaRevision>(revision: Revision & ChromaRevision): Revision {
  return revision
}
