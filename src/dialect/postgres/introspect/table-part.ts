// Triggers, rules and policies of tables and views, and extended statistics.
import { objectKey } from '../../../schema/model/object.ts'
import { type Reader, ref } from './catalog.ts'

const ENABLED: Readonly<Record<string, string>> = { D: 'disabled', R: 'replica', A: 'always' }

export const triggers: Reader = {
  sql: (_version, filter) =>
    `SELECT t.oid::text AS oid, t.tgrelid::text AS table_oid, t.tgname AS name, pg_get_triggerdef(t.oid) AS definition,
       t.tgenabled::text AS enabled, t.tgconstraint::text AS constraint_oid,
       t.tgparentid::text AS parent_oid, t.tgconstraint <> 0 AS is_constraint
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT t.tgisinternal AND ${filter('n.nspname')} ORDER BY t.oid`,
  read(rows, catalog) {
    for (const row of rows) {
      const own = ref('pg_trigger', row['oid'])
      // A partition's copy is made with the trigger of its parent.
      if (row['parent_oid'] !== '0') continue
      const table = catalog.keyOf(ref('pg_class', row['table_oid']))
      if (table === undefined || !catalog.has(table)) continue
      const key = catalog.add({
        kind: 'trigger',
        path: [...catalog.pathOf(table), String(row['name'])],
        parent: table,
        facts: {
          definition: String(row['definition']),
          constraint: row['is_constraint'] === true,
          enabled: ENABLED[String(row['enabled'])],
        },
        refs: [own],
      })
      catalog.alias(ref('pg_constraint', row['constraint_oid']), key)
    }
  },
}

export const rules: Reader = {
  sql: (_version, filter) =>
    `SELECT r.oid::text AS oid, r.ev_class::text AS table_oid, r.rulename AS name, r.ev_enabled::text AS enabled,
       CASE WHEN r.rulename <> '_RETURN' THEN pg_get_ruledef(r.oid) END AS definition
     FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const table = catalog.keyOf(ref('pg_class', row['table_oid']))
      const own = ref('pg_rewrite', row['oid'])
      if (table === undefined || !catalog.has(table)) continue
      if (row['definition'] === null) {
        catalog.alias(own, table)
        continue
      }
      catalog.add({
        kind: 'rule',
        path: [...catalog.pathOf(table), String(row['name'])],
        parent: table,
        facts: {
          definition: String(row['definition']).trim().replace(/;$/, ''),
          enabled: ENABLED[String(row['enabled'])],
        },
        refs: [own],
      })
    }
  },
}

export const policies: Reader = {
  sql: (_version, filter) =>
    `SELECT p.oid::text AS oid, p.polrelid::text AS table_oid, p.polname AS name, p.polcmd::text AS command,
       p.polpermissive AS permissive, pg_get_expr(p.polqual, p.polrelid) AS using,
       pg_get_expr(p.polwithcheck, p.polrelid) AS check,
       (SELECT array_agg(CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END ORDER BY 1)
         FROM (SELECT r FROM unnest(p.polroles) r) roles) AS roles
     FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const table = catalog.keyOf(ref('pg_class', row['table_oid']))
      if (table === undefined || !catalog.has(table)) continue
      const roles = [...(row['roles'] as string[])].sort()
      catalog.add({
        kind: 'policy',
        path: [...catalog.pathOf(table), String(row['name'])],
        parent: table,
        facts: {
          command: { r: 'select', a: 'insert', w: 'update', d: 'delete' }[String(row['command'])],
          restrictive: row['permissive'] === false,
          roles: roles.join() === 'public' ? undefined : roles,
          using: row['using'] as string | null,
          check: row['check'] as string | null,
        },
        refs: [ref('pg_policy', row['oid'])],
      })
    }
  },
}

export const statistics: Reader = {
  sql: (_version, filter) =>
    `SELECT s.oid::text AS oid, n.nspname AS schema, s.stxname AS name, s.stxrelid::text AS table_oid,
       pg_get_statisticsobjdef(s.oid) AS definition, s.stxstattarget AS target
     FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const path = [String(row['schema']), String(row['name'])]
      const target = row['target'] as number | null
      catalog.add({
        kind: 'statistics',
        path,
        depends: [objectKey('schema', path.slice(0, 1)), catalog.keyOf(ref('pg_class', row['table_oid']))],
        facts: {
          definition: String(row['definition']),
          target: target === null || target === -1 ? undefined : target,
        },
        refs: [ref('pg_statistic_ext', row['oid'])],
      })
    }
  },
}
