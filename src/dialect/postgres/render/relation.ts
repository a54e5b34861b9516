// Schemas, sequences, views and materialised views.
import type { Alteration } from '../../../schema/change/change.ts'
import type { RenderContext, Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import { canonicalJson } from '../../../schema/model/snapshot.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'
import { grantChanges, grantsIn } from './access.ts'
import { flag, type KindRenderer, optionChange, options, record, statements, text, withinBounds } from './kind.ts'
import { ident, optionList, qualified } from './name.ts'

export const schemaKind: KindRenderer = {
  noun: schema => `SCHEMA ${qualified(schema.path)}`,
  grantNoun: schema => `SCHEMA ${qualified(schema.path)}`,
  create: schema => ({
    statements: [
      { sql: `CREATE SCHEMA ${qualified(schema.path)}` },
      // A snapshot says nothing of what initdb granted on it.
      ...(schema.path[0] === 'public' && schema.properties['grants'] === undefined
        ? [{ sql: 'GRANT USAGE ON SCHEMA public TO PUBLIC' }]
        : []),
    ],
  }),
  drop: schema => statements(`DROP SCHEMA ${qualified(schema.path)}`),
  alter: () => statements(),
}

export const sequenceKind: KindRenderer = {
  noun: sequence => `SEQUENCE ${qualified(sequence.path)}`,
  grantNoun: sequence => `SEQUENCE ${qualified(sequence.path)}`,
  create: sequence =>
    statements(`CREATE ${unlogged(sequence)}SEQUENCE ${qualified(sequence.path)} AS ${settings(sequence)}`),
  drop: sequence => statements(`DROP SEQUENCE ${qualified(sequence.path)}`),
  alter({ before, after, changed }) {
    const name = qualified(after.path)
    const rest = changed.filter(property => property !== 'persistence')
    const type = text(after, 'type') === text(before, 'type') ? '' : `AS ${text(after, 'type')} `
    const bounds = (one: SchemaObject) => ({ minimum: text(one, 'minimum') ?? '', maximum: text(one, 'maximum') ?? '' })
    return statements(
      withinBounds(name, bounds(before), bounds(after)),
      rest.length > 0 && `ALTER SEQUENCE ${name} ${type}${settings(after).replace(/^\S+ /, '')}`,
      changed.includes('persistence') && `ALTER SEQUENCE ${name} SET ${unlogged(after) === '' ? 'LOGGED' : 'UNLOGGED'}`,
    )
  },
}

const unlogged = (object: SchemaObject): string => (text(object, 'persistence') === 'unlogged' ? 'UNLOGGED ' : '')

function settings(sequence: SchemaObject): string {
  return [
    text(sequence, 'type'),
    `START WITH ${text(sequence, 'start')}`,
    `INCREMENT BY ${text(sequence, 'increment')}`,
    `MINVALUE ${text(sequence, 'minimum')}`,
    `MAXVALUE ${text(sequence, 'maximum')}`,
    `CACHE ${text(sequence, 'cache')}`,
    flag(sequence, 'cycle') ? 'CYCLE' : 'NO CYCLE',
  ].join(' ')
}

interface ViewColumn {
  readonly name: string
  readonly type: string
  readonly collation?: string
}

const columnsOf = (view: SchemaObject): readonly ViewColumn[] =>
  (view.properties['columns'] as unknown as readonly ViewColumn[] | undefined) ?? []

export const viewKind: KindRenderer = {
  noun: view => `VIEW ${qualified(view.path)}`,
  grantNoun: view => `TABLE ${qualified(view.path)}`,
  create: view => ({ statements: [{ sql: `CREATE ${definition(view)}` }, ...columnParts(undefined, view)] }),
  drop: (view, context) => ({
    statements: [{ sql: `DROP VIEW ${qualified(view.path)}` }],
    includes: parts(view, context),
  }),
  alter(change) {
    const { before, after } = change
    const replaces = change.changed.includes('definition') || change.changed.includes('columns')
    if (replaces && !isPrefix(columnsOf(before), columnsOf(after))) return 'recreate'
    const alter = `ALTER VIEW ${qualified(after.path)}`
    const changes = replaces ? [] : optionChange(options(before, 'options'), options(after, 'options'))
    return {
      statements: [
        ...(replaces ? [{ sql: `CREATE OR REPLACE ${definition(after)}` }] : []),
        ...changes.map(part => ({ sql: `${alter} ${part}` })),
        ...columnParts(before, after),
      ],
    }
  },
}

function definition(view: SchemaObject): string {
  const own = options(view, 'options')
  const storage = Object.keys(own).length === 0 ? '' : ` WITH (${optionList(own)})`
  const columns = columnsOf(view)
    .map(({ name }) => ident(name))
    .join(', ')
  const head = columns === '' ? '' : ` (${columns})`
  return `VIEW ${qualified(view.path)}${head}${storage} AS\n${text(view, 'definition')}`
}

/** CREATE OR REPLACE may only add columns behind those that are there. */
function isPrefix(before: readonly ViewColumn[], after: readonly ViewColumn[]): boolean {
  return before.every(
    (column, index) =>
      after[index] !== undefined && canonicalJson(column as never) === canonicalJson(after[index] as never),
  )
}

const parts = (relation: SchemaObject, { before, separate }: RenderContext): string[] =>
  before
    .children(relation.key)
    .map(part => part.key)
    .filter(key => !separate.has(key))

export const materializedViewKind: KindRenderer = {
  noun: view => `MATERIALIZED VIEW ${qualified(view.path)}`,
  grantNoun: view => `TABLE ${qualified(view.path)}`,
  create(view) {
    const own = options(view, 'options')
    const storage = Object.keys(own).length === 0 ? '' : ` WITH (${optionList(own)})`
    const method = text(view, 'accessMethod')
    const tablespace = text(view, 'tablespace')
    const sql = [
      `CREATE MATERIALIZED VIEW ${qualified(view.path)}`,
      ` (${columnsOf(view)
        .map(({ name }) => ident(name))
        .join(', ')})`,
      method === undefined ? '' : ` USING ${ident(method)}`,
      storage,
      tablespace === undefined ? '' : ` TABLESPACE ${ident(tablespace)}`,
      ` AS\n${text(view, 'definition')}`,
      flag(view, 'unpopulated') ? '\nWITH NO DATA' : '',
    ].join('')
    return { statements: [{ sql }, ...columnParts(undefined, view)] }
  },
  drop: (view, context) => ({
    statements: [{ sql: `DROP MATERIALIZED VIEW ${qualified(view.path)}` }],
    includes: parts(view, context),
  }),
  alter(change: Alteration): Rendered | 'recreate' {
    const { before, after } = change
    const differs = (name: string): boolean => change.changed.includes(name)
    if (differs('definition') || differs('columns')) return 'recreate'
    const name = qualified(after.path)
    const alter = `ALTER MATERIALIZED VIEW ${name}`
    return {
      statements: [
        ...optionChange(options(before, 'options'), options(after, 'options')).map(part => ({
          sql: `${alter} ${part}`,
        })),
        ...(differs('accessMethod')
          ? [{ sql: `${alter} SET ACCESS METHOD ${ident(text(after, 'accessMethod') ?? 'heap')}` }]
          : []),
        ...(differs('tablespace')
          ? [{ sql: `${alter} SET TABLESPACE ${ident(text(after, 'tablespace') ?? 'pg_default')}` }]
          : []),
        ...(differs('unpopulated')
          ? [{ sql: `REFRESH MATERIALIZED VIEW ${name}${flag(after, 'unpopulated') ? ' WITH NO DATA' : ''}` }]
          : []),
        ...columnParts(before, after),
      ],
    }
  },
}

/** Defaults, comments, grants and statistics of the columns of a view. */
function columnParts(before: SchemaObject | undefined, after: SchemaObject): RenderedStatement[] {
  const name = qualified(after.path)
  const word = after.kind.toUpperCase()
  const rendered: RenderedStatement[] = []
  const pairs = (property: string) => {
    const was = before === undefined ? {} : record(before, property)
    const wanted = record(after, property)
    return columnsOf(after)
      .map(column => ({ column: column.name, was: was[column.name] ?? null, wanted: wanted[column.name] ?? null }))
      .filter(one => canonicalJson(one.was) !== canonicalJson(one.wanted))
  }
  for (const { column, wanted } of pairs('columnDefaults')) {
    const part = wanted === null ? 'DROP DEFAULT' : `SET DEFAULT ${String(wanted)}`
    rendered.push({ sql: `ALTER ${word} ${name} ALTER COLUMN ${ident(column)} ${part}` })
  }
  for (const { column, wanted } of pairs('columnStatistics')) {
    rendered.push({ sql: `ALTER ${word} ${name} ALTER COLUMN ${ident(column)} SET STATISTICS ${Number(wanted ?? -1)}` })
  }
  for (const { column, wanted } of pairs('columnStorage')) {
    rendered.push({
      sql: `ALTER ${word} ${name} ALTER COLUMN ${ident(column)} SET STORAGE ${String(wanted ?? 'default').toUpperCase()}`,
    })
  }
  for (const { column, wanted } of pairs('columnComments')) {
    rendered.push({
      sql: `COMMENT ON COLUMN ${qualified([...after.path, column])} IS ${literal(wanted === null ? null : String(wanted))}`,
    })
  }
  for (const { column, was, wanted } of pairs('columnGrants')) {
    rendered.push(...grantChanges(`TABLE ${name}`, grantsIn(was), grantsIn(wanted), [], ` (${ident(column)})`))
  }
  return rendered
}
