// What PostgreSQL can do, as a server and in process. PGlite runs one backend: nothing waits there, so its
// time-outs are accepted and never enforced (measured on 0.5.14), and no second connection can cancel.
import type { Capabilities } from '../capability.ts'

export const serverCapabilities: Capabilities = {
  sql: true,
  transactionalDdl: true,
  transactions: true,
  lockTimeout: true,
  statementTimeout: true,
  cancel: true,
  multiProcess: true,
  concurrentIndex: true,
  authentication: true,
  server: true,
  foreignKeys: true,
  pipelined: true,
}

export const pgliteCapabilities: Capabilities = {
  ...serverCapabilities,
  lockTimeout: false,
  statementTimeout: false,
  cancel: false,
  multiProcess: false,
  authentication: false,
  server: false,
}
