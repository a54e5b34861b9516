// What is not in a schema: extensions, event triggers, publications, foreign data wrappers, servers, user mappings,
// casts, default privileges.
import { objectKey } from '../../../schema/model/object.ts'
import { type Reader, ref } from './catalog.ts'
import { parseAcl } from './privilege.ts'
import { access, maskedOptions } from './relation.ts'

export const extensions: Reader = {
  sql: () =>
    `SELECT e.oid::text AS oid, e.extname AS name, n.nspname AS schema, e.extrelocatable AS relocatable
     FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.oid >= 16384`,
  read(rows, catalog) {
    for (const row of rows) {
      catalog.add({
        kind: 'extension',
        path: [String(row['name'])],
        depends: [objectKey('schema', [String(row['schema'])])],
        // Its version is the server's business: the same script makes another one elsewhere.
        facts: { schema: String(row['schema']) },
        refs: [ref('pg_extension', row['oid'])],
      })
    }
  },
}

/** Rows that an extension made: read first, so that they are left out. */
export const members: Reader = {
  sql: () =>
    `SELECT d.classid::regclass::text AS catalog, d.objid::text AS oid, e.extname AS extension
     FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
     WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'`,
  read(rows, catalog) {
    for (const row of rows) {
      catalog.member(ref(String(row['catalog']), row['oid']), objectKey('extension', [String(row['extension'])]))
    }
  },
}

export const eventTriggers: Reader = {
  sql: () =>
    `SELECT e.oid::text AS oid, e.evtname AS name, e.evtevent AS event, e.evtfoid::regproc::text AS function,
       e.evtenabled::text AS enabled, e.evttags AS tags FROM pg_event_trigger e`,
  read(rows, catalog) {
    for (const row of rows) {
      const tags = row['tags'] as string[] | null
      catalog.add({
        kind: 'event trigger',
        path: [String(row['name'])],
        facts: {
          event: String(row['event']),
          function: String(row['function']),
          tags: tags === null ? undefined : [...tags].sort(),
          enabled: { D: 'disabled', R: 'replica', A: 'always' }[String(row['enabled'])],
        },
        refs: [ref('pg_event_trigger', row['oid'])],
      })
    }
  },
}

export const publications: Reader = {
  sql: version =>
    `SELECT p.oid::text AS oid, p.pubname AS name, p.puballtables AS all_tables, p.pubinsert AS insert, p.pubupdate AS update,
       p.pubdelete AS delete, p.pubtruncate AS truncate, p.pubviaroot AS via_root,
       ${version >= 18 ? 'p.pubgencols::text' : "'n'"} AS generated_columns,
       (SELECT json_agg(json_build_object('oid', r.prrelid::text, 'table', r.prrelid::regclass::text${
         version >= 15
           ? `, 'where', pg_get_expr(r.prqual, r.prrelid), 'columns', (SELECT json_agg(a.attname ORDER BY a.attname)
         FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[]))`
           : ''
       }) ORDER BY r.prrelid::regclass::text) FROM pg_publication_rel r WHERE r.prpubid = p.oid) AS tables,
       ${version >= 15 ? '(SELECT json_agg(n.nspname ORDER BY n.nspname) FROM pg_publication_namespace pn JOIN pg_namespace n ON n.oid = pn.pnnspid WHERE pn.pnpubid = p.oid)' : 'NULL'} AS schemas
     FROM pg_publication p`,
  read(rows, catalog) {
    for (const row of rows) {
      const tables =
        (row['tables'] as { oid: string; table: string; where?: string; columns?: string[] }[] | null) ?? []
      const schemas = (row['schemas'] as string[] | null) ?? []
      const publish = ['insert', 'update', 'delete', 'truncate'].filter(name => row[name] === true)
      catalog.add({
        kind: 'publication',
        path: [String(row['name'])],
        depends: [
          ...tables.map(({ oid }) => catalog.keyOf(ref('pg_class', oid))),
          ...schemas.map(name => objectKey('schema', [name])),
        ],
        facts: {
          allTables: row['all_tables'] === true,
          publish: publish.length === 4 ? undefined : publish.join(', '),
          viaRoot: row['via_root'] === true,
          generatedColumns: row['generated_columns'] === 's' ? 'stored' : undefined,
          tables: tables.map(({ table, where, columns }) => ({
            table,
            ...((where ?? null) === null ? {} : { where }),
            ...((columns ?? null) === null ? {} : { columns }),
          })),
          schemas,
        },
        refs: [ref('pg_publication', row['oid'])],
      })
    }
  },
}

