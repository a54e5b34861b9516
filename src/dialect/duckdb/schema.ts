// What DuckDB can do with schemas as data, in one place that is loaded when it is needed.
import type { SchemaPart } from '../schema-part.ts'
import { withViewColumns } from '../typescript-type.ts'
import { duckdbIntrospector } from './introspect.ts'
import { duckdbRenderer } from './render.ts'
import { readViewColumns, duckdbTypescript } from './typescript-type.ts'

export const schemaPart: SchemaPart = {
  introspector: withViewColumns(duckdbIntrospector, readViewColumns),
  renderer: duckdbRenderer,
  typescript: duckdbTypescript,
}
