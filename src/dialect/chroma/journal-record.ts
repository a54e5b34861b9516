// The journal's rows as records of the collection `godwit_journal`: the document is the row as JSON, the metadata says
// what it is. Ids: `applied:<revision>`, `source:<revision>`, `step:<revision>`, `run:<run>`, and `copy:<collection id>`
// for the progress of a copy. No I/O.
import { GodwitError } from '../../core/error.ts'
import type { AppliedRow, RunRow, StepRow } from '../journal.ts'
import type { ChromaRecord, Metadata, StoredRecord } from './client.ts'
import { OWN_PREFIX } from './lease.ts'

export const JOURNAL_COLLECTION = `${OWN_PREFIX}journal`

/** Longest source text that is kept, in UTF-16 units; longer files are known by their hash only. */
export const SOURCE_LIMIT = 262_144

export type RecordKind = 'applied' | 'source' | 'step' | 'run' | 'copy'

/** How far a copy between two collections got. */
export interface StoredCopy {
  /** Id of the collection that is filled. */
  readonly to: string
  /** Id of the collection that is read. */
  readonly from: string
  /** Records that were read. */
  readonly read: number
  /** Id of the last record that was read; empty at the start. */
  readonly last: string
  /** Of them: left out on purpose by the revision. */
  readonly skipped: number
  /** `failed`: the numbers did not agree at the end, so it starts over. */
  readonly state: 'running' | 'done' | 'failed'
}

export interface StoredRun extends RunRow {
  readonly startedAt: string
  readonly endedAt: string | null
  readonly ok: boolean | null
  readonly applied: readonly string[]
  readonly undone: readonly string[]
  readonly error: string | null
}

export function recordId(kind: RecordKind, key: string): string {
  return `${kind}:${key}`
}

export function appliedRecord(row: AppliedRow, run: string): ChromaRecord {
  return record('applied', row.id, JSON.stringify({ ...row, run }), {
    sequence: row.sequence,
    applied_at: row.appliedAt,
  })
}

/** The row as it is, with the file's new hashes. @throws GodwitError JOURNAL.DAMAGED */
export function acceptedRecord(
  stored: StoredRecord,
  hashes: { readonly checksum: string | null; readonly fileHash: string | null },
): ChromaRecord {
  return appliedRecord({ ...readApplied(stored), ...hashes }, new Row(stored).text('run'))
}

/** The text itself is the document. */
export function sourceRecord(id: string, source: string): ChromaRecord {
  return record('source', id, source, {})
}

/** Operations find out by themselves what an earlier attempt did: nothing is kept for deciding it. */
export function stepRecord(row: Omit<StepRow, 'observed' | 'connection'>): ChromaRecord {
  return record('step', row.revision, JSON.stringify(row), {
    direction: row.direction,
    done: row.done,
    total: row.total,
  })
}

export function runRecord(run: StoredRun): ChromaRecord {
  return record('run', run.id, JSON.stringify(run), { verb: run.verb, started_at: run.startedAt })
}

export function copyRecord(copy: StoredCopy): ChromaRecord {
  return record('copy', copy.to, JSON.stringify(copy), { state: copy.state, read: copy.read })
}

/** The embedding means nothing; Chroma takes no record without one. */
function record(kind: RecordKind, key: string, document: string, metadata: Metadata): ChromaRecord {
  return { id: recordId(kind, key), embedding: [0], document, metadata: { type: kind, key, ...metadata } }
}

/** @throws GodwitError JOURNAL.DAMAGED */
export function readApplied(stored: StoredRecord): AppliedRow {
  const row = new Row(stored)
  const kind = row.value('kind')
  if (kind !== 'applied' && kind !== 'stamped') throw row.damaged('kind')
  return {
    id: row.key('applied', 'id'),
    checksum: row.textOrNull('checksum'),
    fileHash: row.textOrNull('fileHash'),
    appliedAt: row.text('appliedAt'),
    ms: row.count('ms', 0),
    statements: row.count('statements', 0),
    kind,
    appliedBy: row.text('appliedBy'),
    tool: row.text('tool'),
    sequence: row.count('sequence', 1),
  }
}

