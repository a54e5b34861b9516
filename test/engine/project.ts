// Projects for the tests of the engine: real stores, revisions in code, the library on top.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Godwit } from '../../src/api.ts'
import type { ResolvedConfig, ResolvedDatabase } from '../../src/config/resolved.ts'
import type { Dialect } from '../../src/dialect/dialect.ts'
import type { Session, SqlSession } from '../../src/dialect/session.ts'
import { sqlite } from '../../src/dialect/sqlite/index.ts'
import type { RunHooks } from '../../src/engine/hook.ts'
import { makeGodwit } from '../../src/library/create.ts'
import { type MemoryRevision, memorySource } from '../../src/source/memory.ts'

export interface Place {
  readonly dialect: Dialect
  readonly revisions?: readonly MemoryRevision[]
  readonly source?: ResolvedDatabase['source']
  readonly strictSequence?: boolean
  readonly lock?: { readonly waitMs: number; readonly ttlMs: number }
  readonly migrationsPath?: string
}

export interface ProjectOptions {
  readonly hooks?: RunHooks
  readonly environment?: string
  readonly protected?: boolean
}

export function configOf(places: Readonly<Record<string, Place>>, options: ProjectOptions = {}): ResolvedConfig {
  return {
    environment: options.environment ?? 'test',
    protected: options.protected ?? false,
    root: '/',
    ...(options.hooks ? { hooks: options.hooks } : {}),
    databases: Object.entries(places).map(([name, place]) => ({
      name,
      dialect: place.dialect,
      source: place.source ?? memorySource(place.revisions ?? []),
      naming: 'timestamp',
      timeZone: 'UTC',
      strictSequence: place.strictSequence ?? false,
      lock: place.lock ?? { waitMs: 5_000, ttlMs: 30_000 },
      ...(place.migrationsPath === undefined ? {} : { migrationsPath: place.migrationsPath }),
    })),
  }
}

export const project = (places: Readonly<Record<string, Place>>, options: ProjectOptions = {}): Godwit =>
  makeGodwit(configOf(places, options))

/** One database called `main`. */
export const single = (dialect: Dialect, revisions: readonly MemoryRevision[], options: ProjectOptions = {}): Godwit =>
  project({ main: { dialect, revisions } }, options)

const folder = mkdtempSync(join(tmpdir(), 'godwit-engine-'))
let files = 0

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Path of a file that does not exist yet; removed after the tests of the file. */
export const newPath = (extension: string): string => join(folder, `${++files}.${extension}`)

/** A dialect value on the same file each time, as another process would have. */
export function newSqlite(): () => Dialect {
  const url = newPath('db')
  return () => sqlite({ url })
}

/** Opens a session, uses it, closes it. */
export async function using<Result>(dialect: Dialect, use: (sql: SqlSession, session: Session) => Promise<Result>) {
  const session = await dialect.open({ purpose: 'run' })
  try {
    return await use(session.sql as SqlSession, session)
  } finally {
    await session.close()
  }
}

export const rowsOf = (dialect: Dialect, query: string): Promise<Record<string, unknown>[]> =>
  using(dialect, sql => sql.query(query))

/** Names of the tables of a SQLite file, without godwit's own. */
export async function tables(dialect: Dialect): Promise<string[]> {
  const query = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'godwit%' ORDER BY name`
  return (await rowsOf(dialect, query)).map(row => String(row['name']))
}

export const table = (id: string, name = id.slice(4)): MemoryRevision => ({
  id,
  up: `CREATE TABLE ${name} (id int)`,
  down: `DROP TABLE ${name}`,
})

/** A revision of code; the context is that of stores with SQL. */
export const code = (
  id: string,
  up: (m: CodeCalls) => unknown,
  rest: Partial<MemoryRevision> = {},
): MemoryRevision => ({
  id,
  up: up as never,
  ...rest,
})

export interface CodeCalls {
  sql<R>(text: TemplateStringsArray, ...values: unknown[]): Promise<R[]>
  query<R>(text: string, params?: unknown[]): Promise<R[]>
  run(text: string): Promise<void>
  log(message: string): void
  readonly client: unknown
  readonly signal: AbortSignal
}

export const states = (result: { readonly steps: readonly { revision: string; state: string }[] } | undefined) =>
  result?.steps.map(step => `${step.revision} ${step.state}`) ?? []
