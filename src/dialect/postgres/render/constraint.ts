// Constraints of tables and domains, and indexes.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import type { SnapshotIndex } from '../../../schema/model/snapshot.ts'
import { literal } from '../journal.ts'
import { flag, type KindRenderer, list, nothing, optionChange, options, record, statements, text } from './kind.ts'
import { ident, lastName, optionList, ownerName, qualified } from './name.ts'

const isKey = (part: SchemaObject): boolean => ['primary key', 'unique', 'exclusion'].includes(text(part, 'type') ?? '')
const ofDomain = (part: SchemaObject): boolean => (part.parent ?? '').startsWith('domain:')

export const constraintKind: KindRenderer = {
  noun: part => `CONSTRAINT ${ident(lastName(part))} ON ${ofDomain(part) ? 'DOMAIN ' : ''}${ownerName(part)}`,
  create(part, context, tools) {
    // The parent's constraint brings it along.
    if (flag(part, 'inherited') && !isKey(part)) return { statements: tools.extras(part, context) }
    const children = newChildren(part, context)
    const inherited = isKey(part) ? [] : inheritedParts(part, context.after)
    return {
      statements: [
        ...children.flatMap(child => (isKey(child) ? addConstraint(child, context) : [])),
        ...addConstraint(part, context),
        ...tools.extras(part, context),
      ],
      includes: [...children, ...inherited].map(child => child.key),
    }
  },
  drop(part, context) {
    const word = ofDomain(part) ? 'DOMAIN' : 'TABLE'
    const name = ident(lastName(part))
    const { before, after } = context
    if (flag(part, 'inherited')) {
      // Its parent's statement drops it, unless its table has left the parent by then.
      const table = after.get(part.parent ?? '')
      const left =
        table !== undefined && text(table, 'partitionOf') === undefined && list(table, 'inherits').length === 0
      return left ? statements(`ALTER TABLE ${ownerName(part)} DROP CONSTRAINT ${name}`) : nothing
    }
    const inherited = inheritedParts(part, before)
    const leaves = inherited.some(child => !flag(after.get(child.key) ?? child, 'inherited'))
    const gone = inherited.filter(
      child =>
        after.get(child.key) === undefined &&
        text(before.get(child.parent ?? '') ?? child, 'partitionOf') === undefined,
    )
    return {
      statements: [
        { sql: `ALTER ${word} ${leaves ? 'ONLY ' : ''}${ownerName(part)} DROP CONSTRAINT ${name}` },
        ...gone.map(child => ({ sql: `ALTER TABLE ${ownerName(child)} DROP CONSTRAINT IF EXISTS ${name}` })),
      ],
      includes: [...attachedTo(part, before), ...inherited].map(child => child.key),
    }
  },
  alter: alterConstraint,
  rename: (before, after) =>
    statements(
      `ALTER ${ofDomain(before) ? 'DOMAIN' : 'TABLE'} ${ownerName(before)} RENAME CONSTRAINT ${ident(lastName(before))} TO ${ident(lastName(after))}`,
    ),
}

/** Indexes and keys of partitions that belong to this one, the deepest first. */
export function attachedTo(part: SchemaObject, snapshot: SnapshotIndex): SchemaObject[] {
  const children = snapshot.snapshot.objects.filter(other => text(other, 'attachedTo') === part.key)
  return children.flatMap(child => [...attachedTo(child, snapshot), child])
}

/** Those that have to be there before the parent's, which adopts them by their names. A partition that comes brings its own. */
function newChildren(part: SchemaObject, { before, after }: RenderContext): SchemaObject[] {
  return attachedTo(part, after).filter(child => {
    const [was, is] = [before.get(child.parent ?? ''), after.get(child.parent ?? '')]
    const stays = was !== undefined && is !== undefined && text(was, 'partitionOf') === text(is, 'partitionOf')
    // With a partitioned index that is made again its parts were dropped.
    return stays && (before.get(child.key) === undefined || before.get(part.key) !== undefined)
  })
}

/** Indexes and keys of a partition that belong to one of its parent. */
export const attachedParts = (table: SchemaObject, snapshot: SnapshotIndex): SchemaObject[] =>
  snapshot
    .children(table.key)
    .filter(part => text(part, 'attachedTo') !== undefined && (part.kind === 'index' || isKey(part)))

