// The journal of a store without tables and transactions: one collection, `godwit_journal`, one record per row.
// A record is written atomically; several rows of one write go as one upsert, then one delete, in an order in which a
// crash between the two is read correctly. Each write first checks the lease; `requireFence` states the bound.
import { GodwitError, isGodwitError } from '../../core/error.ts'
import { JOURNAL_FORMAT, type JournalState, type JournalStore, type JournalWrite } from '../journal.ts'
import type { Session } from '../session.ts'
import type { ChromaClient, ChromaRecord, CollectionInfo, StoredRecord } from './client.ts'
import { hasCode } from './error.ts'
import {
  acceptedRecord,
  appliedRecord,
  damagedRecord,
  JOURNAL_COLLECTION,
  readApplied,
  readRun,
  readStep,
  recordId,
  runRecord,
  SOURCE_LIMIT,
  sourceRecord,
  stepRecord,
} from './journal-record.ts'
import { leaseRow, leasesOf, requireFence } from './lease.ts'
import { clientOf } from './session.ts'

/**
 * Chroma has no transactions: a journal write and the work it records are two requests, and the lease is checked in a
 * third. A write can land after the lease was lost only while that single request is under way.
 */
export const journal: JournalStore = {
  async read(session) {
    const client = clientOf(session)
    const [collections, nowMs] = await Promise.all([client.listCollections(), client.now()])
    const collection = collections.find(({ name }) => name === JOURNAL_COLLECTION)
    const format = collection === undefined ? 0 : formatOf(collection)
    // A newer format may use values this version does not know: the caller refuses it, so its rows are not judged.
    if (format > JOURNAL_FORMAT) return { ...empty, initialised: true, format }
    const top = leasesOf(collections).at(-1)
    const lease = top && leaseRow(top, nowMs)
    if (collection === undefined) return { ...empty, lease }
    // Excluding what is not wanted also finds records without a type, which godwit did not write.
    const rows = await client.getRecords(collection.id, {
      where: { type: { $nin: ['run', 'source', 'copy'] } },
      include: ['documents', 'metadatas'],
    })
    return { initialised: true, format, ...sortRows(rows), lease }
  },

  async ensure(session) {
    const client = clientOf(session)
    if ((await client.findCollection(JOURNAL_COLLECTION)) !== undefined) return
    try {
      await client.createCollection(JOURNAL_COLLECTION, { metadata: { format: JOURNAL_FORMAT } })
    } catch (error) {
      if (!hasCode(error, 'CHROMA.COLLECTION_EXISTS')) throw error
    }
  },

  async upgrade(session, fence) {
    const client = clientOf(session)
    await requireFence(client, fence)
    // Records carry their names, and what an older one lacks is empty: only the number changes.
    const collection = await client.findCollection(JOURNAL_COLLECTION)
    if (collection === undefined || formatOf(collection) >= JOURNAL_FORMAT) return
    await client.modifyCollection(collection.id, { metadata: { ...collection.metadata, format: JOURNAL_FORMAT } })
  },

  async write(session, fence, writes) {
    if (writes.length === 0) return
    const client = clientOf(session)
    const memory = memoryOf(session)
    const [nowMs, collection] = await Promise.all([requireFence(client, fence), journalId(client, memory)])
    if (memory.fence !== fence.fence) forget(memory, fence.fence)
    const records = new Map<string, ChromaRecord | undefined>()
    try {
      for (const write of writes) await addWrite({ client, collection, memory, nowMs, records }, write)
      const upserts = [...records.values()].filter(record => record !== undefined)
      await client.writeRecords(collection, 'upsert', upserts)
      const removed = [...records].filter(([, record]) => record === undefined).map(([id]) => id)
      if (removed.length > 0) await client.deleteRecords(collection, { ids: removed })
    } catch (error) {
      // Whether the records were written is not known: what is remembered of them is not true for certain.
      forget(memory, fence.fence)
      throw error
    }
  },

  isFenceViolation: error => isGodwitError(error) && error.code === 'LOCK.LOST',

  async source(session, id) {
    const client = clientOf(session)
    const collection = await client.findCollection(JOURNAL_COLLECTION)
    if (collection === undefined) return undefined
    const [found] = await client.getRecords(collection.id, { ids: [recordId('source', id)], include: ['documents'] })
    return found?.document ?? undefined
  },

  async runs(session, limit) {
    const client = clientOf(session)
    const collection = await client.findCollection(JOURNAL_COLLECTION)
    if (collection === undefined || limit < 1) return []
    // Records come in the order of their first writing, so the last ids are the latest runs.
    const ids = await client.getRecords(collection.id, { where: { type: 'run' }, include: [] })
    const latest = ids.slice(-limit).map(({ id }) => id)
    if (latest.length === 0) return []
    const rows = await client.getRecords(collection.id, { ids: latest, include: ['documents'] })
    return rows
      .map(readRun)
      .reverse()
      .map(({ id, verb, by, tool, startedAt, endedAt, ok }) => ({ id, verb, by, tool, startedAt, endedAt, ok }))
  },
}

const empty: JournalState = { initialised: false, format: 0, applied: [], steps: [], lease: undefined }

/** What a session remembers while one lease lasts, during which nobody else writes. */
interface Memory {
  collection: string | undefined
  fence: number
  sequence: number | undefined
  readonly stepStarted: Map<string, string>
}

const memories = new WeakMap<Session, Memory>()

function memoryOf(session: Session): Memory {
  let memory = memories.get(session)
  if (memory === undefined) {
    memory = { collection: undefined, fence: -1, sequence: undefined, stepStarted: new Map() }
    memories.set(session, memory)
  }
  return memory
}

function forget(memory: Memory, fence: number): void {
  memory.fence = fence
  memory.sequence = undefined
  memory.stepStarted.clear()
}

