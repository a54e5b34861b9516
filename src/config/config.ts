// The configuration as people write it (`godwit.config.ts`, `.js`, `.json`) and what it means.
import type { ChromaContext } from '../dialect/chroma/operations/index.ts'
import type { Dialect } from '../dialect/dialect.ts'
import type { RevisionContext } from '../engine/code-context.ts'
import type { RunHooks } from '../engine/hook.ts'
import type { MemoryRevision } from '../source/memory.ts'

/**
 * What a function written inside the configuration gets: which store it is for cannot be seen from its place, so the
 * calls of SQL stores and those on collections are both there. For the type of one store, name it: `(m: RevisionContext)`.
 */
export type AnyRevisionContext = Omit<RevisionContext, 'client'> &
  Omit<ChromaContext, keyof RevisionContext> & {
    /** The driver's own connection, to be cast to its type. */
    readonly client: never
  }

/** One store. `url` decides the dialect unless `dialect` is given. */
export interface DatabaseConfig {
  /** A dialect value (`postgres({...})`), or a name: `postgres`, `pglite`, `mysql`, `mariadb`, `sqlite`, `duckdb`, `chroma`. */
  readonly dialect?: string | Dialect
  /** `postgres://…`, `pglite:DIR`, `mysql://…`, `mariadb://…`, `sqlite:FILE`, `duckdb:FILE`, `chroma://…`. */
  readonly url?: string
  /** Folder of the revisions, relative to the configuration file. Default `./migrations`. */
  readonly migrations?: string
  /** Revisions given in code, instead of a folder. */
  readonly revisions?: readonly MemoryRevision<AnyRevisionContext>[]
  /** `timestamp` (default), `sequential`, or a pattern such as `{yyyy}{MM}{dd}_{slug}`. */
  readonly naming?: string
  /** IANA zone of the time stamps in names. Default `UTC`. */
  readonly timeZone?: string
  /** Refuse duplicate and missing sequential numbers. Default: only with `naming: 'sequential'`. */
  readonly strictSequence?: boolean
  readonly lock?: LockConfig
  /** Settings of the dialect: time-outs, TLS, search path … (see the dialect's page). */
  readonly settings?: Readonly<Record<string, unknown>>
}

export interface LockConfig {
  /** How long to wait for another runner, ms. Default 30,000. 0 = fail at once. */
  readonly waitMs?: number
  /** Life of the lease without a heartbeat, ms. Default 30,000. */
  readonly ttlMs?: number
}

export interface EnvironmentConfig {
  /** Changes need `--confirm NAME`. Default true for `production`. */
  readonly protected?: boolean
  /** Load `.env` and `.env.NAME`. Default: only when not protected. */
  readonly envFiles?: boolean
  /** Laid over the database of the same name. */
  readonly databases?: Readonly<Record<string, DatabaseConfig>>
}

export interface GodwitConfig {
  readonly databases?: Readonly<Record<string, DatabaseConfig>>
  readonly environments?: Readonly<Record<string, EnvironmentConfig>>
  /** Default `development`. */
  readonly defaultEnvironment?: string
  readonly hooks?: RunHooks
}

/**
 * Types a configuration file.
 * @example
 * export default defineConfig({ databases: { main: { url: 'sqlite:./app.db' } } })
 */
export function defineConfig(config: GodwitConfig): GodwitConfig {
  return config
}
