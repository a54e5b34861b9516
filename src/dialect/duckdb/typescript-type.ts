// What godwit's sessions give for the types of DuckDB: whole numbers of 64 bits and more as number up to 2^53 and as
// bigint beyond; decimals, dates, times and UUIDs as text. Types are written out whole by the catalog, so that lists,
// structs and enums can be read from them.
import { objectKey, type ViewColumn } from '../../schema/model/object.ts'
import type { Session } from '../session.ts'
import { literal, literalUnion, type TypescriptPart } from '../typescript-type.ts'

export const duckdbTypescript: TypescriptPart = { typescriptType: type => typeOf(type.trim()) }

const NUMBERS = /^(?:TINYINT|SMALLINT|INTEGER|UTINYINT|USMALLINT|UINTEGER|FLOAT|DOUBLE)$/i
const LARGE = /^(?:BIGINT|UBIGINT|HUGEINT|UHUGEINT)$/i

function typeOf(type: string): string {
  const list = /^(.*)\[\d*\]$/s.exec(type)?.[1]
  if (list !== undefined) return `(${typeOf(list.trim())} | null)[]`
  const [, name = type, inner = ''] = /^(\w+)\s*\((.*)\)$/s.exec(type) ?? []
  switch (name.toUpperCase()) {
    case 'STRUCT':
      return `{ ${entries(inner).map(structField).join('; ')} }`
    case 'MAP': {
      const [key = '', value = ''] = entries(inner)
      return `[${typeOf(key)}, ${typeOf(value)} | null][]`
    }
    case 'ENUM':
      return literalUnion(entries(inner).map(unquoted))
    case 'BOOLEAN':
      return 'boolean'
    case 'BLOB':
      return 'Uint8Array'
    case 'UNION':
    case 'VARIANT':
    case '"NULL"':
      return 'unknown'
    default:
      return NUMBERS.test(name) ? 'number' : LARGE.test(name) ? 'number | bigint' : 'string'
  }
}

function structField(entry: string): string {
  const [, quoted, plain = '', type = ''] = /^(?:"((?:[^"]|"")*)"|(\S+))\s+(.*)$/s.exec(entry) ?? []
  return `${literal(quoted?.replaceAll('""', '"') ?? plain)}: ${typeOf(type)} | null`
}

const unquoted = (text: string): string => text.slice(1, -1).replaceAll("''", "'")

/** Cut at the commas that are in no parentheses and no quotes. */
function entries(text: string): string[] {
  const found: string[] = []
  let depth = 0
  let start = 0
  for (const { 0: mark, index } of text.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[(),]/g)) {
    if (mark === '(') depth++
    else if (mark === ')') depth--
    else if (mark === ',' && depth === 0) {
      found.push(text.slice(start, index).trim())
      start = index + 1
    }
  }
  return [...found, text.slice(start).trim()]
}

const COLUMNS = `SELECT c.schema_name AS s, c.table_name AS v, c.column_name AS name, c.data_type AS type
  FROM duckdb_columns() c JOIN duckdb_views() w ON w.view_oid = c.table_oid AND w.database_name = c.database_name
  WHERE NOT w.internal AND NOT w.temporary AND c.database_name = current_database() ORDER BY s, v, c.column_index`

export async function readViewColumns(session: Session): Promise<ReadonlyMap<string, readonly ViewColumn[]>> {
  const rows = (await session.sql?.query<Record<'s' | 'v' | 'name' | 'type', string>>(COLUMNS)) ?? []
  const found = new Map<string, ViewColumn[]>()
  for (const { s, v, name, type } of rows) {
    const key = objectKey('view', [s.toLowerCase(), v.toLowerCase()])
    found.set(key, [...(found.get(key) ?? []), { name, type }])
  }
  return found
}
