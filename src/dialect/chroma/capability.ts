// What the engine may expect of Chroma: no SQL, no transactions, many processes, a server that can go away.
import type { Capabilities } from '../capability.ts'

export const capabilities: Capabilities = {
  sql: false,
  transactionalDdl: false,
  transactions: false,
  lockTimeout: false,
  // The request time-out ends our waiting, not the server's work.
  statementTimeout: false,
  // Requests on records are let end, see transport.ts; they are short.
  cancel: true,
  multiProcess: true,
  concurrentIndex: false,
  // A plain Chroma 1.x server checks no token; whoever stands in front of it may.
  authentication: false,
  server: true,
  foreignKeys: false,
  idempotentOperations: true,
}
