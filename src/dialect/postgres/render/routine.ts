// Functions, procedures and aggregates. CREATE OR REPLACE where it is allowed: same result, same names of arguments.
import type { RenderContext, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'
import { flag, type KindRenderer, list, record, statements, text } from './kind.ts'
import { ident, lastName, ownerName, routineName, routineOnly } from './name.ts'

const routineKind = (word: 'FUNCTION' | 'PROCEDURE'): KindRenderer => ({
  noun: routine => `${word} ${routineName(routine.path)}`,
  grantNoun: routine => `${word} ${routineName(routine.path)}`,
  usual: ['EXECUTE'],
  create: (routine, context) => ({
    statements: [{ sql: `CREATE ${definition(routine, word)}` }, ...defaultsAgain(routine, context)],
  }),
  drop: (routine, context) => ({
    statements: [...defaultsAway(routine, context), { sql: `DROP ${word} ${routineName(routine.path)}` }],
  }),
  alter({ before, after, changed }) {
    const names = list(before, 'argumentNames')
    const keepsNames = names.every((name, index) => name === '' || name === list(after, 'argumentNames')[index])
    const fewerDefaults = Number(after.properties['defaults'] ?? 0) < Number(before.properties['defaults'] ?? 0)
    const differs = (name: string): boolean => changed.includes(name)
    if (differs('returns') || differs('window') || !keepsNames || fewerDefaults) return 'recreate'
    // Modes of arguments are in `arguments`: another set of outputs is another result.
    if (outputs(before) !== outputs(after)) return 'recreate'
    return statements(`CREATE OR REPLACE ${definition(after, word)}`)
  },
})

export const functionKind = routineKind('FUNCTION')
export const procedureKind = routineKind('PROCEDURE')

function outputs(routine: SchemaObject): string {
  return (text(routine, 'arguments') ?? '')
    .split(/, (?=(?:IN)?OUT |VARIADIC )/)
    .filter(part => /^(?:IN)?OUT |^VARIADIC /.test(part))
    .join()
}

/** Settings whose value is a list of names: each is quoted by itself. */
const LISTS: ReadonlySet<string> = new Set([
  'search_path',
  'temp_tablespaces',
  'session_preload_libraries',
  'shared_preload_libraries',
  'local_preload_libraries',
  'unix_socket_directories',
])

function definition(routine: SchemaObject, word: string): string {
  const returns = text(routine, 'returns')
  const body = text(routine, 'body')
  const transforms = list(routine, 'transforms')
  const cost = routine.properties['cost']
  const rows = routine.properties['rows']
  const support = text(routine, 'support')
  const parts = [
    `${word} ${routineOnly(routine.path)}(${text(routine, 'arguments') ?? ''})`,
    returns && `RETURNS ${returns}`,
    `LANGUAGE ${ident(text(routine, 'language') ?? 'sql')}`,
    transforms.length > 0 && `TRANSFORM ${transforms.map(type => `FOR TYPE ${type}`).join(', ')}`,
    flag(routine, 'window') && 'WINDOW',
    text(routine, 'volatility')?.toUpperCase(),
    text(routine, 'parallel') && `PARALLEL ${text(routine, 'parallel')?.toUpperCase()}`,
    flag(routine, 'strict') && 'STRICT',
    flag(routine, 'securityDefiner') && 'SECURITY DEFINER',
    flag(routine, 'leakproof') && 'LEAKPROOF',
    typeof cost === 'number' && `COST ${cost}`,
    typeof rows === 'number' && `ROWS ${rows}`,
    support && `SUPPORT ${support}`,
    ...list(routine, 'config').map(setting),
    body ?? source(routine),
  ]
  return parts.filter(part => typeof part === 'string' && part !== '').join('\n')
}

function setting(entry: string): string {
  const at = entry.indexOf('=')
  const [name, value] = [entry.slice(0, at), entry.slice(at + 1)]
  if (!LISTS.has(name)) return `SET ${name} TO ${literal(value)}`
  const names = [...value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]+))\s*(?:,|$)/g)]
  const quoted = names.map(found => literal(found[1]?.replaceAll('""', '"') ?? (found[2] ?? '').trim()))
  return `SET ${name} TO ${quoted.length === 0 ? "''" : quoted.join(', ')}`
}

