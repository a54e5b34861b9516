// The driver libsql, for local files only: its N-API binary needs no install script and runs on Node 20.
import { fileUri, type OpenFile, type SqliteDriver } from './driver.ts'
import { type BetterDatabase, wrapBetterSqlite } from './better-sqlite3.ts'
import { importPackage } from './package.ts'

type LibsqlConstructor = new (path: string, options: { timeout: number }) => BetterDatabase

/** Throws what `import` throws where the package is missing. */
export async function loadLibsql(): Promise<SqliteDriver> {
  const constructor = (await importPackage('libsql')) as LibsqlConstructor
  return {
    name: 'libsql',
    open: (file: OpenFile) => wrapBetterSqlite(new constructor(location(file), { timeout: 0 }), 'libsql'),
  }
}

/** It has no option for read-only, but its SQLite is compiled with URI file names. */
function location(file: OpenFile): string {
  return file.readOnly && file.path !== ':memory:' ? fileUri(file) : file.path
}
