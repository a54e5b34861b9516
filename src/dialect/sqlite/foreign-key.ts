// Keeps rows from being lost when tables are dropped or rebuilt. DROP TABLE deletes the table's rows first, and
// with enforcement on that deletes every ON DELETE CASCADE child row without a word
// (https://sqlite.org/foreignkeys.html, section 5; seen with SQLite 3.40 to 3.53). Enforcement can only be turned
// off before a transaction begins, so that what it would have refused is checked before the commit instead.
import { GodwitError } from '../../core/error.ts'
import type { SqliteConnection } from './driver/driver.ts'

/** Rows without their parent, counted per child table and parent, before a rebuild. */
export type Violations = ReadonlyMap<string, { readonly rows: number; readonly named: ReadonlySet<string> }>

/** At most this many rows are remembered by name; beyond, only their number counts. */
const NAMED_LIMIT = 1000

export function enforcement(connection: SqliteConnection): boolean {
  return connection.all('PRAGMA foreign_keys')[0]?.['foreign_keys'] === 1
}

export function violations(connection: SqliteConnection): Violations {
  const found = new Map<string, { rows: number; named: Set<string> }>()
  for (const row of checkRows(connection)) {
    const key = JSON.stringify([row['table'], row['parent']])
    const entry = found.get(key) ?? { rows: 0, named: new Set<string>() }
    entry.rows++
    if (entry.named.size < NAMED_LIMIT) entry.named.add(String(row['rowid']))
    found.set(key, entry)
  }
  return found
}

/** A foreign key to columns without a unique index makes the check of the whole database fail: then table by table. */
function checkRows(connection: SqliteConnection): Record<string, unknown>[] {
  try {
    return connection.all('PRAGMA foreign_key_check')
  } catch {
    const tables = connection.all("SELECT name FROM main.sqlite_schema WHERE type = 'table'")
    return tables.flatMap(({ name }) => {
      try {
        return connection.all(`PRAGMA foreign_key_check(${quoted(String(name))})`)
      } catch (error) {
        return [{ table: name, parent: String((error as Error).message), rowid: null }]
      }
    })
  }
}

/** @throws GodwitError RUN.FOREIGN_KEY_BROKEN when there are more than before */
export function refuseNewViolations(connection: SqliteConnection, before: Violations): void {
  for (const [key, entry] of violations(connection)) {
    const known = before.get(key)
    const added = entry.rows - (known?.rows ?? 0)
    if (added <= 0) continue
    const [table, parent] = JSON.parse(key) as [string, string]
    const rows = [...entry.named].filter(row => !known?.named.has(row)).slice(0, 5)
    const names = rows.map(row => (row === 'null' ? 'a row' : `rowid ${row}`)).join(', ')
    throw new GodwitError(
      'RUN.FOREIGN_KEY_BROKEN',
      `${added} ${added === 1 ? 'row' : 'rows'} of ${table} would be left without their row in ${parent}: ${names}`,
      {
        why:
          'Foreign keys are checked before the commit of a revision that drops or rebuilds tables; ' +
          'ON DELETE actions do not run in such a revision. It was rolled back',
        next: [
          `delete or correct these rows of ${table} in the revision, or delete from ${parent} in a revision of its own`,
        ],
        meta: { table, parent, rows, added },
      },
    )
  }
}

export interface Child {
  readonly table: string
  readonly onDelete: string
  /** Columns that hold the reference. */
  readonly columns: readonly string[]
}

/** Tables with a foreign key to `parent`, other than itself. */
export function childrenOf(connection: SqliteConnection, parent: string): Child[] {
  const rows = connection.all(
    `SELECT m.name AS child, f.id AS id, f.on_delete AS action, f."from" AS source
       FROM main.sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f
      WHERE m.type = 'table' AND lower(f."table") = lower(?) AND lower(m.name) <> lower(?)
      ORDER BY m.name, f.id, f.seq`,
    [parent, parent],
  )
  const children = new Map<string, { table: string; onDelete: string; columns: string[] }>()
  for (const row of rows) {
    const key = JSON.stringify([row['child'], row['id']])
    const child = children.get(key) ?? { table: String(row['child']), onDelete: String(row['action']), columns: [] }
    child.columns.push(String(row['source']))
    children.set(key, child)
  }
  return [...children.values()]
}

/** Rows of each child table, to be compared after the parent was dropped. */
export function countRows(connection: SqliteConnection, children: readonly Child[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { table } of children) {
    if (counts.has(table)) continue
    counts.set(table, Number(connection.all(`SELECT count(*) AS n FROM main.${quoted(table)}`)[0]?.['n']))
  }
  return counts
}

/** @throws GodwitError RUN.FOREIGN_KEY_BROKEN when DROP TABLE took rows of other tables with it */
export function refuseLostRows(connection: SqliteConnection, parent: string, before: Map<string, number>): void {
  for (const [table, rows] of before) {
    const left = Number(connection.all(`SELECT count(*) AS n FROM main.${quoted(table)}`)[0]?.['n'])
    if (left < rows) {
      throw lostRows(parent, table, `${rows - left} of ${rows} rows of ${table} were deleted with it`)
    }
  }
}

/** @throws GodwitError RUN.FOREIGN_KEY_BROKEN when dropping `parent` with enforcement on would change child rows */
export function refuseCascade(connection: SqliteConnection, parent: string, children: readonly Child[]): void {
  for (const { table, onDelete, columns } of children) {
    if (!['CASCADE', 'SET NULL', 'SET DEFAULT'].includes(onDelete.toUpperCase())) continue
    const references = columns.map(column => `${quoted(column)} IS NOT NULL`).join(' AND ')
    const hit = connection.all(`SELECT 1 FROM main.${quoted(table)} WHERE ${references} LIMIT 1`)
    if (hit.length > 0) throw lostRows(parent, table, `rows of ${table} refer to it with ON DELETE ${onDelete}`)
  }
}

function lostRows(parent: string, table: string, what: string): GodwitError {
  return new GodwitError('RUN.FOREIGN_KEY_BROKEN', `DROP TABLE ${parent} was refused: ${what}`, {
    why: 'SQLite deletes the rows of a table before it drops it, and that acts on child rows; it was rolled back',
    next: ['put the DROP TABLE into a SQL revision, where foreign keys are off while tables are rebuilt'],
    meta: { parent, table },
  })
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
