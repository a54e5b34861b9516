// Tables: made with their parts, and changed with all their parts by one ALTER TABLE, because the servers demand some
// changes together (a primary key and AUTO_INCREMENT) and copy a table at most once that way. Foreign keys, which tie
// tables together, are statements of their own.
import type { Change } from '../../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { Json, SchemaObject } from '../../../schema/model/object.ts'
import { columnClauses } from './column-change.ts'
import { columnDefinition } from './column.ts'
import { addKey, keyClauses, keyDefinition } from './key.ts'
import { heldBy } from './foreign-key.ts'
import { flag, isForeignKey, lastName, list, literal, one, q, record, text } from './name.ts'
import { onlineClause } from './online.ts'
import { partitionChange, partitionClause } from './partition.ts'

/** Parts that travel with their table. */
const PARTS: ReadonlySet<string> = new Set(['column', 'constraint', 'index', 'period'])

export function createTable(table: SchemaObject, context: RenderContext): Rendered {
  const { after, separate } = context
  const collation = text(table, 'collation')
  const parts = after.children(table.key).filter(part => PARTS.has(part.kind) && !separate.has(part.key))
  const rank = (part: SchemaObject) => ['column', 'period', 'index', 'constraint'].indexOf(part.kind)
  const ordered = [...parts].sort((a, b) => rank(a) - rank(b) || (a.position ?? 0) - (b.position ?? 0))
  const primary = ordered.filter(part => text(part, 'type') === 'primary key')
  const rest = ordered.filter(part => part.kind !== 'column' && !primary.includes(part))
  const lines = [
    ...ordered.filter(part => part.kind === 'column').map(column => columnDefinition(column, collation)),
    ...[...primary, ...rest].map(keyDefinition),
  ]
  const system = list(table.properties['systemPeriod'])
  if (system.length > 0) lines.push(`PERIOD FOR SYSTEM_TIME (${system.map(q).join(', ')})`)
  const sql = `CREATE TABLE ${q(lastName(table))} (\n  ${lines.join(',\n  ')}\n)${tail(table, context)}`
  const dangles = parts.some(part => isForeignKey(part) && isDangling(part, context))
  return { statements: unchecked(dangles, [{ sql }]), includes: parts.map(part => part.key) }
}

function tail(table: SchemaObject, { after }: RenderContext): string {
  const usual = text(after.get('database:default'), 'collation')
  const collation = text(table, 'collation')
  const words: string[] = []
  const engine = text(table, 'engine')
  if (engine !== undefined) words.push(`ENGINE=${engine}`)
  if (collation !== undefined && collation !== usual) words.push(`COLLATE=${collation}`)
  for (const [name, value] of Object.entries(record(table.properties['options'])))
    words.push(`${name}=${String(value)}`)
  const comment = text(table, 'comment')
  if (comment !== undefined) words.push(`COMMENT=${literal(comment)}`)
  if (flag(table, 'versioned')) words.push('WITH SYSTEM VERSIONING')
  const partition = partitionClause(table)
  return `${words.map(word => ` ${word}`).join('')}${partition === '' ? '' : `\n${partition}`}`
}

export function dropTable(table: SchemaObject, { before }: RenderContext): Rendered {
  return {
    ...one(`DROP TABLE ${q(lastName(table))}`, { loses: `the table ${lastName(table)} and its rows` }),
    includes: before.children(table.key).map(part => part.key),
  }
}

/** A foreign key to what is not there: the servers take it only while they do not look. */
export function isDangling(foreign: SchemaObject, { after }: RenderContext): boolean {
  const { table } = record(foreign.properties['references'])
  return (
    table !== '' &&
    after.get(`table:${String(table)}`) === undefined &&
    !foreign.depends.some(key => key.startsWith('table:') && after.get(key))
  )
}

/** With foreign keys not looked at meanwhile. */
export function unchecked(is: boolean, statements: readonly RenderedStatement[]): readonly RenderedStatement[] {
  if (!is) return statements
  return [{ sql: 'SET SESSION foreign_key_checks = 0' }, ...statements, { sql: 'SET SESSION foreign_key_checks = 1' }]
}

