// What the driver `mysql2` gives with the settings of godwit's sessions: dates and times as text, 64-bit integers as
// number up to 2^53 and as text beyond, decimals as text.
import { objectKey, type ViewColumn } from '../../schema/model/object.ts'
import type { Session } from '../session.ts'
import { literalUnion, type TypescriptPart } from '../typescript-type.ts'
import { stringOf, tokensOf } from './introspect/token.ts'

export const mysqlTypescript: TypescriptPart = { typescriptType }

const NUMBERS = /^(?:tinyint|smallint|mediumint|int|integer|year|float|double|real)\b/
const BYTES = /^(?:binary|varbinary|tinyblob|blob|mediumblob|longblob|bit)\b/
/** The driver takes them apart, or the servers differ in what they send. */
const OTHER = /^(?:json|vector|geometry|point|linestring|polygon|multi\w+|geometrycollection|geomcollection)\b/

function typescriptType(type: string): string {
  const name = type.toLowerCase()
  if (name.startsWith('enum')) {
    const values = tokensOf(type).flatMap(({ text }) => (text.startsWith("'") ? [stringOf(text)] : []))
    // An invalid value is kept as the empty text, in the modes that let it in.
    return literalUnion(values)
  }
  if (NUMBERS.test(name)) return 'number'
  if (/^bigint\b/.test(name)) return 'number | string'
  if (BYTES.test(name)) return 'Uint8Array'
  return OTHER.test(name) ? 'unknown' : 'string'
}

const COLUMNS = `SELECT c.table_name AS view_name, c.column_name AS name, c.column_type AS type, c.is_nullable AS nullable
  FROM information_schema.columns c
  JOIN information_schema.views v ON v.table_schema = c.table_schema AND v.table_name = c.table_name
  WHERE c.table_schema = database() ORDER BY c.table_name, c.ordinal_position`

export async function readViewColumns(session: Session): Promise<ReadonlyMap<string, readonly ViewColumn[]>> {
  const rows = (await session.sql?.query<Record<string, unknown>>(COLUMNS)) ?? []
  const found = new Map<string, ViewColumn[]>()
  for (const row of rows) {
    const key = objectKey('view', [String(row['view_name']).toLowerCase()])
    const column = {
      name: String(row['name']),
      type: String(row['type']),
      ...(row['nullable'] === 'NO' ? { notNull: true } : {}),
    }
    found.set(key, [...(found.get(key) ?? []), column])
  }
  return found
}
