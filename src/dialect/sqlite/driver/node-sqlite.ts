// The driver built into Node (22.5 and later): node:sqlite. First choice, because nothing has to be installed.
import { createRequire, isBuiltin } from 'node:module'
import { fileUri, type OpenFile, plainRows, type SqliteConnection, type SqliteDriver } from './driver.ts'

/** The part of DatabaseSync that is used; typed by hand because the types of Node 20 do not have it. */
export interface NodeDatabase {
  readonly isTransaction?: boolean
  exec(sql: string): void
  prepare(sql: string): NodeStatement
  close(): void
}

interface NodeStatement {
  all(...params: unknown[]): unknown[]
  setReadBigInts(on: boolean): void
}

interface NodeModule {
  readonly DatabaseSync: new (
    path: string,
    options: { readOnly: boolean; enableForeignKeyConstraints: boolean },
  ) => NodeDatabase
}

/** Throws what `require` throws where this Node has no such module. */
export async function loadNodeSqlite(): Promise<SqliteDriver> {
  const module = requireQuietly()
  return {
    name: 'node:sqlite',
    open: (file: OpenFile) =>
      wrapNodeSqlite(
        new module.DatabaseSync(file.immutable ? fileUri(file) : file.path, {
          readOnly: file.readOnly,
          enableForeignKeyConstraints: true,
        }),
      ),
  }
}

/** Node 22 warns on stderr that the module may change; a library prints nothing. Synchronous, so that nothing else is silenced. */
function requireQuietly(): NodeModule {
  // A name in a variable keeps bundlers from resolving it.
  const name = 'node:sqlite'
  if (!isBuiltin(name))
    throw Object.assign(new Error(`No such built-in module: ${name}`), { code: 'ERR_UNKNOWN_BUILTIN_MODULE' })
  const emitWarning = process.emitWarning
  process.emitWarning = () => {}
  try {
    return createRequire(import.meta.url)(name) as NodeModule
  } finally {
    process.emitWarning = emitWarning
  }
}

export function wrapNodeSqlite(database: NodeDatabase): SqliteConnection {
  const compile = (sql: string): NodeStatement => {
    const statement = database.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  let open = true
  return {
    driver: 'node:sqlite',
    handle: database,
    get inTransaction() {
      return database.isTransaction ?? probeTransaction(database)
    },
    exec: sql => database.exec(sql),
    all: (sql, params = []) => plainRows(compile(sql).all(...params)),
    compile(sql) {
      database.prepare(sql)
    },
    prepared(sql) {
      const statement = compile(sql)
      return () => plainRows(statement.all())
    },
    close() {
      if (open) database.close()
      open = false
    },
  }
}

/** Before 22.16 the driver does not tell: a deferred BEGIN takes no lock and fails only inside a transaction. */
function probeTransaction(database: NodeDatabase): boolean {
  try {
    database.exec('BEGIN')
  } catch {
    return true
  }
  database.exec('ROLLBACK')
  return false
}
