// Names and literals as both servers read them, and small looks into an object.
import type { Rendered, RenderedStatement } from '../../../schema/change/renderer.ts'
import type { Json, SchemaObject } from '../../../schema/model/object.ts'
import { quoteName } from '../journal.ts'

export const q = quoteName

export const lastName = (object: SchemaObject): string => object.path.at(-1) ?? ''

export const literal = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** A property that is text; undefined when it is absent. */
export function text(object: SchemaObject | undefined, name: string): string | undefined {
  const value = object?.properties[name]
  return typeof value === 'string' ? value : undefined
}

export const flag = (object: SchemaObject, name: string): boolean => object.properties[name] === true

export const record = (value: Json | undefined): Readonly<Record<string, Json>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, Json>) : {}

export const list = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? (value as readonly Json[]).map(String) : []

export const isForeignKey = (object: SchemaObject): boolean => text(object, 'type') === 'foreign key'

export const one = (sql: string, more: Omit<RenderedStatement, 'sql'> = {}): Rendered => ({
  statements: [{ sql, ...more }],
})
