// Throw-away DuckDB databases: in memory, gone when disposed.
import type { Dialect, Scratch } from '../dialect.ts'

/** @param make the dialect of a `:memory:` database and what ends it */
export function duckdbScratch(make: () => { readonly dialect: Dialect; dispose(): void }): Scratch {
  const { dialect, dispose } = make()
  return {
    dialect,
    async dispose() {
      dispose()
    },
  }
}
