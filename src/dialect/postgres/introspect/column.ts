// Columns of tables and foreign tables as objects; columns of views and attributes of composite types as properties.
import type { Json } from '../../../schema/model/object.ts'
import { type Catalog, optionMap, type Reader, type Row, ref } from './catalog.ts'
import { grantsOf } from './privilege.ts'
import { maskedOptions } from './relation.ts'

export const columns: Reader = {
  sql: (version, filter) =>
    `SELECT a.attrelid::text AS oid, a.attnum AS number, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       a.atttypid::text AS type_oid, c.relkind::text AS relation_kind, a.attnotnull AS not_null,
       a.attidentity::text AS identity, a.attgenerated::text AS generated, a.attislocal AS local,
       a.attinhcount AS inherited,
       CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN a.attcollation::regcollation::text END
         AS collation,
       CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END AS storage,
       a.attcompression::text AS compression, a.attstattarget AS statistics, a.attoptions AS options,
       a.attfdwoptions AS foreign_options, a.attacl::text[] AS acl,
       d.oid::text AS default_oid, pg_get_expr(d.adbin, d.adrelid) AS expression
       ${version >= 18 ? ', k.oid::text AS not_null_oid, k.conname AS not_null_name, k.connoinherit AS not_null_no_inherit, k.convalidated AS not_null_valid, k.conislocal AS not_null_local' : ''}
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_type t ON t.oid = a.atttypid
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       ${version >= 18 ? "LEFT JOIN pg_constraint k ON k.contype = 'n' AND k.conrelid = a.attrelid AND k.conkey[1] = a.attnum" : ''}
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped AND ${filter('n.nspname')}
     ORDER BY a.attrelid, a.attnum`,
  read(rows, catalog) {
    const ofViews = new Map<string, Row[]>()
    for (const row of rows) {
      const kind = String(row['relation_kind'])
      const owner = catalog.keyOf(ref('pg_class', row['oid']))
      if (owner === undefined || catalog.isMember(ref('pg_class', row['oid']))) continue
      if (kind === 'r' || kind === 'p' || kind === 'f') addColumn(row, owner, catalog)
      else {
        const list = ofViews.get(owner)
        if (list) list.push(row)
        else ofViews.set(owner, [row])
        catalog.alias(ref('pg_class', row['oid'], row['number']), owner)
        if (row['default_oid'] !== null) catalog.alias(ref('pg_attrdef', row['default_oid']), owner)
      }
    }
    for (const [owner, list] of ofViews) setParts(owner, list, catalog)
  },
}

const STORAGE: Readonly<Record<string, string>> = { p: 'plain', e: 'external', x: 'extended', m: 'main' }

function addColumn(row: Row, table: string, catalog: Catalog): void {
  const name = String(row['name'])
  const generated = { s: 'stored', v: 'virtual' }[String(row['generated'])]
  const expression = row['expression'] as string | null
  const statistics = row['statistics'] as number | null
  const identity = { a: 'always', d: 'by default' }[String(row['identity'])]
  const own = row['acl'] === null ? undefined : grantsOf({ acl: row['acl'], owner: '' })
  const key = catalog.add({
    kind: 'column',
    path: [...catalog.pathOf(table), name],
    parent: table,
    position: Number(row['number']),
    facts: {
      type: String(row['type']),
      collation: row['collation'] as string | null,
      notNull: row['not_null'] === true || (row['not_null_valid'] ?? null) !== null,
      ...notNullFacts(row, catalog.pathOf(table)),
      default: generated === undefined ? expression : undefined,
      generated: generated === undefined ? undefined : { kind: generated, expression },
      identity,
      storage: STORAGE[String(row['storage'])],
      compression: { p: 'pglz', l: 'lz4' }[String(row['compression'])],
      statistics: statistics === null || statistics === -1 ? undefined : statistics,
      options: optionMap(row['options']),
      foreignOptions: maskedOptions(row['foreign_options']),
      // Where it comes from parents it is theirs to change, whether it was also written down here or not.
      inherited: Number(row['inherited']) > 0,
      grants: catalog.wanted.grants && own !== undefined ? columnGrants(own) : undefined,
    },
    refs: [ref('pg_class', row['oid'], row['number'])],
  })
  if (row['default_oid'] !== null) catalog.alias(ref('pg_attrdef', row['default_oid']), key)
  if ((row['not_null_oid'] ?? null) !== null) catalog.alias(ref('pg_constraint', row['not_null_oid']), key)
  const type = catalog.keyOf(ref('pg_type', row['type_oid']))
  if (type !== table) catalog.depend(key, type)
}

/** On columns nobody has rights of their own by default: an empty list for PUBLIC says nothing. */
function columnGrants(grants: Record<string, Json>): Record<string, Json> | undefined {
  const kept = Object.fromEntries(Object.entries(grants).filter(([, list]) => (list as string[]).length > 0))
  return Object.keys(kept).length === 0 ? undefined : kept
}

/** PostgreSQL 18 keeps NOT NULL as a constraint. Its name counts only where somebody chose it. */
function notNullFacts(row: Row, table: readonly string[]): Record<string, Json | undefined> {
  const name = row['not_null_name']
  if (typeof name !== 'string') return {}
  const usual = `${table[1]}_${String(row['name'])}_not_null`
  const isUsual = name === usual || /_not_null\d*$/.test(name)
  return {
    notNullName: isUsual ? undefined : name,
    notNullNoInherit: row['not_null_no_inherit'] === true,
    notNullUnvalidated: row['not_null_valid'] === false,
  }
}

function setParts(owner: string, rows: readonly Row[], catalog: Catalog): void {
  const named = (value: (row: Row) => Json | undefined | null) => {
    const entries = rows
      .map(row => [String(row['name']), value(row) ?? null] as const)
      .filter(([, one]) => one !== null)
    return entries.length === 0 ? undefined : Object.fromEntries(entries)
  }
  const isType = catalog.kindOf(owner) === 'composite type'
  catalog.set(owner, {
    [isType ? 'attributes' : 'columns']: rows.map(row => ({
      name: String(row['name']),
      type: String(row['type']),
      ...(row['collation'] === null ? {} : { collation: String(row['collation']) }),
    })),
    columnDefaults: named(row => row['expression'] as string | null),
    columnGrants: catalog.wanted.grants
      ? named(row => (row['acl'] === null ? undefined : columnGrants(grantsOf({ acl: row['acl'], owner: '' }) ?? {})))
      : undefined,
    columnStatistics: named(row =>
      row['statistics'] === null || row['statistics'] === -1 ? undefined : Number(row['statistics']),
    ),
    columnStorage: isType ? undefined : named(row => STORAGE[String(row['storage'])]),
  })
  for (const row of rows) catalog.depend(owner, catalog.keyOf(ref('pg_type', row['type_oid'])))
}
