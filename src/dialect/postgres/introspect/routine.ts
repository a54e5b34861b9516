// Functions, procedures and aggregates. The last name of their path carries the types of their arguments.
import { objectKey } from '../../../schema/model/object.ts'
import { type Reader, type Row, ref } from './catalog.ts'
import { access } from './relation.ts'

export const routines: Reader = {
  sql: (_version, filter) =>
    `SELECT p.oid::text AS oid, n.nspname AS schema, p.proname AS name, p.prokind::text AS kind,
       oidvectortypes(p.proargtypes) AS types, pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_identity_arguments(p.oid) AS identity, pg_get_function_result(p.oid) AS result,
       p.proargnames AS names, p.proargmodes::text[] AS modes, p.pronargdefaults AS defaults, l.lanname AS language,
       p.provolatile::text AS volatility, p.proparallel::text AS parallel, p.proisstrict AS strict,
       p.prosecdef AS security_definer, p.proleakproof AS leakproof, p.procost AS cost, p.prorows AS rows,
       p.proretset AS returns_set, p.proconfig AS config, p.prosrc AS source, p.probin AS library,
       CASE WHEN p.prosqlbody IS NOT NULL THEN pg_get_function_sqlbody(p.oid) END AS body,
       CASE WHEN p.prosupport <> 0 THEN p.prosupport::regproc::text END AS support,
       (SELECT array_agg(format_type(t, NULL)) FROM unnest(p.protrftypes) t) AS transforms,
       p.proacl::text[] AS acl, pg_get_userbyid(p.proowner) AS owner
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
     WHERE p.prokind <> 'a' AND ${filter('n.nspname')} AND NOT EXISTS (SELECT FROM pg_depend d
       WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))`,
  read(rows, catalog) {
    for (const row of rows) {
      const kind = row['kind'] === 'p' ? 'procedure' : 'function'
      const path = routinePath(row)
      catalog.add({
        kind,
        path,
        depends: [objectKey('schema', path.slice(0, 1))],
        facts: { ...routineFacts(row), ...access(row, catalog, ['EXECUTE']) },
        refs: [ref('pg_proc', row['oid'])],
      })
    }
  },
}

const routinePath = (row: Row): string[] => [String(row['schema']), `${String(row['name'])}(${String(row['types'])})`]

function routineFacts(row: Row) {
  const language = String(row['language'])
  const usualCost = language === 'internal' || language === 'c' ? 1 : 100
  return {
    arguments: String(row['arguments']),
    argumentNames: inputNames(row),
    defaults: Number(row['defaults']),
    returns: row['result'] as string | null,
    language,
    window: row['kind'] === 'w',
    volatility: { i: 'immutable', s: 'stable' }[String(row['volatility'])],
    parallel: { s: 'safe', r: 'restricted' }[String(row['parallel'])],
    strict: row['strict'] === true,
    securityDefiner: row['security_definer'] === true,
    leakproof: row['leakproof'] === true,
    cost: Number(row['cost']) === usualCost ? undefined : Number(row['cost']),
    rows: row['returns_set'] === true && Number(row['rows']) !== 1000 ? Number(row['rows']) : undefined,
    config: row['config'] as string[] | null,
    support: row['support'] as string | null,
    transforms: row['transforms'] as string[] | null,
    library: row['library'] as string | null,
    body: row['body'] as string | null,
    // Empty where there is a body in standard SQL.
    source: row['body'] === null ? String(row['source']) : undefined,
  }
}

/** Names of the input arguments in order, empty for unnamed: CREATE OR REPLACE must not change them. */
function inputNames(row: Row): string[] {
  const names = (row['names'] as string[] | null) ?? []
  const modes = row['modes'] as string[] | null
  return names.filter((_, index) => modes === null || ['i', 'b', 'v'].includes(modes[index] as string))
}

