// Columns: made inside CREATE TABLE or by ADD COLUMN, altered in place with their values.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import { canonicalJson } from '../../../schema/model/snapshot.ts'
import type { Json, SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'
import { grantChanges, grantsIn } from './access.ts'
import { usingClause } from './cast.ts'
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
  withinBounds,
} from './kind.ts'
import { ident, lastName, optionList, ownerName, qualified } from './name.ts'

interface Identity {
  readonly kind: string
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cache: string
  readonly cycle?: boolean
  readonly sequence: readonly string[]
  readonly grants?: Json
}

interface Generated {
  readonly kind: string
  readonly expression: string
}

export const identityOf = (column: SchemaObject): Identity | undefined =>
  column.properties['identity'] as unknown as Identity | undefined
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
      if (child.parent !== null || !/table$/.test(child.kind)) continue
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

function notNullClause(column: SchemaObject): string {
  const name = text(column, 'notNullName')
  return `${name === undefined ? '' : `CONSTRAINT ${ident(name)} `}NOT NULL${flag(column, 'notNullNoInherit') ? ' NO INHERIT' : ''}`
}

function identitySettings(identity: Identity): string {
  return `SEQUENCE NAME ${qualified(identity.sequence)} ${sequenceSettings(identity)}`
}

function sequenceSettings(identity: Identity, set = ''): string {
  return [
    `START WITH ${identity.start}`,
    `INCREMENT BY ${identity.increment}`,
    `MINVALUE ${identity.minimum}`,
    `MAXVALUE ${identity.maximum}`,
    `CACHE ${identity.cache}`,
    identity.cycle === true ? 'CYCLE' : 'NO CYCLE',
  ]
    .map(setting => `${set}${setting}`)
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

const notNullConstraint = (column: SchemaObject): string =>
  ident(text(column, 'notNullName') ?? `${column.path[1]}_${lastName(column)}_not_null`)

function unvalidatedNotNull(column: SchemaObject): RenderedStatement {
  return {
    sql: `ALTER TABLE ${ownerName(column)} ADD CONSTRAINT ${notNullConstraint(column)} NOT NULL ${ident(lastName(column))}${flag(column, 'notNullNoInherit') ? ' NO INHERIT' : ''} NOT VALID`,
  }
}

const notNullComment = (column: SchemaObject): RenderedStatement => ({
  sql: `COMMENT ON CONSTRAINT ${notNullConstraint(column)} ON ${ownerName(column)} IS ${literal(text(column, 'notNullComment') ?? null)}`,
})

/** A serial column owns its sequence, which is there before it. */
export function ownedSequences(column: SchemaObject): RenderedStatement[] {
  return list(column, 'owns').map(key => ({
    sql: `ALTER SEQUENCE ${sequenceName(key)} OWNED BY ${qualified(column.path)}`,
  }))
}

/** The name in a key `sequence:public."A"`, whose quotes are those of JSON. */
export function sequenceName(key: string): string {
  const parts = key.slice(key.indexOf(':') + 1).match(/"(?:[^"\\]|\\.)*"|[^.]+/g) ?? []
  return qualified(parts.map(part => (part.startsWith('"') ? (JSON.parse(part) as string) : part)))
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
  if (differs('generated') && wanted !== undefined && !fromParent) {
    rendered.push({ sql: `${alter} SET EXPRESSION AS (${wanted.expression})` })
  }
  rendered.push(...identityChange(before, after, alter))
  rendered.push(...ownershipChange(change, context, [...gone, ...fresh]))
  for (const key of fresh) rendered.push(continueFrom(sequenceName(key), context.after.get(key), after))
  rendered.push(...settingChange(change, alter))
  return { statements: rendered, includes }
}

/** A serial column that becomes an identity column, or back: two sequences of one name cannot be there at once. */
function sequenceSwap(
  change: Alteration,
  context: RenderContext,
): { gone: readonly string[]; fresh: readonly string[] } {
  const { before, after } = change
  const wanted = identityOf(after)
  const was = identityOf(before)
  const gone =
    wanted === undefined || was !== undefined
      ? []
      : list(before, 'owns').filter(key => context.after.get(key) === undefined)
  const fresh =
    was === undefined || wanted !== undefined
      ? []
      : list(after, 'owns').filter(
          key => context.before.get(key) === undefined && sequenceName(key) === qualified(was.sequence),
        )
  return { gone, fresh }
}

