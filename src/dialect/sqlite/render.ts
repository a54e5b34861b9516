// Changes of a SQLite schema as SQL. Statements are those that somebody wrote, where they are kept. What ALTER TABLE
// cannot do is a rebuild (render-rebuild.ts).
import type { SchemaObject } from '../../schema/model/object.ts'
import type { Rendered, RenderContext, RenderedStatement, Renderer } from '../../schema/change/renderer.ts'
import { quoted } from './canonical.ts'
import { needsRebuild, renderTableChanges } from './render-rebuild.ts'

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
    if (object.kind !== 'table') return { statements: [{ sql: `DROP ${object.kind.toUpperCase()} ${name}` }] }
    const parts = before.children(object.key).map(part => part.key)
    return {
      statements: [{ sql: `DROP TABLE ${name}`, loses: `the table ${object.path[0]} and its rows` }],
      includes: parts,
    }
  },

  // Changes of a table and its columns come to `rebuild`; what is left has no data.
  alter: () => 'recreate',

  rename(before, after): Rendered {
    const [table = '', column] = before.path
    if (before.kind === 'column') {
      return statement(
        `ALTER TABLE ${quoted(after.path[0] ?? table)} RENAME COLUMN ${quoted(column ?? '')} TO ${quoted(after.path[1] ?? '')}`,
      )
    }
    return statement(`ALTER TABLE ${quoted(table)} RENAME TO ${quoted(after.path[0] ?? '')}`)
  },

  breaks(change, object, dependent, context) {
    if (change !== 'recreate') return false
    if (object.kind !== 'table') return true
    // A rebuild ends in a rename, which SQLite refuses while a view or a trigger elsewhere names the missing table.
    return rebuilt(object, context) && (dependent.kind === 'view' || dependent.kind === 'trigger')
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

const statement = (sql: string): Rendered => ({ statements: [{ sql }] })

function rebuilt(table: SchemaObject, context: RenderContext): boolean {
  const before = context.before.get(table.key)
  const after = context.after.get(table.key)
  return before !== undefined && after !== undefined && needsRebuild(before, after, context)
}

export function written({ text = '' }: SchemaObject): RenderedStatement {
  return { sql: text }
}
