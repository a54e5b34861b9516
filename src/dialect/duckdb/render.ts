// Changes of a DuckDB schema as SQL. Tables and columns are altered in place where DuckDB can do that, else the table is
// made anew with its rows (render-table.ts). Statements that make a thing are those that DuckDB itself tells.
import type { Alteration } from '../../schema/change/change.ts'
import type { Rendered, RenderContext, RenderedStatement, Renderer } from '../../schema/change/renderer.ts'
import type { SchemaObject } from '../../schema/model/object.ts'
import { nameIn, quotedWord } from './name.ts'
import { commentsOf, createTable, rebuildTables } from './render-table.ts'

export const duckdbRenderer: Renderer = {
  ordered: new Set(),

  create(object, { after }) {
    if (object.kind === 'table') {
      const parts = after.children(object.key).filter(({ kind }) => kind === 'column' || kind === 'constraint')
      return { statements: createTable(object, after), includes: parts.map(({ key }) => key) }
    }
    return { statements: [...make(object), ...comment(object)] }
  },

  drop(object, { before }) {
    const name = nameIn(object.path)
    const includes = before.children(object.key).map(({ key }) => key)
    if (object.kind === 'table') {
      return {
        statements: [{ sql: `DROP TABLE ${name}`, loses: `the table ${object.path.join('.')} and its rows` }],
        includes,
      }
    }
    if (object.kind === 'sequence') {
      return {
        statements: [{ sql: `DROP SEQUENCE ${name}`, loses: `the value at which ${object.path.join('.')} stands` }],
      }
    }
    return { statements: [{ sql: `DROP ${kindOf(object)} ${name}` }] }
  },

  alter(change, context) {
    const { before, after, changed } = change
    if (changed.every(name => name === 'comment')) return { statements: comment(after, true) }
    if (after.kind === 'view') return replace(after, before)
    if (after.kind.endsWith('macro')) return withoutDefaults(before, context, replace(after, before).statements)
    if (after.kind === 'sequence') return sequence(change, context)
    return 'recreate'
  },

  rename(before, after): Rendered {
    const last = quotedWord(after.path.at(-1) ?? '')
    const sql =
      before.kind === 'column'
        ? `ALTER TABLE ${nameIn(after.path.slice(0, -1))} RENAME COLUMN ${quotedWord(before.path.at(-1) ?? '')} TO ${last}`
        : `ALTER TABLE ${nameIn(before.path)} RENAME TO ${last}`
    return { statements: [{ sql }] }
  },

  breaks(change, object, dependent) {
    if (change !== 'recreate') return false
    // DuckDB keeps types that others are made of, and does not track what a view names.
    return object.kind === 'type' && dependent.kind === 'type'
  },

  rebuild: rebuildTables,

  claims(object) {
    if (['column', 'constraint', 'schema'].includes(object.kind)) return []
    const room = { index: 'index', type: 'type', sequence: 'sequence', macro: 'macro' }[object.kind] ?? 'relation'
    return [`${room}:${object.path.join('.').toLowerCase()}`]
  },

  rank: object => ranks[object.kind] ?? 0,
}

const ranks: Readonly<Record<string, number>> = {
  schema: 0,
  type: 1,
  sequence: 2,
  macro: 3,
  table: 4,
  column: 5,
  constraint: 5,
  index: 6,
  view: 7,
  'table macro': 8,
}

const kinds: Readonly<Record<string, string>> = { 'table macro': 'MACRO TABLE' }
const kindOf = ({ kind }: SchemaObject): string => kinds[kind] ?? kind.toUpperCase()

function make(object: SchemaObject, verb = 'CREATE'): RenderedStatement[] {
  const name = nameIn(object.path)
  if (object.kind === 'schema') return [{ sql: `${verb} SCHEMA ${name}` }]
  if (object.kind === 'type') return [{ sql: `${verb} TYPE ${name} AS ${String(object.properties['definition'])}` }]
  if (object.kind === 'sequence') {
    const { start, minimum, maximum, increment, cycle } = object.properties
    // The statement that DuckDB tells starts at the present value.
    const sql = `${verb} SEQUENCE ${name} INCREMENT BY ${increment} MINVALUE ${minimum} MAXVALUE ${maximum} START ${start}${cycle ? ' CYCLE' : ''}`
    return [{ sql }]
  }
  if (object.kind.endsWith('macro')) {
    const list = object.properties['overloads'] as readonly { parameters: readonly string[]; definition: string }[]
    const table = object.kind === 'table macro' ? 'TABLE ' : ''
    const bodies = list.map(
      ({ parameters, definition }) => `(${parameters.map(quotedWord).join(', ')}) AS ${table}${definition}`,
    )
    return [{ sql: `${verb} MACRO ${name}${bodies.join(', ')}` }]
  }
  return [{ sql: (object.text ?? '').replace(/^CREATE\b/, verb) }]
}

const replace = (after: SchemaObject, before: SchemaObject): Rendered => ({
  statements: [...make(after, 'CREATE OR REPLACE'), ...comment(after, before.properties['comment'] !== undefined)],
})

/** `always`: an absent comment is removed. */
function comment(object: SchemaObject, always = false): RenderedStatement[] {
  if (object.kind === 'schema') return []
  return commentsOf(kindOf(object), object, always)
}

function sequence({ before, after }: Alteration, context: RenderContext): Rendered {
  return withoutDefaults(before, context, [
    { sql: `DROP SEQUENCE ${nameIn(before.path)}`, loses: `the value at which ${before.path.join('.')} stands` },
    ...make(after),
    ...comment(after),
  ])
}

/** Defaults keep what they use from being changed, so they are taken off around it. */
function withoutDefaults(
  used: SchemaObject,
  context: RenderContext,
  statements: readonly RenderedStatement[],
): Rendered {
  // Columns that go are gone by now; those that use it no longer may have been changed or not.
  const users = context.before.dependents(used.key).flatMap(({ key, kind, properties }) => {
    const after = kind === 'column' && !properties['generated'] ? context.after.get(key) : undefined
    return after && !after.properties['generated'] ? [after] : []
  })
  const again = users.filter(({ properties }) => properties['default'] !== undefined)
  const alter = (column: SchemaObject, what: string) => ({
    sql: `ALTER TABLE ${nameIn(column.path.slice(0, -1))} ALTER COLUMN ${quotedWord(column.path.at(-1) ?? '')} ${what}`,
  })
  return {
    statements: [
      ...users.map(column => alter(column, 'DROP DEFAULT')),
      ...statements,
      ...again.map(column => alter(column, `SET DEFAULT ${String(column.properties['default'])}`)),
    ],
  }
}
