// Rows without their parent, before and after a revision that ran with foreign keys off. What enforcement would
// have refused is refused before the commit instead; what was there before does not count.
import { GodwitError } from '../../core/error.ts'
import type { SqliteConnection } from './driver/driver.ts'
import { quoted, schemas, shown } from './schema-name.ts'

/** Rows without their parent, counted per child table and parent, before a rebuild. */
export type Violations = ReadonlyMap<string, { readonly rows: number; readonly named: ReadonlySet<string> }>

/** At most this many rows are remembered by name; beyond, only their number counts. */
const NAMED_LIMIT = 1000

export function violations(connection: SqliteConnection): Violations {
  const found = new Map<string, { rows: number; named: Set<string> }>()
  for (const schema of schemas(connection)) {
    for (const row of checkRows(connection, schema)) {
      const key = JSON.stringify([shown({ schema, table: String(row['table']) }), row['parent']])
      const entry = found.get(key) ?? { rows: 0, named: new Set<string>() }
      entry.rows++
      if (entry.named.size < NAMED_LIMIT) entry.named.add(String(row['rowid']))
      found.set(key, entry)
    }
  }
  return found
}

/**
 * Without a schema the pragma looks at `main` only. A foreign key to columns without a unique index makes the check
 * of the whole schema fail: then table by table.
 */
function checkRows(connection: SqliteConnection, schema: string): Record<string, unknown>[] {
  const check = `PRAGMA ${quoted(schema)}.foreign_key_check`
  try {
    return connection.all(check)
  } catch {
    const tables = connection.all(`SELECT name FROM ${quoted(schema)}.sqlite_schema WHERE type = 'table'`)
    return tables.flatMap(({ name }) => {
      try {
        return connection.all(`${check}(${quoted(String(name))})`)
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
