// Tables and sequences as objects, from what SHOW CREATE says of them.
import type { Json } from '../../../schema/model/object.ts'
import { type Catalog, keyOf, spelled } from './catalog.ts'
import { parseCreateTable, type PartitionText, type PartText, type TableText } from './create-table.ts'
import { tokensOf, withoutVersions } from './token.ts'

export const DATABASE_KEY = keyOf('database', ['default'])

/** `create` is the whole of SHOW CREATE TABLE. */
export function readTable(catalog: Catalog, name: string, create: string): void {
  const text = catalog.plain(withoutVersions(create))
  const table = parseCreateTable(text)
  const key = keyOf('table', [name])
  const collation = table.collation ?? catalog.charsets.get(table.charset ?? '') ?? catalog.collation
  catalog.add(
    'table',
    [name],
    {
      engine: table.engine,
      collation,
      comment: table.comment,
      options: options(table),
      versioned: table.versioned || undefined,
      systemPeriod: table.systemPeriod,
      partition: table.partition && partition(table.partition),
    },
    { depends: [DATABASE_KEY], text },
  )
  table.columns.forEach((column, index) => {
    const { charset, properties } = column
    const own = column.collation ?? (charset === undefined ? undefined : catalog.charsets.get(charset))
    const isText = /^(?:(?:tiny|medium|long)?text|(?:var)?char\b|enum\b|set\b)/.test(String(properties['type']))
    const collations = own ?? (isText && properties['generated'] === undefined ? collation : undefined)
    catalog.add(
      'column',
      [name, column.name],
      { ...properties, collation: collations },
      {
        parent: key,
        position: index + 1,
        depends: named(catalog, properties),
      },
    )
  })
  const columns = new Map(
    table.columns.map(column => [column.name.toLowerCase(), keyOf('column', [name, column.name])]),
  )
  table.parts.forEach((part, index) => readPart(catalog, name, table, columns, part, index + 1))
}

function partition({ by, parts, count }: PartitionText): Json {
  return {
    by,
    ...(parts.length === 0 ? {} : { parts: parts.map(({ name, definition }) => ({ name, definition })) }),
    ...(count === undefined ? {} : { count }),
  }
}

/** What only Aria knows stays in the text of a table that has another engine now, and no ALTER TABLE takes it away. */
function options({ engine, options: all }: TableText): Json | undefined {
  const own = Object.entries(all).filter(
    ([name]) => engine === 'Aria' || !/^(?:PAGE_CHECKSUM|TRANSACTIONAL)$/.test(name),
  )
  return own.length === 0 ? undefined : Object.fromEntries(own)
}

/** Sequences that a default takes its values from. */
function named(catalog: Catalog, properties: Readonly<Record<string, Json>>): string[] {
  const value = properties['default']
  if (typeof value !== 'string' || !/\b(?:nextval|lastval|setval)\b/i.test(value)) return []
  return tokensOf(value).flatMap(({ text }) => catalog.relations.get(text.replaceAll('`', '')) ?? [])
}

/** @param columns keys of the table's columns by name in lower case
 *  @param position keeps the order of the keys where they are written again; it is not compared
 */
function readPart(
  catalog: Catalog,
  table: string,
  { parts }: TableText,
  columns: ReadonlyMap<string, string>,
  part: PartText,
  position: number,
): void {
  const parent = keyOf('table', [table])
  const { name, definition, comment } = part
  const own = part.columns.flatMap(column => columns.get(column.toLowerCase()) ?? [])
  const path = [table, part.kind === 'primary' ? 'PRIMARY' : name]
  const rest = { parent, depends: own, position }
  switch (part.kind) {
    case 'primary':
      catalog.add('constraint', path, { type: 'primary key', definition, comment }, rest)
      return
    case 'check':
      catalog.add('constraint', path, { type: 'check', definition, spelled: spelled(name) }, rest)
      return
    case 'period':
      catalog.add('period', path, { definition, spelled: spelled(name) }, rest)
      return
    case 'foreign': {
      const { references } = part
      const foreign = references?.table ?? ''
      const depends = [
        ...own,
        keyOf('table', [foreign]),
        ...(references?.columns ?? []).map(column => keyOf('column', [foreign, column])),
      ]
      const properties = {
        type: 'foreign key',
        definition,
        spelled: spelled(name),
        columns: part.columns.map(column => column.toLowerCase()),
        references: { table: foreign, columns: (references?.columns ?? []).map(column => column.toLowerCase()) },
      }
      catalog.add('constraint', path, properties, { ...rest, depends })
      return
    }
    default: {
      const periods = parts.filter(({ kind, name: period }) => kind === 'period' && part.columns.includes(period))
      const depends = [...own, ...periods.map(period => keyOf('period', [table, period.name]))]
      const properties = {
        definition,
        unique: part.unique || undefined,
        columns: part.columns.map(column => column.toLowerCase()),
        spelled: spelled(name),
        comment,
        ...(part.hidden === undefined ? {} : { [part.hidden]: true }),
      }
      catalog.add('index', path, properties, { ...rest, depends })
    }
  }
}

/** `create` is the whole of SHOW CREATE SEQUENCE: words and values in the server's order. */
export function readSequence(catalog: Catalog, name: string, create: string): void {
  const words = tokensOf(create.slice(create.indexOf(' start ')))
  const properties: Record<string, Json> = {}
  const type = / as (\w+(?: unsigned)?) start /.exec(create)?.[1]
  if (type !== undefined) properties['type'] = type
  const value = (at: number): string => (words[at]?.text === '-' ? `-${words[at + 1]?.text}` : String(words[at]?.text))
  words.forEach(({ text }, at) => {
    if (text === 'start') properties['start'] = value(at + 2)
    else if (text === 'increment') properties['increment'] = value(at + 2)
    else if (text === 'minvalue' || text === 'maxvalue') properties[text] = value(at + 1)
    else if (text === 'cache') properties['cache'] = value(at + 1)
    else if (text === 'nocache') properties['cache'] = '0'
    else if (text === 'cycle') properties['cycle'] = true
    else if (text === 'ENGINE') properties['engine'] = value(at + 2)
    else if (text === 'COMMENT') properties['comment'] = value(at + 2)
  })
  catalog.add('sequence', [name], properties)
}
