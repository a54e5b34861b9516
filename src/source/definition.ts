// The shape of a TypeScript or JavaScript revision module.
import type { RevisionStatement } from '../core/file/definition.ts'

/** What a revision module exports, as its default or under these names. `C` is the context of its store. */
export interface RevisionDefinition<C = never> extends RevisionStatement {
  up(context: C): unknown
  /** Left out: the revision cannot be undone. */
  down?(context: C): unknown
}

/**
 * Types a revision; returns it unchanged. Write `parent`, `depends` and the other stated keys as plain literals:
 * they are read from the text without running it, and compared with the module before it runs.
 *
 * @example
 * export default defineRevision({
 *   parent: '20261119101010_users',
 *   async up(m) { await m.sql`UPDATE users SET active = true` },
 * })
 */
export function defineRevision<C = never>(definition: RevisionDefinition<C>): RevisionDefinition<C> {
  return definition
}
