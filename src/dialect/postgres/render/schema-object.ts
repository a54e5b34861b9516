// Collations, operators, operator classes, casts and text search: made and dropped, mostly made again to be changed.
import type { SchemaObject } from '../../../schema/model/object.ts'
import { literal } from '../journal.ts'
import { flag, type KindRenderer, list, record, statements, text } from './kind.ts'
import { ident, qualified } from './name.ts'

const given = (parts: readonly (string | false | undefined)[]): string[] =>
  parts.filter(part => typeof part === 'string') as string[]

export const collationKind: KindRenderer = {
  noun: collation => `COLLATION ${qualified(collation.path)}`,
  create(collation) {
    const locale = text(collation, 'locale')
    const rules = text(collation, 'rules')
    const parts = given([
      `provider = ${text(collation, 'provider')}`,
      locale !== undefined && `locale = ${literal(locale)}`,
      text(collation, 'lcCollate') !== undefined && `lc_collate = ${literal(text(collation, 'lcCollate') ?? '')}`,
      text(collation, 'lcCtype') !== undefined && `lc_ctype = ${literal(text(collation, 'lcCtype') ?? '')}`,
      flag(collation, 'nondeterministic') && 'deterministic = false',
      rules !== undefined && `rules = ${literal(rules)}`,
    ])
    return statements(`CREATE COLLATION ${qualified(collation.path)} (${parts.join(', ')})`)
  },
  drop: collation => statements(`DROP COLLATION ${qualified(collation.path)}`),
  alter: () => 'recreate',
}

const operatorName = (operator: SchemaObject): string => `${ident(operator.path[0] ?? '')}.${text(operator, 'name')}`
const operatorTypes = (operator: SchemaObject): string =>
  `(${text(operator, 'left') ?? 'NONE'}, ${text(operator, 'right')})`

export const operatorKind: KindRenderer = {
  noun: operator => `OPERATOR ${operatorName(operator)} ${operatorTypes(operator)}`,
  create(operator) {
    const value = (name: string, word: string) =>
      text(operator, name) !== undefined && `${word} = ${text(operator, name)}`
    const parts = given([
      value('function', 'FUNCTION'),
      value('left', 'LEFTARG'),
      value('right', 'RIGHTARG'),
      value('commutator', 'COMMUTATOR'),
      value('negator', 'NEGATOR'),
      value('restriction', 'RESTRICT'),
      value('join', 'JOIN'),
      flag(operator, 'hashes') && 'HASHES',
      flag(operator, 'merges') && 'MERGES',
    ])
    return statements(`CREATE OPERATOR ${operatorName(operator)} (${parts.join(', ')})`)
  },
  drop: operator => statements(`DROP OPERATOR ${operatorName(operator)} ${operatorTypes(operator)}`),
  alter: () => 'recreate',
}

interface ClassMember {
  readonly number: number
  readonly operator?: string
  readonly sort?: string | null
  readonly function?: string
  readonly left?: string
  readonly right?: string
}

const members = (one: SchemaObject, name: string): readonly ClassMember[] =>
  (one.properties[name] as unknown as readonly ClassMember[] | undefined) ?? []

