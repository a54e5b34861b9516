// Tables whose engine takes nothing back (MyISAM, Aria, MEMORY, CSV, ARCHIVE …): rows written to them stay when the
// transaction around them ends without COMMIT, so that its journal row proves nothing. Which engine a table has is
// known to the server only, and only when the statement is about to run; it is asked by a condition.
import type { SqlSession } from '../session.ts'
import { classify } from './classify.ts'
import { literal } from './journal.ts'
import { schemaOf } from './recovery-observe.ts'
import { type ObjectName, Reader, readTokens, type Token } from './recovery-subject.ts'

const TRANSACTIONAL = "(SELECT engine FROM information_schema.engines WHERE transactions = 'YES')"
/** Tokens read of a statement: its tables stand in front of its rows. */
const MOST_TOKENS = 400
/** Longer statements hold rows, not calls. */
const MOST_TEXT = 20_000

/**
 * A condition that is true when something these statements change is not taken back by a ROLLBACK: a table of theirs,
 * or, behind a trigger, a view or a stored function, any table of the database. Undefined: nothing is changed.
 */
export function keeps(statements: readonly string[]): string | undefined {
  const conditions = new Set<string>()
  for (const statement of statements) {
    if (classify(statement).kind !== 'dml') continue
    const tables = changedTables(statement)
    for (const table of tables) conditions.add(keepsTable(table))
    const called = calledNames(statement, tables)
    if (called.length > 0) conditions.add(keepsInside(called))
  }
  return conditions.size === 0 ? undefined : `(${[...conditions].join(' OR ')})`
}

/** The tables these statements change themselves whose engine takes nothing back. */
export async function nonTransactional(
  sql: SqlSession,
  statements: readonly string[],
): Promise<readonly { readonly table: string; readonly engine: string }[]> {
  const queries = statements.flatMap(statement =>
    changedTables(statement).map(
      table =>
        `SELECT table_name AS name, engine FROM information_schema.tables WHERE ${named(table)} ` +
        `AND engine NOT IN ${TRANSACTIONAL}`,
    ),
  )
  const results = await sql.queryAll([...new Set(queries)])
  return results.flat().map(row => ({ table: String(row['name']), engine: String(row['engine']) }))
}

function keepsTable(table: ObjectName): string {
  const schema = schemaOf(table, 'DATABASE()')
  const event = `event_object_schema = ${schema} AND event_object_table = ${literal(table.name)}`
  return (
    `EXISTS (SELECT 1 FROM information_schema.tables WHERE ${named(table)} AND engine NOT IN ${TRANSACTIONAL}) OR (` +
    `(EXISTS (SELECT 1 FROM information_schema.triggers WHERE ${event}) OR ` +
    `EXISTS (SELECT 1 FROM information_schema.tables WHERE ${named(table)} AND table_type = 'VIEW')) AND ${anyIn(schema)})`
  )
}

function keepsInside(called: readonly string[]): string {
  return (
    "(EXISTS (SELECT 1 FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_type = 'FUNCTION' " +
    `AND sql_data_access NOT IN ('NO SQL', 'READS SQL DATA') AND routine_name IN (${called.map(literal).join(', ')})) ` +
    `AND ${anyIn('DATABASE()')})`
  )
}

const named = (table: ObjectName): string =>
  `table_schema = ${schemaOf(table, 'DATABASE()')} AND table_name = ${literal(table.name)}`

const anyIn = (schema: string): string =>
  `EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = ${schema} AND table_type = 'BASE TABLE' ` +
  `AND engine NOT IN ${TRANSACTIONAL})`

/** Words that stand between the verb and the tables, or between tables. */
const BETWEEN: ReadonlySet<string> = new Set(
  (
    'LOW_PRIORITY DELAYED HIGH_PRIORITY QUICK IGNORE INTO FROM AS JOIN INNER LEFT RIGHT OUTER CROSS NATURAL ON USING ' +
    'STRAIGHT_JOIN AND OR NOT IS NULL ONLY PARTITION FORCE INDEX KEY FOR PORTION OF'
  ).split(' '),
)

/** The tables a statement changes; of a join all of them, since aliases hide which. */
export function changedTables(statement: string): ObjectName[] {
  const tokens = readTokens(statement.slice(0, MOST_TEXT)).slice(0, MOST_TOKENS)
  const at = tokens.findIndex(
    ({ kind, value }) => kind === 'word' && ['INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'LOAD'].includes(value),
  )
  const verb = tokens[at]?.value
  const rest = tokens.slice(at + 1)
  if (at < 0) return []
  if (verb === 'LOAD') return single(rest.slice(rest.findIndex(({ value }) => value === 'TABLE') + 1))
  if (verb === 'INSERT' || verb === 'REPLACE') {
    const first = rest.findIndex(({ kind, value }) => kind === 'name' || !BETWEEN.has(value))
    return single(rest.slice(first))
  }
  const end = rest.findIndex(({ kind, value }) => kind === 'word' && (value === 'SET' || value === 'WHERE'))
  return allNames(end < 0 ? rest : rest.slice(0, end))
}

function single(tokens: readonly Token[]): ObjectName[] {
  const name = new Reader(tokens).name()
  return name === undefined ? [] : [name]
}

function allNames(tokens: readonly Token[]): ObjectName[] {
  const names = new Map<string, ObjectName>()
  const reader = new Reader(tokens)
  while (!reader.atEnd) {
    const name = reader.name()
    if (name === undefined) reader.next()
    else if (name.schema !== undefined || !BETWEEN.has(name.name.toUpperCase())) names.set(JSON.stringify(name), name)
  }
  return [...names.values()]
}

/** Followed by a parenthesis and surely no stored function. */
const BUILT_IN: ReadonlySet<string> = new Set(
  (
    'VALUES VALUE IN AS ON USING AND OR NOT WHERE SELECT FROM SET UNION ALL EXISTS ANY OVER BETWEEN KEY INDEX PARTITION ' +
    'NOW COUNT SUM MAX MIN AVG CONCAT CONCAT_WS COALESCE IF IFNULL NULLIF CAST CONVERT DATE YEAR MONTH DAY UUID RAND ' +
    'REPEAT REPLACE LOWER UPPER LEFT RIGHT TRIM SUBSTRING SUBSTR LENGTH CHAR_LENGTH ROUND FLOOR CEIL ABS MOD SLEEP ' +
    'INSERT DECIMAL CHAR BINARY UNSIGNED INTERVAL DATE_ADD DATE_SUB UNIX_TIMESTAMP FROM_UNIXTIME CURRENT_TIMESTAMP ' +
    'JSON_OBJECT JSON_ARRAY JSON_EXTRACT JSON_SET MD5 SHA1 SHA2 HEX UNHEX LAST_INSERT_ID GREATEST LEAST LPAD RPAD'
  ).split(' '),
)

function calledNames(statement: string, tables: readonly ObjectName[]): string[] {
  if (statement.length > MOST_TEXT) return []
  const tokens = readTokens(statement)
  const own = new Set(tables.map(({ name }) => name.toUpperCase()))
  const names = new Set<string>()
  tokens.forEach(({ kind, value, text }, at) => {
    const next = tokens[at + 1]
    if (kind !== 'word' && kind !== 'name') return
    if (next?.kind !== 'symbol' || next.value !== '(' || !/^[\w$]+$/.test(text) || /^\d/.test(text)) return
    if (!BUILT_IN.has(value.toUpperCase()) && !own.has(value.toUpperCase())) names.add(text)
  })
  return [...names]
}
