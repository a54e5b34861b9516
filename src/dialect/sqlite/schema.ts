// What SQLite can do with schemas as data, in one place that is loaded when it is needed.
import type { SchemaPart } from '../schema-part.ts'
import { sqliteIntrospector } from './introspect.ts'
import { sqliteRenderer } from './render.ts'

export const schemaPart: SchemaPart = { introspector: sqliteIntrospector, renderer: sqliteRenderer }
