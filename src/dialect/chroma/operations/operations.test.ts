// The typed operations on a real server: what they do, what they refuse, and what they do when they are repeated.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Scratch } from '../../dialect.ts'
import type { ChromaRecord } from '../client.ts'
import { chroma, type ChromaContext, defineChromaRevision } from '../index.ts'
import { journal } from '../journal.ts'
import { locker } from '../lock.ts'
import type { ChromaSession } from '../session.ts'
import { chromaOperations } from './index.ts'

const url = process.env['GODWIT_TEST_CHROMA']
if (url === undefined) console.warn('SKIPPED: operations of Chroma were not tested, GODWIT_TEST_CHROMA is not set')
const reason = url === undefined ? ' (skipped: GODWIT_TEST_CHROMA is not set)' : ''

it('gives a revision back as it is', () => {
  const revision = { label: 'docs', up: async (m: ChromaContext) => m.deleteCollection('docs') }
  expect(defineChromaRevision(revision)).toBe(revision)
})

describe.skipIf(url === undefined)(`operations on a Chroma server${reason}`, () => {
  let scratch: Scratch
  let session: ChromaSession
  let steps: string[]

  beforeAll(async () => {
    scratch = await (chroma({ url: url as string }).scratch as () => Promise<Scratch>)()
    session = (await scratch.dialect.open({ purpose: 'run' })) as ChromaSession
    await journal.ensure(session)
  })
  afterAll(async () => {
    await session?.close()
    await scratch?.dispose()
  })
  beforeEach(async () => {
    steps = []
    for (const { name } of await m().listCollections()) await session.client.deleteCollection(name)
  })

  /** Operations whose every step is told whether it was begun before. */
  const m = (again = false, signal = new AbortController().signal) =>
    chromaOperations({
      session,
      signal,
      direction: 'up',
      step: (description, effect) => {
        steps.push(description)
        return effect(again)
      },
    })

  /** As an engine resumes a copy: its first step was recorded as done, its second as begun. */
  const afterCreation = () =>
    chromaOperations({
      session,
      signal: new AbortController().signal,
      direction: 'up',
      step: async (description, effect) => (description.startsWith('create') ? undefined : effect(true)),
    })

  const code = (promise: Promise<unknown>) =>
    promise.then(
      () => 'done',
      (error: { code?: string }) => error.code ?? error,
    )

  const records = (count: number, from = 0): ChromaRecord[] =>
    Array.from({ length: count }, (_, index) => ({
      id: `r${from + index}`,
      embedding: [from + index, 1],
      document: `text ${from + index}`,
      metadata: { n: from + index },
    }))

  const names = async () => (await m().listCollections()).map(({ name }) => name)

  describe('collections', () => {
    it('are created as asked, with their dimension fixed before the first record', async () => {
      const metadata = { about: 'docs', version: 2 }
      const configuration = { ef_construction: 200, max_neighbors: 32 }
      await m().createCollection('docs', { distance: 'cosine', dimension: 3, configuration, metadata })
      const docs = await m().getCollection('docs')
      expect(docs).toMatchObject({ distance: 'cosine', dimension: 3, configuration, metadata })
      expect(await m().count('docs')).toBe(0)
      expect(await code(m().addRecords('docs', [{ id: 'a', embedding: [1, 2] }]))).toBe('CHROMA.RECORD_INVALID')
      expect(steps).toEqual(['create collection docs', 'add records 1 to 1 of docs'])
    })

    it('that exist are refused, also an equal one, unless this step left it', async () => {
      await m().createCollection('docs', { distance: 'l2' })
      expect(await code(m().createCollection('docs', { distance: 'l2' }))).toBe('CHROMA.COLLECTION_EXISTS')
      expect(await code(m(true).createCollection('docs', { distance: 'l2', dimension: 4 }))).toBe('done')
      expect((await m().getCollection('docs')).dimension).toBe(4)
      expect(await code(m(true).createCollection('docs', { distance: 'cosine' }))).toBe('CHROMA.COLLECTION_EXISTS')
      const metadata = { a: 1 }
      expect(await code(m(true).createCollection('docs', { distance: 'l2', metadata }))).toBe(
        'CHROMA.COLLECTION_EXISTS',
      )
      await m().addRecords('docs', [{ id: 'a', embedding: [1, 2, 3, 4] }])
      expect(await code(m(true).createCollection('docs', { distance: 'l2' }))).toBe('CHROMA.COLLECTION_EXISTS')
    })

    it('are renamed, and a repeated rename knows that it was done', async () => {
      await m().createCollection('docs', { distance: 'l2' })
      await m().renameCollection('docs', 'texts')
      expect(await names()).toEqual(['texts'])
      expect(await code(m().renameCollection('docs', 'texts'))).toBe('CHROMA.COLLECTION_MISSING')
      expect(await code(m(true).renameCollection('docs', 'texts'))).toBe('done')
      await m().createCollection('docs', { distance: 'l2' })
      expect(await code(m(true).renameCollection('docs', 'texts'))).toBe('CHROMA.COLLECTION_EXISTS')
    })

    it('are deleted, and a repeated delete knows that it was done', async () => {
      await m().createCollection('docs', { distance: 'l2' })
      await m().deleteCollection('docs')
      expect(await code(m().deleteCollection('docs'))).toBe('CHROMA.COLLECTION_MISSING')
      expect(await code(m(true).deleteCollection('docs'))).toBe('done')
    })

    it('are modified in name, metadata and configuration at once', async () => {
      await m().createCollection('docs', { distance: 'l2', metadata: { a: 1, b: 2 } })
      const change = { name: 'texts', metadata: { a: 3 }, configuration: { ef_search: 77 } }
      await m().modifyCollection('docs', change)
      const { metadata, configuration } = await m().getCollection('texts')
      expect(metadata).toEqual({ a: 3 })
      expect(configuration.ef_search).toBe(77)
      expect(await code(m().modifyCollection('docs', change))).toBe('CHROMA.COLLECTION_MISSING')
      expect(await code(m(true).modifyCollection('docs', change))).toBe('done')
      await m().setMetadata('texts', { z: true })
      expect((await m().getCollection('texts')).metadata).toEqual({ z: true })
    })

    it('of godwit itself are neither shown nor touched', async () => {
      expect((await session.client.listCollections()).map(({ name }) => name)).toContain('godwit_journal')
      expect(await names()).toEqual([])
      const reserved = 'CHROMA.NAME_RESERVED'
      expect(await code(m().createCollection('godwit_x', { distance: 'l2' }))).toBe(reserved)
      expect(await code(m().deleteCollection('godwit_journal'))).toBe(reserved)
      expect(await code(m().renameCollection('docs', 'godwit_x'))).toBe(reserved)
      expect(await code(m().modifyCollection('docs', { name: 'godwit_x' }))).toBe(reserved)
      expect(await code(m().addRecords('godwit_journal', records(1)))).toBe(reserved)
      expect(await code(m().deleteRecords('godwit_journal', { ids: ['a'] }))).toBe(reserved)
      expect(await code(m().copyCollection('docs', 'godwit_x'))).toBe(reserved)
      expect(await code(m().switchCollection({ current: 'a', next: 'b', keepOldAs: 'godwit_x' }))).toBe(reserved)
    })

    it('that are missing are named with their code', async () => {
      const reads = [() => m().getCollection('no_docs'), () => m().count('no_docs'), () => m().get('no_docs')]
      for (const read of reads) {
        expect(await code(read())).toBe('CHROMA.COLLECTION_MISSING')
      }
      expect(await code(m().addRecords('no_docs', records(1)))).toBe('CHROMA.COLLECTION_MISSING')
    })

    it('with a name the server does not take are refused in its own words', async () => {
      const error = await m()
        .createCollection('a b', { distance: 'l2' })
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'CHROMA.REQUEST_FAILED' })
      expect(String(error)).toMatch(/3-512 characters/)
    })
  })

  describe('records', () => {
    beforeEach(async () => {
      await m().createCollection('docs', { distance: 'cosine' })
      steps = []
    })

    it('are added in batches, each a step, from a list or a stream', async () => {
      async function* stream() {
        yield* records(5)
      }
      await m().addRecords('docs', stream(), { batchSize: 2 })
      expect(steps).toEqual(['add records 1 to 2 of docs', 'add records 3 to 4 of docs', 'add records 5 to 5 of docs'])
      expect(await m().count('docs')).toBe(5)
      const [first] = await m().get('docs', { ids: ['r1'], include: ['documents', 'metadatas', 'embeddings'] })
      expect(first).toMatchObject({ id: 'r1', document: 'text 1', metadata: { n: 1 } })
      for (const value of first?.embedding ?? []) expect(value).toBeCloseTo(1, 5)
    })

    it('that exist are refused, unless this step wrote the very same before it broke', async () => {
      await m().addRecords('docs', records(3))
      expect(await code(m().addRecords('docs', records(5)))).toBe('CHROMA.RECORD_EXISTS')
      expect(await m().count('docs')).toBe(3)
      expect(await code(m(true).addRecords('docs', records(5)))).toBe('done')
      expect(await m().count('docs')).toBe(5)
      const other = [{ ...records(1)[0], document: 'other' } as ChromaRecord]
      expect(await code(m(true).addRecords('docs', other))).toBe('CHROMA.RECORD_EXISTS')
    })

    it('without an embedding never reach the server', async () => {
      const bad = [{ id: 'x', document: 'text' } as unknown as ChromaRecord]
      expect(await code(m().addRecords('docs', bad))).toBe('CHROMA.RECORD_INVALID')
      expect(await code(m().upsertRecords('docs', bad))).toBe('CHROMA.RECORD_INVALID')
      await m().addRecords('docs', records(1))
      expect(await m().count('docs')).toBe(1)
    })

    it('are updated in part, and only when all of them exist', async () => {
      await m().addRecords('docs', records(2))
      await m().updateRecords('docs', [
        { id: 'r0', document: 'new' },
        { id: 'r1', metadata: { n: null, m: 1 } },
      ])
      const [a, b] = await m().get('docs')
      expect(a).toMatchObject({ document: 'new', metadata: { n: 0 } })
      expect(b).toMatchObject({ document: 'text 1', metadata: { m: 1 } })
      const change = [
        { id: 'r0', document: 'x' },
        { id: 'nobody', document: 'x' },
      ]
      expect(await code(m().updateRecords('docs', change))).toBe('CHROMA.RECORD_MISSING')
      expect((await m().get('docs', { ids: ['r0'] }))[0]?.document).toBe('new')
    })

    it('are upserted and deleted by id, by filter and by text', async () => {
      await m().addRecords('docs', records(4))
      await m().upsertRecords('docs', records(4, 2))
      expect(await m().count('docs')).toBe(6)
      await m().deleteRecords('docs', { ids: ['r0', 'nobody'] })
      await m().deleteRecords('docs', { where: { n: { $gte: 4 } } })
      await m().deleteRecords('docs', { whereDocument: { $contains: 'text 3' } })
      expect((await m().get('docs')).map(({ id }) => id)).toEqual(['r1', 'r2'])
      await m().deleteRecords('docs', { ids: ['r1', 'r2'], where: { n: 2 } })
      expect((await m().get('docs')).map(({ id }) => id)).toEqual(['r1'])
    })

    it('are not deleted without a condition', async () => {
      await m().addRecords('docs', records(1))
      expect(await code(m().deleteRecords('docs', {}))).toBe('CHROMA.RECORD_INVALID')
      expect(await code(m().deleteRecords('docs', { where: {} }))).toBe('CHROMA.RECORD_INVALID')
      await m().deleteRecords('docs', { ids: [] })
      expect(await m().count('docs')).toBe(1)
    })

    it('beyond the batch limit of the server go in several requests', async () => {
      const most = await session.client.maxBatchSize()
      await m().addRecords('docs', records(most + 10), { batchSize: most + 10 })
      expect(await m().count('docs')).toBe(most + 10)
      const ids = (await m().get('docs', { include: [] })).map(({ id }) => id)
      await m().deleteRecords('docs', { ids })
      expect(await m().count('docs')).toBe(0)
    }, 60_000)
  })

  describe('copies', () => {
    const lengths = (texts: readonly string[]) => Promise.resolve(texts.map(text => [text.length, 1, 0]))

    beforeEach(async () => {
      await m().createCollection('docs', {
        distance: 'l2',
        metadata: { about: 'docs' },
        configuration: { ef_construction: 150 },
      })
      await m().addRecords('docs', records(25))
      steps = []
    })

    it('take everything into a collection of another distance', async () => {
      const big = 9223372036854775807n
      await m().upsertRecords('docs', [{ id: 'big', embedding: [0.1, 2], metadata: { big, on: true }, uri: 'u:1' }])
      const seen: number[] = []
      await m().copyCollection('docs', 'docs_v2', {
        distance: 'cosine',
        batchSize: 10,
        onProgress: p => seen.push(p.done),
      })
      const copy = await m().getCollection('docs_v2')
      expect(copy).toMatchObject({
        distance: 'cosine',
        metadata: { about: 'docs' },
        configuration: { ef_construction: 150 },
      })
      const all = { include: ['documents', 'metadatas', 'embeddings', 'uris'] } as const
      const [old, made] = [await m().get('docs', all), await m().get('docs_v2', all)]
      const rounded = (vector: readonly number[] | null | undefined) => vector?.map(value => Number(value.toFixed(4)))
      const exact = (list: typeof old) => list.map(record => ({ ...record, embedding: rounded(record.embedding) }))
      expect(exact(made)).toEqual(exact(old))
      expect((await m().get('docs_v2', { ids: ['big'] }))[0]?.metadata).toEqual({ big, on: true })
      expect(seen).toEqual([10, 20, 26])
      expect(steps.slice(-2)).toEqual(['create collection docs_v2 like docs', 'copy records of docs to docs_v2'])
    })

    it('get new vectors of another length, and content as the revision wants it', async () => {
      await m().copyCollection('docs', 'docs_v2', {
        dimension: 3,
        batchSize: 7,
        embed: lengths,
        transform: record => (record.id === 'r3' ? undefined : { ...record, document: `${record.document}!` }),
      })
      expect(await m().count('docs_v2')).toBe(24)
      const [one] = await m().get('docs_v2', { ids: ['r24'], include: ['documents', 'embeddings'] })
      expect(one).toMatchObject({ document: 'text 24!', embedding: [8, 1, 0] })
    })

    it('go on after a failure where they were, and do not embed twice', async () => {
      let embedded = 0
      let calls = 0
      const embed = (texts: readonly string[]) => {
        if (++calls === 3) return Promise.reject(new Error('the model is away'))
        embedded += texts.length
        return lengths(texts)
      }
      const run = (ops = m()) => ops.copyCollection('docs', 'docs_v2', { dimension: 3, batchSize: 10, embed })
      await expect(run()).rejects.toThrow('the model is away')
      expect(await m().count('docs_v2')).toBe(20)
      // What the copy keeps in the journal is no row of the journal.
      expect(await journal.read(session)).toMatchObject({ applied: [], steps: [] })
      await run(afterCreation())
      expect(await m().count('docs_v2')).toBe(25)
      expect(embedded).toBe(25)
      // Done, but the record of it was lost: nothing is copied again.
      await run(afterCreation())
      expect(embedded).toBe(25)
    })

    it('that took fewer records than there were fail, and start over', async () => {
      const same = (record: ChromaRecord) => ({ ...record, id: record.id === 'r1' ? 'r0' : record.id })
      const error = await m()
        .copyCollection('docs', 'docs_v2', { transform: same, batchSize: 1 })
        .catch((r: unknown) => r)
      expect(error).toMatchObject({ code: 'CHROMA.COPY_INCOMPLETE', meta: { before: 25, read: 25, copied: 24 } })
      const again = afterCreation()
      await again.copyCollection('docs', 'docs_v2')
      expect(await m().count('docs_v2')).toBe(25)
    })

    it('notice records that were deleted from the source meanwhile', async () => {
      let first = true
      const error = await m()
        .copyCollection('docs', 'docs_v2', {
          batchSize: 10,
          async transform(record) {
            if (first) await session.client.deleteRecords((await m().getCollection('docs')).id, { ids: ['r0', 'r1'] })
            first = false
            return record
          },
        })
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'CHROMA.COPY_INCOMPLETE', meta: { before: 25, after: 23 } })
    })

    it('take along records that were added to the source meanwhile', async () => {
      let first = true
      await m().copyCollection('docs', 'docs_v2', {
        batchSize: 10,
        async transform(record) {
          if (first) await m().addRecords('docs', records(3, 100))
          first = false
          return record
        },
      })
      expect(await m().count('docs_v2')).toBe(28)
    })

    it('refuse a target that exists, another dimension without vectors, and wrong answers of embed', async () => {
      await m().createCollection('taken', { distance: 'l2' })
      expect(await code(m().copyCollection('docs', 'taken'))).toBe('CHROMA.COLLECTION_EXISTS')
      expect(await code(m().copyCollection('nobody', 'docs_v2'))).toBe('CHROMA.COLLECTION_MISSING')
      expect(await code(m().copyCollection('docs', 'docs_v2', { dimension: 3 }))).toBe('CHROMA.RECORD_INVALID')
      expect(await names()).toEqual(['docs', 'taken'])
      const few = () => Promise.resolve([[1, 2, 3]])
      expect(await code(m().copyCollection('docs', 'few', { embed: few }))).toBe('CHROMA.RECORD_INVALID')
      const long = (texts: readonly string[]) => Promise.resolve(texts.map(() => [1, 2, 3, 4]))
      expect(await code(m().copyCollection('docs', 'long', { dimension: 3, embed: long }))).toBe(
        'CHROMA.RECORD_INVALID',
      )
      await m().addRecords('docs', [{ id: 'mute', embedding: [1, 1] }])
      expect(await code(m().copyCollection('docs', 'mute', { embed: lengths }))).toBe('CHROMA.RECORD_INVALID')
      expect(await code(m().copyCollection('docs', 'none', { batchSize: 0 }))).toBe('CHROMA.RECORD_INVALID')
    })

    it('stop when the run is stopped', async () => {
      const controller = new AbortController()
      const stop = m(false, controller.signal).copyCollection('docs', 'docs_v2', {
        batchSize: 5,
        transform(record) {
          controller.abort(new Error('enough'))
          return record
        },
      })
      expect(await code(stop)).toBe('RUN.ABORTED')
      expect(await m().count('docs_v2')).toBe(0)
    })
  })

  describe('a switch', () => {
    const there = { current: 'docs', next: 'docs_v2', keepOldAs: 'docs_v1' }
    const back = { current: 'docs', next: 'docs_v1', keepOldAs: 'docs_v2' }
    const ids = async () =>
      Object.fromEntries((await m().listCollections()).map(({ name, id }) => [name, id])) as Record<string, string>

    beforeEach(async () => {
      await m().createCollection('docs', { distance: 'l2' })
      await m().createCollection('docs_v2', { distance: 'cosine' })
    })

    it('gives the name to the new collection and keeps the old one, there and back', async () => {
      const before = await ids()
      await m().switchCollection(there)
      expect(await ids()).toEqual({ docs: before['docs_v2'], docs_v1: before['docs'] })
      await m().switchCollection(back)
      expect(await ids()).toEqual(before)
    })

    it('ends what an unfinished attempt began, at every point', async () => {
      const before = await ids()
      await session.client.modifyCollection(before['docs'] ?? '', { name: 'docs_v1' })
      expect(await code(m().switchCollection(there))).toBe('CHROMA.COLLECTION_MISSING')
      await m(true).switchCollection(there)
      const after = { docs: before['docs_v2'], docs_v1: before['docs'] }
      expect(await ids()).toEqual(after)
      await m(true).switchCollection(there)
      expect(await ids()).toEqual(after)
      expect(await code(m().switchCollection(there))).toBe('CHROMA.COLLECTION_MISSING')
    })

    it('changes nothing when a name is taken or missing', async () => {
      await m().createCollection('docs_v1', { distance: 'l2' })
      const before = await ids()
      expect(await code(m().switchCollection(there))).toBe('CHROMA.COLLECTION_EXISTS')
      expect(await code(m().switchCollection({ ...there, next: 'nobody', keepOldAs: 'free' }))).toBe(
        'CHROMA.COLLECTION_MISSING',
      )
      expect(await ids()).toEqual(before)
    })

    it('leaves everything as it was when a rename is refused', async () => {
      const before = await ids()
      // The server refuses a name of this form, but only when the rename is asked for.
      expect(await code(m().switchCollection({ ...there, keepOldAs: 'x' }))).toBe('CHROMA.REQUEST_FAILED')
      expect(await ids()).toEqual(before)
    })

    it('leaves the name without a collection only for a moment', async () => {
      let absent = 0
      let looks = 0
      let on = true
      const watch = (async () => {
        while (on) {
          looks++
          const began = performance.now()
          if ((await session.client.findCollection('docs')) === undefined) absent += performance.now() - began
        }
      })()
      for (let round = 0; round < 5; round++) {
        await m().switchCollection(there)
        await m().switchCollection(back)
      }
      on = false
      await watch
      console.info(`switch: the name was absent for about ${(absent / 10).toFixed(1)} ms each time`)
      expect(looks).toBeGreaterThan(10)
      expect(absent / 10).toBeLessThan(1_000)
    })
  })

  it('work while the lease is held, beside a journal of the same database', async () => {
    const answer = await locker.acquire(session, { owner: randomUUID(), holder: 'me', ttlMs: 60_000 })
    expect(answer.acquired).toBe(true)
    expect(await names()).toEqual([])
    await locker.break(session)
  })
})
