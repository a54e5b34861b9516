// The facts about a store that the engine asks for instead of its name.

export interface Capabilities {
  /** Store runs SQL revisions; otherwise revisions are code. */
  readonly sql: boolean
  /** DDL rolls back with its transaction. */
  readonly transactionalDdl: boolean
  /** Data changes can be grouped in a transaction at all. */
  readonly transactions: boolean
  /** A statement can be given a longest wait for locks. */
  readonly lockTimeout: boolean
  /** A statement can be given a longest run time. */
  readonly statementTimeout: boolean
  /** A running statement can be stopped from outside. */
  readonly cancel: boolean
  /** More than one process can have the database open for writing. */
  readonly multiProcess: boolean
  /** Indexes can be built without blocking writers. */
  readonly concurrentIndex: boolean
  /** Users, passwords and privileges exist. */
  readonly authentication: boolean
  /** The database is a server that can go away in mid-run. */
  readonly server: boolean
  /** Foreign keys exist. */
  readonly foreignKeys: boolean
  /** Many transactions can travel in one message, so that small revisions cost no round trip each. Default false. */
  readonly pipelined?: boolean
  /** Operations of code revisions find out by themselves what an interrupted attempt did, so a step in doubt is run again. Default false. */
  readonly idempotentOperations?: boolean
}
