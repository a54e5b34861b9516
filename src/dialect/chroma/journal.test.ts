import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Scratch } from '../dialect.ts'
import type { Fence, JournalWrite } from '../journal.ts'
import { chroma } from './index.ts'
import { journal } from './journal.ts'
import { JOURNAL_COLLECTION, SOURCE_LIMIT } from './journal-record.ts'
import { locker } from './lock.ts'
import type { ChromaSession } from './session.ts'

const url = process.env['GODWIT_TEST_CHROMA']
if (url === undefined) console.warn('SKIPPED: the journal of Chroma was not tested, GODWIT_TEST_CHROMA is not set')
const reason = url === undefined ? ' (skipped: GODWIT_TEST_CHROMA is not set)' : ''

const applied = (id: string, source?: string): JournalWrite => ({
  type: 'applied',
  id,
  checksum: 'c'.repeat(64),
  fileHash: undefined,
  source,
  startedAtMs: Date.now() - 25,
  statements: 3,
  kind: 'applied',
  appliedBy: 'me@here',
  tool: '0.1.0',
  run: 'run-1',
})

const step = (revision: string, done: number, change: object = {}): JournalWrite => ({
  type: 'step',
  step: { revision, direction: 'up', done, running: null, total: 0, hashes: ['h'], error: null, ...change },
})

