// What SQLite can do with schemas as data, in one place that is loaded when it is needed.
import type { SchemaPart } from '../schema-part.ts'
import { withViewColumns } from '../typescript-type.ts'
import { sqliteIntrospector } from './introspect.ts'
import { sqliteRenderer } from './render.ts'
import { readViewColumns, sqliteTypescript } from './typescript-type.ts'

export const schemaPart: SchemaPart = {
  introspector: withViewColumns(sqliteIntrospector, readViewColumns),
  renderer: sqliteRenderer,
  typescript: sqliteTypescript,
}