/** Checks of the same name in tables that inherit it. */
function inheritedParts(part: SchemaObject, snapshot: SnapshotIndex): SchemaObject[] {
  if (part.parent === null || ofDomain(part) || isKey(part)) return []
  const found: SchemaObject[] = []
  const queue = [part.parent]
  for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
    for (const child of snapshot.dependents(table)) {
      if (child.parent !== null || !child.kind.endsWith('table')) continue
      const own = snapshot.children(child.key, 'constraint').find(other => lastName(other) === lastName(part))
      if (own === undefined || !flag(own, 'inherited')) continue
      found.push(own)
      queue.push(child.key)
    }
  }
  return found
}

/** `CONSTRAINT a CHECK (…) DEFERRABLE …` */
export function constraintClause(part: SchemaObject): string {
  return [
    `CONSTRAINT ${ident(lastName(part))} ${withOptions(part)}`,
    flag(part, 'deferrable') ? ' DEFERRABLE' : '',
    flag(part, 'deferred') ? ' INITIALLY DEFERRED' : '',
    flag(part, 'unenforced') ? ' NOT ENFORCED' : '',
    flag(part, 'unvalidated') ? ' NOT VALID' : '',
  ].join('')
}

/** Storage options and tablespace of the index stand behind the columns; an exclusion's WHERE comes after them. */
function withOptions(part: SchemaObject): string {
  const definition = text(part, 'definition') ?? ''
  const own = options(part, 'options')
  const tablespace = text(part, 'tablespace')
  const storage =
    (Object.keys(own).length === 0 ? '' : ` WITH (${optionList(own)})`) +
    (tablespace === undefined ? '' : ` USING INDEX TABLESPACE ${ident(tablespace)}`)
  if (storage === '') return definition
  const where = text(part, 'type') === 'exclusion' ? definition.lastIndexOf(' WHERE (') : -1
  return where < 0 ? definition + storage : definition.slice(0, where) + storage + definition.slice(where)
}

export function addConstraint(part: SchemaObject, context: RenderContext): RenderedStatement[] {
  const add = `ALTER ${ofDomain(part) ? 'DOMAIN' : 'TABLE'} ${ownerName(part)} ADD`
  const table = context.before.get(part.parent ?? '')
  const isOnline = context.online && table !== undefined && !ofDomain(part) && text(table, 'partitionBy') === undefined
  const type = text(part, 'type')
  const settings = constraintSettings(part)
  if (
    isOnline &&
    (type === 'foreign key' || type === 'check') &&
    !flag(part, 'unvalidated') &&
    !flag(part, 'unenforced')
  ) {
    return [
      { sql: `${add} ${constraintClause(part)} NOT VALID` },
      { sql: `ALTER TABLE ${ownerName(part)} VALIDATE CONSTRAINT ${ident(lastName(part))}` },
      ...settings,
    ]
  }
  const columns = /^(?:PRIMARY KEY|UNIQUE( NULLS NOT DISTINCT)?) (\(.*\))$/.exec(text(part, 'definition') ?? '')
  if (isOnline && columns !== null && !/WITHOUT OVERLAPS/.test(columns[2] ?? '')) {
    const own = options(part, 'options')
    const storage = Object.keys(own).length === 0 ? '' : ` WITH (${optionList(own)})`
    const name = ident(lastName(part))
    const word = type === 'primary key' ? 'PRIMARY KEY' : 'UNIQUE'
    const deferral = `${flag(part, 'deferrable') ? ' DEFERRABLE' : ''}${flag(part, 'deferred') ? ' INITIALLY DEFERRED' : ''}`
    return [
      {
        sql: `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${ownerName(part)} ${columns[2]}${columns[1] ?? ''}${storage}`,
        alone: true,
      },
      { sql: `${add} CONSTRAINT ${name} ${word} USING INDEX ${name}${deferral}` },
      ...settings,
    ]
  }
  return [{ sql: `${add} ${constraintClause(part)}` }, ...settings]
}

