// Statements for what holds no rows of its own: the database's defaults, sequences, views, routines, triggers, events, grants.
import type { Alteration } from '../../../schema/change/change.ts'
import type { Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { flag, lastName, list, literal, one, q, record, text } from './name.ts'

export interface ProgramRenderer {
  create(object: SchemaObject): readonly RenderedStatement[]
  drop(object: SchemaObject): readonly RenderedStatement[]
  /** Undefined: it has to be dropped and made again. Never called for grants alone. */
  alter(change: Alteration): readonly RenderedStatement[] | undefined
}

const definerOf = (object: SchemaObject): string => {
  const definer = text(object, 'definer')
  if (definer === undefined) return ''
  const at = definer.lastIndexOf('@')
  return at < 0 ? `DEFINER=${q(definer)} ` : `DEFINER=${q(definer.slice(0, at))}@${q(definer.slice(at + 1))} `
}

const dropped = (noun: string) => (object: SchemaObject) => [{ sql: `DROP ${noun} ${q(lastName(object))}` }]

/** Texts that only read rightly in another SQL mode are made in it. */
function inMode(object: SchemaObject, sql: string): readonly RenderedStatement[] {
  const mode = text(object, 'sqlMode')
  if (mode === undefined) return [{ sql }]
  return [
    { sql: `SET @godwit_mode = @@sql_mode, sql_mode = ${literal(mode)}` },
    { sql },
    { sql: 'SET sql_mode = @godwit_mode' },
  ]
}

const database: ProgramRenderer = {
  create: object => [{ sql: `ALTER DATABASE COLLATE = ${text(object, 'collation') ?? ''}${databaseComment(object)}` }],
  drop: () => [],
  alter: ({ after, changed }) => [
    {
      sql: `ALTER DATABASE COLLATE = ${text(after, 'collation') ?? ''}${changed.includes('comment') ? databaseComment(after, true) : ''}`,
    },
  ],
}

const databaseComment = (object: SchemaObject, always = false): string => {
  const comment = text(object, 'comment')
  return comment === undefined && !always ? '' : ` COMMENT = ${literal(comment ?? '')}`
}

const sequence: ProgramRenderer = {
  create: object => [{ sql: `CREATE SEQUENCE ${q(lastName(object))} ${sequenceOptions(object)}` }],
  drop: dropped('SEQUENCE'),
  alter: ({ after, changed }) => {
    const name = q(lastName(after))
    const engine = text(after, 'engine')
    return [
      ...(changed.some(part => part !== 'engine')
        ? [
            {
              sql: `ALTER SEQUENCE ${name} ${sequenceOptions({ ...after, properties: { ...after.properties, engine: null } })}`,
            },
          ]
        : []),
      ...(changed.includes('engine') && engine !== undefined ? [{ sql: `ALTER TABLE ${name} ENGINE=${engine}` }] : []),
    ]
  },
}

function sequenceOptions(object: SchemaObject): string {
  const { type, start, minvalue, maxvalue, increment, cache, engine } = object.properties
  const words = [
    ...(type === undefined ? [] : [`AS ${String(type)}`]),
    `START WITH ${String(start)}`,
    `MINVALUE ${String(minvalue)}`,
    `MAXVALUE ${String(maxvalue)}`,
    `INCREMENT BY ${String(increment)}`,
    cache === '0' ? 'NOCACHE' : `CACHE ${String(cache)}`,
    flag(object, 'cycle') ? 'CYCLE' : 'NOCYCLE',
    ...(typeof engine === 'string' ? [`ENGINE=${engine}`] : []),
  ]
  return words.join(' ')
}

const view: ProgramRenderer = {
  create: object => [{ sql: createView(object, 'CREATE') }],
  drop: dropped('VIEW'),
  alter: ({ after }) => [{ sql: createView(after, 'CREATE OR REPLACE') }],
}

function createView(object: SchemaObject, verb: string): string {
  const algorithm = text(object, 'algorithm')
  const check = text(object, 'checkOption')
  const words = [
    verb,
    ...(algorithm === undefined ? [] : [`ALGORITHM=${algorithm}`]),
    ...(text(object, 'definer') === undefined ? [] : [definerOf(object).trim()]),
    ...(text(object, 'security') === 'invoker' ? ['SQL SECURITY INVOKER'] : []),
    `VIEW ${q(lastName(object))} AS ${text(object, 'definition') ?? ''}`,
    ...(check === undefined ? [] : [`WITH ${check.toUpperCase()} CHECK OPTION`]),
  ]
  return words.join(' ')
}

const routine = (noun: 'FUNCTION' | 'PROCEDURE'): ProgramRenderer => ({
  create: object => {
    const returns = text(object, 'returns')
    const comment = text(object, 'comment')
    const words = [
      `CREATE ${definerOf(object)}${flag(object, 'aggregate') ? 'AGGREGATE ' : ''}${noun} ${q(lastName(object))}(${list(object.properties['parameters']).join(', ')})`,
      ...(returns === undefined ? [] : [`RETURNS ${returns}`]),
      ...(flag(object, 'deterministic') ? ['DETERMINISTIC'] : []),
      ...(text(object, 'access') === undefined ? [] : [String(text(object, 'access')).toUpperCase()]),
      ...(text(object, 'security') === 'invoker' ? ['SQL SECURITY INVOKER'] : []),
      ...(comment === undefined ? [] : [`COMMENT ${literal(comment)}`]),
    ]
    return inMode(object, `${words.join(' ')}\n${text(object, 'definition') ?? ''}`)
  },
  drop: dropped(noun),
  alter: ({ after, changed }) => {
    if (changed.some(name => !['comment', 'access', 'security'].includes(name))) return undefined
    const access = (text(after, 'access') ?? 'contains sql').toUpperCase()
    const security = text(after, 'security') === 'invoker' ? 'INVOKER' : 'DEFINER'
    const comment = literal(text(after, 'comment') ?? '')
    return [{ sql: `ALTER ${noun} ${q(lastName(after))} ${access} SQL SECURITY ${security} COMMENT ${comment}` }]
  },
})

const trigger: ProgramRenderer = {
  create: object => {
    const [table = '', name = ''] = object.path
    const moment = `${text(object, 'timing')} ${text(object, 'event')}`.toUpperCase()
    const sql = `CREATE ${definerOf(object)}TRIGGER ${q(name)} ${moment} ON ${q(table)} FOR EACH ROW ${text(object, 'definition') ?? ''}`
    return inMode(object, sql)
  },
  drop: dropped('TRIGGER'),
  alter: () => undefined,
}

const event: ProgramRenderer = {
  create: object =>
    inMode(object, eventText(`CREATE ${definerOf(object)}EVENT`, object, record(object.properties['schedule']))),
  drop: dropped('EVENT'),
  alter: ({ before, after, changed }) => {
    // The text of a definition is read in the mode in which it is made.
    if (changed.includes('sqlMode') || text(before, 'sqlMode') !== undefined) return undefined
    // ALTER EVENT leaves a begin or an end as it is when it is told none.
    const [was, is] = [record(before.properties['schedule']), record(after.properties['schedule'])]
    if (['starts', 'ends', 'at'].some(name => name in was && !(name in is))) return undefined
    const schedule = changed.includes('schedule') ? record(after.properties['schedule']) : undefined
    return inMode(after, eventText(`ALTER ${definerOf(after)}EVENT`, after, schedule))
  },
}

function eventText(verb: string, object: SchemaObject, schedule: ReturnType<typeof record> | undefined): string {
  const { at, every, starts, ends } = schedule ?? {}
  const when = typeof at === 'string' ? [`AT ${literal(at)}`] : [`EVERY ${String(every)}`]
  if (typeof starts === 'string') when.push(`STARTS ${literal(starts)}`)
  if (typeof ends === 'string') when.push(`ENDS ${literal(ends)}`)
  const status: Readonly<Record<string, string>> = {
    disabled: 'DISABLE',
    'slaveside disabled': 'DISABLE ON SLAVE',
    replica_side_disabled: 'DISABLE ON REPLICA',
  }
  const words = [
    `${verb} ${q(lastName(object))}`,
    ...(schedule === undefined ? [] : [`ON SCHEDULE ${when.join(' ')}`]),
    `ON COMPLETION ${flag(object, 'preserve') ? '' : 'NOT '}PRESERVE`,
    status[text(object, 'status') ?? ''] ?? 'ENABLE',
    `COMMENT ${literal(text(object, 'comment') ?? '')}`,
    `DO ${text(object, 'definition') ?? ''}`,
  ]
  return words.join(' ')
}

export const programs: Readonly<Record<string, ProgramRenderer>> = {
  database,
  sequence,
  view,
  function: routine('FUNCTION'),
  procedure: routine('PROCEDURE'),
  trigger,
  event,
}

/** GRANT and REVOKE that lead from one to the other. */
export function grantChanges(before: SchemaObject | undefined, after: SchemaObject): readonly RenderedStatement[] {
  const [was, is] = [record(before?.properties['grants']), record(after.properties['grants'])]
  const routineNoun = after.kind === 'function' || after.kind === 'procedure' ? `${after.kind.toUpperCase()} ` : ''
  const on = `ON ${routineNoun}${q(lastName(after))}`
  const statements: RenderedStatement[] = []
  for (const [grantee, rights] of Object.entries(was)) {
    const gone = list(rights).filter(right => !list(is[grantee]).includes(right))
    if (gone.length > 0) statements.push({ sql: `REVOKE ${gone.join(', ')} ${on} FROM ${grantee}` })
  }
  for (const [grantee, rights] of Object.entries(is)) {
    const come = list(rights).filter(right => !list(was[grantee]).includes(right))
    const plain = come.filter(right => right !== 'GRANT OPTION')
    if (come.length === 0) continue
    const option = come.includes('GRANT OPTION') ? ' WITH GRANT OPTION' : ''
    statements.push({ sql: `GRANT ${plain.length > 0 ? plain.join(', ') : 'USAGE'} ${on} TO ${grantee}${option}` })
  }
  return statements
}

export const renamed = (noun: string, before: SchemaObject, after: SchemaObject): Rendered =>
  one(`ALTER ${noun} ${q(lastName(before))} RENAME TO ${q(lastName(after))}`)
