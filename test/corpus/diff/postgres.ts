// PostgreSQL for the pairs of schemas: psql as the plain client. `--store=postgres` is version 18; other versions by
// GODWIT_TEST_POSTGRES_VERSION.
import pg from 'pg'
import { postgres } from '../../../src/dialect/postgres/index.ts'
import type { RenderedStatement } from '../../../src/schema/change/renderer.ts'
import { freshPostgres, serverUrl } from '../../servers/databases.ts'
import { clientUnavailable, loadComparer } from '../plain-client.ts'
import type { Counts, DiffStore, Failure, Target } from './store.ts'

interface PostgresTarget extends Target {
  readonly url: string
}

const urlOf = (target: Target): string => (target as PostgresTarget).url

async function connected<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function psql(target: Target, sql: string, single: boolean): Promise<Failure | undefined> {
  const { sh, pgEnv } = await loadComparer()
  const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', ...(single ? ['-1'] : []), '-d']
  const database = new URL(urlOf(target)).pathname.slice(1)
  const done = await sh('psql', [...args, database, '-f', '-'], { input: sql, env: pgEnv(target.connection) })
  if (done.code === 0) return undefined
  const message = (done.stderr || done.stdout).trim()
  // Classes 22 and 23: data exception and integrity violation.
  return { message, isData: /ERROR:\s+2[23][0-9A-Z]{3}:/.test(message) }
}

/** Roles that the script grants to and the corpus does not name are made as they are missed. */
async function load(target: Target, sql: string): Promise<Failure | undefined> {
  let single = true
  for (let attempt = 0; ; attempt++) {
    const failure = await psql(target, sql, single)
    const role = /role "([^"]+)" does not exist/.exec(failure?.message ?? '')?.[1]
    if (failure !== undefined && /25001|transaction block/.test(failure.message) && single) single = false
    else if (role === undefined || attempt > 20) return failure
    else await connected(urlOf(target), client => client.query(createRole(role)))
  }
}

const createRole = (role: string): string =>
  `DO $$ BEGIN CREATE ROLE "${role}"; EXCEPTION WHEN duplicate_object THEN NULL; END $$`

const asked = process.env.GODWIT_TEST_POSTGRES_VERSION
const serverName = (asked === undefined ? 'postgres' : `postgres-${asked}`) as Parameters<typeof serverUrl>[0]
let major: Promise<number> | undefined

export const store: DiffStore = {
  dialect: 'pg',
  unavailable: () => clientUnavailable('pg'),
  async fits({ servers }) {
    major ??= connected(await serverUrl(serverName), async client => {
      const { rows } = await client.query('SHOW server_version_num')
      return Math.floor(Number(rows[0]?.server_version_num) / 10_000)
    })
    return servers.includes(`pg${await major}`) || (await major) > 15
  },
  async fresh(pair) {
    const fresh = await freshPostgres()
    const { hostname: host, port, username: user, password } = new URL(fresh.url)
    await connected(fresh.url, async client => {
      for (const role of pair.roles) {
        await client.query(createRole(role))
      }
    })
    const target: PostgresTarget = {
      url: fresh.url,
      dialect: postgres({ url: fresh.url }),
      connection: { dialect: 'pg', host, port: Number(port), user, password, db: fresh.name },
      dispose: fresh.dispose,
    }
    return target
  },
  load,
  fill: target => connected(urlOf(target), fill),
  counts: target => connected(urlOf(target), counts),
  async apply(target, statements) {
    let together: RenderedStatement[] = []
    const send = async (): Promise<Failure | undefined> => {
      if (together.length === 0) return undefined
      const script = together.map(({ sql }) => `${sql};\n`).join('')
      together = []
      return psql(target, `SET check_function_bodies = off;\n${script}`, true)
    }
    for (const statement of statements) {
      if (!statement.alone) {
        together.push(statement)
        continue
      }
      const failure = (await send()) ?? (await psql(target, `${statement.sql};\n`, false))
      if (failure !== undefined) return failure
    }
    return send()
  },
}

interface Column {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly label: string | null
}

const USER_COLUMNS = `SELECT c.oid::regclass::text AS table, quote_ident(a.attname) AS name,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END AS type,
    (SELECT enumlabel FROM pg_enum e WHERE e.enumtypid = a.atttypid ORDER BY enumsortorder LIMIT 1) AS label
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
  WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  ORDER BY 1, a.attnum`

function valueOf({ type, label }: Column): string {
  if (label !== null) return `'${label.replaceAll("'", "''")}'`
  if (type.endsWith('[]')) return "'{}'"
  if (
    /^(?:smallint|integer|bigint|numeric|real|double|character|text|oid|citext|json|bit|money|"char"|public\.citext)/.test(
      type,
    )
  )
    return type.startsWith('bit') ? 'DEFAULT' : "'1'"
  if (/^(?:date|timestamp)/.test(type)) return "'2020-01-01'"
  if (type.startsWith('time')) return "'12:00'"
  if (type === 'boolean') return 'true'
  if (type === 'uuid') return "'00000000-0000-0000-0000-000000000001'"
  if (/^(?:inet|cidr)/.test(type)) return "'127.0.0.1'"
  if (type.startsWith('interval')) return "'1 day'"
  if (type === 'bytea') return "'x'"
  return 'DEFAULT'
}

async function tables(client: pg.Client): Promise<Map<string, Column[]>> {
  const { rows } = await client.query<Column>(USER_COLUMNS)
  const found = new Map<string, Column[]>()
  for (const column of rows) found.set(column.table, [...(found.get(column.table) ?? []), column])
  return found
}

async function fill(client: pg.Client): Promise<void> {
  // Rows that nothing refers to and no trigger changes.
  await client.query('SET session_replication_role = replica')
  for (const [table, columns] of await tables(client)) {
    const names = columns.map(({ name }) => name).join(', ')
    const insert = `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE VALUES (${columns.map(valueOf).join(', ')})`
    await client.query(insert).catch(() => client.query(`INSERT INTO ${table} DEFAULT VALUES`).catch(() => {}))
  }
}

async function counts(client: pg.Client): Promise<Counts> {
  const found = new Map<string, number>()
  for (const [table, columns] of await tables(client)) {
    const list = columns.map(({ name }, index) => `, count(${name}) AS c${index}`).join('')
    const { rows } = await client.query(`SELECT count(*) AS all_rows${list} FROM ONLY ${table}`)
    found.set(table, Number(rows[0]?.all_rows))
    columns.forEach(({ name }, index) => found.set(`${table}.${name}`, Number(rows[0]?.[`c${index}`])))
  }
  return found
}
