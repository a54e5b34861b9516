// Columns: made inside CREATE TABLE or by ADD COLUMN, altered in place with their values.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { grantChanges, grantsIn } from './access.ts'
import { usingClause } from './cast.ts'
import { continueFrom, identityChange, identityOf, identitySettings, sequenceName, sequenceSwap } from './identity.ts'
import {
  flag,
  foreignOptionChange,
  foreignOptionList,
  type KindRenderer,
  list,
  nothing,
  optionChange,
  options,
  statements,
  text,
  versionOf,
} from './kind.ts'
import { notNullChange, notNullClause, notNullComment, unvalidatedNotNull } from './not-null.ts'
import { ident, lastName, optionList, ownerName, qualified } from './name.ts'

interface Generated {
  readonly kind: string
  readonly expression: string
}

export const generatedOf = (column: SchemaObject): Generated | undefined =>
  column.properties['generated'] as unknown as Generated | undefined

export const columnKind: KindRenderer = {
  noun: column => `COLUMN ${qualified(column.path)}`,
  create(column, context, tools) {
    const descendants = inheriting(column, context.after)
    if (flag(column, 'inherited')) {
      // Its parent's ADD COLUMN makes it, or it came along with the table.
      return { statements: [...columnSettings(column), ...tools.extras(column, context)] }
    }
    const table = ownerName(column)
    return {
      statements: [
        { sql: `ALTER ${tableWord(column, context)} ${table} ADD COLUMN ${columnDefinition(column)}` },
        ...columnSettings(column),
        ...ownedSequences(column),
        ...tools.extras(column, context),
      ],
      includes: descendants.filter(child => context.before.get(child.key) === undefined).map(child => child.key),
    }
  },
  drop(column, context) {
    const { before, after } = context
    const name = ident(lastName(column))
    if (flag(column, 'inherited')) {
      // Its parent's statement drops it, unless its table has left the parent by then.
      return hasParent(after.get(column.parent ?? ''))
        ? nothing
        : statements(`ALTER TABLE ${ownerName(column)} DROP COLUMN ${name}`)
    }
    const owned = list(column, 'owns')
    const kept = owned.filter(key => after.get(key) !== undefined)
    const children = inheriting(column, before)
    // With ONLY the columns of the children stay, as their own.
    const leaves = children.some(child => flag(after.get(child.key) ?? child, 'inherited') === false)
    const gone = children.filter(
      child =>
        after.get(child.key) === undefined &&
        text(before.get(child.parent ?? '') ?? child, 'partitionOf') === undefined,
    )
    const vanish = [
      ...owned.filter(key => !kept.includes(key)),
      ...children.map(child => child.key),
      ...before
        .dependents(column.key)
        .filter(({ kind, parent, key }) => isPart(kind) && parent === column.parent && after.get(key) === undefined)
        .map(({ key }) => key),
    ]
    return {
      statements: [
        ...kept.map(key => ({ sql: `ALTER SEQUENCE ${qualified(before.get(key)?.path ?? [])} OWNED BY NONE` })),
        {
          sql: `ALTER ${tableWord(column, context)} ${leaves ? 'ONLY ' : ''}${ownerName(column)} DROP COLUMN ${name}`,
          ...(generatedOf(column) === undefined
            ? { loses: `the column ${qualified(column.path)} and its values` }
            : {}),
        },
        // A child that wrote the column down too keeps it.
        ...gone.map(child => ({ sql: `ALTER TABLE ${ownerName(child)} DROP COLUMN IF EXISTS ${name}` })),
      ],
      includes: vanish.filter(key => !context.separate.has(key)),
    }
  },
  alter: (change, context) => alterColumn(change, context),
  rename: (before, after) => ({
    statements: [
      { sql: `ALTER TABLE ${ownerName(before)} RENAME COLUMN ${ident(lastName(before))} TO ${ident(lastName(after))}` },
    ],
  }),
}

/** A table that is gone counts: it takes its parts along. */
const hasParent = (table: SchemaObject | undefined): boolean =>
  table === undefined || text(table, 'partitionOf') !== undefined || list(table, 'inherits').length > 0

const isPart = (kind: string): boolean => kind === 'index' || kind === 'constraint'

const tableWord = (column: SchemaObject, context: RenderContext): string =>
  (column.parent ?? '').startsWith('foreign table:') && context.after.get(column.key) !== undefined
    ? 'FOREIGN TABLE'
    : 'TABLE'

/** The same column in tables that inherit from its table, at any depth. */
export function inheriting(column: SchemaObject, snapshot: RenderContext['after']): SchemaObject[] {
  const found: SchemaObject[] = []
  const name = lastName(column)
  const queue = [column.parent ?? '']
  for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
    for (const child of snapshot.dependents(table)) {
      if (child.parent !== null || !child.kind.endsWith('table')) continue
      const own = snapshot.children(child.key, 'column').find(candidate => lastName(candidate) === name)
      if (own === undefined || !flag(own, 'inherited')) continue
      found.push(own)
      queue.push(child.key)
    }
  }
  return found
}