/** Undefined when only foreign keys and triggers change. */
export function changeTable(
  { before, after }: { readonly before: SchemaObject; readonly after: SchemaObject },
  changes: readonly Change[],
  context: RenderContext,
): Rendered | undefined {
  const own = changes.filter(change => {
    const object = change.type === 'create' ? change.after : change.before
    return (object.key === after.key || PARTS.has(object.kind)) && !isForeignKey(object)
  })
  if (own.length === 0) return undefined
  const name = q(lastName(after))
  const keys = keyClauses(own, context, after)
  const columns = columnClauses({ before, after }, own, context)
  const partition = partitionChange(before, after)
  const { clauses: versioning, loses: history } = versioningClauses(before, after)
  const clauses = [
    ...keys.dropped,
    ...versioning.filter(clause => clause.startsWith('DROP')),
    ...columns.clauses,
    ...versioning.filter(clause => !clause.startsWith('DROP')),
    ...keys.added,
    ...optionClauses(before, after),
  ]
  const loses = [...history, ...columns.loses].join('; ')
  // Of a versioned table the server changes columns only when told what its history is to become.
  const keeping = (table: SchemaObject, sql: string): string =>
    flag(table, 'versioned') && sql.startsWith('ALTER')
      ? `SET STATEMENT system_versioning_alter_history = KEEP FOR ${sql}`
      : sql
  const alter = (words: string): string => keeping(before, `ALTER TABLE ${name} ${words}`)
  const statements: RenderedStatement[] = []
  // Error 4131: partitions of history must go before the history does.
  const apart = flag(before, 'versioned') && !flag(after, 'versioned') && partition.clause === 'REMOVE PARTITIONING'
  if (apart) statements.push({ sql: alter('REMOVE PARTITIONING') })
  statements.push(...columns.first.map(one => ({ ...one, sql: keeping(before, one.sql) })))
  const held = heldBy(before, context)
  for (const foreign of held) statements.push({ sql: `ALTER TABLE ${name} DROP FOREIGN KEY ${q(lastName(foreign))}` })
  const clause = apart ? undefined : partition.clause
  if (clauses.length > 0 || clause !== undefined) {
    const online = context.online ? onlineClause({ before, after }, own, context) : undefined
    const body = [...clauses, ...(online === undefined ? [] : [online])].join(', ')
    const sql = alter([body, clause].filter(Boolean).join(' '))
    statements.push({ sql, ...(loses === '' ? {} : { loses }) })
  }
  statements.push(...columns.last.map(one => ({ ...one, sql: keeping(after, one.sql) })))
  if (partition.alone !== undefined) statements.push({ sql: alter(partition.alone) })
  for (const foreign of held) {
    const wanted = context.after.get(foreign.key) as SchemaObject
    statements.push(...unchecked(isDangling(wanted, context), [{ sql: `ALTER TABLE ${name} ${addKey(wanted)}` }]))
  }
  return {
    statements,
    includes: own.map(change => (change.type === 'create' ? change.after.key : change.before.key)),
  }
}

/** What takes an option back that is not wanted any more; DEFAULT for the others. */
const USUAL: Readonly<Record<string, string>> = {
  KEY_BLOCK_SIZE: '0',
  CHECKSUM: '0',
  DELAY_KEY_WRITE: '0',
  MAX_ROWS: '0',
  MIN_ROWS: '0',
  AVG_ROW_LENGTH: '0',
  INSERT_METHOD: 'NO',
  CONNECTION: "''",
  UNION: '()',
  COMPRESSION: "''",
  ENCRYPTION: "'N'",
}

function optionClauses(before: SchemaObject, after: SchemaObject): string[] {
  const clauses: string[] = []
  const differs = (name: string) => (text(before, name) ?? '') !== (text(after, name) ?? '')
  if (differs('engine')) clauses.push(`ENGINE=${text(after, 'engine') ?? 'InnoDB'}`)
  if (differs('collation')) clauses.push(`DEFAULT COLLATE=${text(after, 'collation') ?? ''}`)
  if (differs('comment')) clauses.push(`COMMENT=${literal(text(after, 'comment') ?? '')}`)
  const [was, is] = [record(before.properties['options']), record(after.properties['options'])]
  for (const [name, value] of Object.entries(is)) if (was[name] !== value) clauses.push(`${name}=${String(value)}`)
  for (const name of Object.keys(was)) {
    // They go with the engine.
    if (name in is || (name === 'PAGE_CHECKSUM' && text(after, 'engine') !== 'Aria')) continue
    clauses.push(`${name}=${USUAL[name] ?? 'DEFAULT'}`)
  }
  return clauses
}

function versioningClauses(before: SchemaObject, after: SchemaObject): { clauses: string[]; loses: string[] } {
  const [was, is] = [flag(before, 'versioned'), flag(after, 'versioned')]
  const [old, wanted] = [list(before.properties['systemPeriod']), list(after.properties['systemPeriod'])]
  const same = JSON.stringify(old satisfies Json) === JSON.stringify(wanted satisfies Json)
  const add = wanted.length > 0 && !same ? [`ADD PERIOD FOR SYSTEM_TIME(${wanted.map(q).join(', ')})`] : []
  if (was === is) return { clauses: same ? [] : add, loses: [] }
  if (is) return { clauses: [...add, 'ADD SYSTEM VERSIONING'], loses: [] }
  return { clauses: ['DROP SYSTEM VERSIONING'], loses: [`the history of the rows of ${lastName(after)}`] }
}
