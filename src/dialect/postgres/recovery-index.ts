// CREATE INDEX CONCURRENTLY, DROP INDEX CONCURRENTLY and REINDEX after a runner died. An index is taken for the one
// of a statement only when it is new since the statement began and has its table, keys and uniqueness.
import type { Verdict } from '../recovery.ts'
import type { SqlSession } from '../session.ts'
import { literal } from './journal.ts'
import type { CreateIndex, LoneStatement, Reindex } from './lone-statement.ts'
import {
  asName,
  buildingEvidence,
  done,
  dropLeftover,
  type IndexRow,
  indexes,
  notDone,
  quoted,
  regclass,
  unknown,
} from './recovery-catalog.ts'

type DropIndex = Extract<LoneStatement, { kind: 'drop-index' }>

/** The rebuilt and the replaced index of REINDEX CONCURRENTLY (manual, REINDEX). */
const REBUILT = `c.relname ~ '_cc(new|old)[0-9]*$'`

interface SeenTable {
  readonly table: string | null
  /** Oids of its indexes. */
  readonly indexes: readonly string[]
}

export function observeCreate({ table }: CreateIndex): string {
  return `(SELECT json_build_object('table', t.oid::text, 'indexes', COALESCE((SELECT json_agg(i.indexrelid::text)
FROM pg_catalog.pg_index i WHERE i.indrelid = t.oid), '[]'::json))::text FROM (SELECT ${regclass(table)}::oid AS oid) t)`
}

export async function decideCreate(sql: SqlSession, statement: CreateIndex, observed: string | null): Promise<Verdict> {
  const before = observed === null ? undefined : (JSON.parse(observed) as SeenTable)
  const what = statement.name === undefined ? 'an index like that' : `index ${statement.name}`
  // The oid stays when the search_path of the session that began the statement is not known any more.
  const rows = await indexes(sql, `i.indrelid = ${before?.table ? `${before.table}::oid` : regclass(statement.table)}`)
  const truncated = await storedName(sql, statement.name)
  const old = new Set(before?.indexes)
  const found = rows.filter(row => (truncated === undefined ? isChosen(row, statement) : row.name === truncated))
  const fresh = before === undefined ? found : found.filter(row => !old.has(row.oid))
  const broken = found.find(row => !row.valid && (fresh.includes(row) || truncated !== undefined))
  if (broken)
    return broken.builder === null
      ? notDone(`index ${broken.shown} exists and is INVALID`)
      : unknown(buildingEvidence(broken))
  const [made, another] = fresh
  if (made === undefined) {
    if (found.length === 0) return notDone(`${what} does not exist on ${statement.table.name}`)
    const kept = found[0] as IndexRow
    if (truncated === undefined) return notDone(`every index like that was there before the statement began`)
    const sentence = `index ${kept.shown} is valid and was there before the statement began`
    return statement.ifNotExists ? done(sentence) : notDone(sentence)
  }
  if (another !== undefined)
    return unknown(...fresh.map(row => `index ${row.shown} is valid and may be the one: ${row.definition}`))
  const sentence = `index ${made.shown} is valid: ${made.definition}`
  if (!isAsStated(made, statement)) return unknown(sentence, 'its definition is not the one of the statement')
  if (before === undefined && truncated === undefined)
    return unknown(sentence, 'whether it was there before the statement began is not known')
  return done(sentence)
}

export async function cleanUpCreate(sql: SqlSession, statement: CreateIndex, waitMs: number): Promise<string[]> {
  const { name, table } = statement
  const named = name === undefined ? `NOT (${REBUILT})` : `c.relname = ${asName(name)}`
  const rows = await indexes(sql, `i.indrelid = ${regclass(table)} AND NOT i.indisvalid AND ${named}`)
  return drop(sql, name === undefined ? rows.filter(row => isChosen(row, statement)) : rows, waitMs)
}

async function drop(sql: SqlSession, rows: readonly IndexRow[], waitMs: number): Promise<string[]> {
  const did: string[] = []
  for (const row of rows) did.push(await dropLeftover(sql, row, waitMs))
  return did
}

/** The name as the server stores it. */
async function storedName(sql: SqlSession, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined
  const [row] = await sql.query<{ name: string }>(`SELECT ${asName(name)}::text AS name`)
  return row?.name
}

/** Names that the server chooses end so (ChooseIndexName in the source of PostgreSQL). */
const isChosen = (row: IndexRow, statement: CreateIndex): boolean =>
  /_idx\d*$/.test(row.name) && isAsStated(row, statement)

