// What PostgreSQL can do with schemas as data, in one place that is loaded when it is needed.
import type { SchemaPart } from '../schema-part.ts'
import { postgresIntrospector } from './introspect.ts'
import { postgresRenderer } from './render.ts'
import { missingRoles } from './scratch-needs.ts'
import { postgresTypescript } from './typescript-type.ts'

export const schemaPart: SchemaPart = {
  introspector: postgresIntrospector,
  renderer: postgresRenderer,
  typescript: postgresTypescript,
  needs: missingRoles,
}
