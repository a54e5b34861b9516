// What the drivers of SQLite give for a declared type, which says no more than the affinity
// (https://sqlite.org/datatype3.html#determination_of_column_affinity): a column of a table that is not STRICT can hold
// other things, which only the reader can know. Whole numbers beyond 2^53 come as bigint.
import { objectKey, type ViewColumn } from '../../schema/model/object.ts'
import type { Session } from '../session.ts'
import type { TypescriptPart } from '../typescript-type.ts'

export const sqliteTypescript: TypescriptPart = {
  typescriptType,
  // The one key of type INTEGER is the row's number (https://sqlite.org/lang_createtable.html#rowid).
  fills: ({ properties }, isWholeKey) => isWholeKey && properties['type'] === 'INTEGER',
}

const ANY = 'number | bigint | string | Uint8Array'

function typescriptType(type: string): string {
  const name = type.toUpperCase()
  if (name.includes('INT')) return 'number'
  if (/CHAR|CLOB|TEXT/.test(name)) return 'string'
  if (name.includes('BLOB')) return 'Uint8Array'
  if (name === '' || name === 'ANY') return ANY
  if (/REAL|FLOA|DOUB|BOOL|^DEC|^NUM/.test(name)) return 'number'
  // NUMERIC: text that is no number stays text, as dates and JSON do.
  return 'number | string'
}

interface Row {
  readonly view: string
  readonly name: string
  readonly type: string
}

/** SQLite knows a type where a column of a view is a column of a table. A view that is broken has none. */
export async function readViewColumns(session: Session): Promise<ReadonlyMap<string, readonly ViewColumn[]>> {
  const found = new Map<string, ViewColumn[]>()
  const { sql } = session
  const views = (await sql?.query<{ name: string }>("SELECT name FROM main.sqlite_schema WHERE type = 'view'")) ?? []
  for (const { name: view } of views) {
    const rows = await sql
      ?.query<Row>('SELECT name, type FROM pragma_table_xinfo(?) ORDER BY cid', [view])
      .catch((): Row[] => [])
    const columns = (rows ?? []).map(({ name, type }) => ({ name, type }))
    found.set(objectKey('view', [view.toLowerCase()]), columns)
  }
  return found
}
