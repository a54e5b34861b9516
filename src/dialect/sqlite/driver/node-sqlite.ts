// The driver built into Node (22.5 and later): node:sqlite. First choice, because nothing has to be installed.
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

/** Throws what `import` throws where this Node has no such module. */
export async function loadNodeSqlite(): Promise<SqliteDriver> {
  // A name in a variable keeps bundlers and older type packages from resolving it.
  const name = 'node:sqlite'
  const module = (await import(name)) as NodeModule
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
