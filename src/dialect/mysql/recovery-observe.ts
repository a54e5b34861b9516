// What the catalog says of the objects a statement names, as one SQL expression of type text. Every look-up names its
// schema and its object as constants, so that the server opens these objects and no others; long parts are hashed, so
// that the value is short ASCII whatever names and character sets are in it. The text itself is ASCII without
// backslashes, as every text of the journal. Needs no privilege beyond what the statement needs.
import { literal } from './journal.ts'
import { readAlteration } from './recovery-alter.ts'
import type { ObjectKind, ObjectName, Subject } from './recovery-subject.ts'

/** One thing that is looked at: whether it is there, or how it is defined. */
export interface Look {
  readonly kind: ObjectKind
  readonly name: ObjectName
  readonly definition: boolean
}

/** Of an absent object. */
export const ABSENT = '-'
/** Facets of a table's definition, in the order in which they are told. */
export const FACETS = ['options', 'columns', 'indexes', 'constraints', 'partitions'] as const

/** What is looked at for a statement. Two statements about the same objects may need different looks. */
export function looksOf(subject: Subject): Look[] {
  const { verb, kind, names, rest } = subject
  const definition =
    kind === 'TABLE' && (verb === 'ALTER' || verb === 'RENAME' || subject.index !== undefined || subject.orReplace)
  const looks = names.map(name => ({ kind, name, definition }))
  if (verb === 'ALTER' && kind === 'TABLE') {
    const { renamed, exchange } = readAlteration(rest)
    if (renamed) looks.push({ kind, name: renamed, definition: true })
    if (exchange) looks.push({ kind, name: exchange.table, definition: true })
  }
  if (verb === 'ALTER' && kind === 'EVENT') {
    const at = rest.findIndex(({ value }, index) => value === 'RENAME' && rest[index + 1]?.value === 'TO')
    const to = at < 0 ? [] : rest.slice(at + 2)
    const [first, dot, second] = to
    if (first) {
      const qualified = dot?.value === '.' && second
      const name = qualified ? { schema: first.text, name: second.text } : { schema: undefined, name: first.text }
      looks.push({ kind, name, definition: false })
    }
  }
  return looks
}

/**
 * The expression: the session's database in hex, then one part for each look, then the counts of an EXCHANGE.
 * `database` is SQL for the schema of names without one.
 */
export function observation(subject: Subject, database = 'DATABASE()'): string {
  const parts = [`COALESCE(HEX(${database}), '')`]
  for (const look of looksOf(subject)) parts.push(state(look, schemaOf(look.name, database)))
  const { exchange } = readAlteration(subject.verb === 'ALTER' && subject.kind === 'TABLE' ? subject.rest : [])
  const [partitioned] = subject.names
  if (exchange && partitioned) {
    const where = at(exchange.table, schemaOf(exchange.table, database))
    parts.push(count(`SELECT MAX(table_rows) FROM information_schema.tables WHERE ${where}`))
    parts.push(
      count(
        `SELECT SUM(table_rows) FROM information_schema.partitions WHERE ${at(partitioned, schemaOf(partitioned, database))} ` +
          `AND partition_name = ${literal(exchange.partition)}`,
      ),
    )
  }
  return `CONCAT(${parts.join(", ';', ")})`
}

export const schemaOf = (name: ObjectName, database: string): string =>
  name.schema === undefined ? database : literal(name.schema)

const at = (name: ObjectName, schema: string): string =>
  `table_schema = ${schema} AND table_name = ${literal(name.name)}`

const count = (query: string): string => `COALESCE((${query}), '${ABSENT}')`

function state({ kind, name, definition }: Look, schema: string): string {
  const { table, schemaColumn, nameColumn, and } = SOURCES[kind]
  const named = kind === 'DATABASE' ? literal(name.name) : literal(name.name)
  const where = `${schemaColumn === '' ? '' : `${schemaColumn} = ${schema} AND `}${nameColumn} = ${named}${and}`
  const found = kind === 'TABLE' ? "MAX(IF(table_type = 'VIEW', 'v', 't'))" : "IF(COUNT(*) > 0, 't', NULL)"
  const there = `(SELECT ${found} FROM information_schema.${table} WHERE ${where})`
  if (!definition) return `COALESCE(${there}, '${ABSENT}')`
  const facets = [
    there,
    ...TABLE_FACETS.map(({ from, columns, schemaIs }) => facet(from, columns, schemaIs, name, schema)),
  ]
  // NULL, so absent, when the first part is.
  return `COALESCE(CONCAT(${facets.join(", ':', ")}), '${ABSENT}')`
}

const SOURCES: Readonly<Record<ObjectKind, { table: string; schemaColumn: string; nameColumn: string; and: string }>> =
  {
    TABLE: { table: 'tables', schemaColumn: 'table_schema', nameColumn: 'table_name', and: '' },
    VIEW: { table: 'tables', schemaColumn: 'table_schema', nameColumn: 'table_name', and: " AND table_type = 'VIEW'" },
    SEQUENCE: {
      table: 'tables',
      schemaColumn: 'table_schema',
      nameColumn: 'table_name',
      and: " AND table_type = 'SEQUENCE'",
    },
    TRIGGER: { table: 'triggers', schemaColumn: 'trigger_schema', nameColumn: 'trigger_name', and: '' },
    PROCEDURE: routine('PROCEDURE'),
    FUNCTION: routine('FUNCTION'),
    PACKAGE: routine('PACKAGE'),
    'PACKAGE BODY': routine('PACKAGE BODY'),
    EVENT: { table: 'events', schemaColumn: 'event_schema', nameColumn: 'event_name', and: '' },
    DATABASE: { table: 'schemata', schemaColumn: '', nameColumn: 'schema_name', and: '' },
  }