interface Writing {
  readonly client: ChromaClient
  readonly collection: string
  readonly memory: Memory
  readonly nowMs: number
  /** By record id; undefined = remove. */
  readonly records: Map<string, ChromaRecord | undefined>
}

async function addWrite(writing: Writing, write: JournalWrite): Promise<void> {
  const { records, memory, nowMs } = writing
  const now = new Date(nowMs).toISOString()
  const put = (record: ChromaRecord) => records.set(record.id, record)
  const keepSource = (id: string, source: string | undefined) => {
    const keep = source !== undefined && source.length <= SOURCE_LIMIT
    records.set(recordId('source', id), keep ? sourceRecord(id, source) : undefined)
  }
  const endStep = (revision: string) => {
    memory.stepStarted.delete(revision)
    records.set(recordId('step', revision), undefined)
  }
  switch (write.type) {
    case 'applied': {
      const sequence = await nextSequence(writing)
      const { id, statements, kind, appliedBy, tool } = write
      const ms = Math.max(0, Date.now() - write.startedAtMs)
      const hashes = { checksum: write.checksum ?? null, fileHash: write.fileHash ?? null }
      put(appliedRecord({ id, ...hashes, appliedAt: now, ms, statements, kind, appliedBy, tool, sequence }, write.run))
      keepSource(id, write.source)
      return
    }
    case 'accept': {
      const stored = await present(writing, recordId('applied', write.id))
      if (stored === undefined) return
      put(acceptedRecord(stored, { checksum: write.checksum ?? null, fileHash: write.fileHash ?? null }))
      keepSource(write.id, write.source)
      return
    }
    case 'undone':
      records.set(recordId('applied', write.id), undefined)
      records.set(recordId('source', write.id), undefined)
      endStep(write.id)
      return
    case 'step':
      put(stepRecord({ ...write.step, startedAt: await stepStart(writing, write.step.revision, now) }))
      return
    case 'step-end':
      endStep(write.revision)
      return
    case 'run-start':
      put(runRecord({ ...write.run, startedAt: now, endedAt: null, ok: null, applied: [], undone: [], error: null }))
      return
    case 'run-end': {
      const stored = await present(writing, recordId('run', write.run))
      if (stored === undefined) return
      const { applied, undone, ok } = write
      put(runRecord({ ...readRun(stored), endedAt: now, ok, applied, undone, error: write.error ?? null }))
      return
    }
    default:
      // A kind of write that is not handled must not be dropped in silence.
      write satisfies never
  }
}

/** The record as it will be when the writes before this one are done. */
async function present({ client, collection, records }: Writing, id: string): Promise<StoredRecord | undefined> {
  const pending = records.get(id)
  if (pending !== undefined) return { id, document: pending.document, embedding: null, metadata: null, uri: null }
  if (records.has(id)) return undefined
  const [stored] = await client.getRecords(collection, { ids: [id], include: ['documents'] })
  return stored
}

/** Only the holder of the lease writes, so one look per lease is enough. */
async function nextSequence({ client, collection, memory }: Writing): Promise<number> {
  if (memory.sequence === undefined) {
    const rows = await client.getRecords(collection, { where: { type: 'applied' }, include: ['metadatas'] })
    memory.sequence = rows.reduce((highest, row) => Math.max(highest, Number(row.metadata?.['sequence'] ?? 0)), 0)
  }
  memory.sequence++
  return memory.sequence
}

async function stepStart({ client, collection, memory }: Writing, revision: string, now: string): Promise<string> {
  let started = memory.stepStarted.get(revision)
  if (started === undefined) {
    const ids = [recordId('step', revision)]
    const [stored] = await client.getRecords(collection, { ids, include: ['documents'] })
    started = stored === undefined ? now : readStep(stored).startedAt
    memory.stepStarted.set(revision, started)
  }
  return started
}

async function journalId(client: ChromaClient, memory: Memory): Promise<string> {
  if (memory.collection !== undefined) return memory.collection
  const collection = await client.findCollection(JOURNAL_COLLECTION)
  if (collection === undefined) {
    throw new GodwitError('JOURNAL.NOT_INITIALISED', `the collection ${JOURNAL_COLLECTION} does not exist`, {
      next: ['godwit status', 'godwit up'],
    })
  }
  memory.collection = collection.id
  return collection.id
}

/** @throws GodwitError JOURNAL.DAMAGED */
function formatOf(collection: CollectionInfo): number {
  const format = collection.metadata?.['format']
  if (typeof format === 'number' && Number.isSafeInteger(format) && format > 0) return format
  throw new GodwitError('JOURNAL.DAMAGED', `the collection ${JOURNAL_COLLECTION} has no valid format number`, {
    why: 'godwit wrote it into the metadata, something else changed it. Nothing was run.',
    next: ['godwit verify'],
  })
}

/** @throws GodwitError JOURNAL.DAMAGED */
function sortRows(rows: readonly StoredRecord[]): Pick<JournalState, 'applied' | 'steps'> {
  const ofType = (type: string) => rows.filter(row => row.metadata?.['type'] === type)
  const strange = rows.find(row => !['applied', 'step'].includes(String(row.metadata?.['type'])))
  if (strange !== undefined) throw damagedRecord(strange.id, 'type')
  const applied = ofType('applied')
    .map(readApplied)
    .sort((a, b) => a.sequence - b.sequence)
  const ids = new Set(applied.map(row => row.id))
  // "Applied" is written before the step row is removed: after a crash between the two the revision is simply applied.
  const steps = ofType('step')
    .map(readStep)
    .filter(step => step.direction === 'down' || !ids.has(step.revision))
    .sort((a, b) => (a.revision < b.revision ? -1 : 1))
  return { applied, steps }
}
