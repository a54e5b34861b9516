// Changes of a MariaDB or MySQL schema as SQL. Rows are kept: tables are changed in place by ALTER TABLE, and only what
// holds no rows is dropped and made again. DDL commits by itself on both servers, so no statement relies on another's rollback.
import type { Alteration } from '../../schema/change/change.ts'
import type { RenderContext, Rendered, Renderer } from '../../schema/change/renderer.ts'
import type { SchemaObject } from '../../schema/model/object.ts'
import { parentBreaks } from './render/foreign-key.ts'
import { addKey, dropKey } from './render/key.ts'
import { isForeignKey, lastName, one, q } from './render/name.ts'
import { grantChanges, programs } from './render/program.ts'
import { changeTable, createTable, dropTable, isDangling, unchecked } from './render/table.ts'

export const mysqlRenderer: Renderer = {
  ordered: new Set(['column']),
  create,
  drop,
  alter,
  rename,
  lagging,
  breaks,
  rebuild(table, changes, context) {
    if (table.before.kind !== 'table' || table.after.kind !== 'table') return undefined
    const rendered = changeTable(table, changes, context)
    const own = changes.find(change => change.type === 'alter' && change.after.key === table.after.key)
    if (rendered === undefined || own?.type !== 'alter' || !own.changed.includes('grants')) return rendered
    return { ...rendered, statements: [...rendered.statements, ...grantChanges(table.before, table.after)] }
  },
  claims,
  rank: object => RANK[object.kind] ?? 0,
}

const RANK: Readonly<Record<string, number>> = {
  database: 0,
  sequence: 1,
  table: 2,
  column: 3,
  period: 3,
  index: 3,
  constraint: 4,
  function: 5,
  procedure: 5,
  view: 6,
  trigger: 7,
  event: 8,
}

function create(object: SchemaObject, context: RenderContext): Rendered {
  if (object.kind === 'table') {
    const made = createTable(object, context)
    return { ...made, statements: [...made.statements, ...grantChanges(undefined, object)] }
  }
  const program = programs[object.kind]
  if (program) return { statements: [...program.create(object), ...grantChanges(undefined, object)] }
  // A part on its own: mostly a foreign key.
  const sql = `ALTER TABLE ${q(object.path[0] ?? '')} ${addKey(object)}`
  return { statements: unchecked(isForeignKey(object) && isDangling(object, context), [{ sql }]) }
}

function drop(object: SchemaObject, context: RenderContext): Rendered {
  if (object.kind === 'table') return dropTable(object, context)
  const program = programs[object.kind]
  if (program) return { statements: program.drop(object) }
  return one(`ALTER TABLE ${q(object.path[0] ?? '')} ${dropKey(object)}`)
}

function alter(change: Alteration, _context: RenderContext): Rendered | 'recreate' {
  const { before, after, changed } = change
  const program = programs[after.kind]
  if (!program) return 'recreate'
  const rest = changed.filter(name => name !== 'grants')
  const own = rest.length === 0 ? [] : program.alter({ ...change, changed: rest })
  if (own === undefined) return 'recreate'
  return { statements: [...own, ...(changed.includes('grants') ? grantChanges(before, after) : [])] }
}

function rename(before: SchemaObject, after: SchemaObject): Rendered {
  const table = q(before.path[0] ?? '')
  if (before.kind !== 'column') return one(`ALTER TABLE ${table} RENAME TO ${q(lastName(after))}`)
  return one(`ALTER TABLE ${q(after.path[0] ?? '')} RENAME COLUMN ${q(lastName(before))} TO ${q(lastName(after))}`)
}

/** Views over a renamed table or column keep the old name in their text, and so do triggers of a renamed column. */
function lagging(renamed: readonly SchemaObject[], { before }: RenderContext): readonly SchemaObject[] {
  const found = new Map<string, SchemaObject>()
  const visit = (key: string): void => {
    for (const dependent of before.dependents(key)) {
      if (dependent.kind !== 'view' || found.has(dependent.key)) continue
      visit(dependent.key)
      found.set(dependent.key, dependent)
    }
  }
  for (const object of renamed) {
    const table = object.parent ?? object.key
    visit(table)
    if (object.kind !== 'column') continue
    for (const trigger of [...before.children(table, 'trigger')].sort(byOrder).reverse())
      found.set(trigger.key, trigger)
  }
  // What was found last is needed by nobody found before it.
  return [...found.values()].reverse()
}

const byOrder = (a: SchemaObject, b: SchemaObject): number =>
  Number(a.properties['order'] ?? 1) - Number(b.properties['order'] ?? 1)

/** Views, routines and events live on while what they name changes; triggers of one moment run in the order they were made. */
function breaks(
  change: Alteration | 'recreate',
  object: SchemaObject,
  dependent: SchemaObject,
  context: RenderContext,
): boolean {
  if (isForeignKey(dependent)) {
    const gone = change === 'recreate' && object.kind === 'table' && context.after.get(object.key) === undefined
    return gone || parentBreaks(dependent, context)
  }
  return change === 'recreate' && object.kind === 'trigger' && dependent.kind === 'trigger'
}

function claims(object: SchemaObject): readonly string[] {
  const name = lastName(object)
  switch (object.kind) {
    case 'table':
    case 'view':
    case 'sequence':
      return [`relation:${name}`]
    case 'trigger':
      return [`trigger:${name}`]
    case 'function':
    case 'procedure':
      return [`${object.kind}:${name.toLowerCase()}`]
    case 'constraint':
      return isForeignKey(object) ? [`foreign key:${name.toLowerCase()}`] : []
    default:
      return []
  }
}