describe.skipIf(url === undefined)(`the journal on a Chroma server${reason}`, () => {
  let scratch: Scratch
  let session: ChromaSession
  let fence: Fence

  beforeEach(async () => {
    scratch = await (chroma({ url: url as string }).scratch as () => Promise<Scratch>)()
    session = (await scratch.dialect.open({ purpose: 'run' })) as ChromaSession
    await journal.ensure(session)
    fence = await hold()
  })
  afterEach(async () => {
    await session?.close()
    await scratch?.dispose()
  })

  async function hold(): Promise<Fence> {
    const answer = await locker.acquire(session, { owner: randomUUID(), holder: 'me@here pid 1', ttlMs: 60_000 })
    if (!answer.acquired) throw new Error('the lock is not free')
    return answer.fence
  }

  const journalId = async () => (await session.client.findCollection(JOURNAL_COLLECTION))?.id ?? ''

  it('reads nothing from a database without a journal, and creates nothing by reading', async () => {
    await session.client.deleteCollection(JOURNAL_COLLECTION)
    await locker.release(session, fence)
    const nothing = { initialised: false, format: 0, applied: [], steps: [], lease: undefined }
    expect(await journal.read(session)).toEqual(nothing)
    expect(await session.client.findCollection(JOURNAL_COLLECTION)).toBeUndefined()
    await expect(journal.write(session, { owner: '', fence: 0 }, [applied('a')])).rejects.toMatchObject({
      code: 'JOURNAL.NOT_INITIALISED',
    })
    expect(await journal.source(session, 'a')).toBeUndefined()
    expect(await journal.runs(session, 5)).toEqual([])
  })

  it('is created once by eight runners at the same moment', async () => {
    await session.client.deleteCollection(JOURNAL_COLLECTION)
    await Promise.all(Array.from({ length: 8 }, () => journal.ensure(session)))
    const state = await journal.read(session)
    expect(state).toMatchObject({ initialised: true, format: 2, lease: { ...fence, expired: false } })
  })

  it('keeps what was applied, in its order, with its source', async () => {
    await journal.write(session, fence, [applied('b', 'up text'), applied('a')])
    await journal.write(session, fence, [applied('c', 'x'.repeat(SOURCE_LIMIT + 1))])
    const state = await journal.read(session)
    expect(state.applied.map(row => [row.sequence, row.id])).toEqual([
      [1, 'b'],
      [2, 'a'],
      [3, 'c'],
    ])
    const [first] = state.applied
    expect(first).toMatchObject({
      checksum: 'c'.repeat(64),
      fileHash: null,
      statements: 3,
      kind: 'applied',
      tool: '0.1.0',
    })
    expect(first?.ms).toBeGreaterThanOrEqual(25)
    expect(Math.abs(Date.parse(first?.appliedAt ?? '') - Date.now())).toBeLessThan(5_000)
    expect(await journal.source(session, 'b')).toBe('up text')
    expect(await journal.source(session, 'c')).toBeUndefined()
  })

  it('goes on counting in another session', async () => {
    await journal.write(session, fence, [applied('a')])
    const other = (await scratch.dialect.open({ purpose: 'run' })) as ChromaSession
    await journal.write(other, fence, [applied('b')])
    expect((await journal.read(session)).applied.map(row => row.sequence)).toEqual([1, 2])
    await other.close()
  })

  it('forgets what was undone, with its steps and its source', async () => {
    await journal.write(session, fence, [applied('a', 'text')])
    await journal.write(session, fence, [step('a', 1, { direction: 'down' })])
    expect((await journal.read(session)).steps).toMatchObject([{ revision: 'a', direction: 'down', done: 1 }])
    await journal.write(session, fence, [{ type: 'undone', id: 'a' }])
    expect(await journal.read(session)).toMatchObject({ applied: [], steps: [] })
    expect(await journal.source(session, 'a')).toBeUndefined()
  })

  it('keeps the start of a step row while the row changes', async () => {
    await journal.write(session, fence, [step('a', 0, { running: 1, hashes: [] })])
    const [before] = (await journal.read(session)).steps
    await new Promise(resolve => setTimeout(resolve, 20))
    const other = (await scratch.dialect.open({ purpose: 'run' })) as ChromaSession
    await journal.write(other, fence, [step('a', 1, { error: 'it broke' })])
    await other.close()
    const [after] = (await journal.read(session)).steps
    expect(after).toMatchObject({
      done: 1,
      running: null,
      hashes: ['h'],
      error: 'it broke',
      startedAt: before?.startedAt,
    })
    await journal.write(session, fence, [{ type: 'step-end', revision: 'a' }])
    expect((await journal.read(session)).steps).toEqual([])
  })

  it('reads a revision as applied whose step row outlived a crash', async () => {
    await journal.write(session, fence, [step('a', 2)])
    await journal.write(session, fence, [applied('a')])
    expect(await journal.read(session)).toMatchObject({ applied: [{ id: 'a' }], steps: [] })
  })

  it('tells the latest runs, newest first', async () => {
    for (const id of ['r1', 'r2', 'r3']) {
      await journal.write(session, fence, [
        { type: 'run-start', run: { id, verb: 'up', by: 'me@here', tool: '0.1.0' } },
      ])
    }
    await journal.write(session, fence, [
      { type: 'run-end', run: 'r2', ok: false, applied: ['a'], undone: [], error: 'broke' },
    ])
    const runs = await journal.runs(session, 2)
    expect(runs.map(run => [run.id, run.ok])).toEqual([
      ['r3', null],
      ['r2', false],
    ])
    expect(runs[1]?.endedAt).toMatch(/^\d{4}-.*Z$/)
    // Runs are no part of the state.
    expect(await journal.read(session)).toMatchObject({ applied: [], steps: [] })
  })

  it('records a run that begins and ends in one write', async () => {
    const run = { id: 'r1', verb: 'stamp', by: 'me@here', tool: '0.1.0' }
    const end = { ok: true, applied: [], undone: [], error: undefined }
    await journal.write(session, fence, [
      { type: 'run-start', run },
      { type: 'run-end', run: 'r1', ...end },
      { type: 'run-end', run: 'never begun', ...end },
    ])
    expect(await journal.runs(session, 9)).toMatchObject([{ id: 'r1', ok: true }])
  })

  it('takes an edited file for what was applied, and leaves time, order and author', async () => {
    await journal.write(session, fence, [applied('a', 'old'), applied('b', 'old')])
    const [before] = (await journal.read(session)).applied
    const hashes = { checksum: 'd'.repeat(64), fileHash: 'e'.repeat(64) }
    await journal.write(session, fence, [
      { type: 'accept', id: 'a', ...hashes, source: 'new' },
      { type: 'accept', id: 'nobody', ...hashes, source: 'new' },
    ])
    const { applied: rows } = await journal.read(session)
    expect(rows.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(rows[0]).toEqual({ ...before, ...hashes })
    expect(await journal.source(session, 'a')).toBe('new')
    await journal.write(session, fence, [
      { type: 'undone', id: 'a' },
      { type: 'accept', id: 'a', ...hashes, source: 'new' },
    ])
    expect((await journal.read(session)).applied.map(({ id }) => id)).toEqual(['b'])
  })

  it('is one operation when a revision is removed and recorded again at once', async () => {
    await journal.write(session, fence, [applied('a', 'old')])
    await journal.write(session, fence, [{ type: 'undone', id: 'a' }, applied('a', 'new')])
    expect(await journal.read(session)).toMatchObject({ applied: [{ id: 'a', sequence: 2 }] })
    expect(await journal.source(session, 'a')).toBe('new')
  })

  it('writes nothing without the lease: lost, released, expired or of somebody else', async () => {
    const refused = async (held: Fence) => {
      const error = await journal.write(session, held, [applied('x')]).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'LOCK.LOST' })
      expect(journal.isFenceViolation(error)).toBe(true)
      expect((await journal.read(session)).applied).toEqual([])
    }
    await refused({ ...fence, owner: 'other' })
    await refused({ ...fence, fence: fence.fence + 1 })
    await locker.renew(session, fence, -1_000)
    await refused(fence)
    await locker.renew(session, fence, 60_000)
    await locker.break(session)
    await refused(fence)
    const next = await hold()
    await refused(fence)
    await locker.release(session, next)
    await refused(next)
    expect(journal.isFenceViolation(new Error('no'))).toBe(false)
  })

  it('reports a newer format instead of reading it', async () => {
    await session.client.modifyCollection(await journalId(), { metadata: { format: 99 } })
    expect(await journal.read(session)).toMatchObject({ initialised: true, format: 99, applied: [] })
  })

  it.each<[string, { id: string; document: string; metadata: Record<string, string> }]>([
    ['text that is no row', { id: 'applied:a', document: 'hello', metadata: { type: 'applied' } }],
    ['no object', { id: 'applied:a', document: 'null', metadata: { type: 'applied' } }],
    ['an unknown kind', { id: 'applied:a', document: '{"kind":"maybe"}', metadata: { type: 'applied' } }],
    ['an unknown direction', { id: 'step:a', document: '{"direction":"left"}', metadata: { type: 'step' } }],
    ['strange hashes', { id: 'step:a', document: '{"direction":"up","hashes":[1]}', metadata: { type: 'step' } }],
    ['another id', { id: 'applied:b', document: '{"kind":"applied","id":"a"}', metadata: { type: 'applied' } }],
    ['no type', { id: 'applied:a', document: '{}', metadata: { note: 'mine' } }],
  ])('refuses a record with %s', async (_, record) => {
    await session.client.writeRecords(await journalId(), 'upsert', [{ ...record, embedding: [0] }])
    const error = await journal.read(session).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'JOURNAL.DAMAGED', meta: { record: record.id } })
  })

  it('refuses a journal without its format number', async () => {
    await session.client.modifyCollection(await journalId(), { metadata: { hello: 1 } })
    await expect(journal.read(session)).rejects.toMatchObject({ code: 'JOURNAL.DAMAGED' })
  })
})
