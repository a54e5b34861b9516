// What DuckDB can do, as the engine asks for it (tried with DuckDB 1.5.6).
import type { Capabilities } from '../capability.ts'

export const duckdbCapabilities: Capabilities = {
  sql: true,
  transactionalDdl: true,
  transactions: true,
  // Nothing waits: a conflict fails at once.
  lockTimeout: false,
  statementTimeout: true,
  cancel: true,
  multiProcess: false,
  concurrentIndex: false,
  authentication: false,
  server: false,
  foreignKeys: true,
}
