// Chroma: a database of the server per point; each request of the child is a message.
import { randomBytes } from 'node:crypto'
import { chroma, ChromaClient } from '../../../src/dialect/chroma/index.ts'
import { leaseFacts, leaseMetadata, leasesOf } from '../../../src/dialect/chroma/lease.ts'
import { resolveTarget } from '../../../src/dialect/chroma/settings.ts'
import { startChroma } from '../../servers/chroma.ts'
import type { Server } from '../../servers/postgres.ts'
import { unavailable } from '../../servers/databases.ts'
import type { Build } from '../build.ts'
import type { ChildJob } from '../child.ts'
import { histories, scenarios } from '../history/chroma.ts'
import { type HttpPlan, openHttpProxy } from '../proxy/http.ts'
import type { CrashStore, Moment, Place, Point, Scenario, Sight } from './store.ts'

const PARALLEL = 3
/** Requests that change nothing. */
const READS = /^GET |\/(?:get|count) #\d+$/

export function chromaStore(build: Build): CrashStore {
  /** One for each point at a time: clients of one server wait for each other's writes. */
  const servers: { readonly url: string; places: number; readonly own?: Server }[] = []
  let revived = 0
  const run = async (job: ChildJob, plan?: Omit<HttpPlan, 'kill'>) => {
    let kill: () => Promise<unknown> = async () => undefined
    const proxy = await openHttpProxy(`http://${new URL(job.url).host}`, plan && { ...plan, kill: () => kill() })
    const url = new URL(job.url)
    url.port = String(proxy.port)
    const child = build.spawn({ ...job, url: url.href })
    kill = () => {
      child.process.kill('SIGKILL')
      return child.ended
    }
    const ended = await child.ended
    await proxy.close()
    return { ended, proxy, said: child.output() }
  }
  return {
    name: 'chroma',
    histories,
    scenarios,
    parallel: PARALLEL,
    async start() {
      const reason = await unavailable('chroma')
      if (reason !== undefined) return reason
      const given = process.env.GODWIT_TEST_CHROMA
      if (given) servers.push({ url: given, places: 0 })
      while (!given && servers.length < PARALLEL) {
        const own = await startChroma()
        servers.push({ url: own.url, own, places: 0 })
      }
      return undefined
    },
    async fresh() {
      const name = `godwit_crash_${randomBytes(5).toString('hex')}`
      const server = servers.toSorted((a, b) => a.places - b.places)[0] as (typeof servers)[number]
      server.places++
      const url = `chroma://${new URL(server.url).host}/default_tenant/${name}`
      const client = new ChromaClient(resolveTarget({ url }))
      await client.createDatabase()
      const place = placeOf(url, client)
      const dispose = (): Promise<void> => place.dispose().finally(() => server.places--)
      const { own } = server
      if (!own) return { ...place, dispose }
      const revive = async (): Promise<void> => {
        revived++
        await own.kill('SIGKILL')
        await own.restart()
      }
      return { ...place, dispose, revive }
    },
    async learn(_scenario: Scenario, _place: Place, job: ChildJob) {
      const { ended, proxy, said } = await run(job)
      if (ended !== 0) throw new Error(`the undisturbed run ended with ${ended}: ${said}`)
      return proxy.frames.flatMap(({ text, body }) => {
        // Whether a question was heard changes nothing on the server.
        const moments: Moment[] = ['before-send']
        if (!READS.test(text)) moments.push('after-send', 'after-done', 'after-answer')
        if (body && !READS.test(text)) moments.push('half-sent')
        return moments.map(moment => ({ what: text, moment, at: text }))
      })
    },
    async strike({ at, moment }: Point, _place: Place, job: ChildJob) {
      const { ended, proxy, said } = await run(job, { at: at as string, moment })
      if (proxy.hit() !== undefined) return { hit: true }
      return { hit: false, instead: `the child ended with ${ended}: ${said}` }
    },
    notes: () => [
      `a server that lost its indexing thread, and refused because of it, was restarted ${revived} times`,
      'requests that only read are points before they are sent',
      'the server is let finish requests on records whose client is gone (chroma-core/chroma issue 4365)',
    ],
    async stop() {
      for (const { own } of servers) await own?.stop()
    },
  }
}

function placeOf(url: string, client: ChromaClient): Place {
  return {
    url,
    dialect: () => chroma({ url }),
    async look(): Promise<Sight> {
      const all = await client.listCollections()
      const schema: string[] = []
      const data: string[] = []
      const leftovers: string[] = []
      for (const { id, name, metadata, dimension, configuration_json } of all) {
        if (name.startsWith('godwit_')) continue
        schema.push(`${name} ${JSON.stringify(metadata)} ${dimension} ${JSON.stringify(configuration_json)}`)
        const records = await client.getRecords(id, { include: ['documents', 'embeddings', 'metadatas', 'uris'] })
        for (const record of records) data.push(`${name} ${JSON.stringify(record)}`)
      }
      const leases = leasesOf(all)
      if (leases.length > 1) leftovers.push(`${leases.length} leases`)
      const own = all.find(({ name }) => name === 'godwit_journal')
      const rows = own ? await client.getRecords(own.id, { include: ['documents'] }) : []
      const applied = new Set(rows.map(({ id }) => id).filter(id => id.startsWith('applied:')))
      for (const { id, document } of rows) {
        const [kind, key] = id.split(':')
        // The step row of an applied revision counts for nothing: the row that it is applied is written before.
        const nothing = kind === 'step' ? applied.has(`applied:${key}`) : /"state":"done"/.test(document ?? '')
        if (['step', 'copy'].includes(kind ?? '') && !nothing) leftovers.push(`journal record ${id} ${document}`)
      }
      return { schema: schema.sort(), data: data.sort(), leftovers }
    },
    async expireLease() {
      const lease = leasesOf(await client.listCollections()).at(-1)
      if (!lease || leaseFacts(lease.collection).released) return
      const facts = leaseFacts(lease.collection)
      const past = facts.acquiredAtMs - 1
      await client.modifyCollection(lease.collection.id, { metadata: leaseMetadata({ ...facts, expiresAtMs: past }) })
    },
    async dispose() {
      for (const { name } of await client.listCollections()) await client.deleteCollection(name).catch(() => undefined)
      await client.deleteDatabase().catch(() => undefined)
      client.close()
    },
  }
}
