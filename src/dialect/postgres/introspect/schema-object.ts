// Collations, operators, operator classes, text search dictionaries and configurations; and the names of everything
// that exists and is not compared.
import { objectKey } from '../../../schema/model/object.ts'
import { type Reader, ref } from './catalog.ts'

export const collations: Reader = {
  sql: (version, filter) =>
    `SELECT c.oid::text AS oid, n.nspname AS schema, c.collname AS name, c.collprovider::text AS provider,
       c.collisdeterministic AS deterministic, c.collcollate AS lc_collate, c.collctype AS lc_ctype,
       ${version >= 17 ? 'c.colllocale' : version >= 15 ? 'c.colliculocale' : "CASE WHEN c.collprovider = 'i' THEN c.collcollate END"} AS locale,
       ${version >= 16 ? 'c.collicurules' : 'NULL'} AS rules
     FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const path = [String(row['schema']), String(row['name'])]
      const provider = { i: 'icu', c: 'libc', b: 'builtin' }[String(row['provider'])] ?? 'default'
      catalog.add({
        kind: 'collation',
        path,
        depends: [objectKey('schema', path.slice(0, 1))],
        facts: {
          provider,
          nondeterministic: row['deterministic'] === false,
          locale: provider === 'libc' ? undefined : (row['locale'] as string | null),
          lcCollate: provider === 'libc' ? (row['lc_collate'] as string | null) : undefined,
          lcCtype: provider === 'libc' ? (row['lc_ctype'] as string | null) : undefined,
          rules: row['rules'] as string | null,
        },
        refs: [ref('pg_collation', row['oid'])],
      })
    }
  },
}

export const operators: Reader = {
  sql: (_version, filter) =>
    `SELECT o.oid::text AS oid, n.nspname AS schema, o.oprname AS name,
       CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END AS left_type, format_type(o.oprright, NULL) AS right_type,
       o.oprcode::regproc::text AS function,
       (SELECT 'OPERATOR(' || quote_ident(x.nspname) || '.' || c.oprname || ')' FROM pg_operator c
         JOIN pg_namespace x ON x.oid = c.oprnamespace WHERE c.oid = o.oprcom) AS commutator,
       (SELECT 'OPERATOR(' || quote_ident(x.nspname) || '.' || c.oprname || ')' FROM pg_operator c
         JOIN pg_namespace x ON x.oid = c.oprnamespace WHERE c.oid = o.oprnegate) AS negator,
       CASE WHEN o.oprrest <> 0 THEN o.oprrest::regproc::text END AS restriction,
       CASE WHEN o.oprjoin <> 0 THEN o.oprjoin::regproc::text END AS join_estimator,
       o.oprcanmerge AS merges, o.oprcanhash AS hashes
     FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oprcode <> 0 AND ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const left = row['left_type'] as string | null
      const right = String(row['right_type'])
      const path = [String(row['schema']), `${String(row['name'])}(${left ?? 'NONE'}, ${right})`]
      catalog.add({
        kind: 'operator',
        path,
        depends: [objectKey('schema', path.slice(0, 1))],
        facts: {
          name: String(row['name']),
          left,
          right,
          function: String(row['function']),
          commutator: row['commutator'] as string | null,
          negator: row['negator'] as string | null,
          restriction: row['restriction'] as string | null,
          join: row['join_estimator'] as string | null,
          merges: row['merges'] === true,
          hashes: row['hashes'] === true,
        },
        refs: [ref('pg_operator', row['oid'])],
      })
    }
  },
}

