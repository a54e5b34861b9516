// Names of SQLite's schemas (`main`, `temp`, attached databases) and which of them a name without a schema means.
import type { WrittenTable } from './classify.ts'
import type { SqliteConnection } from './driver/driver.ts'

/** A table and the schema it is in. */
export interface TableName {
  readonly schema: string
  readonly table: string
}

/** All schemas of the connection in the order in which SQLite looks for a name: `temp`, `main`, attached ones. */
export function schemas(connection: SqliteConnection): string[] {
  const names = connection.all('PRAGMA database_list').map(row => String(row['name']))
  return [...names.filter(name => name === 'temp'), ...names.filter(name => name !== 'temp')]
}

/** Undefined when there is no such table. */
export function locate(connection: SqliteConnection, { schema, table }: WrittenTable): TableName | undefined {
  for (const name of schema === undefined ? schemas(connection) : [schema]) {
    const rows = connection.all(
      `SELECT name FROM ${quoted(name)}.sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)`,
      [table],
    )
    if (rows.length > 0) return { schema: name, table: String(rows[0]?.['name']) }
  }
  return undefined
}

/** `book` in `main`, `aux.book` elsewhere: for people. */
export function shown({ schema, table }: TableName): string {
  return schema === 'main' ? table : `${schema}.${table}`
}

export function quotedTable({ schema, table }: TableName): string {
  return `${quoted(schema)}.${quoted(table)}`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
