// Typing a TypeScript revision of a store with SQL.
import type { RevisionContext } from '../engine/code-context.ts'
import { defineRevision as define, type RevisionDefinition } from '../source/definition.ts'

/**
 * Types a revision module; returns the object as given.
 * @example
 * export default defineRevision({
 *   async up(m) { await m.sql`UPDATE users SET name = trim(name)` },
 *   async down() {},
 * })
 */
export function defineRevision(definition: RevisionDefinition<RevisionContext>): RevisionDefinition<RevisionContext> {
  return define(definition)
}
