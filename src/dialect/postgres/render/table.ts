// Tables, partitioned tables, partitions and foreign tables.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import { canonicalJson } from '../../../schema/model/snapshot.ts'
import { objectKey, type SchemaObject } from '../../../schema/model/object.ts'
import { columnDefinition, columnSettings, ownedSequences } from './column.ts'
import { addConstraint, attachedParts, constraintClause, constraintSettings } from './constraint.ts'
import {
  flag,
  foreignOptionChange,
  foreignOptionList,
  type KindRenderer,
  list,
  optionChange,
  options,
  text,
  type Tools,
} from './kind.ts'
import { ident, lastName, optionList, parseTypeName, qualified } from './name.ts'

export const tableKind: KindRenderer = {
  noun: table => `${word(table)} ${qualified(table.path)}`,
  grantNoun: table => `TABLE ${qualified(table.path)}`,
  create: createTable,
  drop(table, context) {
    const parts = context.before.children(table.key)
    const owned = parts.flatMap(part => list(part, 'owns')).filter(key => context.after.get(key) === undefined)
    const kept = parts.flatMap(part => list(part, 'owns')).filter(key => context.after.get(key) !== undefined)
    const statistics = context.before.dependents(table.key).filter(({ kind }) => kind === 'statistics')
    const includes = [...parts, ...statistics].map(part => part.key)
    return {
      statements: [
        ...kept.map(key => ({ sql: `ALTER SEQUENCE ${qualified(context.before.get(key)?.path ?? [])} OWNED BY NONE` })),
        {
          sql: `DROP ${word(table)} ${qualified(table.path)}`,
          ...(table.kind === 'table' ? { loses: `the table ${qualified(table.path)} and its rows` } : {}),
        },
      ],
      includes: [...includes, ...owned].filter(key => !context.separate.has(key)),
    }
  },
  alter: alterTable,
}

const word = (table: SchemaObject): string => table.kind.toUpperCase()

function createTable(table: SchemaObject, context: RenderContext, tools: Tools): Rendered {
  const { after, separate } = context
  const columns = after.children(table.key, 'column').filter(({ key }) => !separate.has(key))
  const constraints = after.children(table.key, 'constraint').filter(part => !separate.has(part.key))
  const isPartition = text(table, 'partitionOf') !== undefined
  const ofType = text(table, 'ofType')
  const inline: SchemaObject[] = []
  for (const part of constraints) if (isInline(part, isPartition) && !isDoubled(part, inline)) inline.push(part)
  // Columns of a parent come by themselves, except into a partition, which is made alone and attached.
  const own = columns.filter(column => isPartition || !flag(column, 'inherited'))
  const items = [
    ...(ofType === undefined ? own.map(columnDefinition) : own.map(typedColumn).filter(item => item !== undefined)),
    ...inline.map(part => constraintClause(part)),
  ]
  const name = qualified(table.path)
  const indexes = isPartition
    ? after.children(table.key, 'index').filter(index => text(index, 'attachedTo') !== undefined)
    : []
  const made: RenderedStatement[] = [{ sql: `CREATE ${heading(table, items)}` }]
  for (const column of columns) {
    if (!isPartition && flag(column, 'inherited')) made.push(...childDefaults(column, context))
    made.push(...columnSettings(column), ...ownedSequences(column), ...tools.extras(column, context))
  }
  for (const part of inline) made.push(...constraintSettings(part), ...tools.extras(part, context))
  for (const index of indexes) made.push(...tools.create(index, context).statements)
  if (isPartition)
    made.push({ sql: `ALTER TABLE ${text(table, 'partitionOf')} ATTACH PARTITION ${name} ${text(table, 'bound')}` })
  // Foreign keys of the parent come with ATTACH, checks of a parent with INHERITS.
  const inherited = constraints.filter(part => flag(part, 'inherited') && !inline.includes(part))
  const settings = tableSettings(table)
  return {
    statements: [...made, ...settings.map(sql => ({ sql })), ...tools.extras(table, context)],
    includes: [...columns, ...inline, ...inherited, ...indexes].map(part => part.key).filter(key => !separate.has(key)),
  }
}

/** NOT VALID means nothing inside CREATE TABLE, and a foreign key needs the other table. */
function isInline(part: SchemaObject, isPartition: boolean): boolean {
  if (text(part, 'type') === 'foreign key' || flag(part, 'unvalidated')) return false
  return isPartition || !flag(part, 'inherited')
}

