// Fresh empty databases for tests, one function per store. Each has a name of its own, so tests may run at the same
// time; `dispose` removes it. A store that cannot run here: ask `unavailable` first and skip with its reason.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { install, packageFolder } from './install.ts'
import type { PostgresVersion } from './postgres.ts'
import { ask, type Coverage, type ServerName } from './supervisor.ts'

export interface FreshDatabase {
  /** As godwit takes it. */
  readonly url: string
  readonly name: string
  /** Removes the database; never throws. */
  dispose(): Promise<void>
}

export interface FreshMariadb extends FreshDatabase {
  /** The same database as `root`; `url` is an account without any server privilege. */
  readonly rootUrl: string
}

export interface FreshFile extends FreshDatabase {
  readonly file: string
  readonly folder: string
}

export interface FreshChroma extends FreshDatabase {
  /** `http://127.0.0.1:PORT` */
  readonly server: string
  readonly tenant: string
}

const freshName = (): string => `godwit_${process.pid}_${randomBytes(5).toString('hex')}`
const quietly = (work: Promise<unknown>): Promise<void> => work.then(() => {}).catch(() => {})

/** Why a server cannot run here; undefined = it can. Starts it. */
export async function unavailable(server: ServerName): Promise<string | undefined> {
  const answer = await ask({ ask: server })
  return answer && 'unavailable' in answer ? answer.unavailable : undefined
}

/** The administrator's URL of a server. @throws with the reason when it cannot run here */
export async function serverUrl(server: ServerName): Promise<string> {
  const answer = await ask({ ask: server })
  if (!answer || 'unavailable' in answer) throw new Error(`${server} is not available: ${answer?.unavailable}`)
  return answer.url
}

/** Puts a row into the table at the end of `npm test`: what was tested, or why not. */
export async function record(row: Coverage): Promise<void> {
  await ask({ record: row })
}

async function onPostgres(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/**
 * An empty database on a real PostgreSQL server; its user is a superuser. Without a version: 18, or the one that
 * GODWIT_TEST_POSTGRES_VERSION names (so `npm run test:full` runs one suite on all of them).
 */
export async function freshPostgres(version?: PostgresVersion): Promise<FreshDatabase> {
  const asked = version ?? process.env.GODWIT_TEST_POSTGRES_VERSION
  const server = await serverUrl(asked === undefined ? 'postgres' : (`postgres-${asked}` as ServerName))
  const name = freshName()
  await onPostgres(server, `CREATE DATABASE ${name} TEMPLATE template0`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    name,
    dispose: () => quietly(onPostgres(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  }
}

async function onMariadb(url: string, sql: string): Promise<void> {
  const connection = await mysql.createConnection({ uri: url })
  try {
    await connection.query(sql)
  } finally {
    await connection.end()
  }
}

/** An empty database on a real MariaDB server. */
export async function freshMariadb(): Promise<FreshMariadb> {
  const server = await serverUrl('mariadb')
  const name = freshName()
  await onMariadb(server, `CREATE DATABASE ${name}`)
  const root = new URL(server)
  root.pathname = `/${name}`
  const app = new URL(root)
  // A server that was given may not have this account.
  if (root.password === 'root-secret') [app.username, app.password] = ['app', 'secret']
  return {
    url: app.href,
    rootUrl: root.href,
    name,
    dispose: () => quietly(onMariadb(server, `DROP DATABASE IF EXISTS ${name}`)),
  }
}

function freshFile(scheme: string, extension: string): FreshFile {
  const folder = mkdtempSync(join(tmpdir(), `godwit-${scheme}-`))
  const file = join(folder, `${scheme}.${extension}`)
  const dispose = async (): Promise<void> => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  return { url: `${scheme}:${file}`, name: scheme, file, folder, dispose }
}

/** A path to a SQLite file that does not exist yet, in a folder of its own. */
export const freshSqlite = async (): Promise<FreshFile> => freshFile('sqlite', 'db')

/** A path to a DuckDB file that does not exist yet, in a folder of its own. */
export const freshDuckdb = async (): Promise<FreshFile> => freshFile('duckdb', 'duckdb')

/** A folder for PGlite that is empty. */
export const freshPglite = async (): Promise<FreshFile> => freshFile('pglite', 'data')

/** An empty database of the default tenant on a real Chroma server. */
export async function freshChroma(): Promise<FreshChroma> {
  const server = await serverUrl('chroma')
  const name = freshName()
  const databases = `${server}/api/v2/tenants/default_tenant/databases`
  const answer = await fetch(databases, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  if (!answer.ok) throw new Error(`Chroma refused to make a database: ${answer.status} ${await answer.text()}`)
  return {
    url: `chroma://${new URL(server).host}/default_tenant/${name}`,
    server,
    tenant: 'default_tenant',
    name,
    dispose: () => quietly(fetch(`${databases}/${name}`, { method: 'DELETE' })),
  }
}

/**
 * The installed package better-sqlite3 that fits this Node, as a folder to require.
 *
 * @returns the folder, or why it cannot be loaded
 */
export async function betterSqlite3(): Promise<{ readonly folder: string } | { readonly unavailable: string }> {
  const failed = await install('better-sqlite3')
  if (failed) return { unavailable: failed }
  // Release 13 crashes Node 20 instead of refusing it.
  const major = Number(process.versions.node.split('.')[0])
  const folder = packageFolder('better-sqlite3', major >= 22 ? 'better-sqlite3-13' : 'better-sqlite3-12')
  try {
    const Database = createRequire(import.meta.url)(folder) as new (file: string) => { close(): void }
    new Database(':memory:').close()
    return { folder }
  } catch (error) {
    return { unavailable: `better-sqlite3 does not load: ${error instanceof Error ? error.message : String(error)}` }
  }
}