export const wrappers: Reader = {
  sql: () =>
    `SELECT f.oid::text AS oid, f.fdwname AS name, CASE WHEN f.fdwhandler <> 0 THEN f.fdwhandler::regproc::text END AS handler,
       CASE WHEN f.fdwvalidator <> 0 THEN f.fdwvalidator::regproc::text END AS validator, f.fdwoptions AS options,
       f.fdwacl::text[] AS acl, pg_get_userbyid(f.fdwowner) AS owner FROM pg_foreign_data_wrapper f`,
  read(rows, catalog) {
    for (const row of rows) {
      catalog.add({
        kind: 'foreign data wrapper',
        path: [String(row['name'])],
        facts: {
          handler: row['handler'] as string | null,
          validator: row['validator'] as string | null,
          foreignOptions: maskedOptions(row['options']),
          ...access(row, catalog),
        },
        refs: [ref('pg_foreign_data_wrapper', row['oid'])],
      })
    }
  },
}

export const servers: Reader = {
  sql: () =>
    `SELECT s.oid::text AS oid, s.srvname AS name, f.fdwname AS wrapper, s.srvfdw::text AS wrapper_oid, s.srvtype AS type,
       s.srvversion AS version, s.srvoptions AS options, s.srvacl::text[] AS acl, pg_get_userbyid(s.srvowner) AS owner
     FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw`,
  read(rows, catalog) {
    for (const row of rows) {
      catalog.add({
        kind: 'server',
        path: [String(row['name'])],
        depends: [catalog.keyOf(ref('pg_foreign_data_wrapper', row['wrapper_oid']))],
        facts: {
          wrapper: String(row['wrapper']),
          type: row['type'] as string | null,
          version: row['version'] as string | null,
          foreignOptions: maskedOptions(row['options']),
          ...access(row, catalog),
        },
        refs: [ref('pg_foreign_server', row['oid'])],
      })
    }
  },
}

export const userMappings: Reader = {
  sql: () =>
    `SELECT m.umid::text AS oid, m.srvid::text AS server_oid, m.srvname AS server, m.usename AS name, m.umoptions AS options
     FROM pg_user_mappings m`,
  read(rows, catalog) {
    for (const row of rows) {
      catalog.add({
        kind: 'user mapping',
        path: [String(row['server']), String(row['name'])],
        depends: [catalog.keyOf(ref('pg_foreign_server', row['server_oid']))],
        facts: { foreignOptions: maskedOptions(row['options']) },
        refs: [ref('pg_user_mapping', row['oid'])],
      })
    }
  },
}

export const casts: Reader = {
  sql: () =>
    `SELECT c.oid::text AS oid, format_type(c.castsource, NULL) AS source, format_type(c.casttarget, NULL) AS target,
       CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END AS function, c.castcontext::text AS context,
       c.castmethod::text AS method FROM pg_cast c
     WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d
       WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')`,
  read(rows, catalog) {
    for (const row of rows) {
      catalog.add({
        kind: 'cast',
        path: [String(row['source']), String(row['target'])],
        facts: {
          function: row['function'] as string | null,
          method: { i: 'inout', b: 'binary' }[String(row['method'])],
          context: { a: 'assignment', i: 'implicit' }[String(row['context'])],
        },
        refs: [ref('pg_cast', row['oid'])],
      })
    }
  },
}

const OBJECTS: Readonly<Record<string, string>> = {
  r: 'tables',
  S: 'sequences',
  f: 'functions',
  T: 'types',
  n: 'schemas',
  L: 'large objects',
}

export const defaultPrivileges: Reader = {
  sql: (_version, filter) =>
    `SELECT d.oid::text AS oid, pg_get_userbyid(d.defaclrole) AS role, n.nspname AS schema, d.defaclobjtype::text AS objects,
       d.defaclacl::text[] AS acl
     FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
     WHERE d.defaclnamespace = 0 OR ${filter('n.nspname')}`,
  read(rows, catalog) {
    if (!catalog.wanted.grants) return
    for (const row of rows) {
      const role = String(row['role'])
      const schema = row['schema'] as string | null
      const objects = OBJECTS[String(row['objects'])] as string
      const grants = parseAcl(row['acl'] as string[])
      // Without a schema the list replaces the built-in one, which it repeats; within one it is added to it.
      if (schema === null) {
        delete grants[role]
        const everybody = (grants['public'] ?? []).join()
        const usual = objects === 'functions' ? 'EXECUTE' : objects === 'types' ? 'USAGE' : ''
        if (everybody === usual) delete grants['public']
        else grants['public'] ??= []
      }
      catalog.add({
        kind: 'default privileges',
        path: schema === null ? [role, objects] : [role, schema, objects],
        depends: schema === null ? [] : [objectKey('schema', [schema])],
        facts: { role, schema, objects, grants },
        refs: [ref('pg_default_acl', row['oid'])],
      })
    }
  },
}
