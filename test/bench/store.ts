// The stores of the benchmark: a server each, fresh databases, the plain client and the tools that compete there.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { packageFolder } from '../servers/install.ts'
import { startMariadb } from '../servers/mariadb.ts'
import { startPostgres } from '../servers/postgres.ts'
import type { Contender } from './measure.ts'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const rival = (name: string, file: string) => join(packageFolder('rivals', name), file)

export interface BenchStore {
  readonly name: 'postgres' | 'mariadb' | 'sqlite'
  /** Empties the database of that name, or makes it. */
  fresh(database: string): Promise<void>
  url(database: string): string
  /** The store's own client, fed with a script file. */
  client(database: string, script: string): Contender
  rivals(database: string, folder: string): Contender[]
  stop(): Promise<void>
}

const node = process.execPath

export const godwit = (store: BenchStore, database: string, folder: string): Contender => ({
  name: 'godwit',
  command: [
    node,
    join(root, 'dist/cli/main.js'),
    'up',
    '--url',
    store.url(database),
    '--migrations',
    folder,
    '--quiet',
  ],
})

export const floor = (store: BenchStore, database: string, folder: string): Contender => ({
  name: folder === 'bare' ? 'bare driver, one query' : 'floor',
  command: [
    node,
    join(root, 'test/bench/floor/floor.mjs'),
    store.name,
    store.url(database).replace(/^sqlite:/, ''),
    folder,
  ],
})

const dbmate = (url: string, folder: string): Contender => ({
  name: 'dbmate (through its npm package)',
  command: [
    node,
    rival('dbmate', 'dist/cli.js'),
    '--url',
    url,
    '--migrations-dir',
    folder,
    '--no-dump-schema',
    'migrate',
  ],
})

/** Knex takes modules: one that runs the same file. */
function knex(client: string, url: string, folder: string): Contender {
  // Beside the package: knex looks for itself from the folder of its configuration.
  const cache = join(packageFolder('rivals', 'knex'), '..', '.cache')
  mkdirSync(cache, { recursive: true })
  const place = mkdtempSync(join(cache, 'knex-'))
  writeFileSync(
    join(place, 'knexfile.cjs'),
    `const { readdirSync, readFileSync } = require('node:fs'); const folder = ${JSON.stringify(folder)}
const part = (name, n) => readFileSync(folder + '/' + name, 'utf8').split(/-- migrate:(?:up|down)/)[n].trim()
const statements = text => text.split(/;\\s*$/m).map(s => s.trim()).filter(Boolean)
const source = { getMigrations: async () => readdirSync(folder).sort(), getMigrationName: name => name,
  getMigration: async name => ({ up: async k => { for (const s of statements(part(name, 1))) await k.raw(s) }, down: async k => {} }) }
module.exports = { client: ${JSON.stringify(client)}, connection: ${JSON.stringify(url)}, migrations: { migrationSource: source } }`,
  )
  return {
    name: 'knex',
    command: [node, rival('knex', 'bin/cli.js'), '--knexfile', join(place, 'knexfile.cjs'), 'migrate:latest'],
  }
}

export async function postgresStore(): Promise<BenchStore> {
  const server = await startPostgres()
  const at = (database: string) => server.url.replace(/\/[^/]*$/, `/${database}`)
  return {
    name: 'postgres',
    url: at,
    async fresh(database) {
      const client = new pg.Client({ connectionString: server.url })
      await client.connect()
      await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
      await client.query(`CREATE DATABASE ${database} TEMPLATE template0`)
      await client.end()
    },
    client: (database, script) => ({
      name: 'raw client',
      command: ['psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-d', at(database)],
      input: script,
    }),
    rivals: (database, folder) => [
      dbmate(`${at(database)}?sslmode=disable`, folder),
      {
        name: 'node-pg-migrate',
        command: [
          node,
          rival('node-pg-migrate', 'bin/node-pg-migrate.js'),
          'up',
          '-m',
          `${folder}-npm`,
          '--migration-file-language',
          'sql',
        ],
        env: { DATABASE_URL: at(database) },
      },
      knex('pg', at(database), folder),
    ],
    stop: () => server.stop(),
  }
}

export async function mariadbStore(): Promise<BenchStore> {
  const server = await startMariadb()
  const at = (database: string) => server.url.replace(/\/[^/]*$/, `/${database}`)
  const { username, password, port } = new URL(server.url)
  const login = ['--no-defaults', '-h127.0.0.1', `-P${port}`, `-u${username}`, `-p${password}`]
  return {
    name: 'mariadb',
    url: at,
    async fresh(database) {
      const connection = await mysql.createConnection(server.url)
      await connection.query(`DROP DATABASE IF EXISTS ${database}`)
      await connection.query(`CREATE DATABASE ${database}`)
      await connection.end()
    },
    client: (database, script) => ({ name: 'raw client', command: ['mariadb', ...login, database], input: script }),
    rivals: (database, folder) => [dbmate(at(database), folder), knex('mysql2', at(database), folder)],
    stop: () => server.stop(),
  }
}

export async function sqliteStore(): Promise<BenchStore> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-bench-'))
  const file = (database: string) => join(folder, `${database}.db`)
  return {
    name: 'sqlite',
    url: database => `sqlite:${file(database)}`,
    async fresh(database) {
      for (const end of ['', '-wal', '-shm']) rmSync(file(database) + end, { force: true })
    },
    client: (database, script) => ({
      name: 'raw client',
      command: ['sqlite3', '-bail', file(database)],
      input: script,
    }),
    rivals: (database, migrations) => [dbmate(`sqlite:${file(database)}`, migrations)],
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