/** As it stands in CREATE TABLE and ADD COLUMN. */
export function columnDefinition(column: SchemaObject): string {
  const generated = generatedOf(column)
  const identity = identityOf(column)
  const collation = text(column, 'collation')
  const defaultValue = text(column, 'default')
  const compression = text(column, 'compression')
  return [
    ident(lastName(column)),
    text(column, 'type'),
    foreignOptionList(options(column, 'foreignOptions')).trim() || undefined,
    compression && `COMPRESSION ${compression}`,
    collation && `COLLATE ${collation}`,
    generated && `GENERATED ALWAYS AS (${generated.expression}) ${generated.kind.toUpperCase()}`,
    identity && `GENERATED ${identity.kind.toUpperCase()} AS IDENTITY (${identitySettings(identity)})`,
    defaultValue && `DEFAULT ${defaultValue}`,
    flag(column, 'notNull') && !flag(column, 'notNullUnvalidated') && notNullClause(column),
  ]
    .filter(part => typeof part === 'string')
    .join(' ')
}

/** What cannot be said inside of the definition. */
export function columnSettings(column: SchemaObject): RenderedStatement[] {
  const alter = `ALTER TABLE ${ownerName(column)} ALTER COLUMN ${ident(lastName(column))}`
  const storage = text(column, 'storage')
  const statistics = column.properties['statistics']
  const own = options(column, 'options')
  const identity = identityOf(column)
  return [
    ...(storage === undefined ? [] : [{ sql: `${alter} SET STORAGE ${storage.toUpperCase()}` }]),
    ...(typeof statistics === 'number' ? [{ sql: `${alter} SET STATISTICS ${statistics}` }] : []),
    ...(Object.keys(own).length > 0 ? [{ sql: `${alter} SET (${optionList(own)})` }] : []),
    ...(flag(column, 'notNullUnvalidated') ? [unvalidatedNotNull(column)] : []),
    ...grantChanges(
      `TABLE ${ownerName(column)}`,
      {},
      grantsIn(column.properties['grants']),
      [],
      ` (${ident(lastName(column))})`,
    ),
    ...(identity?.grants === undefined
      ? []
      : grantChanges(`SEQUENCE ${qualified(identity.sequence)}`, {}, grantsIn(identity.grants))),
    ...(text(column, 'notNullComment') === undefined ? [] : [notNullComment(column)]),
  ]
}

/** A serial column owns its sequence, which is there before it. */
export function ownedSequences(column: SchemaObject): RenderedStatement[] {
  return list(column, 'owns').map(key => ({
    sql: `ALTER SEQUENCE ${sequenceName(key)} OWNED BY ${qualified(column.path)}`,
  }))
}

