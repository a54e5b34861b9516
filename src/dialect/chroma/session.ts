// An open Chroma session: HTTP keeps no connection state, so this is a checked target and a way to stop.
// Opening proves that the server answers, takes the token and has the database.
import { randomUUID } from 'node:crypto'
import { GodwitError } from '../../core/error.ts'
import type { OpenOptions } from '../dialect.ts'
import type { Session } from '../session.ts'
import { ChromaClient } from './client.ts'
import { hasCode } from './error.ts'
import type { ChromaTarget } from './settings.ts'

export interface ChromaSession extends Session {
  readonly client: ChromaClient
}

/** @throws GodwitError CONNECT.REFUSED CONNECT.TIMEOUT CONNECT.AUTHENTICATION_FAILED CONNECT.DATABASE_MISSING */
export async function openSession(target: ChromaTarget, options: OpenOptions): Promise<ChromaSession> {
  const client = new ChromaClient(target)
  const first = options.signal ? client.within(options.signal) : client
  // A listing of a missing database is empty, not an error (measured, 1.0.0): it has to be asked for by name.
  const [version, missing] = await Promise.all([first.version(), findMissing(first)])
  if (missing !== undefined) {
    if (options.purpose !== 'run') throw missing
    // The server would create a database under a tenant that does not exist, where nobody finds it (measured, 1.0.0).
    await first.checkTenant()
    await createDatabase(first)
  }
  return {
    identity: { backend: randomUUID(), backendStart: '' },
    sql: undefined,
    client,
    serverVersion: `Chroma ${version}`,
    async cancel() {
      client.cancel()
    },
    async close() {
      client.close()
    },
  }
}

/** The client of a session of this store. @throws GodwitError INTERNAL.BUG */
export function clientOf(session: Session): ChromaClient {
  if (session.client instanceof ChromaClient) return session.client
  throw new GodwitError('INTERNAL.BUG', 'the Chroma store was given a session of another store')
}

async function findMissing(client: ChromaClient): Promise<GodwitError | undefined> {
  try {
    await client.checkDatabase()
    return undefined
  } catch (error) {
    if (error instanceof GodwitError && error.code === 'CONNECT.DATABASE_MISSING') return error
    throw error
  }
}

async function createDatabase(client: ChromaClient): Promise<void> {
  try {
    await client.createDatabase()
  } catch (error) {
    // Another runner created it in between: that is as good.
    if (!hasCode(error, 'CHROMA.REQUEST_FAILED')) throw error
    await client.checkDatabase()
  }
}
