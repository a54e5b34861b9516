// What MariaDB and MySQL can do with schemas as data, in one place that is loaded when it is needed.
import type { SchemaPart } from '../schema-part.ts'
import { withViewColumns } from '../typescript-type.ts'
import { mysqlIntrospector } from './introspect.ts'
import { mysqlRenderer } from './render.ts'
import { scratchNeeds } from './scratch-needs.ts'
import { mysqlTypescript, readViewColumns } from './typescript-type.ts'

export const schemaPart: SchemaPart = {
  introspector: withViewColumns(mysqlIntrospector, readViewColumns),
  renderer: mysqlRenderer,
  typescript: mysqlTypescript,
  needs: scratchNeeds,
}
