import { pgliteCase } from './store/pglite.ts'
import { conformance } from './suite/index.ts'

await conformance(pgliteCase('PGlite'), { sql: true })