function source(routine: SchemaObject): string {
  const library = text(routine, 'library')
  const body = text(routine, 'source') ?? ''
  if (library !== undefined) return `AS ${literal(library)}, ${literal(body)}`
  let tag = '$$'
  for (let n = 0; body.includes(tag) || body.endsWith('$'); n++) {
    tag = n === 0 ? '$body$' : `$body${n}$`
    if (!body.includes(tag)) break
  }
  return `AS ${tag}${body}${tag}`
}

/** Defaults of columns that call a function that is made again: columns hold data, so only their defaults go. */
function usingDefaults(routine: SchemaObject, index: RenderContext['before']): SchemaObject[] {
  return index
    .dependents(routine.key)
    .filter(object => object.kind === 'column' && text(object, 'default') !== undefined)
}

function defaultsAway(routine: SchemaObject, { before, after }: RenderContext): RenderedStatement[] {
  if (after.get(routine.key) === undefined) return []
  return usingDefaults(routine, before)
    .filter(column => after.get(column.key) !== undefined)
    .map(column => ({
      sql: `ALTER TABLE ONLY ${ownerName(column)} ALTER COLUMN ${ident(lastName(column))} DROP DEFAULT`,
    }))
}

function defaultsAgain(routine: SchemaObject, { before, after }: RenderContext): RenderedStatement[] {
  if (before.get(routine.key) === undefined) return []
  return usingDefaults(routine, after)
    .filter(column => before.get(column.key) !== undefined)
    .map(column => ({
      sql: `ALTER TABLE ONLY ${ownerName(column)} ALTER COLUMN ${ident(lastName(column))} SET DEFAULT ${text(column, 'default')}`,
    }))
}

const AGGREGATE_PARTS = [
  'sfunc',
  'stype',
  'sspace',
  'finalfunc',
  'finalfunc_extra',
  'finalfunc_modify',
  'combinefunc',
  'serialfunc',
  'deserialfunc',
  'initcond',
  'msfunc',
  'minvfunc',
  'mstype',
  'msspace',
  'mfinalfunc',
  'mfinalfunc_extra',
  'mfinalfunc_modify',
  'minitcond',
  'sortop',
  'parallel',
  'hypothetical',
] as const

const aggregateName = (aggregate: SchemaObject): string => {
  // A VARIADIC or ordered-set aggregate is named by its whole argument list.
  const own = (text(aggregate, 'arguments') ?? '').replace(/ DEFAULT .*$/, '')
  return `${routineOnly(aggregate.path)}(${own === '' ? '*' : own})`
}

export const aggregateKind: KindRenderer = {
  noun: aggregate => `AGGREGATE ${aggregateName(aggregate)}`,
  grantNoun: aggregate => `FUNCTION ${routineName(aggregate.path)}`,
  usual: ['EXECUTE'],
  create: aggregate => statements(`CREATE ${aggregateDefinition(aggregate)}`),
  drop: aggregate => statements(`DROP AGGREGATE ${aggregateName(aggregate)}`),
  alter({ before, after }) {
    const same = ['stype', 'orderedSet', 'arguments'].every(name => before.properties[name] === after.properties[name])
    return same && !flag(after, 'orderedSet')
      ? statements(`CREATE OR REPLACE ${aggregateDefinition(after)}`)
      : 'recreate'
  },
}

function aggregateDefinition(aggregate: SchemaObject): string {
  const parts = AGGREGATE_PARTS.flatMap(name => {
    const value = aggregate.properties[name]
    if (value === undefined || value === null) return []
    const word = name.toUpperCase()
    if (value === true) return [word]
    if (name === 'initcond' || name === 'minitcond')
      return [`${word} = ${literal(String(record(aggregate, name)['value']))}`]
    return [`${word} = ${String(value)}`]
  })
  return `AGGREGATE ${aggregateName(aggregate)} (\n  ${parts.join(',\n  ')}\n)`
}