/** @throws GodwitError JOURNAL.DAMAGED */
export function readStep(stored: StoredRecord): StepRow {
  const row = new Row(stored)
  const direction = row.value('direction')
  if (direction !== 'up' && direction !== 'down') throw row.damaged('direction')
  const hashes = row.value('hashes')
  if (!Array.isArray(hashes) || !hashes.every(hash => typeof hash === 'string')) throw row.damaged('hashes')
  return {
    revision: row.key('step', 'revision'),
    direction,
    done: row.count('done', 0),
    running: row.value('running') === null ? null : row.count('running', 1),
    total: row.count('total', 0),
    hashes,
    startedAt: row.text('startedAt'),
    error: row.textOrNull('error'),
    observed: null,
    connection: null,
  }
}

/** @throws GodwitError JOURNAL.DAMAGED */
export function readRun(stored: StoredRecord): StoredRun {
  const row = new Row(stored)
  const ok = row.value('ok')
  if (ok !== null && typeof ok !== 'boolean') throw row.damaged('ok')
  return {
    id: row.key('run', 'id'),
    verb: row.text('verb'),
    by: row.text('by'),
    tool: row.text('tool'),
    startedAt: row.text('startedAt'),
    endedAt: row.textOrNull('endedAt'),
    ok,
    applied: row.texts('applied'),
    undone: row.texts('undone'),
    error: row.textOrNull('error'),
  }
}

/** @throws GodwitError JOURNAL.DAMAGED */
export function readCopy(stored: StoredRecord): StoredCopy {
  const row = new Row(stored)
  const state = row.value('state')
  if (state !== 'running' && state !== 'done' && state !== 'failed') throw row.damaged('state')
  const counts = { read: row.count('read', 0), skipped: row.count('skipped', 0) }
  return { to: row.key('copy', 'to'), from: row.text('from'), last: row.text('last'), ...counts, state }
}

/** What cannot have been written by godwit. */
export function damagedRecord(id: string, part: string): GodwitError {
  return new GodwitError('JOURNAL.DAMAGED', `${JOURNAL_COLLECTION}, record ${id}: ${part} is not what godwit writes`, {
    why: 'The record was changed or added by something other than godwit. Nothing was run.',
    next: ['godwit verify', 'godwit repair'],
    meta: { collection: JOURNAL_COLLECTION, record: id, part },
  })
}

class Row {
  readonly #id: string
  readonly #values: Readonly<Record<string, unknown>>

  constructor(stored: StoredRecord) {
    this.#id = stored.id
    let values: unknown
    try {
      values = JSON.parse(stored.document ?? '')
    } catch {
      throw damagedRecord(stored.id, 'document')
    }
    if (typeof values !== 'object' || values === null) throw damagedRecord(stored.id, 'document')
    this.#values = values as Readonly<Record<string, unknown>>
  }

  value(name: string): unknown {
    return this.#values[name]
  }

  text(name: string): string {
    const value = this.#values[name]
    if (typeof value === 'string') return value
    throw this.damaged(name)
  }

  textOrNull(name: string): string | null {
    return this.#values[name] === null ? null : this.text(name)
  }

  texts(name: string): string[] {
    const value = this.#values[name]
    if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value
    throw this.damaged(name)
  }

  count(name: string, least: number): number {
    const value = this.#values[name]
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value
    throw this.damaged(name)
  }

  /** The record's id must be the one of its content. */
  key(kind: RecordKind, name: string): string {
    const key = this.text(name)
    if (recordId(kind, key) === this.#id) return key
    throw this.damaged(name)
  }

  damaged(part: string): GodwitError {
    return damagedRecord(this.#id, part)
  }
}