export const aggregates: Reader = {
  sql: (_version, filter) =>
    `SELECT p.oid::text AS oid, n.nspname AS schema, p.proname AS name, oidvectortypes(p.proargtypes) AS types,
       pg_get_function_arguments(p.oid) AS arguments, p.proparallel::text AS parallel, a.aggkind::text AS kind,
       a.aggtransfn::regproc::text AS sfunc, a.aggtranstype::regtype::text AS stype, a.aggtransspace AS sspace,
       nullif(a.aggfinalfn, 0)::regproc::text AS finalfunc, a.aggfinalextra AS finalfunc_extra,
       a.aggfinalmodify::text AS finalfunc_modify, nullif(a.aggcombinefn, 0)::regproc::text AS combinefunc,
       nullif(a.aggserialfn, 0)::regproc::text AS serialfunc, nullif(a.aggdeserialfn, 0)::regproc::text AS deserialfunc,
       a.agginitval AS initcond, nullif(a.aggmtransfn, 0)::regproc::text AS msfunc,
       nullif(a.aggminvtransfn, 0)::regproc::text AS minvfunc,
       CASE WHEN a.aggmtranstype <> 0 THEN a.aggmtranstype::regtype::text END AS mstype, a.aggmtransspace AS msspace,
       nullif(a.aggmfinalfn, 0)::regproc::text AS mfinalfunc, a.aggmfinalextra AS mfinalfunc_extra,
       a.aggmfinalmodify::text AS mfinalfunc_modify, a.aggminitval AS minitcond,
       CASE WHEN a.aggsortop <> 0 THEN 'OPERATOR(' || quote_ident(son.nspname) || '.' || so.oprname || ')' END AS sortop,
       p.proacl::text[] AS acl, pg_get_userbyid(p.proowner) AS owner
     FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace
       LEFT JOIN pg_operator so ON so.oid = a.aggsortop LEFT JOIN pg_namespace son ON son.oid = so.oprnamespace
     WHERE ${filter('n.nspname')}`,
  read(rows, catalog) {
    for (const row of rows) {
      const path = routinePath(row)
      catalog.add({
        kind: 'aggregate',
        path,
        depends: [objectKey('schema', path.slice(0, 1))],
        facts: { ...aggregateFacts(row), ...access(row, catalog, ['EXECUTE']) },
        refs: [ref('pg_proc', row['oid'])],
      })
    }
  },
}

function aggregateFacts(row: Row) {
  const text = (name: string): string | null => row[name] as string | null
  const kind = String(row['kind'])
  const modifies: Readonly<Record<string, string>> = { s: 'shareable', w: 'read_write', r: 'read_only' }
  // Ordered-set aggregates may write by default, others may not.
  const modify = (name: string) => {
    const value = modifies[String(row[name])]
    return value === (kind === 'n' ? 'read_only' : 'read_write') ? undefined : value
  }
  const moving = text('msfunc') !== null
  return {
    arguments: String(row['arguments']),
    hypothetical: kind === 'h',
    orderedSet: kind === 'o' || kind === 'h',
    sfunc: text('sfunc'),
    stype: text('stype'),
    sspace: Number(row['sspace']) || undefined,
    finalfunc: text('finalfunc'),
    finalfunc_extra: row['finalfunc_extra'] === true,
    finalfunc_modify: modify('finalfunc_modify'),
    combinefunc: text('combinefunc'),
    serialfunc: text('serialfunc'),
    deserialfunc: text('deserialfunc'),
    // An empty text is a value of its own here.
    initcond: row['initcond'] === null ? undefined : { value: String(row['initcond']) },
    msfunc: text('msfunc'),
    minvfunc: text('minvfunc'),
    mstype: text('mstype'),
    msspace: Number(row['msspace']) || undefined,
    mfinalfunc: text('mfinalfunc'),
    mfinalfunc_extra: row['mfinalfunc_extra'] === true,
    mfinalfunc_modify: moving ? modify('mfinalfunc_modify') : undefined,
    minitcond: row['minitcond'] === null ? undefined : { value: String(row['minitcond']) },
    sortop: text('sortop'),
    parallel: { s: 'safe', r: 'restricted' }[String(row['parallel'])],
  }
}
