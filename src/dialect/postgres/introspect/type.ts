// Enums, domains, composite and range types. Base types need C functions and are only told of.
import { objectKey } from '../../../schema/model/object.ts'
import { type Reader, type Row, ref } from './catalog.ts'
import { access } from './relation.ts'

export const types: Reader = {
  sql: (version, filter) =>
    `SELECT t.oid::text AS oid, n.nspname AS schema, t.typname AS name, t.typtype::text AS kind, t.typarray::text AS array_oid,
       t.typrelid::text AS relation_oid, CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base,
       t.typnotnull AS not_null, t.typdefault AS default_value,
       CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END AS collation,
       labels.list AS labels, r.rngsubtype::regtype::text AS subtype,
       CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> st.typcollation THEN r.rngcollation::regcollation::text END
         AS range_collation,
       ocn.nspname AS class_schema, oc.opcname AS class, oc.opcdefault AS class_is_default,
       CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::regproc::text END AS canonical,
       CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::regproc::text END AS difference,
       mt.typname AS multirange, mt.oid::text AS multirange_oid, mt.typarray::text AS multirange_array,
       t.typacl::text[] AS acl, pg_get_userbyid(t.typowner) AS owner
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
       LEFT JOIN pg_class c ON c.oid = t.typrelid
       LEFT JOIN pg_type b ON b.oid = t.typbasetype
       LEFT JOIN (SELECT enumtypid, array_agg(enumlabel::text ORDER BY enumsortorder) AS list FROM pg_enum GROUP BY enumtypid)
         labels ON labels.enumtypid = t.oid
       LEFT JOIN pg_range r ON r.rngtypid = t.oid
       LEFT JOIN pg_type st ON st.oid = r.rngsubtype
       LEFT JOIN pg_opclass oc ON oc.oid = r.rngsubopc LEFT JOIN pg_namespace ocn ON ocn.oid = oc.opcnamespace
       LEFT JOIN pg_type mt ON mt.oid = ${version >= 14 ? 'r.rngmultitypid' : 'NULL::oid'}
     WHERE (t.typtype IN ('e', 'd', 'r', 'p') OR (t.typtype = 'c' AND c.relkind = 'c') OR (t.typtype = 'b'
         AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)))
       AND ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const path = [String(row['schema']), String(row['name'])]
      const kind = KINDS[String(row['kind'])]
      const own = ref('pg_type', row['oid'])
      if (kind === undefined) {
        if (!catalog.isMember(own)) catalog.skip('base type', path.join('.'))
        continue
      }
      const key = catalog.add({
        kind,
        path,
        depends: [objectKey('schema', path.slice(0, 1))],
        facts: { ...factsOf(kind, row), ...access(row, catalog, ['USAGE']) },
        refs: [own],
      })
      catalog.alias(ref('pg_type', row['array_oid']), key)
      if (kind === 'composite type') catalog.alias(ref('pg_class', row['relation_oid']), key)
      if (kind === 'range type') {
        catalog.alias(ref('pg_type', row['multirange_oid']), key)
        catalog.alias(ref('pg_type', row['multirange_array']), key)
      }
    }
  },
}

const KINDS: Readonly<Record<string, string>> = { e: 'enum', d: 'domain', r: 'range type', c: 'composite type' }

function factsOf(kind: string, row: Row) {
  if (kind === 'enum') return { values: (row['labels'] as string[] | null) ?? [] }
  if (kind === 'domain') {
    return {
      type: row['base'] as string,
      default: row['default_value'] as string | null,
      notNull: row['not_null'] === true,
      collation: row['collation'] as string | null,
    }
  }
  if (kind === 'composite type') return {}
  const name = String(row['name'])
  const usual = name.includes('range') ? name.replace('range', 'multirange') : `${name}_multirange`
  return {
    subtype: row['subtype'] as string,
    collation: row['range_collation'] as string | null,
    operatorClass:
      row['class_is_default'] === true ? undefined : `${quote(row['class_schema'])}.${quote(row['class'])}`,
    canonical: row['canonical'] as string | null,
    difference: row['difference'] as string | null,
    multirange: row['multirange'] === usual ? undefined : (row['multirange'] as string | null),
  }
}

const quote = (name: unknown): string => `"${String(name).replaceAll('"', '""')}"`
