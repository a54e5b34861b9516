// Every SQLite driver that can be had on this Node.
import { createRequire } from 'node:module'
import type { GodwitError } from '../../src/core/error.ts'
import { chooseDriver, driverNames } from '../../src/dialect/sqlite/driver/choose.ts'
import { betterSqlite3 } from '../servers/databases.ts'
import { sqliteCase } from './store/sqlite.ts'
import { conformance } from './suite/index.ts'

for (const driver of driverNames) {
  const unavailable = await chooseDriver(driver).then(
    () => undefined,
    (error: GodwitError) => error.why,
  )
  const apart = driver === 'better-sqlite3' && unavailable !== undefined ? await betterSqlite3() : undefined
  if (apart && 'folder' in apart) {
    const Database = createRequire(import.meta.url)(apart.folder) as new (file: string) => { close(): unknown }
    await conformance(sqliteCase(`SQLite (${driver})`, { live: file => new Database(file) }), { sql: true })
  } else {
    await conformance(sqliteCase(`SQLite (${driver})`, { driver, unavailable }), { sql: true })
  }
}