function identityChange(before: SchemaObject, after: SchemaObject, alter: string): RenderedStatement[] {
  const [was, wanted] = [identityOf(before), identityOf(after)]
  if (wanted === undefined) return []
  const name = qualified(wanted.sequence)
  if (was === undefined) {
    const statements = [
      { sql: `${alter} ADD GENERATED ${wanted.kind.toUpperCase()} AS IDENTITY (${identitySettings(wanted)})` },
    ]
    return [
      ...statements,
      continueFrom(name, undefined, after),
      ...(wanted.grants === undefined ? [] : grantChanges(`SEQUENCE ${name}`, {}, grantsIn(wanted.grants))),
    ]
  }
  if (canonicalJson(was as never) === canonicalJson(wanted as never)) return []
  const sqls: string[] = []
  if (qualified(was.sequence) !== name) {
    sqls.push(`ALTER SEQUENCE ${qualified(was.sequence)} RENAME TO ${ident(wanted.sequence.at(-1) ?? '')}`)
  }
  const settings = sequenceSettings(wanted, 'SET ')
  if (was.kind !== wanted.kind) sqls.push(`${alter} SET GENERATED ${wanted.kind.toUpperCase()}`)
  const moved = withinBounds(name, was, wanted)
  if (moved !== undefined) sqls.push(moved)
  if (sequenceSettings(was, 'SET ') !== settings) sqls.push(`${alter} ${settings}`)
  return [
    ...sqls.map(sql => ({ sql })),
    ...grantChanges(`SEQUENCE ${name}`, grantsIn(was.grants), grantsIn(wanted.grants)),
  ]
}

/** A new sequence goes on behind the values that are there. */
function continueFrom(name: string, sequence: SchemaObject | undefined, column: SchemaObject): RenderedStatement {
  const start = identityOf(column)?.start ?? text(sequence ?? column, 'start') ?? '1'
  const increment = identityOf(column)?.increment ?? text(sequence ?? column, 'increment') ?? '1'
  const id = ident(lastName(column))
  const next = increment.startsWith('-')
    ? `least(min(${id}) ${increment}, ${start})`
    : `greatest(max(${id}) + ${increment}, ${start})`
  return {
    sql: `SELECT pg_catalog.setval(${literal(name)}, coalesce(${next}, ${start}), false) FROM ${ownerName(column)}`,
  }
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

function notNullChange(change: Alteration, context: RenderContext): RenderedStatement[] {
  const { before, after } = change
  const names = ['notNull', 'notNullName', 'notNullNoInherit', 'notNullUnvalidated']
  const changed = names.filter(name => change.changed.includes(name))
  if (changed.length === 0) return []
  const column = ident(lastName(after))
  const table = ownerName(after)
  const alter = `ALTER TABLE ${table} ALTER COLUMN ${column}`
  const was = flag(before, 'notNull')
  if (!flag(after, 'notNull')) return [{ sql: `${alter} DROP NOT NULL` }]
  if (was && changed.join() === 'notNullUnvalidated' && flag(before, 'notNullUnvalidated')) {
    return [{ sql: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${notNullConstraint(before)}` }]
  }
  if (was && changed.join() === 'notNullNoInherit') {
    const word = flag(after, 'notNullNoInherit') ? 'NO INHERIT' : 'INHERIT'
    return [{ sql: `ALTER TABLE ${table} ALTER CONSTRAINT ${notNullConstraint(before)} ${word}` }]
  }
  if (was && changed.join() === 'notNullName') {
    return [
      { sql: `ALTER TABLE ${table} RENAME CONSTRAINT ${notNullConstraint(before)} TO ${notNullConstraint(after)}` },
    ]
  }
  const drop = was ? [{ sql: `${alter} DROP NOT NULL` }] : []
  if (flag(after, 'notNullUnvalidated')) return [...drop, unvalidatedNotNull(after)]
  if (text(after, 'notNullName') !== undefined || flag(after, 'notNullNoInherit')) {
    const inherit = flag(after, 'notNullNoInherit') ? ' NO INHERIT' : ''
    return [
      ...drop,
      { sql: `ALTER TABLE ${table} ADD CONSTRAINT ${notNullConstraint(after)} NOT NULL ${column}${inherit}` },
    ]
  }
  if (!context.online) return [...drop, { sql: `${alter} SET NOT NULL` }]
  // A valid check spares SET NOT NULL the look at every row under its lock.
  const check = ident(`${after.path[1]}_${lastName(after)}_not_null_check`.slice(0, 63))
  return [
    ...drop,
    { sql: `ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${column} IS NOT NULL) NOT VALID` },
    { sql: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${check}` },
    { sql: `${alter} SET NOT NULL` },
    { sql: `ALTER TABLE ${table} DROP CONSTRAINT ${check}` },
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
