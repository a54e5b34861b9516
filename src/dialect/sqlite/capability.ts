// What SQLite can do, as the engine asks for it.
import type { Capabilities } from '../capability.ts'

export const sqliteCapabilities: Capabilities = {
  sql: true,
  transactionalDdl: true,
  transactions: true,
  lockTimeout: true,
  // Statements run inside this process and block it; the drivers have no time-out for one.
  statementTimeout: false,
  cancel: false,
  multiProcess: true,
  concurrentIndex: false,
  authentication: false,
  server: false,
  foreignKeys: true,
}
