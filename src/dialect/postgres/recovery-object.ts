// DETACH PARTITION CONCURRENTLY, and the objects that are made outside of transactions: databases, tablespaces and
// subscriptions. Each of them is in the catalog as a whole or not at all; a pending detach can only be completed.
import type { Verdict } from '../recovery.ts'
import type { SqlSession } from '../session.ts'
import type { Detach, Shared } from './lone-statement.ts'
import { asName, done, notDone, patiently, regclass, unknown } from './recovery-catalog.ts'

interface PartitionRow {
  readonly table: string
  readonly partition: string
  readonly pending: boolean
}

export const observeDetach = ({ table, partition }: Detach): string =>
  `(SELECT json_build_object('partition', ${regclass(partition)}::oid::text, 'attached', EXISTS (SELECT FROM
pg_catalog.pg_inherits WHERE inhrelid = ${regclass(partition)} AND inhparent = ${regclass(table)}))::text)`

const partitionOf = (sql: SqlSession, partition: string): Promise<PartitionRow[]> =>
  sql.query<PartitionRow>(`
SELECT (SELECT format('%I.%I', s.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace s
  ON s.oid = c.relnamespace WHERE c.oid = h.inhparent) AS "table",
  (SELECT format('%I.%I', s.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace s
  ON s.oid = c.relnamespace WHERE c.oid = h.inhrelid) AS partition, h.inhdetachpending AS pending
FROM pg_catalog.pg_inherits h WHERE h.inhrelid = ${partition}`)

export async function decideDetach(sql: SqlSession, statement: Detach, observed: string | null): Promise<Verdict> {
  const { table, partition } = statement
  const before =
    observed === null ? undefined : (JSON.parse(observed) as { partition: string | null; attached: boolean })
  if (before && (before.partition === null || !before.attached))
    return notDone(`${partition.name} was no partition of ${table.name} when the statement began`)
  const oid = before === undefined ? `${regclass(partition)}::oid` : `${before.partition}::oid`
  const [row] = await partitionOf(sql, oid)
  if (row?.pending) return notDone(`the detach of ${row.partition} from ${row.table} is pending`)
  if (row) return notDone(`${row.partition} is still a partition of ${row.table}`)
  const [relation] = await sql.query<{ exists: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = ${oid}) AS "exists"`,
  )
  if (relation?.exists) return done(`${partition.name} is no partition any more`)
  return unknown(`${partition.name} does not exist any more`)
}

/** A pending detach cannot be begun again: FINALIZE is the way on (manual, ALTER TABLE). */
export async function cleanUpDetach(sql: SqlSession, { partition }: Detach, waitMs: number): Promise<string[]> {
  const [row] = await partitionOf(sql, regclass(partition))
  if (!row?.pending) return []
  await patiently(sql, `ALTER TABLE ${row.table} DETACH PARTITION ${row.partition} FINALIZE`, waitMs)
  return [`the pending detach of ${row.partition} from ${row.table} was completed`]
}

const CATALOGS = {
  database: { table: 'pg_database', name: 'datname', where: '' },
  tablespace: { table: 'pg_tablespace', name: 'spcname', where: '' },
  subscription: {
    table: 'pg_subscription',
    name: 'subname',
    where: 'AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())',
  },
} as const

const oidOf = (what: Shared['what'], name: string): string => {
  const { table, name: column, where } = CATALOGS[what]
  return `(SELECT oid::text FROM pg_catalog.${table} WHERE ${column} = ${asName(name)} ${where})`
}

export const observeShared = ({ what, name }: Shared): string => `(SELECT COALESCE(${oidOf(what, name)}, 'none'))`

export async function decideShared(
  sql: SqlSession,
  { what, verb, name }: Shared,
  observed: string | null,
): Promise<Verdict> {
  const [row] = await sql.query<{ oid: string | null }>(`SELECT ${oidOf(what, name)} AS oid`)
  const now = row?.oid ?? 'none'
  const [exists, absent] = [`the ${what} ${name} exists`, `the ${what} ${name} does not exist`]
  if (verb === 'drop') {
    if (observed === 'none') return notDone(`${absent} and did not when the statement began`)
    if (now === 'none') return done(absent)
    if (observed !== null && now !== observed) return done(`${exists}, and is another one than before`)
    return notDone(exists)
  }
  if (now !== 'none') {
    if (observed === null) return unknown(exists, 'whether it did when the statement began is not known')
    return observed === now ? notDone(`${exists} and did when the statement began`) : done(exists)
  }
  // The slot is made on the other server, outside of the transaction that makes the subscription here.
  if (what === 'subscription') return unknown(absent, 'its replication slot may have been made on the publisher')
  return notDone(absent)
}

const publications = (subscription: string): string =>
  `(SELECT array_to_string(subpublications, ',') FROM pg_catalog.pg_subscription WHERE subname = ${asName(subscription)}
AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))`

export const observePublications = publications

export async function decidePublications(sql: SqlSession, name: string, observed: string | null): Promise<Verdict> {
  const [row] = await sql.query<{ now: string | null }>(`SELECT ${publications(name)} AS now`)
  const now = row?.now ?? null
  if (observed === null || now === null)
    return unknown(`what the subscription ${name} read when the statement began is not known`)
  if (now === observed) return notDone(`the subscription ${name} still reads ${now}`)
  return done(`the subscription ${name} reads ${now} instead of ${observed}`)
}