function routine(type: string) {
  const and = ` AND routine_type = '${type}'`
  return { table: 'routines', schemaColumn: 'routine_schema', nameColumn: 'routine_name', and }
}

interface Facet {
  readonly from: string
  readonly schemaIs: string
  readonly columns: readonly string[]
}

/** In the order of FACETS. Columns that only one of the servers has stand in its own comments. */
const TABLE_FACETS: readonly Facet[] = [
  {
    from: 'tables',
    schemaIs: 'table_schema',
    columns: ['table_type', 'engine', 'row_format', 'table_collation', 'create_options', 'table_comment'],
  },
  {
    from: 'columns',
    schemaIs: 'table_schema',
    columns: [
      'ordinal_position',
      'column_name',
      'column_type',
      'is_nullable',
      'column_default',
      'extra',
      'collation_name',
      'column_comment',
      'generation_expression',
    ],
  },
  {
    from: 'statistics',
    schemaIs: 'table_schema',
    columns: [
      'index_name',
      'seq_in_index',
      'column_name',
      'sub_part',
      'non_unique',
      'index_type',
      'collation',
      "index_comment /*M!100600 , ignored *//*!80000 , is_visible, COALESCE(expression, '-') */",
    ],
  },
  {
    from: 'table_constraints',
    schemaIs: 'table_schema',
    columns: ['constraint_name', 'constraint_type'],
  },
  {
    from: 'partitions',
    schemaIs: 'table_schema',
    columns: [
      'partition_ordinal_position',
      'partition_name',
      'subpartition_name',
      'partition_method',
      'partition_expression',
      'partition_description',
      'partition_comment',
    ],
  },
]

/** References and checks belong to the constraints. */
const REFERENCES: readonly Facet[] = [
  {
    from: 'key_column_usage',
    schemaIs: 'table_schema',
    columns: ['constraint_name', 'ordinal_position', 'column_name', 'referenced_table_name', 'referenced_column_name'],
  },
  {
    from: 'referential_constraints',
    schemaIs: 'constraint_schema',
    columns: ['constraint_name', 'update_rule', 'delete_rule', 'referenced_table_name'],
  },
]

function facet(from: string, columns: readonly string[], schemaIs: string, name: ObjectName, schema: string): string {
  const own = hashed(from, columns, schemaIs, name, schema)
  if (from !== 'table_constraints') return own
  const checks = hashed('check_constraints', ['constraint_name', 'check_clause'], 'constraint_schema', name, schema)
  const all = REFERENCES.map(reference => hashed(reference.from, reference.columns, reference.schemaIs, name, schema))
  // MySQL's CHECK_CONSTRAINTS does not tell the table.
  return `CONCAT_WS('.', ${[own, ...all].join(', ')} /*M!100210 , ${checks} */)`
}

/** How many rows, and a hash that does not depend on their order; no bound of a session can cut it. */
function hashed(from: string, columns: readonly string[], schemaIs: string, name: ObjectName, schema: string): string {
  const text = columns.map(column => {
    const [first, ...more] = column.split(' ')
    return `COALESCE(${first}, '-')${more.length > 0 ? ` ${more.join(' ')}` : ''}`
  })
  const hash = `CAST(CONV(LEFT(SHA2(CONCAT_WS('|', ${text.join(', ')}), 256), 16), 16, 10) AS UNSIGNED)`
  return (
    `(SELECT CONCAT(COUNT(*), '.', HEX(BIT_XOR(${hash}))) FROM information_schema.${from} ` +
    `WHERE ${schemaIs} = ${schema} AND table_name = ${literal(name.name)})`
  )
}

/** Reads an observed value. Undefined when it is not one of this statement. */
export function readObservation(
  observed: string | null,
  looks: readonly Look[],
): { database: string; states: readonly string[]; counts: readonly string[] } | undefined {
  if (observed === null || !/^[0-9A-F]*;/.test(observed)) return undefined
  const [database = '', ...parts] = observed.split(';')
  if (parts.length < looks.length) return undefined
  return {
    database: Buffer.from(database, 'hex').toString('utf8'),
    states: parts.slice(0, looks.length),
    counts: parts.slice(looks.length),
  }
}

/** Names of the facets in which two states of a table differ; empty when they are equal or not comparable. */
export function differingFacets(before: string, now: string): string[] {
  const [, ...old] = before.split(':')
  const [, ...recent] = now.split(':')
  return FACETS.filter((_, index) => old[index] !== recent[index])
}

/** A query whose row tells which of the claimed names are there. */
export function presence(
  of: 'column' | 'index' | 'constraint' | 'partition',
  name: ObjectName,
  schema: string,
): string {
  const source = {
    column: 'SELECT column_name AS name FROM information_schema.columns',
    index: 'SELECT DISTINCT index_name AS name FROM information_schema.statistics',
    constraint: 'SELECT DISTINCT constraint_name AS name FROM information_schema.table_constraints',
    partition: 'SELECT DISTINCT partition_name AS name FROM information_schema.partitions',
  }[of]
  return `${source} WHERE ${at(name, schema)}`
}