/** What is said of the index behind a constraint. */
export function constraintSettings(part: SchemaObject): RenderedStatement[] {
  const table = ownerName(part)
  const name = ident(lastName(part))
  const comment = text(part, 'indexComment')
  return [
    ...(flag(part, 'clustered') ? [{ sql: `ALTER TABLE ${table} CLUSTER ON ${name}` }] : []),
    ...(flag(part, 'replicaIdentity') ? [{ sql: `ALTER TABLE ${table} REPLICA IDENTITY USING INDEX ${name}` }] : []),
    ...(comment === undefined ? [] : [{ sql: `COMMENT ON INDEX ${indexName(part)} IS ${literal(comment)}` }]),
  ]
}

const indexName = (part: SchemaObject): string => qualified([part.path[0] ?? '', lastName(part)])

function alterConstraint(change: Alteration, context: RenderContext): Rendered | 'recreate' {
  const { before, after } = change
  const differs = (...names: string[]): boolean => names.some(name => change.changed.includes(name))
  const table = ownerName(after)
  const name = ident(lastName(after))
  if (differs('definition', 'type')) {
    // What it inherits it changes with its parent.
    const inherits = flag(before, 'inherited') && flag(after, 'inherited')
    return inherits && !isKey(after) ? nothing : 'recreate'
  }
  const isForeign = text(after, 'type') === 'foreign key'
  const sqls: string[] = []
  if (!flag(after, 'inherited') || isKey(after)) {
    if (differs('deferrable', 'deferred', 'unenforced')) {
      if (!isForeign) return 'recreate'
      const deferral = flag(after, 'deferrable')
        ? `DEFERRABLE INITIALLY ${flag(after, 'deferred') ? 'DEFERRED' : 'IMMEDIATE'}`
        : 'NOT DEFERRABLE'
      const enforced = differs('unenforced') ? (flag(after, 'unenforced') ? 'NOT ENFORCED' : 'ENFORCED') : ''
      if (differs('deferrable', 'deferred')) sqls.push(`ALTER TABLE ${table} ALTER CONSTRAINT ${name} ${deferral}`)
      if (enforced !== '') sqls.push(`ALTER TABLE ${table} ALTER CONSTRAINT ${name} ${enforced}`)
    }
    if (differs('unvalidated') && !differs('unenforced')) {
      if (flag(after, 'unvalidated')) return 'recreate'
      sqls.push(`ALTER ${ofDomain(after) ? 'DOMAIN' : 'TABLE'} ${table} VALIDATE CONSTRAINT ${name}`)
    }
  }
  // A local constraint under a parent's that is new or gone: nothing to do, the parent's statement merged it.
  sqls.push(...indexChange(change, indexName(after), context))
  if (differs('indexComment')) {
    sqls.push(`COMMENT ON INDEX ${indexName(after)} IS ${literal(text(after, 'indexComment') ?? null)}`)
  }
  return statements(...sqls)
}

/** Options, tablespace, CLUSTER and replica identity of an index or of the one behind a constraint. */
function indexChange(change: Alteration, index: string, context: RenderContext): string[] {
  const { before, after } = change
  const differs = (name: string): boolean => change.changed.includes(name)
  const table = ownerName(after)
  const name = ident(lastName(after))
  const sqls = optionChange(options(before, 'options'), options(after, 'options')).map(
    part => `ALTER INDEX ${index} ${part}`,
  )
  if (differs('tablespace'))
    sqls.push(`ALTER INDEX ${index} SET TABLESPACE ${ident(text(after, 'tablespace') ?? 'pg_default')}`)
  const siblings = context.after.children(after.parent ?? '')
  if (differs('clustered')) {
    if (flag(after, 'clustered')) sqls.push(`ALTER TABLE ${table} CLUSTER ON ${name}`)
    else if (!siblings.some(other => flag(other, 'clustered'))) sqls.push(`ALTER TABLE ${table} SET WITHOUT CLUSTER`)
  }
  if (differs('replicaIdentity')) {
    const owner = context.after.get(after.parent ?? '')
    if (flag(after, 'replicaIdentity')) sqls.push(`ALTER TABLE ${table} REPLICA IDENTITY USING INDEX ${name}`)
    else if (
      !siblings.some(other => flag(other, 'replicaIdentity')) &&
      owner !== undefined &&
      text(owner, 'replicaIdentity') === undefined
    ) {
      sqls.push(`ALTER TABLE ${table} REPLICA IDENTITY DEFAULT`)
    }
  }
  return sqls
}

