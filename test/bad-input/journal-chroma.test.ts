// The same on Chroma, whose journal is a collection and whose lease is another: a lease from the future, a journal of
// another format or edited by hand, and the database of another project.
import { describe, expect, it } from 'vitest'
import { JOURNAL_FORMAT } from '../../src/dialect/journal.ts'
import { freshChroma, unavailable } from '../servers/databases.ts'
import { type Scene, withScene } from './scene.ts'

const revision = (name: string): string => `export default { async up(m) { await m.createCollection('${name}') } }\n`

interface Collection {
  readonly id: string
  readonly name: string
  readonly metadata: Record<string, unknown>
}

interface Server {
  collections(): Promise<Collection[]>
  find(name: string): Promise<Collection>
  send(path: string, body: object, method?: string): Promise<unknown>
  own(): Promise<string[]>
}

async function withApplied(use: (scene: Scene, server: Server) => Promise<void>): Promise<void> {
  const fresh = await freshChroma()
  const base = `${fresh.server}/api/v2/tenants/${fresh.tenant}/databases/${fresh.name}/collections`
  const server: Server = {
    collections: async () => (await (await fetch(base)).json()) as Collection[],
    async find(name) {
      const found = (await server.collections()).find(one => one.name.startsWith(name))
      if (found === undefined) throw new Error(`no collection ${name}`)
      return found
    },
    async send(path, body, method = 'POST') {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${base}${path}`, { method, headers, body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return answer.json()
    },
    own: async () =>
      (await server.collections())
        .map(one => one.name)
        .filter(name => !name.startsWith('godwit_'))
        .toSorted(),
  }
  try {
    await withScene(async scene => {
      scene.revisions({ '001_one.mjs': revision('one'), '002_two.mjs': revision('two') })
      await scene.works(['up'])
      await use(scene, server)
    }, fresh.url)
  } finally {
    await fresh.dispose()
  }
}

const setMetadata = (server: Server, { id, metadata }: Collection, change: object): Promise<unknown> =>
  server.send(`/${id}`, { new_metadata: { ...metadata, ...change } }, 'PUT')

describe.skipIf(await unavailable('chroma'))('the journal on Chroma', () => {
  it.concurrent('is refused when it was edited by hand, and nothing is run', () =>
    withApplied(async (scene, server) => {
      scene.revisions({ '003_three.mjs': revision('three') })
      const journal = await server.find('godwit_journal')
      const upsert = (id: string, document: string, type: string): Promise<unknown> =>
        server.send(`/${journal.id}/upsert`, {
          ids: [id],
          embeddings: [[0]],
          documents: [document],
          metadatas: [{ type, key: id.replace(/^\w+:/, '') }],
        })
      const remove = (id: string): Promise<unknown> => server.send(`/${journal.id}/delete`, { ids: [id] })
      await upsert('step:003_three', '{"revision"', 'step')
      await scene.fails(['up'], { code: 'JOURNAL.DAMAGED', says: ['step:003_three'] })
      await upsert('strange:1', '{}', 'strange')
      await remove('step:003_three')
      await scene.fails(['up'], { code: 'JOURNAL.DAMAGED', says: ['strange:1'] })
      await remove('strange:1')
      const ghost = {
        direction: 'up',
        done: 1,
        running: null,
        total: 0,
        hashes: [],
        startedAt: '2026-11-20T10:00:00.000Z',
      }
      await upsert('step:009_ghost', JSON.stringify({ ...ghost, revision: '009_ghost', error: null }), 'step')
      await scene.fails(['up'], { code: 'JOURNAL.FILE_MISSING', says: ['009_ghost is half done'] })
      await scene.works(['repair', '--restart'])
      for (const format of [0, -1, 'two']) {
        await setMetadata(server, journal, { format })
        await scene.fails(['up'], { code: 'JOURNAL.DAMAGED', says: ['no valid format'] })
      }
      expect(await server.own()).toEqual(['one', 'two'])
      await setMetadata(server, journal, {})
      await scene.works(['up'])
    }))

  it.concurrent('does not keep runners waiting for years for a lease from the future', () =>
    withApplied(async (scene, server) => {
      scene.revisions({ '003_three.mjs': revision('three') })
      const lease = await server.find('godwit_lease_')
      const ahead = (years: number): string => new Date(Date.now() + years * 31_600_000_000).toISOString()
      const holder = { owner: 'somebody', holder: 'ada@laptop pid 1', released: false, expires_at: ahead(10) }
      await setMetadata(server, lease, { ...holder, heartbeat_at: ahead(9) })
      const says = ['ada@laptop pid 1', 'lies in the future', 'godwit lock break']
      await scene.fails(['up', '--lock-wait', '300ms'], { code: 'LOCK.HELD', says })
      await scene.works(['lock', 'break', '--yes'])
      await scene.works(['up'])
      expect(await server.own()).toEqual(['one', 'three', 'two'])
    }))

  it.concurrent('of an older format is only read until it is upgraded, of a newer one left alone', () =>
    withApplied(async (scene, server) => {
      scene.revisions({ '003_three.mjs': revision('three') })
      const journal = await server.find('godwit_journal')
      await setMetadata(server, journal, { format: JOURNAL_FORMAT + 1 })
      for (const args of [['up'], ['down'], ['stamp', 'base'], ['repair'], ['lock', 'break', '--yes'], ['status']])
        await scene.fails(args, { code: 'JOURNAL.FORMAT_NEWER', says: ['npm install godwit'] })
      await setMetadata(server, journal, { format: 1 })
      await scene.fails(['up'], { code: 'JOURNAL.FORMAT_OLDER', says: ['godwit repair --upgrade-journal'] })
      expect(await scene.applied()).toEqual(['001_one', '002_two'])
      await scene.works(['repair', '--upgrade-journal'])
      await scene.works(['up'])
      expect((await server.find('godwit_journal')).metadata['format']).toBe(JOURNAL_FORMAT)
    }))

  it.concurrent('of another project is refused', () =>
    withApplied(async (scene, server) => {
      await withScene(async other => {
        other.revisions({ '100_bills.mjs': revision('bills') })
        for (const args of [['up'], ['stamp', '100_bills']])
          await other.fails(args, {
            code: 'JOURNAL.OTHER_PROJECT',
            says: ['none of the 2 revisions', '001_one and 002_two'],
          })
        expect(await server.own()).toEqual(['one', 'two'])
      }, scene.url)
    }))
})