/** A class with the family of its own name that CREATE OPERATOR CLASS makes along with it. */
export const operatorClasses: Reader = {
  sql: (_version, filter) =>
    `SELECT o.oid::text AS oid, n.nspname AS schema, o.opcname AS name, am.amname AS method,
       format_type(o.opcintype, NULL) AS type, o.opcdefault AS is_default, f.oid::text AS family_oid,
       f.opfname = o.opcname AND f.opfnamespace = o.opcnamespace AS own_family,
       quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) AS family,
       CASE WHEN o.opckeytype <> 0 THEN format_type(o.opckeytype, NULL) END AS storage,
       (SELECT json_agg(json_build_object('number', p.amopstrategy, 'operator', p.amopopr::regoperator::text,
           'sort', CASE WHEN p.amopsortfamily <> 0 THEN (SELECT quote_ident(x.nspname) || '.' || quote_ident(s.opfname)
             FROM pg_opfamily s JOIN pg_namespace x ON x.oid = s.opfnamespace WHERE s.oid = p.amopsortfamily) END)
           ORDER BY p.amopstrategy, p.amopopr::regoperator::text)
         FROM pg_amop p WHERE p.amopfamily = o.opcfamily AND p.amoplefttype = o.opcintype
           AND p.amopmethod = o.opcmethod) AS operators,
       (SELECT json_agg(json_build_object('number', p.amprocnum, 'function', p.amproc::regprocedure::text,
           'left', format_type(p.amproclefttype, NULL), 'right', format_type(p.amprocrighttype, NULL))
           ORDER BY p.amprocnum, p.amproc::regprocedure::text)
         FROM pg_amproc p WHERE p.amprocfamily = o.opcfamily AND p.amproclefttype = o.opcintype) AS functions
     FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am am ON am.oid = o.opcmethod
       JOIN pg_opfamily f ON f.oid = o.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace
     WHERE ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const path = [String(row['schema']), String(row['name']), String(row['method'])]
      const key = catalog.add({
        kind: 'operator class',
        path,
        depends: [objectKey('schema', path.slice(0, 1))],
        facts: {
          type: String(row['type']),
          default: row['is_default'] === true,
          family: row['own_family'] === true ? undefined : String(row['family']),
          storage: row['storage'] as string | null,
          operators: (row['operators'] as never) ?? undefined,
          functions: (row['functions'] as never) ?? undefined,
        },
        refs: [ref('pg_opclass', row['oid'])],
      })
      if (row['own_family'] === true) catalog.alias(ref('pg_opfamily', row['family_oid']), key)
    }
  },
}

export const textSearchDictionaries: Reader = {
  sql: (_version, filter) =>
    `SELECT d.oid::text AS oid, n.nspname AS schema, d.dictname AS name, tn.nspname AS template_schema,
       t.tmplname AS template, d.dictinitoption AS options
     FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
       JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const path = [String(row['schema']), String(row['name'])]
      catalog.add({
        kind: 'text search dictionary',
        path,
        depends: [objectKey('schema', path.slice(0, 1))],
        facts: {
          template: [String(row['template_schema']), String(row['template'])],
          options: row['options'] as string | null,
        },
        refs: [ref('pg_ts_dict', row['oid'])],
      })
    }
  },
}

export const textSearchConfigurations: Reader = {
  sql: (_version, filter) =>
    `SELECT c.oid::text AS oid, n.nspname AS schema, c.cfgname AS name, pn.nspname AS parser_schema, p.prsname AS parser,
       (SELECT json_object_agg(alias, list) FROM (SELECT tt.alias, json_agg(m.mapdict::regdictionary::text ORDER BY m.mapseqno)
           AS list FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) tt ON tt.tokid = m.maptokentype
         WHERE m.mapcfg = c.oid GROUP BY tt.alias) mapped) AS mappings
     FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser
       JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const path = [String(row['schema']), String(row['name'])]
      catalog.add({
        kind: 'text search configuration',
        path,
        depends: [objectKey('schema', path.slice(0, 1))],
        facts: {
          parser: [String(row['parser_schema']), String(row['parser'])],
          mappings: (row['mappings'] as Record<string, string[]> | null) ?? undefined,
        },
        refs: [ref('pg_ts_config', row['oid'])],
      })
    }
  },
}

/** Everything else: one line each, `kind`, `name`, and the row it is, which may belong to an extension. */
export const others: Reader = {
  sql: (version, filter) =>
    [
      `SELECT 'operator family' AS kind, 'pg_opfamily' AS catalog, f.oid::text AS oid, n.nspname || '.' || f.opfname AS name
       FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace WHERE ${filter('n.nspname')}`,
      `SELECT 'conversion', 'pg_conversion', c.oid::text, n.nspname || '.' || c.conname
       FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE ${filter('n.nspname')}`,
      `SELECT 'text search parser', 'pg_ts_parser', p.oid::text, n.nspname || '.' || p.prsname
       FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE ${filter('n.nspname')}`,
      `SELECT 'text search template', 'pg_ts_template', t.oid::text, n.nspname || '.' || t.tmplname
       FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE ${filter('n.nspname')}`,
      `SELECT 'access method', 'pg_am', oid::text, amname FROM pg_am WHERE oid >= 16384`,
      `SELECT 'language', 'pg_language', oid::text, lanname FROM pg_language WHERE oid >= 16384`,
      `SELECT 'transform', 'pg_transform', t.oid::text, t.trftype::regtype::text || ' ' || l.lanname
       FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid >= 16384`,
      `SELECT 'subscription', 'pg_subscription', s.oid::text, s.subname FROM pg_subscription s
       WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      `SELECT 'large object', 'pg_largeobject', oid::text, oid::text FROM pg_largeobject_metadata`,
      `SELECT DISTINCT 'security label', 'pg_seclabel', '0', provider || ' ' || objtype || ' ' || objname
       FROM pg_seclabels WHERE objtype NOT IN ('database', 'role', 'tablespace')`,
      ...(version >= 15
        ? [`SELECT 'parameter privilege', 'pg_parameter_acl', oid::text, parname FROM pg_parameter_acl`]
        : []),
    ].join(' UNION ALL '),
  read(rows, catalog) {
    for (const row of rows) {
      const own = ref(String(row['catalog']), row['oid'])
      // A family that a class brings along has a key already.
      if (!catalog.isMember(own) && catalog.keyOf(own) === undefined)
        catalog.skip(String(row['kind']), String(row['name']))
    }
  },
}