export const indexKind: KindRenderer = {
  noun: index => `INDEX ${indexName(index)}`,
  create(index, context, tools) {
    const children = newChildren(index, context)
    return {
      statements: [
        ...children.flatMap(child => createIndex(child, context)),
        ...createIndex(index, context),
        ...tools.extras(index, context),
      ],
      includes: children.map(child => child.key),
    }
  },
  drop(index, context) {
    const children = attachedTo(index, context.before)
    const table = context.before.get(index.parent ?? '')
    // A part of a partitioned index goes with it.
    if (text(index, 'attachedTo') !== undefined && context.after.get(text(index, 'attachedTo') ?? '') === undefined)
      return nothing
    const isOnline = context.online && table !== undefined && text(table, 'partitionBy') === undefined
    return {
      statements: [
        {
          sql: `DROP INDEX ${isOnline ? 'CONCURRENTLY ' : ''}${indexName(index)}`,
          ...(isOnline ? { alone: true } : {}),
        },
      ],
      includes: children.map(child => child.key),
    }
  },
  alter(change, context) {
    const { after } = change
    const differs = (...names: string[]): boolean => names.some(name => change.changed.includes(name))
    if (differs('definition', 'unique', 'invalid')) return 'recreate'
    const sqls = indexChange(change, indexName(after), context)
    if (differs('statistics')) {
      const [was, wanted] = [record(change.before, 'statistics'), record(after, 'statistics')]
      for (const number of new Set([...Object.keys(was), ...Object.keys(wanted)])) {
        sqls.push(
          `ALTER INDEX ${indexName(after)} ALTER COLUMN ${number} SET STATISTICS ${Number(wanted[number] ?? -1)}`,
        )
      }
    }
    return statements(...sqls)
  },
  rename: (before, after) => statements(`ALTER INDEX ${indexName(before)} RENAME TO ${ident(lastName(after))}`),
}

function createIndex(index: SchemaObject, context: RenderContext): RenderedStatement[] {
  const table = context.before.get(index.parent ?? '')
  const isOnline = context.online && table !== undefined && text(table, 'partitionBy') === undefined
  const own = options(index, 'options')
  const definition = text(index, 'definition') ?? ''
  const storage = Object.keys(own).length === 0 ? '' : ` WITH (${optionList(own)})`
  const tablespace = text(index, 'tablespace')
  const tail = storage + (tablespace === undefined ? '' : ` TABLESPACE ${ident(tablespace)}`)
  const where = predicateAt(definition)
  const body = definition.slice(0, where) + tail + definition.slice(where)
  const words = `${flag(index, 'unique') ? 'UNIQUE ' : ''}INDEX ${isOnline ? 'CONCURRENTLY ' : ''}${ident(lastName(index))}`
  const name = ident(lastName(index))
  return [
    { sql: `CREATE ${words} ON ${ownerName(index)} USING ${body}`, ...(isOnline ? { alone: true } : {}) },
    ...(flag(index, 'clustered') ? [{ sql: `ALTER TABLE ${ownerName(index)} CLUSTER ON ${name}` }] : []),
    ...(flag(index, 'replicaIdentity')
      ? [{ sql: `ALTER TABLE ${ownerName(index)} REPLICA IDENTITY USING INDEX ${name}` }]
      : []),
    ...Object.entries(record(index, 'statistics')).map(([number, target]) => ({
      sql: `ALTER INDEX ${indexName(index)} ALTER COLUMN ${number} SET STATISTICS ${Number(target)}`,
    })),
  ]
}

/** Where the WHERE of an index begins: outside of parentheses and quotes. */
function predicateAt(definition: string): number {
  let depth = 0
  for (let at = 0; at < definition.length; at++) {
    const char = definition[at]
    if (char === "'" || char === '"') {
      at = definition.indexOf(char, at + 1)
      if (at < 0) break
    } else if (char === '(') depth++
    else if (char === ')') depth--
    else if (depth === 0 && definition.startsWith(' WHERE ', at)) return at
  }
  return definition.length
}
