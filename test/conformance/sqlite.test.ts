import { sqliteCase } from './store/sqlite.ts'
import { conformance } from './suite/index.ts'

await conformance(sqliteCase('SQLite (libsql)', { driver: 'libsql' }), { sql: true })
