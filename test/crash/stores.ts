// The stores that are enumerated, by name; each is loaded when it is asked for.
import type { Build } from './build.ts'
import type { CrashStore, StoreName } from './store/store.ts'

const makers: Readonly<Record<StoreName, (build: Build) => Promise<CrashStore>>> = {
  postgres: async build => (await import('./store/postgres.ts')).postgresStore(build),
  mariadb: async build => (await import('./store/mariadb.ts')).mariadbStore(build),
  sqlite: async build => (await import('./store/sqlite.ts')).sqliteStore(build),
  duckdb: async build => (await import('./store/duckdb.ts')).duckdbStore(build),
  chroma: async build => (await import('./store/chroma.ts')).chromaStore(build),
}

export const storeNames = Object.keys(makers) as StoreName[]

export const storeOf = (name: StoreName, build: Build): Promise<CrashStore> => makers[name](build)
