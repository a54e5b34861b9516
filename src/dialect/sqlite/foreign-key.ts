// Keeps rows from being lost when tables are dropped or rebuilt. DROP TABLE deletes the table's rows first, and
// with enforcement on that deletes every ON DELETE CASCADE child row, and its children, without a word
// (https://sqlite.org/foreignkeys.html, section 5; seen with SQLite 3.40 to 3.53). Enforcement can only be turned
// off before a transaction begins. Rows are counted around each DROP, so that DML of the revision itself is no loss.
import { GodwitError } from '../../core/error.ts'
import type { SqliteConnection } from './driver/driver.ts'
import { quoted, quotedTable, shown, type TableName } from './schema-name.ts'

export function enforcement(connection: SqliteConnection): boolean {
  return connection.all('PRAGMA foreign_keys')[0]?.['foreign_keys'] === 1
}

/** A foreign key: rows of `child` refer to rows of `parent`, both in one schema. */
export interface Reference {
  readonly child: string
  readonly parent: string
  readonly onDelete: string
  /** Columns of `child` that hold the reference. */
  readonly columns: readonly string[]
}

/** All foreign keys of a schema; they never leave it. */
export function references(connection: SqliteConnection, schema: string): Reference[] {
  const rows = connection.all(
    `SELECT m.name AS child, f.id AS id, f."table" AS parent, f.on_delete AS action, f."from" AS source
       FROM ${quoted(schema)}.sqlite_schema AS m, pragma_foreign_key_list(m.name, ?) AS f
      WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq`,
    [schema],
  )
  const found = new Map<string, Omit<Reference, 'columns'> & { columns: string[] }>()
  for (const row of rows) {
    const child = String(row['child'])
    const key = JSON.stringify([child, row['id']])
    const known = found.get(key)
    if (known === undefined) {
      const columns = [String(row['source'])]
      found.set(key, { child, parent: String(row['parent']), onDelete: String(row['action']), columns })
    } else {
      known.columns.push(String(row['source']))
    }
  }
  return [...found.values()]
}

/** Foreign keys through which deleting rows of `table` can reach other tables, however many levels away. */
export function reaching(all: readonly Reference[], table: string): Reference[] {
  const root = table.toLowerCase()
  const reached = new Set([root])
  // A set gives what is added while it is walked.
  for (const parent of reached) {
    for (const reference of all) {
      if (reference.parent.toLowerCase() === parent) reached.add(reference.child.toLowerCase())
    }
  }
  return all.filter(
    ({ child, parent }) =>
      child.toLowerCase() !== root && reached.has(parent.toLowerCase()) && reached.has(child.toLowerCase()),
  )
}

interface Count {
  readonly rows: number
  /** Rows that refer to a parent, per foreign key. */
  readonly referring: readonly number[]
}

/** Rows of each child table and how many of them hold a reference, to be compared after the parent was dropped. */
export type Counts = ReadonlyMap<string, Count>

export function countRows(connection: SqliteConnection, schema: string, reach: readonly Reference[]): Counts {
  const counts = new Map<string, Count>()
  for (const { child } of reach) {
    if (counts.has(child)) continue
    const own = reach.filter(reference => reference.child === child)
    const sums = own.map(({ columns }, index) => `count(CASE WHEN ${allSet(columns)} THEN 1 END) AS r${index}`)
    const from = quotedTable({ schema, table: child })
    const row = connection.all(`SELECT count(*) AS n, ${sums.join(', ')} FROM ${from}`)[0] ?? {}
    counts.set(child, { rows: Number(row['n']), referring: own.map((_, index) => Number(row[`r${index}`])) })
  }
  return counts
}

/** @throws GodwitError RUN.FOREIGN_KEY_BROKEN when DROP TABLE took rows of other tables with it, or emptied their references */
export function refuseLostRows(parent: TableName, before: Counts, after: Counts): void {
  for (const [child, { rows, referring }] of before) {
    const left = after.get(child) ?? { rows: 0, referring: [] }
    const table = shown({ schema: parent.schema, table: child })
    if (left.rows < rows) {
      const what = `${rows - left.rows} of ${rows} rows of ${table} were deleted with it`
      throw lostRows(parent, table, what, { next: ignored, meta: { before: rows, after: left.rows } })
    }
    for (const [index, held] of referring.entries()) {
      const holds = left.referring[index] ?? 0
      if (holds >= held) continue
      const what = `${held - holds} of ${held} rows of ${table} lost the reference they held`
      throw lostRows(parent, table, what, { next: ignored, meta: { before: held, after: holds } })
    }
  }
}

/** @throws GodwitError RUN.FOREIGN_KEY_BROKEN when dropping `parent` with enforcement on would change child rows */
export function refuseCascade(connection: SqliteConnection, parent: TableName, reach: readonly Reference[]): void {
  for (const { child, parent: to, onDelete, columns } of reach) {
    if (to.toLowerCase() !== parent.table.toLowerCase()) continue
    if (!['CASCADE', 'SET NULL', 'SET DEFAULT'].includes(onDelete.toUpperCase())) continue
    const name = { schema: parent.schema, table: child }
    const count = connection.all(`SELECT count(*) AS n FROM ${quotedTable(name)} WHERE ${allSet(columns)}`)
    const rows = Number(count[0]?.['n'])
    if (rows === 0) continue
    const what = `${rows} ${rows === 1 ? 'row' : 'rows'} of ${shown(name)} refer to it with ON DELETE ${onDelete}`
    throw lostRows(parent, shown(name), what, {
      next: 'put the DROP TABLE into a SQL revision, where foreign keys are off while tables are rebuilt',
      meta: { before: rows },
    })
  }
}

function allSet(columns: readonly string[]): string {
  return columns.map(column => `${quoted(column)} IS NOT NULL`).join(' AND ')
}

const ignored = 'run the revision where PRAGMA foreign_keys is honoured: this host says "off" and enforces them'

function lostRows(
  parent: TableName,
  table: string,
  what: string,
  { next, meta }: { readonly next: string; readonly meta: object },
): GodwitError {
  return new GodwitError('RUN.FOREIGN_KEY_BROKEN', `DROP TABLE ${shown(parent)} was refused: ${what}`, {
    why: 'SQLite deletes the rows of a table before it drops it, and that acts on child rows; it was rolled back',
    next: [next],
    meta: { parent: shown(parent), table, ...meta },
  })
}
