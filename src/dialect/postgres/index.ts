// The door `godwit/postgres`: PostgreSQL 14 and later through the driver `pg`, and PGlite in process.
import type { Dialect } from '../dialect.ts'
import { sqlJournal } from '../sql/journal.ts'
import { blockers, longWait } from './blocker.ts'
import { serverCapabilities } from './capability.ts'
import { mapError } from './error.ts'
import { postgresJournalSql } from './journal.ts'
import { postgresLocker, serverProof } from './lock.ts'
import { serverRecovery } from './recovery.ts'
import { serverScratch } from './scratch.ts'
import { adoptClient, openSession } from './session.ts'
import { type PostgresSettings, resolveSettings } from './settings.ts'
import { postgresSql } from './sql-part.ts'

export type { PgliteSettings } from './pglite.ts'
export { pglite } from './pglite.ts'
export type { PgliteInstance } from './session-pglite.ts'
export type { PostgresSettings, TlsSettings } from './settings.ts'

/**
 * A PostgreSQL server. Nothing is connected before it is opened.
 *
 * @example
 * postgres({ url: 'postgres://app:secret@db.example/shop?sslmode=verify-full', lockTimeoutMs: 2_000 })
 * @throws GodwitError CONFIG.URL_INVALID
 */
export function postgres(settings: PostgresSettings = {}): Dialect {
  const { client } = settings
  const resolved = resolveSettings(client === undefined ? settings : { ...addressOf(client), ...settings })
  const dialect: Dialect = {
    name: 'postgres',
    capabilities: serverCapabilities,
    target: resolved.target,
    sql: postgresSql,
    operations: undefined,
    journal: sqlJournal(postgresJournalSql),
    locker: postgresLocker({
      server: true,
      proof: serverProof,
      ...(client === undefined ? { open: () => openSession(resolved, { purpose: 'heartbeat' }) } : {}),
    }),
    recovery: serverRecovery({ waitMs: resolved.concurrentWaitMs, secrets: resolved.secrets }),
    open: options =>
      // A heartbeat on the client that is busy with the run would come too late.
      client !== undefined && options.purpose !== 'heartbeat'
        ? adoptClient(client, resolved)
        : openSession(resolved, options),
    mapError: error => mapError(error, resolved.secrets),
    blockers: (session, identity) => blockers(session, identity, resolved.secrets),
    lockTimeoutMs: resolved.lockTimeoutMs,
    longWait: sql => longWait(sql, resolved.concurrentWaitMs),
    schema: async () => (await import('./schema.ts')).schemaPart,
    scratch: () => serverScratch(dialect, database => postgres(forDatabase(settings, database))),
  }
  return dialect
}

/** Where a given client is connected to, for the connections that godwit needs beside it. */
function addressOf(client: unknown): PostgresSettings {
  const known = client as { [key in 'host' | 'user' | 'password' | 'database']?: unknown } & {
    port?: unknown
    ssl?: unknown
  }
  const address: Record<string, unknown> = {}
  for (const key of ['host', 'user', 'password', 'database'] as const) {
    if (typeof known[key] === 'string') address[key] = known[key]
  }
  if (typeof known.port === 'number') address['port'] = known.port
  if (known.ssl !== undefined) address['tls'] = known.ssl
  return address
}

function forDatabase(settings: PostgresSettings, database: string): PostgresSettings {
  const { client, ...rest } = settings
  return { ...(client === undefined ? {} : addressOf(client)), ...rest, database }
}
