// The reference: the database's own client, which knows nothing of godwit, and the comparer of the corpus.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type FreshDatabase, freshMariadb, freshPostgres, freshSqlite } from '../servers/databases.ts'
import { installPackages } from '../servers/mariadb.ts'
import { comparerFile, type History } from './history.ts'

export type Fingerprint = ReadonlyMap<string, { readonly cat: string; readonly def: string }>

export interface Difference {
  readonly cat: string
  readonly key: string
  readonly a: string | null
  readonly b: string | null
}

interface Done {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Comparer {
  fingerprint(connection: object): Promise<Fingerprint>
  compare(a: Fingerprint, b: Fingerprint): { readonly differences: readonly Difference[] }
  sh(command: string, args: readonly string[], options: object): Promise<Done>
  pgEnv(connection: object): Record<string, string>
  myArgs(connection: object): string[]
  sqliteCommand(): string[]
}

let comparer: Promise<Comparer> | undefined
export const loadComparer = (): Promise<Comparer> =>
  (comparer ??= import(pathToFileURL(comparerFile).href) as Promise<Comparer>)

const clients = {
  pg: ['psql', 'postgresql-client'],
  mysql: ['mariadb', 'mariadb-client'],
  sqlite: ['sqlite3', 'sqlite3'],
}

/** Why the client of this store is not there; installs it where root may. */
export function clientUnavailable(dialect: History['dialect']): Promise<string | undefined> {
  const [program, name] = clients[dialect] as [string, string]
  const isThere = (): boolean => (process.env.PATH ?? '').split(delimiter).some(path => existsSync(join(path, program)))
  return installPackages([name], isThere)
}

export interface Target {
  readonly url: string
  readonly connection: object
  dispose(): Promise<void>
}

/** An empty database, as godwit and as the comparer address it. */
export async function freshTarget(dialect: History['dialect']): Promise<Target> {
  if (dialect === 'sqlite') {
    const { url, file, dispose } = await freshSqlite()
    return { url, connection: { dialect, file }, dispose }
  }
  const fresh: FreshDatabase = dialect === 'pg' ? await freshPostgres() : await freshMariadb()
  const { hostname: host, port, username: user, password } = new URL(fresh.url)
  return { ...fresh, connection: { dialect, host, port: Number(port), user, password, db: fresh.name } }
}

/** MariaDB's client cuts at its delimiter; whole files are cut by the server, which knows procedures. */
const neverWritten = '@@end-of-file@@'

/**
 * Runs SQL files with the plain client, PostgreSQL's each in a transaction of its own; stops at the first error.
 *
 * @returns undefined, or what the client said
 */
export async function runPlain(
  history: History,
  target: Target,
  files: readonly { readonly sql: string; readonly isAlone: boolean }[],
): Promise<string | undefined> {
  const { sh, pgEnv, myArgs, sqliteCommand } = await loadComparer()
  const { connection } = target
  let done: Done
  if (history.dialect === 'pg') {
    const input = files.map(({ sql, isAlone }) => (isAlone ? `${sql}\n;\n` : `BEGIN;\n${sql}\n;\nCOMMIT;\n`)).join('')
    const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', new URL(target.url).pathname.slice(1), '-f', '-']
    done = await sh('psql', args, { input, env: pgEnv(connection) })
  } else if (history.dialect === 'mysql') {
    const input = files.map(({ sql }) => (sql.trim() ? `${sql}\n${neverWritten}\n` : '')).join('')
    const database = new URL(target.url).pathname.slice(1)
    done = await sh('mariadb', [...myArgs(connection), `--delimiter=${neverWritten}`, database], { input })
  } else {
    const input = files.map(({ sql }) => `${sql}\n;\n`).join('')
    const [command, ...args] = sqliteCommand() as [string, ...string[]]
    done = await sh(command, [...args, '-bail', (connection as { file: string }).file], { input })
  }
  return done.code === 0 ? undefined : (done.stderr || done.stdout).trim()
}

export const fingerprint = async (target: Target): Promise<Fingerprint> =>
  (await loadComparer()).fingerprint(target.connection)

/** What differs, without godwit's own tables and schema. */
export async function differences(plain: Fingerprint, godwit: Fingerprint): Promise<Difference[]> {
  const { compare } = await loadComparer()
  return compare(plain, godwit).differences.filter(
    ({ key }) => !/\bgodwit(_(revision|run|step|lease)\b|\.|$)/.test(key),
  )
}
