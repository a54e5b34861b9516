// The driver better-sqlite3. Version 13 ends Node before 22 with a segmentation fault at the first open
// (measured with 13.2.0 on Node 20.20), so it is refused there before its code is loaded.
import { readFileSync } from 'node:fs'
import type { OpenFile, SqliteConnection, SqliteDriver } from './driver.ts'
import { plainRows } from './driver.ts'
import { importPackage, installedVersion } from './package.ts'

export interface BetterDatabase {
  readonly inTransaction: boolean
  exec(sql: string): unknown
  prepare(sql: string): BetterStatement
  close(): unknown
}

interface BetterStatement {
  readonly reader: boolean
  all(...params: unknown[]): unknown[]
  run(...params: unknown[]): unknown
  safeIntegers(on: boolean): unknown
}

type BetterConstructor = new (path: string | Buffer, options: { readonly: boolean; timeout: number }) => BetterDatabase

/** The version to install on a Node that newer ones crash. */
export const betterSqlitePin = 'better-sqlite3@12.11.1'

/** True for a version that ends this Node with a segmentation fault. */
export function crashesNode(version: string, nodeVersion: string = process.versions.node): boolean {
  return Number.parseInt(version, 10) >= 13 && Number.parseInt(nodeVersion, 10) < 22
}

/** Thrown instead of loading a package that would end the process. */
export class UnsafeDriver extends Error {
  override readonly name = 'UnsafeDriver'
}

/** Throws UnsafeDriver, or what `import` throws where the package is missing or its binary does not fit. */
export async function loadBetterSqlite(): Promise<SqliteDriver> {
  const version = installedVersion('better-sqlite3')
  if (version !== undefined && crashesNode(version)) {
    throw new UnsafeDriver(`better-sqlite3 ${version} crashes Node ${process.versions.node}; it needs Node 22`)
  }
  const constructor = (await importPackage('better-sqlite3')) as BetterConstructor
  return {
    name: 'better-sqlite3',
    open: (file: OpenFile) =>
      wrapBetterSqlite(
        new constructor(file.immutable ? image(file.path) : file.path, { readonly: file.readOnly, timeout: 0 }),
        'better-sqlite3',
      ),
  }
}

/** It knows no `file:` URIs, so an immutable file is read into memory; bytes 18 and 19 of the header say "no WAL". */
function image(path: string): Buffer {
  const bytes = readFileSync(path)
  bytes.fill(1, 18, 20)
  return bytes
}

/** Also right for libsql, whose interface is the same but for the way parameters are handed over. */
export function wrapBetterSqlite(database: BetterDatabase, driver: 'better-sqlite3' | 'libsql'): SqliteConnection {
  const rows = (statement: BetterStatement, params: readonly unknown[]): Record<string, unknown>[] => {
    // libsql ends the process for a lone object parameter and keeps a half-read `run` open; a list is safe.
    if (!statement.reader) {
      statement.run(params)
      return []
    }
    return plainRows(statement.all(params))
  }
  const compile = (sql: string): BetterStatement => {
    const statement = database.prepare(sql)
    if (statement.reader) statement.safeIntegers(true)
    return statement
  }
  let open = true
  return {
    driver,
    handle: database,
    get inTransaction() {
      return database.inTransaction
    },
    exec(sql) {
      database.exec(sql)
    },
    all: (sql, params = []) => rows(compile(sql), params),
    compile(sql) {
      database.prepare(sql)
    },
    prepared(sql) {
      const statement = compile(sql)
      return () => rows(statement, [])
    },
    close() {
      if (!open) return
      open = false
      if (driver === 'libsql') emptyWal(database)
      database.close()
    },
  }
}

/** libsql ends a connection only when its statements are collected as garbage: until then the WAL would stay full. */
function emptyWal(database: BetterDatabase): void {
  try {
    database.exec('PRAGMA busy_timeout=0;PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // another connection is at work and will do it
  }
}
