// Changes of a SQLite schema as SQL. Statements are those that somebody wrote, as SQLite keeps them. What ALTER TABLE
// cannot do is a rebuild (render-rebuild.ts).
import type { SchemaObject } from '../../schema/model/object.ts'
import type { Rendered, RenderContext, RenderedStatement, Renderer } from '../../schema/change/renderer.ts'
import { quoted } from './canonical.ts'
import { needsRebuild, renderTableChanges } from './render-table.ts'

export const sqliteRenderer: Renderer = {
  ordered: new Set(),

  create(object, { after }) {
    if (object.kind === 'table') {
      const parts = after.children(object.key).filter(part => part.kind === 'column' || part.kind === 'constraint')
      return { statements: [written(object)], includes: parts.map(part => part.key) }
    }
    return { statements: object.text === undefined ? [] : [written(object)] }
  },

  drop(object, { before }) {
    const name = quoted(object.path.at(-1) ?? '')
    const includes = before.children(object.key).map(part => part.key)
    if (object.kind !== 'table') return { statements: [{ sql: `DROP ${object.kind.toUpperCase()} ${name}` }], includes }
    return {
      statements: [{ sql: `DROP TABLE ${name}`, loses: `the table ${object.path[0]} and its rows` }],
      includes,
    }
  },

  // Changes of a table and its columns come to `rebuild`; what is left has no data.
  alter: () => 'recreate',

  rename(before, after): Rendered {
    const [table = '', column = ''] = before.path
    const [newTable = '', newColumn = ''] = after.path
    const sql =
      before.kind === 'column'
        ? `ALTER TABLE ${quoted(newTable)} RENAME COLUMN ${quoted(column)} TO ${quoted(newColumn)}`
        : `ALTER TABLE ${quoted(table)} RENAME TO ${quoted(newTable)}`
    return { statements: [{ sql }] }
  },

  breaks(change, object, dependent, context) {
    if (change !== 'recreate') return false
    if (object.kind !== 'table') return true
    // A rebuild ends in a rename, which SQLite refuses while a view or a trigger anywhere names a missing table.
    if (dependent.kind !== 'view' && dependent.kind !== 'trigger') return false
    return context.after.get(object.key) === undefined || rebuilt(object, context)
  },

  rebuild: renderTableChanges,

  claims(object) {
    if (object.kind === 'column' || object.kind === 'constraint') return []
    // Triggers have names of their own; everything else shares one room.
    return [`${object.kind === 'trigger' ? 'trigger' : 'relation'}:${(object.path.at(-1) ?? '').toLowerCase()}`]
  },

  rank: object => ranks[object.kind] ?? 0,
}

const ranks: Readonly<Record<string, number>> = { table: 0, column: 1, constraint: 1, index: 2, view: 3, trigger: 4 }

/** False for a table that is altered in place. */
function rebuilt(table: SchemaObject, context: RenderContext): boolean {
  const before = context.before.get(table.key)
  const after = context.after.get(table.key)
  return before !== undefined && after !== undefined && needsRebuild({ before, after }, context)
}

export function written({ text = '' }: SchemaObject): RenderedStatement {
  return { sql: text }
}
