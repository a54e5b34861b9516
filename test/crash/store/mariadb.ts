// MariaDB: a database per point; what is there is read as SHOW CREATE tells it.
import { randomBytes } from 'node:crypto'
import mysqlDriver, { type Connection } from 'mysql2/promise'
import { split as splitMysql } from '../../../src/dialect/mysql/split.ts'
import { mysql } from '../../../src/dialect/mysql/index.ts'
import { serverUrl, unavailable } from '../../servers/databases.ts'
import type { Build } from '../build.ts'
import { histories, scenarios } from '../history/mariadb.ts'
import { mysqlReader } from '../proxy/mysql.ts'
import { throughProxy } from './server.ts'
import type { CrashStore, Place, Sight } from './store.ts'

type Row = Record<string, unknown>

export function mariadbStore(build: Build): CrashStore {
  let admin: Connection | undefined
  let server = ''
  return {
    name: 'mariadb',
    histories,
    scenarios,
    parallel: 3,
    async start() {
      const reason = await unavailable('mariadb')
      if (reason !== undefined) return reason
      server = await serverUrl('mariadb')
      admin = await mysqlDriver.createConnection({ uri: server, multipleStatements: true })
      return undefined
    },
    async fresh() {
      const name = `godwit_crash_${randomBytes(5).toString('hex')}`
      const root = admin as Connection
      await root.query(`CREATE DATABASE ${name}`)
      const url = new URL(server)
      url.pathname = `/${name}`
      if (url.password === 'root-secret') [url.username, url.password] = ['app', 'secret']
      return placeOf(url.href, name, root)
    },
    ...throughProxy(build, mysqlReader, splitMysql),
    async stop() {
      await admin?.end()
    },
  }
}

const SHOWN: Readonly<Record<string, string>> = {
  'BASE TABLE': 'Create Table',
  VIEW: 'Create View',
  SEQUENCE: 'Create Table',
}

function placeOf(url: string, name: string, root: Connection): Place {
  const rows = async (text: string): Promise<Row[]> => {
    const [found] = await root.query(`SET STATEMENT lock_wait_timeout=5 FOR ${text}`)
    return found as Row[]
  }
  const plain = async (text: string): Promise<Row[]> => (await root.query(text))[0] as Row[]
  const look = async (): Promise<Sight> => {
    const objects = await rows(
      `SELECT table_name AS name, table_type AS type FROM information_schema.tables WHERE table_schema = '${name}'`,
    )
    const schema: string[] = []
    const data: string[] = []
    for (const { name: table, type } of objects as { name: string; type: string }[]) {
      if (table.startsWith('godwit_')) continue
      const [made] = await plain(`SHOW CREATE TABLE \`${name}\`.\`${table}\``)
      const text = String(made?.[SHOWN[type] ?? ''])
      schema.push(`${type} ${text.replaceAll(name, '<database>').replace(/ AUTO_INCREMENT=\d+/, '')}`)
      if (type !== 'BASE TABLE') continue
      for (const row of await rows(`SELECT * FROM \`${name}\`.\`${table}\``))
        data.push(`${table} ${JSON.stringify(row)}`)
    }
    const routines = await rows(
      `SELECT CONCAT(routine_type, ' ', routine_name, ' ', routine_definition) AS line FROM information_schema.routines
       WHERE routine_schema = '${name}'
       UNION ALL SELECT CONCAT('trigger ', trigger_name, ' ', event_object_table, ' ', action_statement)
       FROM information_schema.triggers WHERE trigger_schema = '${name}'
       UNION ALL SELECT CONCAT('event ', event_name, ' ', event_definition)
       FROM information_schema.events WHERE event_schema = '${name}'`,
    )
    const left = await rows(
      `SELECT CONCAT('connection ', id, ' ', command, ' ', COALESCE(info, '')) AS line FROM information_schema.processlist
       WHERE db = '${name}'
       UNION ALL SELECT CONCAT('rest of a copied table ', name) FROM information_schema.innodb_sys_tables
       WHERE name LIKE '${name}/#sql%'
       UNION ALL SELECT CONCAT('named lock held by ', IS_USED_LOCK('godwit:${name}')) FROM DUAL
       WHERE IS_USED_LOCK('godwit:${name}') IS NOT NULL`,
    )
    const lines = (list: Row[]): string[] => list.map(row => String(row['line']))
    return { schema: [...schema, ...lines(routines)].sort(), data: data.sort(), leftovers: lines(left) }
  }
  return {
    url,
    dialect: () => mysql({ url }),
    look,
    dispose: async () => {
      await root.query(`DROP DATABASE IF EXISTS ${name}`).catch(() => undefined)
    },
  }
}
