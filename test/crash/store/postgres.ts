// PostgreSQL: a database per point, made from a template; what is there is read from the catalog in one message.
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { split as splitPostgres } from '../../../src/dialect/postgres/split.ts'
import { postgres } from '../../../src/dialect/postgres/index.ts'
import { serverUrl, unavailable } from '../../servers/databases.ts'
import type { Build } from '../build.ts'
import { histories, scenarios } from '../history/postgres.ts'
import { postgresReader } from '../proxy/postgres.ts'
import { throughProxy } from './server.ts'
import type { CrashStore, Place, Scenario, Sight } from './store.ts'

const OWN = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(toast_)?temp' AND n.nspname <> 'godwit'`

/** Each gives one text column. */
const SCHEMA = [
  `SELECT 'schema ' || nspname FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
  `SELECT format('relation %s.%s %s %s %s %s', n.nspname, c.relname, c.relkind, c.relpersistence,
     pg_get_expr(c.relpartbound, c.oid), obj_description(c.oid, 'pg_class'))
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${OWN}`,
  `SELECT format('column %s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
     pg_get_expr(d.adbin, d.adrelid))
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE ${OWN} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v')`,
  `SELECT format('constraint %s %s %s %s', o.conrelid::regclass, o.conname, pg_get_constraintdef(o.oid), o.convalidated)
   FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace WHERE ${OWN}`,
  `SELECT format('index %s valid %s ready %s live %s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indislive)
   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${OWN}`,
  `SELECT format('inherits %s %s %s', inhrelid::regclass, inhparent::regclass, inhdetachpending) FROM pg_inherits`,
  `SELECT format('enum %s %s', t.typname, e.enumlabel) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid`,
  `SELECT 'routine ' || pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${OWN}`,
  `SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE NOT t.tgisinternal`,
  `SELECT format('view %s %s', c.relname, pg_get_viewdef(c.oid))
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${OWN} AND c.relkind IN ('v', 'm')`,
]

const DATA = `SELECT format('SELECT %L || t::text FROM ONLY %I.%I t', c.relname || ' ', n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${OWN} AND c.relkind = 'r'`

const LEFT = [
  `SELECT format('backend %s %s %s', pid, state, left(query, 80)) FROM pg_stat_activity
   WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  `SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = current_database()`,
  `SELECT 'temporary table ' || c.oid::regclass::text FROM pg_class c WHERE c.relpersistence = 't'`,
  `SELECT 'invalid index ' || i.indexrelid::regclass::text FROM pg_index i WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)`,
  `SELECT 'rest of a rebuilt index ' || oid::regclass::text FROM pg_class WHERE relname ~ '_cc(new|old)\\d*$'`,
  `SELECT 'advisory lock of ' || pid FROM pg_locks WHERE locktype = 'advisory'
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
]

export function postgresStore(build: Build): CrashStore {
  let admin: pg.Pool | undefined
  let server = ''
  const templates = new Map<Scenario, string>()
  const names = new WeakMap<Place, string>()
  const sql = async (text: string): Promise<void> => void (await (admin as pg.Pool).query(text))
  return {
    name: 'postgres',
    histories,
    scenarios,
    parallel: 3,
    async start() {
      const reason = await unavailable('postgres')
      if (reason !== undefined) return reason
      server = await serverUrl('postgres')
      admin = new pg.Pool({ connectionString: server, max: 4 })
      return undefined
    },
    async fresh(scenario) {
      const name = newName()
      await sql(`CREATE DATABASE ${name} TEMPLATE ${templates.get(scenario) ?? 'template0'}`)
      const url = new URL(server)
      url.pathname = `/${name}`
      url.searchParams.set('sslmode', 'disable')
      const place = placeOf(url.href, () => sql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
      names.set(place, name)
      return place
    },
    async freeze(scenario, place) {
      const template = newName()
      // A database that is copied must have no connections; those of a run end a moment after it.
      await sql(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${names.get(place)}'`)
      await sql(`CREATE DATABASE ${template} TEMPLATE ${names.get(place)}`)
      templates.set(scenario, template)
    },
    ...throughProxy(build, postgresReader, splitPostgres),
    async stop() {
      for (const template of templates.values()) await sql(`DROP DATABASE IF EXISTS ${template}`)
      await admin?.end()
    },
  }
}

const newName = (): string => `godwit_crash_${randomBytes(5).toString('hex')}`

function placeOf(url: string, drop: () => Promise<void>): Place {
  let client: pg.Client | undefined
  const connected = async (): Promise<pg.Client> => {
    if (client) return client
    const made = new pg.Client({ connectionString: url, application_name: 'looking', options: '-c lock_timeout=2000' })
    made.on('error', () => undefined)
    await made.connect()
    return (client = made)
  }
  const rows = async (texts: readonly string[]): Promise<string[][]> => {
    if (texts.length === 0) return []
    const on = await connected()
    const results = (await on.query({ text: texts.join(';\n'), rowMode: 'array' })) as unknown
    const list = (Array.isArray(results) ? results : [results]) as { rows: string[][] }[]
    return list.map(result => result.rows.map(([first]) => String(first)).sort())
  }
  return {
    url,
    dialect: () => postgres({ url }),
    async look(): Promise<Sight> {
      const found = await rows([...SCHEMA, DATA, ...LEFT])
      const data = await rows(found[SCHEMA.length] ?? [])
      return {
        schema: found.slice(0, SCHEMA.length).flat(),
        data: data.flat(),
        leftovers: found.slice(SCHEMA.length + 1).flat(),
      }
    },
    async dispose() {
      await client?.end().catch(() => undefined)
      await drop().catch(() => undefined)
    },
  }
}