/** In one statement the server makes one key of two on the same columns. */
function isDoubled(part: SchemaObject, others: readonly SchemaObject[]): boolean {
  const columns = (one: SchemaObject) =>
    /^(?:PRIMARY KEY|UNIQUE(?: NULLS NOT DISTINCT)?) (\(.*)$/.exec(text(one, 'definition') ?? '')?.[1]
  const own = columns(part)
  return own !== undefined && others.some(other => columns(other) === own)
}

/** A child may have another default than its parent. */
function childDefaults(column: SchemaObject, context: RenderContext): RenderedStatement[] {
  const parent = parentColumn(column, context)
  const own = text(column, 'default')
  if (parent === undefined || own === text(parent, 'default')) return []
  const alter = `ALTER TABLE ${qualified(column.path.slice(0, 2))} ALTER COLUMN ${ident(lastName(column))}`
  return [{ sql: own === undefined ? `${alter} DROP DEFAULT` : `${alter} SET DEFAULT ${own}` }]
}

function parentColumn(column: SchemaObject, { after }: RenderContext): SchemaObject | undefined {
  const table = after.get(column.parent ?? '')
  for (const name of table === undefined ? [] : list(table, 'inherits')) {
    const found = after.get(objectKey('column', [...parseTypeName(name).path, lastName(column)]))
    if (found !== undefined) return found
  }
  return undefined
}

function typedColumn(column: SchemaObject): string | undefined {
  const parts = [
    text(column, 'default') === undefined ? '' : ` DEFAULT ${text(column, 'default')}`,
    flag(column, 'notNull') ? ' NOT NULL' : '',
  ].join('')
  return parts === '' ? undefined : `${ident(lastName(column))} WITH OPTIONS${parts}`
}

function heading(table: SchemaObject, items: readonly string[]): string {
  const unlogged = text(table, 'persistence') === 'unlogged' ? 'UNLOGGED ' : ''
  const ofType = text(table, 'ofType')
  const inherits = list(table, 'inherits')
  const partitionBy = text(table, 'partitionBy')
  const method = text(table, 'accessMethod')
  const toast = options(table, 'toastOptions')
  const storage = [optionList(options(table, 'options')), optionList(toast, 'toast.')].filter(part => part !== '')
  const tablespace = text(table, 'tablespace')
  const server = text(table, 'server')
  const body = items.length === 0 ? (ofType === undefined ? ' ()' : '') : ` (\n  ${items.join(',\n  ')}\n)`
  return [
    `${unlogged}${word(table)} ${qualified(table.path)}`,
    ofType === undefined ? '' : ` OF ${ofType}`,
    body,
    inherits.length === 0 ? '' : ` INHERITS (${inherits.join(', ')})`,
    partitionBy === undefined ? '' : ` PARTITION BY ${partitionBy}`,
    method === undefined ? '' : ` USING ${ident(method)}`,
    storage.length === 0 ? '' : ` WITH (${storage.join(', ')})`,
    tablespace === undefined ? '' : ` TABLESPACE ${ident(tablespace)}`,
    server === undefined ? '' : ` SERVER ${ident(server)}${foreignOptionList(options(table, 'foreignOptions'))}`,
  ].join('')
}

function tableSettings(table: SchemaObject): string[] {
  const alter = `ALTER TABLE ${qualified(table.path)}`
  const replica = text(table, 'replicaIdentity')
  return [
    ...(flag(table, 'rowSecurity') ? [`${alter} ENABLE ROW LEVEL SECURITY`] : []),
    ...(flag(table, 'forceRowSecurity') ? [`${alter} FORCE ROW LEVEL SECURITY`] : []),
    ...(replica === undefined ? [] : [`${alter} REPLICA IDENTITY ${replica.toUpperCase()}`]),
  ]
}

function alterTable(change: Alteration, context: RenderContext, tools: Tools): Rendered | 'recreate' {
  const { before, after } = change
  const differs = (...names: string[]): boolean => names.some(name => change.changed.includes(name))
  if (differs('partitionBy', 'server')) return 'recreate'
  const name = qualified(after.path)
  const alter = `ALTER ${word(after)} ${name}`
  const sqls: string[] = []
  const attach = differs('partitionOf', 'bound')
  const made: Rendered[] = []
  if (attach && text(before, 'partitionOf') !== undefined) {
    sqls.push(`ALTER TABLE ${text(before, 'partitionOf')} DETACH PARTITION ${name}`)
  }
  if (attach && text(after, 'partitionOf') !== undefined) made.push(...partsToAttach(after, context, tools))
  for (const parent of list(before, 'inherits')) {
    if (!list(after, 'inherits').includes(parent)) sqls.push(`${alter} NO INHERIT ${parent}`)
  }
  const left = differs('partitionOf', 'inherits') ? leftParts(before, context) : []
  sqls.push(...left.map(dropLeft))
  for (const parent of list(after, 'inherits')) {
    if (!list(before, 'inherits').includes(parent)) sqls.push(`${alter} INHERIT ${parent}`)
  }
  if (differs('ofType'))
    sqls.push(text(after, 'ofType') === undefined ? `${alter} NOT OF` : `${alter} OF ${text(after, 'ofType')}`)
  if (differs('persistence'))
    sqls.push(`${alter} SET ${text(after, 'persistence') === 'unlogged' ? 'UNLOGGED' : 'LOGGED'}`)
  if (differs('accessMethod')) sqls.push(`${alter} SET ACCESS METHOD ${ident(text(after, 'accessMethod') ?? 'heap')}`)
  if (differs('tablespace')) sqls.push(`${alter} SET TABLESPACE ${ident(text(after, 'tablespace') ?? 'pg_default')}`)
  for (const [property, prefix] of [
    ['options', ''],
    ['toastOptions', 'toast.'],
  ] as const) {
    for (const part of optionChange(options(before, property), options(after, property), prefix))
      sqls.push(`${alter} ${part}`)
  }
  const foreign = foreignOptionChange(options(before, 'foreignOptions'), options(after, 'foreignOptions'))
  if (foreign !== undefined) sqls.push(`${alter} ${foreign}`)
  if (differs('rowSecurity'))
    sqls.push(`${alter} ${flag(after, 'rowSecurity') ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY`)
  if (differs('forceRowSecurity'))
    sqls.push(`${alter} ${flag(after, 'forceRowSecurity') ? '' : 'NO '}FORCE ROW LEVEL SECURITY`)
  if (differs('replicaIdentity'))
    sqls.push(`${alter} REPLICA IDENTITY ${(text(after, 'replicaIdentity') ?? 'default').toUpperCase()}`)
  const attached =
    attach && text(after, 'partitionOf') !== undefined
      ? [{ sql: `ALTER TABLE ${text(after, 'partitionOf')} ATTACH PARTITION ${name} ${text(after, 'bound')}` }]
      : []
  return {
    statements: [...sqls.map(sql => ({ sql })), ...made.flatMap(one => one.statements), ...attached],
    includes: [
      ...made.flatMap(one => one.includes ?? []),
      ...left.map(part => part.key),
      ...(differs('partitionOf', 'bound', 'inherits') ? movedParts(after, context) : []),
    ],
  }
}

/** What a table has from its parent and is not wanted: its own, to be dropped, when it has left the parent. */
function leftParts(table: SchemaObject, { before, after }: RenderContext): SchemaObject[] {
  return before
    .children(table.key)
    .filter(
      part => (flag(part, 'inherited') || text(part, 'attachedTo') !== undefined) && after.get(part.key) === undefined,
    )
}

function dropLeft(part: SchemaObject): string {
  const name = ident(lastName(part))
  if (part.kind === 'index') return `DROP INDEX IF EXISTS ${ident(part.path[0] ?? '')}.${name}`
  return `ALTER TABLE ${qualified(part.path.slice(0, 2))} DROP ${part.kind.toUpperCase()} IF EXISTS ${name}`
}

/** Parts of which nothing changes but where they come from: that is what ATTACH, DETACH and INHERIT do. */
function movedParts(table: SchemaObject, { before, after }: RenderContext): string[] {
  const rest = ({ properties }: SchemaObject): string => {
    const { inherited: _inherited, attachedTo: _attachedTo, ...own } = properties
    return canonicalJson(own)
  }
  return after
    .children(table.key)
    .filter(part => {
      const was = before.get(part.key)
      return was !== undefined && rest(was) === rest(part)
    })
    .map(part => part.key)
}

/** Indexes and keys that ATTACH would make under names of its own. */
function partsToAttach(table: SchemaObject, context: RenderContext, tools: Tools): Rendered[] {
  const missing = attachedParts(table, context.after).filter(part => context.before.get(part.key) === undefined)
  const checks = context.after
    .children(table.key, 'constraint')
    .filter(
      part => text(part, 'type') === 'check' && flag(part, 'inherited') && context.before.get(part.key) === undefined,
    )
  const foreign = context.after
    .children(table.key, 'constraint')
    .filter(part => text(part, 'type') === 'foreign key' && flag(part, 'inherited'))
  return [
    ...checks.map(part => ({ statements: addConstraint(part, context), includes: [part.key] })),
    ...missing.map(part => ({
      statements: part.kind === 'index' ? tools.create(part, context).statements : addConstraint(part, context),
      includes: [part.key],
    })),
    {
      statements: [],
      includes: foreign.filter(part => context.before.get(part.key) === undefined).map(part => part.key),
    },
  ]
}
