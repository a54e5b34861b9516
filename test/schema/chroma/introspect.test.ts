// Collections as data, on a real server.
import { describe, expect, it } from 'vitest'
import type { ChromaClient } from '../../../src/dialect/chroma/index.ts'
import { chroma } from '../../../src/dialect/chroma/index.ts'
import type { SchemaPart } from '../../../src/dialect/schema-part.ts'
import { planChanges } from '../../../src/schema/change/plan.ts'
import { diffSnapshots } from '../../../src/schema/diff/diff.ts'
import { freshChroma, unavailable } from '../../servers/databases.ts'

const reason = await unavailable('chroma')
describe.skipIf(reason)('Chroma', () => {
  it('reads collections, tells what changed, and refuses to write it as SQL', { timeout: 60_000 }, async () => {
    const fresh = await freshChroma()
    const dialect = chroma({ url: fresh.url })
    const { introspector, renderer } = await (dialect.schema as () => Promise<SchemaPart>)()
    const session = await dialect.open({ purpose: 'run' })
    try {
      const client = session.client as ChromaClient
      const empty = await introspector.introspect(session)
      expect(empty.objects).toEqual([])
      const made = await client.createCollection('Docs', {
        metadata: { lang: 'de', big: 2n ** 60n },
        hnsw: { space: 'cosine' },
      })
      await client.createCollection('godwit_journal')
      const before = await introspector.introspect(session)
      expect(before.objects).toMatchObject([
        {
          key: 'collection:"Docs"',
          properties: {
            metadata: { lang: 'de', big: String(2n ** 60n) },
            configuration: { hnsw: { space: 'cosine' } },
          },
        },
      ])
      expect(JSON.parse(JSON.stringify(before))).toEqual(before)
      expect(diffSnapshots(before, await introspector.introspect(session))).toEqual([])
      await client.writeRecords(made.id, 'add', [{ id: 'a', embedding: [1, 2, 3] }])
      await client.modifyCollection(made.id, { metadata: { lang: 'en' }, hnsw: { ef_search: 50 } })
      const after = await introspector.introspect(session)
      const changes = diffSnapshots(before, after)
      expect(changes).toMatchObject([{ type: 'alter', changed: ['configuration', 'dimension', 'metadata'] }])
      expect(after.objects[0]?.properties['dimension']).toBe(3)
      expect(() => planChanges(changes, before, after, renderer)).toThrow('cannot be written as SQL')
    } finally {
      await session.close()
      await fresh.dispose()
    }
  })
})
