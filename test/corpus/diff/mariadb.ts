// MariaDB for the pairs of schemas: its own client as the plain client, as an account that may do everything (scripts
// name definers). DDL commits by itself, so statements run one after the other.
import mysql from 'mysql2/promise'
import { mysql as mysqlDialect } from '../../../src/dialect/mysql/index.ts'
import { freshMariadb } from '../../servers/databases.ts'
import { clientUnavailable, loadComparer } from '../plain-client.ts'
import type { Counts, DiffStore, Failure, Target } from './store.ts'

interface MariadbTarget extends Target {
  readonly url: string
}

const urlOf = (target: Target): string => (target as MariadbTarget).url

/** What rows may be refused with: null, too long, out of range, duplicate, no parent, a check, no partition, no value. */
const DATA_ERRORS = new Set([1048, 1062, 1138, 1264, 1265, 1292, 1366, 1406, 1416, 1452, 1526, 1364, 4025, 1690, 1411])

async function client(target: Target, sql: string, more: readonly string[] = []): Promise<Failure | undefined> {
  const { sh, myArgs } = await loadComparer()
  const database = new URL(urlOf(target)).pathname.slice(1)
  const done = await sh('mariadb', [...myArgs(target.connection), ...more, database], { input: sql })
  if (done.code === 0) return undefined
  const message = (done.stderr || done.stdout).trim()
  return { message, isData: DATA_ERRORS.has(Number(/ERROR (\d+)/.exec(message)?.[1])) }
}

/** The server cuts the script, which knows bodies; the client would need delimiters. */
const NEVER_WRITTEN = '@@end-of-file@@'

async function connected<Result>(target: Target, work: (connection: mysql.Connection) => Promise<Result>) {
  const connection = await mysql.createConnection({ uri: urlOf(target), dateStrings: true, rowsAsArray: false })
  try {
    return await work(connection)
  } finally {
    await connection.end()
  }
}

export const store: DiffStore = {
  dialect: 'mysql',
  unavailable: () => clientUnavailable('mysql'),
  async fresh() {
    const fresh = await freshMariadb()
    const { hostname: host, port, username: user, password } = new URL(fresh.rootUrl)
    const target: MariadbTarget = {
      url: fresh.rootUrl,
      dialect: mysqlDialect({ url: fresh.rootUrl }),
      connection: { dialect: 'mysql', host, port: Number(port), user, password, db: fresh.name },
      dispose: fresh.dispose,
    }
    return target
  },
  load: async (target, sql) =>
    sql.trim() === '' ? undefined : client(target, `${sql}\n${NEVER_WRITTEN}\n`, [`--delimiter=${NEVER_WRITTEN}`]),
  fill: target => connected(target, fill),
  counts: target => connected(target, counts),
  async apply(target, statements) {
    if (statements.length === 0) return undefined
    const script = statements.map(({ sql }) => `${sql}\n${NEVER_WRITTEN}\n`).join('')
    return client(target, script, [`--delimiter=${NEVER_WRITTEN}`])
  },
}

interface Column {
  readonly table: string
  readonly name: string
  readonly type: string
}

const q = (name: string): string => `\`${name.replaceAll('`', '``')}\``

async function tables(connection: mysql.Connection): Promise<Map<string, Column[]>> {
  const [rows] = await connection.query(
    `SELECT c.table_name AS \`table\`, c.column_name AS name, c.column_type AS type
      FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
      WHERE c.table_schema = DATABASE() AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND c.is_generated = 'NEVER'
      ORDER BY c.table_name, c.ordinal_position`,
  )
  const found = new Map<string, Column[]>()
  for (const column of rows as Column[]) found.set(column.table, [...(found.get(column.table) ?? []), column])
  return found
}

function valueOf({ type }: Column): string {
  if (/^(?:enum|set)/.test(type)) return /'(?:[^']|'')*'/.exec(type)?.[0] ?? 'DEFAULT'
  if (/^(?:date|timestamp)/.test(type)) return "'2020-01-01'"
  if (type.startsWith('time')) return "'12:00'"
  if (type.startsWith('uuid')) return "'00000000-0000-0000-0000-000000000001'"
  if (type.startsWith('inet')) return "'::1'"
  if (/^(?:point|geometry)/.test(type)) return 'POINT(1, 1)'
  if (type.startsWith('year')) return '2020'
  return "'1'"
}

async function fill(connection: mysql.Connection): Promise<void> {
  // Rows that nothing refers to.
  await connection.query('SET foreign_key_checks = 0')
  for (const [table, columns] of await tables(connection)) {
    const names = columns.map(({ name }) => q(name)).join(', ')
    const insert = `INSERT INTO ${q(table)} (${names}) VALUES (${columns.map(valueOf).join(', ')})`
    await connection.query(insert).catch(() => connection.query(`INSERT INTO ${q(table)} () VALUES ()`).catch(() => {}))
  }
}

async function counts(connection: mysql.Connection): Promise<Counts> {
  const found = new Map<string, number>()
  for (const [table, columns] of await tables(connection)) {
    const list = columns.map(({ name }, index) => `, count(${q(name)}) AS c${index}`).join('')
    const [rows] = await connection.query(`SELECT count(*) AS all_rows${list} FROM ${q(table)}`)
    const row = (rows as Record<string, number>[])[0]
    found.set(table, Number(row?.['all_rows']))
    columns.forEach(({ name }, index) => found.set(`${table}.${name.toLowerCase()}`, Number(row?.[`c${index}`])))
  }
  return found
}