/** `force`: the type is converted although its name is the same, because it is another type by now. */
export function alterColumn(change: Alteration, context: RenderContext, force = false): Rendered | 'recreate' {
  const { before, after } = change
  const differs = (name: string): boolean => change.changed.includes(name)
  const table = ownerName(after)
  const column = ident(lastName(after))
  const alter = `ALTER TABLE ${table} ALTER COLUMN ${column}`
  const fromParent = flag(after, 'inherited') && flag(before, 'inherited')
  const [was, wanted] = [generatedOf(before), generatedOf(after)]
  const sqls: string[] = []
  const includes: string[] = []
  const converts = force || ((differs('type') || differs('collation')) && !fromParent)
  if (differs('generated')) {
    const same = was !== undefined && wanted !== undefined && was.kind === 'stored' && wanted.kind === 'stored'
    if (fromParent) {
      if (wanted === undefined && was !== undefined) return nothing
    } else if (wanted === undefined && was?.kind === 'stored') sqls.push(`${alter} DROP EXPRESSION`)
    else if (!same || versionOf(context) < 17 || converts) return 'recreate'
  }
  // The values of a generated column are made again anyway.
  if (
    converts &&
    wanted !== undefined &&
    was !== undefined &&
    before.properties['collation'] === after.properties['collation'] &&
    force
  ) {
    return 'recreate'
  }
  const [identity, wantedIdentity] = [identityOf(before), identityOf(after)]
  const oldDefault = text(before, 'default')
  const newDefault = text(after, 'default')
  const only = `ALTER TABLE ONLY ${table} ALTER COLUMN ${column}`
  if (identity !== undefined && wantedIdentity === undefined) sqls.push(`${alter} DROP IDENTITY`)
  if (oldDefault !== undefined && (newDefault === undefined || converts || wantedIdentity))
    sqls.push(`${only} DROP DEFAULT`)
  const { gone, fresh } = sequenceSwap(change, context)
  for (const key of gone) sqls.push(`DROP SEQUENCE ${sequenceName(key)}`)
  includes.push(...gone)
  const children = converts ? inheriting(after, context.after) : []
  for (const child of children) {
    const was = context.before.get(child.key)
    if (was === undefined || text(was, 'default') === undefined) continue
    sqls.push(`ALTER TABLE ONLY ${ownerName(child)} ALTER COLUMN ${column} DROP DEFAULT`)
  }
  if (converts) {
    const collation = text(after, 'collation')
    const using =
      force && before.properties['type'] === after.properties['type']
        ? ` USING ${column}::text::${text(after, 'type')}`
        : wanted === undefined
          ? usingClause(column, text(before, 'type') ?? '', text(after, 'type') ?? '', context.after)
          : ''
    sqls.push(`${alter} TYPE ${text(after, 'type')}${collation === undefined ? '' : ` COLLATE ${collation}`}${using}`)
  }
  const rendered: RenderedStatement[] = sqls.map(sql => ({ sql }))
  rendered.push(...notNullChange(change, context))
  for (const key of fresh) {
    const sequence = context.after.get(key)
    if (sequence === undefined) continue
    rendered.push({
      sql: `CREATE SEQUENCE ${qualified(sequence.path)} AS ${text(sequence, 'type')} START WITH ${text(sequence, 'start')} INCREMENT BY ${text(sequence, 'increment')} MINVALUE ${text(sequence, 'minimum')} MAXVALUE ${text(sequence, 'maximum')} CACHE ${text(sequence, 'cache')}${flag(sequence, 'cycle') ? ' CYCLE' : ''}`,
    })
    includes.push(key)
  }
  if (newDefault !== undefined && (differs('default') || converts))
    rendered.push({ sql: `${only} SET DEFAULT ${newDefault}` })
  for (const child of children) {
    if (context.before.get(child.key) === undefined || text(child, 'default') === undefined) continue
    rendered.push({
      sql: `ALTER TABLE ONLY ${ownerName(child)} ALTER COLUMN ${column} SET DEFAULT ${text(child, 'default')}`,
    })
  }
  if (differs('generated') && wanted !== undefined && !fromParent) {
    rendered.push({ sql: `${alter} SET EXPRESSION AS (${wanted.expression})` })
  }
  rendered.push(...identityChange(before, after, alter))
  rendered.push(...ownershipChange(change, context, [...gone, ...fresh]))
  for (const key of fresh) rendered.push(continueFrom(sequenceName(key), context.after.get(key), after))
  rendered.push(...settingChange(change, alter))
  return { statements: rendered, includes }
}

function ownershipChange(change: Alteration, context: RenderContext, made: readonly string[]): RenderedStatement[] {
  const { before, after } = change
  const [was, wanted] = [list(before, 'owns'), list(after, 'owns')]
  return [
    ...was
      .filter(key => !wanted.includes(key) && context.after.get(key) !== undefined && !made.includes(key))
      .map(key => ({ sql: `ALTER SEQUENCE ${sequenceName(key)} OWNED BY NONE` })),
    ...wanted
      .filter(key => !was.includes(key))
      .map(key => ({ sql: `ALTER SEQUENCE ${sequenceName(key)} OWNED BY ${qualified(after.path)}` })),
  ]
}

function settingChange(change: Alteration, alter: string): RenderedStatement[] {
  const { before, after } = change
  const differs = (name: string): boolean => change.changed.includes(name)
  const sqls: string[] = []
  if (differs('storage') || (differs('type') && text(after, 'storage') !== undefined)) {
    sqls.push(`${alter} SET STORAGE ${(text(after, 'storage') ?? 'default').toUpperCase()}`)
  }
  if (differs('compression')) sqls.push(`${alter} SET COMPRESSION ${text(after, 'compression') ?? 'default'}`)
  if (differs('statistics')) sqls.push(`${alter} SET STATISTICS ${Number(after.properties['statistics'] ?? -1)}`)
  for (const part of optionChange(options(before, 'options'), options(after, 'options'))) sqls.push(`${alter} ${part}`)
  const foreign = foreignOptionChange(options(before, 'foreignOptions'), options(after, 'foreignOptions'))
  if (foreign !== undefined)
    sqls.push(`ALTER FOREIGN TABLE ${ownerName(after)} ALTER COLUMN ${ident(lastName(after))} ${foreign}`)
  const statements: RenderedStatement[] = sqls.map(sql => ({ sql }))
  if (differs('grants')) {
    const columns = ` (${ident(lastName(after))})`
    const [was, wanted] = [grantsIn(before.properties['grants']), grantsIn(after.properties['grants'])]
    statements.push(...grantChanges(`TABLE ${ownerName(after)}`, was, wanted, [], columns))
  }
  if (differs('notNullComment')) statements.push(notNullComment(after))
  return statements
}
