// Schemas, and everything in pg_class that stands by itself: tables, foreign tables, views, materialised views, sequences.
import { objectKey } from '../../../schema/model/object.ts'
import { type Catalog, optionMap, type Reader, type Row, ref } from './catalog.ts'
import { grantsOf } from './privilege.ts'

export const schemas: Reader = {
  sql: (_version, filter) =>
    `SELECT n.oid::text AS oid, nspname AS name, nspacl::text[] AS acl, pg_get_userbyid(nspowner) AS owner
     FROM pg_namespace n WHERE ${filter('nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const name = String(row['name'])
      const isPublic = name === 'public'
      // initdb gives PUBLIC these rights on the schema public (CREATE until 14); they say nothing there.
      const usual = isPublic ? (catalog.version < 15 ? ['CREATE', 'USAGE'] : ['USAGE']) : []
      catalog.add({
        kind: 'schema',
        path: [name],
        facts: { ...access(row, catalog, usual) },
        refs: [ref('pg_namespace', row['oid'])],
      })
    }
  },
}

/** Owner and grants, where they are asked for. */
export function access(row: Row, catalog: Catalog, usual: readonly string[] = []) {
  const owner = String(row['owner'])
  return {
    owner: catalog.wanted.owners ? owner : undefined,
    grants: catalog.wanted.grants ? grantsOf({ acl: row['acl'], owner, usual }) : undefined,
  }
}

export const relations: Reader = {
  sql: (_version, filter) =>
    `SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       c.relpersistence::text AS persistence, c.reltype::text AS type, am.amname AS method, c.reloptions AS options,
       toast.reloptions AS toast_options, c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security,
       c.relreplident::text AS replica_identity, c.relispopulated AS populated, ts.spcname AS tablespace,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_by,
       CASE WHEN c.relispartition AND c.relkind IN ('r', 'p', 'f') THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
       CASE WHEN c.relispartition THEN true END AS is_partition,
       c.reloftype::regtype::text AS of_type, c.reloftype <> 0 AS is_typed,
       inheritance.parents, inheritance.parent_oids,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
       fs.srvname AS server, ft.ftoptions AS foreign_options,
       c.relacl::text[] AS acl, pg_get_userbyid(c.relowner) AS owner
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_am am ON am.oid = c.relam
       LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
       LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
       LEFT JOIN pg_foreign_table ft ON ft.ftrelid = c.oid
       LEFT JOIN pg_foreign_server fs ON fs.oid = ft.ftserver
       LEFT JOIN (SELECT inhrelid, array_agg(inhparent::regclass::text ORDER BY inhseqno) AS parents,
           array_agg(inhparent::text ORDER BY inhseqno) AS parent_oids
         FROM pg_inherits GROUP BY inhrelid) inheritance ON inheritance.inhrelid = c.oid
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) addRelation(row, catalog)
    for (const row of rows) {
      const key = catalog.keyOf(ref('pg_class', row['oid']))
      for (const parent of (row['parent_oids'] as string[] | null) ?? []) {
        catalog.depend(key, catalog.keyOf(ref('pg_class', parent)))
      }
    }
  },
}

const KINDS: Readonly<Record<string, string>> = {
  r: 'table',
  p: 'table',
  f: 'foreign table',
  v: 'view',
  m: 'materialized view',
}

export interface SomeRelation {
  readonly kind: string
  readonly path: readonly string[]
}