export const operatorClassKind: KindRenderer = {
  noun: one => `OPERATOR CLASS ${qualified(one.path.slice(0, 2))} USING ${ident(one.path[2] ?? '')}`,
  create(one) {
    const family = text(one, 'family')
    const storage = text(one, 'storage')
    const parts = [
      ...members(one, 'operators').map(
        ({ number, operator, sort }) =>
          `OPERATOR ${number} ${operator}${(sort ?? null) === null ? '' : ` FOR ORDER BY ${sort}`}`,
      ),
      ...members(one, 'functions').map(
        member => `FUNCTION ${member.number} (${member.left}, ${member.right}) ${member.function}`,
      ),
      ...(storage === undefined ? [] : [`STORAGE ${storage}`]),
    ]
    return statements(
      `CREATE OPERATOR CLASS ${qualified(one.path.slice(0, 2))}${flag(one, 'default') ? ' DEFAULT' : ''} FOR TYPE ${text(one, 'type')} ` +
        `USING ${ident(one.path[2] ?? '')}${family === undefined ? '' : ` FAMILY ${family}`} AS ${parts.join(', ')}`,
    )
  },
  // The family of its own name goes with it.
  drop: one =>
    statements(
      `DROP OPERATOR ${text(one, 'family') === undefined ? 'FAMILY' : 'CLASS'} ${qualified(one.path.slice(0, 2))} USING ${ident(one.path[2] ?? '')}${text(one, 'family') === undefined ? ' CASCADE' : ''}`,
    ),
  alter: () => 'recreate',
  rename: (before, after) =>
    statements(
      ...(text(before, 'family') === undefined ? ['CLASS', 'FAMILY'] : ['CLASS']).map(
        word =>
          `ALTER OPERATOR ${word} ${qualified(before.path.slice(0, 2))} USING ${ident(before.path[2] ?? '')} RENAME TO ${ident(after.path[1] ?? '')}`,
      ),
    ),
}

const castTypes = (cast: SchemaObject): string => `(${cast.path[0]} AS ${cast.path[1]})`

export const castKind: KindRenderer = {
  noun: cast => `CAST ${castTypes(cast)}`,
  create(cast) {
    const method = text(cast, 'method')
    const how =
      method === 'inout'
        ? 'WITH INOUT'
        : method === 'binary'
          ? 'WITHOUT FUNCTION'
          : `WITH FUNCTION ${text(cast, 'function')}`
    const context = text(cast, 'context')
    return statements(
      `CREATE CAST ${castTypes(cast)} ${how}${context === undefined ? '' : ` AS ${context.toUpperCase()}`}`,
    )
  },
  drop: cast => statements(`DROP CAST ${castTypes(cast)}`),
  alter: () => 'recreate',
}

export const dictionaryKind: KindRenderer = {
  noun: one => `TEXT SEARCH DICTIONARY ${qualified(one.path)}`,
  create(one) {
    const own = text(one, 'options')
    return statements(
      `CREATE TEXT SEARCH DICTIONARY ${qualified(one.path)} (TEMPLATE = ${qualified(list(one, 'template'))}${own === undefined ? '' : `, ${own}`})`,
    )
  },
  drop: one => statements(`DROP TEXT SEARCH DICTIONARY ${qualified(one.path)}`),
  alter: () => 'recreate',
}

export const configurationKind: KindRenderer = {
  noun: one => `TEXT SEARCH CONFIGURATION ${qualified(one.path)}`,
  create: one => ({
    statements: [
      { sql: `CREATE TEXT SEARCH CONFIGURATION ${qualified(one.path)} (PARSER = ${qualified(list(one, 'parser'))})` },
      ...mappings(one, {}).map(sql => ({ sql })),
    ],
  }),
  drop: one => statements(`DROP TEXT SEARCH CONFIGURATION ${qualified(one.path)}`),
  alter: ({ before, after, changed }) =>
    changed.includes('parser') ? 'recreate' : statements(...mappings(after, record(before, 'mappings'))),
}

function mappings(one: SchemaObject, before: Readonly<Record<string, unknown>>): string[] {
  const wanted = record(one, 'mappings')
  const alter = `ALTER TEXT SEARCH CONFIGURATION ${qualified(one.path)}`
  return [...new Set([...Object.keys(before), ...Object.keys(wanted)])].sort().flatMap(token => {
    const [was, now] = [before[token] as string[] | undefined, wanted[token] as string[] | undefined]
    if (was?.join() === now?.join()) return []
    if (now === undefined) return [`${alter} DROP MAPPING FOR ${ident(token)}`]
    return [`${alter} ${was === undefined ? 'ADD' : 'ALTER'} MAPPING FOR ${ident(token)} WITH ${now.join(', ')}`]
  })
}
