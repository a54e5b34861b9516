// The schema of a PostgreSQL database (14 and later, PGlite too) as data, in one message: every query looks at a whole
// catalog at once. Names are deparsed with pg_catalog as the only schema of the search path, so they are always qualified.
import { GodwitError } from '../../core/error.ts'
import { makeSnapshot, type Snapshot } from '../../schema/model/snapshot.ts'
import type { Introspector, IntrospectOptions } from '../introspector.ts'
import type { Session } from '../session.ts'
import { serverError } from './error.ts'
import { Catalog, type Reader } from './introspect/catalog.ts'
import { columns } from './introspect/column.ts'
import { constraints, indexes } from './introspect/constraint.ts'
import {
  casts,
  defaultPrivileges,
  eventTriggers,
  extensions,
  members,
  publications,
  servers,
  userMappings,
  wrappers,
} from './introspect/database-object.ts'
import { comments, dependencies } from './introspect/dependency.ts'
import { relations, schemas, sequences } from './introspect/relation.ts'
import { aggregates, routines } from './introspect/routine.ts'
import {
  collations,
  operatorClasses,
  operators,
  others,
  textSearchConfigurations,
  textSearchDictionaries,
} from './introspect/schema-object.ts'
import { policies, rules, statistics, triggers } from './introspect/table-part.ts'
import { types } from './introspect/type.ts'
import { literal } from './journal.ts'

/** In an order in which each finds the objects it is part of. */
const readers: readonly Reader[] = [
  members,
  extensions,
  schemas,
  types,
  relations,
  columns,
  sequences,
  constraints,
  indexes,
  routines,
  aggregates,
  triggers,
  rules,
  policies,
  statistics,
  collations,
  operators,
  operatorClasses,
  textSearchDictionaries,
  textSearchConfigurations,
  casts,
  eventTriggers,
  publications,
  wrappers,
  servers,
  userMappings,
  defaultPrivileges,
  others,
  dependencies,
  comments,
]

/** The schema of the journal. */
const JOURNAL = 'godwit'

export const postgresIntrospector: Introspector = {
  introspect: (session, options) => introspect(session, options),
}

async function introspect(session: Session, options: IntrospectOptions = {}): Promise<Snapshot> {
  const version = majorVersion(session)
  const chosen = options.schemas === undefined ? undefined : new Set(options.schemas)
  const filter = (name: string): string =>
    chosen === undefined
      ? `(${name} !~ '^pg_' AND ${name} NOT IN ('information_schema', ${literal(JOURNAL)}))`
      : `${name} IN (${[...chosen, ''].map(literal).join(', ')})`
  const catalog = new Catalog(version, {
    schemas: chosen,
    owners: options.owners ?? false,
    grants: options.grants ?? true,
  })
  const results = await query(
    session,
    readers.map(reader => reader.sql(version, filter)),
  )
  readers.forEach((reader, index) => reader.read(results[index] ?? [], catalog))
  return { ...makeSnapshot('postgres', catalog.objects(), catalog.notCompared()), serverVersion: version }
}

/**
 * Statements of one message are one transaction, or part of one that is open: then SET LOCAL would outlive them, so
 * the search path is kept in a setting of its own and put back.
 */
async function query(session: Session, sqls: readonly string[]): Promise<Record<string, unknown>[][]> {
  const { sql } = session
  if (sql === undefined) throw new GodwitError('INTERNAL.BUG', 'a session of PostgreSQL has no SQL side')
  const keep =
    "SELECT set_config('godwit.search_path', current_setting('search_path'), true), set_config('search_path', 'pg_catalog', true)"
  const putBack = "SELECT set_config('search_path', current_setting('godwit.search_path'), true)"
  try {
    const results = await sql.queryAll([keep, ...sqls, putBack])
    return results.slice(1, -1)
  } catch (error) {
    throw permissionError(error) ?? error
  }
}

function permissionError(error: unknown): GodwitError | undefined {
  const { code, message = '' } = serverError(error)
  if (code !== '42501') return undefined
  const name = /\b(?:table|view|relation|function|schema) "?([a-z_0-9.]+)"?/i.exec(message)?.[1]
  return new GodwitError('SCHEMA.PERMISSION_DENIED', `the schema cannot be read: ${message}`, {
    why: 'only the catalogs were read, nothing was changed',
    next: [
      name === undefined
        ? 'connect as the owner of the database'
        : `GRANT SELECT ON pg_catalog.${name} TO the user that connects`,
    ],
    cause: error,
  })
}

function majorVersion({ serverVersion }: Session): number {
  return Number(/(\d+)/.exec(serverVersion)?.[1] ?? 14)
}