function addRelation(row: Row, catalog: Catalog): void {
  const letter = String(row['kind'])
  const kind = KINDS[letter] as string
  const path = [String(row['schema']), String(row['name'])]
  const isView = kind === 'view' || kind === 'materialized view'
  const parents = (row['parents'] as string[] | null) ?? []
  const isPartition = row['is_partition'] === true
  const replica = { f: 'full', n: 'nothing' }[String(row['replica_identity'])]
  const key = catalog.add({
    kind,
    path,
    depends: [objectKey('schema', path.slice(0, 1))],
    facts: {
      persistence: row['persistence'] === 'u' ? 'unlogged' : undefined,
      accessMethod: letter !== 'p' && row['method'] !== 'heap' ? (row['method'] as string | null) : undefined,
      options: optionMap(row['options']),
      toastOptions: optionMap(row['toast_options']),
      rowSecurity: row['row_security'] === true,
      forceRowSecurity: row['force_row_security'] === true,
      replicaIdentity: kind === 'table' ? replica : undefined,
      tablespace: row['tablespace'] as string | null,
      partitionBy: row['partition_by'] as string | null,
      partitionOf: isPartition ? parents[0] : undefined,
      bound: row['bound'] as string | null,
      inherits: isPartition ? undefined : parents,
      ofType: row['is_typed'] === true ? (row['of_type'] as string) : undefined,
      server: row['server'] as string | null,
      foreignOptions: maskedOptions(row['foreign_options']),
      definition: isView ? String(row['definition']).trim().replace(/;$/, '') : undefined,
      unpopulated: kind === 'materialized view' && row['populated'] === false,
      ...access(row, catalog),
    },
    refs: [ref('pg_class', row['oid'])],
  })
  catalog.alias(ref('pg_type', row['type']), key)
}

/** Options of foreign objects; what is secret in them is told neither in a snapshot nor in a script. */
export function maskedOptions(options: unknown): Record<string, string> | undefined {
  const map = optionMap(options)
  if (map === undefined) return undefined
  for (const name of Object.keys(map)) if (/passw|secret|token|credential|private_?key/i.test(name)) map[name] = '***'
  return map
}

export const sequences: Reader = {
  sql: (_version, filter) =>
    `SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relpersistence::text AS persistence,
       c.reltype::text AS type_oid, format_type(s.seqtypid, NULL) AS type, s.seqstart::text AS start,
       s.seqincrement::text AS increment, s.seqmin::text AS minimum, s.seqmax::text AS maximum, s.seqcache::text AS cache,
       s.seqcycle AS cycle, d.refobjid::text AS table_oid, d.refobjsubid AS column_number, d.deptype::text AS ownership,
       c.relacl::text[] AS acl, pg_get_userbyid(c.relowner) AS owner
     FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
         AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
     WHERE ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const path = [String(row['schema']), String(row['name'])]
      const column = row['table_oid'] === null ? undefined : ref('pg_class', row['table_oid'], row['column_number'])
      const settings = {
        type: String(row['type']),
        start: String(row['start']),
        increment: String(row['increment']),
        minimum: String(row['minimum']),
        maximum: String(row['maximum']),
        cache: String(row['cache']),
        cycle: row['cycle'] === true,
      }
      if (column !== undefined && row['ownership'] === 'i') {
        addIdentity(row, path, settings, column, catalog)
        continue
      }
      const key = catalog.add({
        kind: 'sequence',
        path,
        depends: [objectKey('schema', path.slice(0, 1))],
        facts: {
          ...settings,
          persistence: row['persistence'] === 'u' ? 'unlogged' : undefined,
          ...access(row, catalog),
        },
        refs: [ref('pg_class', row['oid'])],
      })
      // Said of the column: the column's default needs the sequence, so it cannot be the other way round.
      const owner = column === undefined ? undefined : catalog.keyOf(column)
      if (owner === undefined || key === undefined) continue
      const owned = (catalog.property(owner, 'owns') as string[] | undefined) ?? []
      catalog.set(owner, { owns: [...owned, key].sort() })
      catalog.depend(owner, key)
    }
  },
}

/** The sequence of an identity column is part of the column. */
function addIdentity(
  row: Row,
  path: readonly string[],
  settings: Record<string, string | boolean>,
  column: string,
  catalog: Catalog,
): void {
  const key = catalog.keyOf(column)
  if (key === undefined || catalog.isMember(ref('pg_class', row['oid']))) return
  catalog.alias(ref('pg_class', row['oid']), key)
  const kind = catalog.property(key, 'identity')
  if (typeof kind !== 'string') return
  const { type: _type, cycle, ...rest } = settings
  const grants = catalog.wanted.grants ? grantsOf({ acl: row['acl'], owner: String(row['owner']) }) : undefined
  catalog.set(key, {
    identity: {
      kind,
      ...rest,
      ...(cycle === true ? { cycle: true } : {}),
      sequence: [...path],
      ...(grants === undefined ? {} : { grants }),
    } as never,
  })
}
