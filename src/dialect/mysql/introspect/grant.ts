// Who may do what with tables, columns and routines of the database. Rights on the whole database or server belong to
// accounts, not to the schema.
import type { SchemaObject } from '../../../schema/model/object.ts'
import { type Catalog, keyOf, type Row, text } from './catalog.ts'

/** The tables exist on both servers; only administrators may read them. */
export const GRANT_TABLES = ['tables_priv', 'columns_priv', 'procs_priv'] as const

export const GRANT_QUERIES: readonly string[] = GRANT_TABLES.map(
  name => `SELECT * FROM mysql.${name} WHERE Db = DATABASE()`,
)

export function readGrants(catalog: Catalog, [tables = [], columns = [], routines = []]: readonly Row[][]): void {
  const found = new Map<string, Map<string, string[]>>()
  const grant = (key: string, row: Row, rights: readonly string[]) => {
    if (rights.length === 0) return
    const grantees = found.get(key) ?? new Map<string, string[]>()
    const grantee = accountOf(row)
    grantees.set(grantee, [...(grantees.get(grantee) ?? []), ...rights].sort())
    found.set(key, grantees)
  }
  for (const row of tables) {
    const key = catalog.relations.get(text(row, 'table_name'))
    if (key !== undefined) grant(key, row, rightsOf(row, 'table_priv'))
  }
  for (const row of columns) {
    const key = catalog.relations.get(text(row, 'table_name'))
    const column = `\`${text(row, 'column_name').replaceAll('`', '``')}\``
    if (key !== undefined)
      grant(
        key,
        row,
        rightsOf(row, 'column_priv').map(right => `${right} (${column})`),
      )
  }
  for (const row of routines) {
    const rights = rightsOf(row, 'proc_priv')
    // Who makes a routine gets these by itself (automatic_sp_privileges).
    if (rights.join() === 'ALTER ROUTINE,EXECUTE') continue
    grant(keyOf(text(row, 'routine_type').toLowerCase(), [text(row, 'routine_name')]), row, rights)
  }
  catalog.objects.forEach((object, index) => {
    const grants = found.get(object.key)
    if (grants === undefined) return
    const properties = { ...object.properties, grants: Object.fromEntries([...grants].sort()) }
    catalog.objects[index] = { ...object, properties } satisfies SchemaObject
  })
}

function accountOf(row: Row): string {
  const quoted = (name: string) => `'${name.replaceAll("'", "''")}'`
  const host = text(row, 'host')
  return host === '' ? quoted(text(row, 'user')) : `${quoted(text(row, 'user'))}@${quoted(host)}`
}

/** Rights that GRANT spells in another way than the catalog. */
const SPELLED: Readonly<Record<string, string>> = {
  GRANT: 'GRANT OPTION',
  'DELETE VERSIONING ROWS': 'DELETE HISTORY',
}

function rightsOf(row: Row, column: string): string[] {
  const names = text(row, column)
    .split(',')
    .map(name => name.trim().toUpperCase())
    .filter(name => name !== '')
  return names.map(name => SPELLED[name] ?? name).sort()
}
