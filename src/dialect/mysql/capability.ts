// What MySQL and MariaDB can do, as the engine asks for it.
import type { LexicalRules } from '../../core/checksum.ts'
import type { Capabilities } from '../capability.ts'

export const capabilities: Capabilities = {
  sql: true,
  // Each DDL statement commits what was before it and itself, on every version of both servers.
  transactionalDdl: false,
  transactions: true,
  lockTimeout: true,
  // MariaDB bounds every statement, MySQL only SELECT (max_execution_time).
  statementTimeout: true,
  cancel: true,
  multiProcess: true,
  // InnoDB builds secondary indexes while rows are written (ALGORITHM=INPLACE, LOCK=NONE).
  concurrentIndex: true,
  authentication: true,
  server: true,
  foreignKeys: true,
}

export const lexical: LexicalRules = {
  hashComments: true,
  dashNeedsSpace: true,
  nestedComments: false,
  dollarQuotes: false,
  backslashEscapes: true,
  escapeStrings: false,
  versionedComments: true,
  backticks: true,
  brackets: false,
}
