// Chroma in the rounds. A client that is killed during a request can cost Chroma 1.0 its indexing thread: from then on it
// refuses every request on records until it is restarted. So each round has a server to itself, which is restarted when
// that happened, as the message of godwit says.
import { randomBytes } from 'node:crypto'
import { startChroma } from '../servers/chroma.ts'
import { unavailable } from '../servers/databases.ts'
import type { Server } from '../servers/postgres.ts'
import type { RoundDatabase, RoundStore } from './round-store.ts'

type Metadata = Record<string, unknown> | null

interface Collection {
  readonly id: string
  readonly name: string
  readonly metadata: Metadata
}

interface Records {
  readonly ids: readonly string[]
  readonly metadatas: readonly Metadata[]
  readonly embeddings: readonly unknown[]
}

const idle: Server[] = []
const started: Server[] = []

async function takeServer(): Promise<Server> {
  const free = idle.pop()
  if (free) return free
  const server = await startChroma()
  started.push(server)
  return server
}

const json = { 'content-type': 'application/json' }

async function ask<Answer>(url: string, body?: object): Promise<Answer> {
  const answer = await fetch(url, body ? { method: 'POST', headers: json, body: JSON.stringify(body) } : {})
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Answer
}

async function fresh(): Promise<RoundDatabase> {
  const server = await takeServer()
  const name = `godwit_round_${randomBytes(5).toString('hex')}`
  const databases = `${server.url}/api/v2/tenants/default_tenant/databases`
  await ask(databases, { name })
  const base = `${databases}/${name}/collections`
  const collections = () => ask<Collection[]>(`${base}?limit=1000`)
  const records = (id: string) => ask<Records>(`${base}/${id}/get`, { include: ['metadatas', 'embeddings'] })
  return {
    url: `chroma://${new URL(server.url).host}/default_tenant/${name}`,
    async journal() {
      const all = await collections()
      const journal = all.find(one => one.name === 'godwit_journal')
      const rows = journal === undefined ? [] : (await records(journal.id)).metadatas
      const applied = rows.filter(row => row?.['type'] === 'applied')
      const leases = all.filter(one => one.name.startsWith('godwit_lease_')).sort((a, b) => (a.name < b.name ? 1 : -1))
      const lease = leases[0]?.metadata
      return {
        applied: applied
          .map(row => ({ id: String(row?.['key']), sequence: Number(row?.['sequence']) }))
          .sort((a, b) => a.sequence - b.sequence),
        // Of a revision that is applied already a step row counts for nothing (see the journal of this store).
        steps: rows
          .filter(row => row?.['type'] === 'step' && !applied.some(one => one?.['key'] === row['key']))
          .map(row => ({ revision: String(row?.['key']), running: null })),
        holder: lease && lease['released'] !== true ? String(lease['holder']) : null,
      }
    },
    async snapshot() {
      const described: unknown[] = []
      const own = (await collections()).filter(one => !one.name.startsWith('godwit_'))
      for (const one of own.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        const { ids, metadatas, embeddings } = await records(one.id)
        const rows = ids.map((id, index) => [id, metadatas[index], embeddings[index]])
        const sorted = rows.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
        described.push({ name: one.name, metadata: one.metadata, rows: sorted })
      }
      return described
    },
    leftovers: async () => [],
    wasDone: async (revision, step) => {
      throw new Error(`step ${step} of ${revision} was never to be in doubt`)
    },
    async heal() {
      const probe = async (): Promise<void> => {
        for (const one of await collections()) await records(one.id)
      }
      const isWell = await probe().then(
        () => true,
        () => false,
      )
      if (isWell) return false
      await server.kill('SIGKILL')
      await server.restart()
      await probe()
      return true
    },
    async dispose() {
      await fetch(`${databases}/${name}`, { method: 'DELETE' }).catch(() => undefined)
      idle.push(server)
    },
  }
}

export const chromaRound: RoundStore = {
  kind: 'chroma',
  name: 'Chroma',
  unavailable: await unavailable('chroma'),
  fresh,
  async stop() {
    await Promise.all(started.splice(0).map(server => server.stop()))
    idle.length = 0
  },
}