/** Everything that can be compared without evaluating expressions. */
function isAsStated(row: IndexRow, { unique, method, keys, included, partial }: CreateIndex): boolean {
  return (
    row.unique === unique &&
    row.method === method &&
    row.partial === partial &&
    row.included === included &&
    row.columns.length === keys.length &&
    keys.every(
      (key, index) => (row.columns[index] ?? undefined) === key.column && row.descending[index] === key.descending,
    )
  )
}

export const observeDrop = ({ index }: DropIndex): string =>
  `(SELECT json_build_object('index', ${regclass(index)}::oid::text)::text)`

export async function decideDrop(sql: SqlSession, statement: DropIndex, observed: string | null): Promise<Verdict> {
  const { index } = statement
  const before = observed === null ? undefined : (JSON.parse(observed) as { index: string | null })
  if (before?.index === null) return notDone(`index ${index.name} did not exist when the statement began`)
  const oid = before === undefined ? `${regclass(index)}::oid` : `${before.index}::oid`
  const [row] = await indexes(sql, `i.indexrelid = ${oid}`)
  if (row === undefined) return done(`index ${index.name} does not exist any more`)
  return notDone(`index ${row.shown} still exists${row.valid ? '' : ' and is INVALID'}`)
}

/** The tables whose indexes REINDEX rebuilds, as a condition on `i`; partitions and TOAST tables included. */
function rebuilds({ scope, name }: Reindex): string {
  if (scope === 'database' || scope === 'system') return 'true'
  if (scope === 'schema')
    return withToast(
      `SELECT oid FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace(${literal(quoted(name?.name ?? ''))})`,
    )
  const relation = regclass(name ?? { schema: undefined, name: '' })
  const tree = `SELECT relid::oid FROM pg_partition_tree(${relation}) UNION SELECT ${relation}::oid`
  if (scope === 'table') return withToast(tree)
  return `EXISTS (SELECT FROM pg_catalog.pg_index o JOIN pg_catalog.pg_class oc ON oc.oid = o.indexrelid
WHERE o.indexrelid IN (${tree}) AND (o.indexrelid = i.indexrelid OR (o.indrelid = i.indrelid AND o.indkey::text = i.indkey::text
AND starts_with(oc.relname::text, regexp_replace(c.relname::text, '_cc(new|old)[0-9]*$', '')))))`
}

const withToast = (tables: string): string =>
  `i.indrelid IN (WITH t AS (${tables}) SELECT oid FROM t AS own(oid) UNION
SELECT r.reltoastrelid FROM pg_catalog.pg_class r JOIN t AS own(oid) ON own.oid = r.oid WHERE r.reltoastrelid <> 0)`

const isOwnScope = ({ scope }: Reindex): boolean => scope === 'index' || scope === 'table'

export function observeReindex(statement: Reindex): string | undefined {
  if (!isOwnScope(statement)) return undefined
  return `(SELECT json_object_agg(format('%I.%I', s.nspname, c.relname), i.indexrelid::text)::text
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace WHERE ${rebuilds(statement)} AND NOT (${REBUILT}))`
}

/** A rebuilt index has its name and another oid. REINDEX may always be repeated, so a doubt costs time only. */
export async function decideReindex(sql: SqlSession, statement: Reindex, observed: string | null): Promise<Verdict> {
  const leftovers = await indexes(sql, `NOT i.indisvalid AND ${REBUILT} AND ${rebuilds(statement)}`)
  const [leftover] = leftovers
  if (leftover !== undefined)
    return leftover.builder === null
      ? notDone(...leftovers.map(row => `index ${row.shown} is left from a rebuild and is INVALID`))
      : unknown(buildingEvidence(leftover))
  const before = Object.entries(observed === null ? {} : (JSON.parse(observed) as Record<string, string>))
  if (before.length === 0) return notDone('REINDEX may be repeated')
  const now = new Map((await indexes(sql, rebuilds(statement))).map(row => [row.shown, row]))
  const same = before.filter(([shown, oid]) => now.get(shown)?.oid === oid || now.get(shown)?.valid !== true)
  if (same.length === 0) return done(...before.map(([shown]) => `index ${shown} was rebuilt and is valid`))
  return notDone(...same.map(([shown]) => `index ${shown} was not rebuilt`))
}

export async function cleanUpReindex(sql: SqlSession, statement: Reindex, waitMs: number): Promise<string[]> {
  return drop(sql, await indexes(sql, `NOT i.indisvalid AND ${REBUILT} AND ${rebuilds(statement)}`), waitMs)
}
