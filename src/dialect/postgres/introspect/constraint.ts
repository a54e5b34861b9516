// Constraints of tables and domains, and indexes. An index that a constraint made is part of that constraint.
import { objectKey } from '../../../schema/model/object.ts'
import { type Catalog, optionMap, type Reader, type Row, ref } from './catalog.ts'

const TYPES: Readonly<Record<string, string>> = {
  p: 'primary key',
  u: 'unique',
  f: 'foreign key',
  c: 'check',
  x: 'exclusion',
}

export const constraints: Reader = {
  sql: (version, filter) =>
    `SELECT k.oid::text AS oid, k.conname AS name, k.contype::text AS type, k.conrelid::text AS table_oid,
       k.contypid::text AS domain_oid, k.conindid::text AS index_oid, k.conparentid::text AS parent_oid,
       pg_get_constraintdef(k.oid) AS definition, k.condeferrable AS deferrable, k.condeferred AS deferred,
       k.convalidated AS validated, ${version >= 18 ? 'k.conenforced' : 'true'} AS enforced,
       k.conislocal AS local, k.coninhcount AS inherited, k.connoinherit AS no_inherit, k.conkey AS columns,
       i.indisclustered AS clustered, i.indisreplident AS replica_identity, ic.reloptions AS options,
       ts.spcname AS tablespace
     FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
       LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
       LEFT JOIN pg_class ic ON ic.oid = i.indexrelid
       LEFT JOIN pg_tablespace ts ON ts.oid = ic.reltablespace
     WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND ${filter('n.nspname')}
     ORDER BY k.oid`,
  read(rows, catalog) {
    const kept = rows.filter(row => !isClone(row))
    for (const row of kept) addConstraint(row, catalog)
    for (const row of kept) {
      const key = catalog.keyOf(ref('pg_constraint', row['oid']))
      const parent = catalog.keyOf(ref('pg_constraint', row['parent_oid']))
      if (key === undefined || parent === undefined || key === parent) continue
      catalog.set(key, { attachedTo: parent })
    }
  },
}

/** A foreign key to a partitioned table has one more for each partition, which nobody can name or change. */
function isClone(row: Row): boolean {
  return row['type'] === 'f' && row['parent_oid'] !== '0' && row['local'] === true && Number(row['inherited']) === 0
}

function addConstraint(row: Row, catalog: Catalog): void {
  const isDomain = row['table_oid'] === '0'
  const owner = catalog.keyOf(isDomain ? ref('pg_type', row['domain_oid']) : ref('pg_class', row['table_oid']))
  if (owner === undefined || !catalog.has(owner)) return
  const type = TYPES[String(row['type'])] as string
  const name = String(row['name'])
  const columns = (row['columns'] as number[] | null) ?? []
  const { definition, ...suffix } = splitDefinition(String(row['definition']))
  const key = catalog.add({
    kind: 'constraint',
    path: [...catalog.pathOf(owner), name],
    parent: owner,
    depends: columns.map(number => catalog.keyOf(ref('pg_class', row['table_oid'], number))),
    facts: {
      type,
      definition,
      ...suffix,
      // A foreign key that is not enforced is not validated either, which is said once.
      unvalidated: row['validated'] === false && row['enforced'] !== false,
      unenforced: row['enforced'] === false,
      inherited: Number(row['inherited']) > 0,
      clustered: row['clustered'] === true,
      replicaIdentity: row['replica_identity'] === true,
      options: optionMap(row['options']),
      tablespace: row['tablespace'] as string | null,
    },
    refs: [ref('pg_constraint', row['oid'])],
  })
  if (type === 'primary key' || type === 'unique' || type === 'exclusion') {
    catalog.alias(ref('pg_class', row['index_oid']), key)
  }
}

/** The tail that ALTER CONSTRAINT and VALIDATE change is kept apart from what they cannot. */
export function splitDefinition(text: string) {
  let definition = text
  const cut = (tail: string): boolean => {
    if (!definition.endsWith(tail)) return false
    definition = definition.slice(0, -tail.length)
    return true
  }
  cut(' NOT VALID')
  cut(' NOT ENFORCED')
  const deferred = cut(' INITIALLY DEFERRED')
  const deferrable = cut(' DEFERRABLE')
  return { definition, deferrable, deferred }
}

export const indexes: Reader = {
  sql: (_version, filter) =>
    `SELECT i.indexrelid::text AS oid, i.indrelid::text AS table_oid, c.relname AS name,
       pg_get_indexdef(i.indexrelid) AS definition, i.indisunique AS is_unique, i.indisvalid AS valid,
       i.indisclustered AS clustered, i.indisreplident AS replica_identity, c.reloptions AS options,
       h.inhparent::text AS parent_oid, ts.spcname AS tablespace, am.amname AS method, i.indnkeyatts AS keys,
       targets.list AS statistics
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
       JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_am am ON am.oid = c.relam
       LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
       LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
       LEFT JOIN (SELECT attrelid, json_object_agg(attnum, attstattarget) AS list FROM pg_attribute
         WHERE attstattarget >= 0 AND attnum > 0 GROUP BY attrelid) targets ON targets.attrelid = i.indexrelid
     WHERE ${filter('n.nspname')}
       AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))`,
  read(rows, catalog) {
    for (const row of rows) {
      const table = catalog.keyOf(ref('pg_class', row['table_oid']))
      if (table === undefined || !catalog.has(table)) continue
      const options = optionMap(row['options'])
      catalog.add({
        kind: 'index',
        path: [...catalog.pathOf(table), String(row['name'])],
        parent: table,
        facts: {
          unique: row['is_unique'] === true,
          definition: indexBody(String(row['definition']), options),
          options,
          invalid: row['valid'] === false,
          clustered: row['clustered'] === true,
          replicaIdentity: row['replica_identity'] === true,
          tablespace: row['tablespace'] as string | null,
          statistics: (row['statistics'] as Record<string, number> | null) ?? undefined,
        },
        refs: [ref('pg_class', row['oid'])],
      })
    }
    for (const row of rows) {
      const key = catalog.keyOf(ref('pg_class', row['oid']))
      const parent = row['parent_oid'] === null ? undefined : catalog.keyOf(ref('pg_class', row['parent_oid']))
      if (key !== undefined && parent !== undefined) catalog.set(key, { attachedTo: parent })
    }
  },
}

/** `btree (a) WHERE …`: what follows USING, without the storage options. */
export function indexBody(definition: string, options: Readonly<Record<string, string>> | undefined): string {
  const body = definition.slice(definition.indexOf(' USING ') + ' USING '.length)
  if (options === undefined) return body
  const list = Object.entries(options).map(([name, value]) => {
    const text = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    return `"?${name}"?='?${text}'?`
  })
  return body.replace(new RegExp(` WITH \\(${list.join(', ')}\\)`), '')
}

/** The key of a table's part, for rows that name it by its table's path. */
export const partKey = (kind: string, table: readonly string[], name: string): string =>
  objectKey(kind, [...table, name])
