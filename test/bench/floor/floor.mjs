// The least that a Node runner can do on the bare driver: read the folder, hash it, connect, take a lock, read the
// journal, and apply each pending file with its journal row in one round trip. No checks, no recovery, no report.
// usage: node floor.mjs postgres|mariadb|sqlite URL FOLDER   (or `bare` for FOLDER: connect and ask one query)
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [store, url, folder] = process.argv.slice(2)
const bare = folder === 'bare'
const files = bare
  ? []
  : readdirSync(folder)
      .sort()
      .map(name => {
        const text = readFileSync(join(folder, name), 'utf8')
        return {
          id: name.replace(/\.sql$/, ''),
          hash: createHash('sha256').update(text).digest('hex'),
          text: upOf(text),
        }
      })

function upOf(text) {
  const body = text.split('-- migrate:up')[1] ?? text
  return body.split('-- migrate:down')[0].trim().replace(/;$/, '')
}

const table = 'CREATE TABLE IF NOT EXISTS floor_journal (id varchar(200) PRIMARY KEY, hash varchar(64) NOT NULL)'
const row = ({ id, hash }) => `INSERT INTO floor_journal (id, hash) VALUES ('${id}', '${hash}')`

const stores = {
  async postgres() {
    const { default: pg } = await import('pg')
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    if (bare) await client.query('SELECT 1')
    else {
      const read = 'SELECT pg_try_advisory_lock(42); SELECT id, hash FROM floor_journal'
      const answer = await client.query(read).catch(async () => {
        await client.query(table)
        return client.query(read)
      })
      const done = new Set(answer[1].rows.map(found => found.id))
      for (const file of files) if (!done.has(file.id)) await client.query(`BEGIN;${file.text};${row(file)};COMMIT`)
    }
    await client.end()
  },
  async mariadb() {
    const { default: mysql } = await import('mysql2/promise')
    const connection = await mysql.createConnection({ uri: url, multipleStatements: true })
    if (bare) await connection.query('SELECT 1')
    else {
      const read = `SELECT GET_LOCK('floor', 0); SELECT id, hash FROM floor_journal`
      const [answer] = await connection.query(read).catch(async () => {
        await connection.query(table)
        return connection.query(read)
      })
      const done = new Set(answer[1].map(found => found.id))
      for (const file of files) if (!done.has(file.id)) await connection.query(`${file.text};${row(file)}`)
    }
    await connection.end()
  },
  async sqlite() {
    const { default: Database } = await import('libsql')
    const database = new Database(url)
    if (bare) database.prepare('SELECT 1').all()
    else {
      database.exec(`PRAGMA journal_mode=WAL;PRAGMA busy_timeout=5000;${table}`)
      const done = new Set(
        database
          .prepare('SELECT id, hash FROM floor_journal')
          .all()
          .map(found => found.id),
      )
      for (const file of files)
        if (!done.has(file.id)) database.exec(`BEGIN IMMEDIATE;${file.text};${row(file)};COMMIT`)
    }
    database.close()
  },
}
await stores[store]()
