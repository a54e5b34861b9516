// A throw-away database of the same tenant, for dry runs and proofs. Disposing deletes it with its collections.
import { randomBytes } from 'node:crypto'
import type { Dialect, Scratch } from '../dialect.ts'
import { ChromaClient } from './client.ts'
import type { ChromaTarget } from './settings.ts'

/** @throws GodwitError CONNECT.* CHROMA.REQUEST_FAILED */
export async function createScratch(target: ChromaTarget, make: (target: ChromaTarget) => Dialect): Promise<Scratch> {
  const database = `godwit_scratch_${randomBytes(6).toString('hex')}`
  const shown = `${target.shown.slice(0, target.shown.lastIndexOf('/'))}/${database}`
  const scratch = { ...target, database, shown }
  const client = new ChromaClient(scratch)
  await client.createDatabase()
  return {
    dialect: make(scratch),
    async dispose() {
      try {
        // The records of a collection are freed by deleting it, not by deleting the database around it.
        for (const { name } of await client.listCollections()) await client.deleteCollection(name)
        await client.deleteDatabase()
      } catch {
        // The server went away: what is left has a name that says what it is.
      } finally {
        client.close()
      }
    },
  }
}
