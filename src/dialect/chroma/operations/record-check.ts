// Records are checked before they are sent: a record without an embedding, once accepted, makes every later request on
// its collection fail (measured, Chroma 1.0.0), and numbers that do not fit are stored as null without a word. No I/O.
import { GodwitError } from '../../../core/error.ts'
import type { ChromaRecord, ChromaRecordChange, Distance, Metadata, StoredRecord } from '../client.ts'
import { sameMetadata } from './collection.ts'
import { UNTOUCHED } from './effect.ts'

/** @throws GodwitError CHROMA.RECORD_INVALID */
export function checkRecords(
  records: readonly (ChromaRecord | ChromaRecordChange)[],
  rules: { readonly embeddings: boolean; readonly dimension?: number | undefined },
): void {
  const ids = new Set<string>()
  for (const record of records) {
    if (typeof record.id !== 'string' || record.id === '') throw invalid(String(record.id), 'has no id')
    // Chroma would keep one of the two and say nothing.
    if (ids.has(record.id)) throw invalid(record.id, 'is there twice')
    ids.add(record.id)
    checkEmbedding(record, rules)
    // An update removes a key with null; a new record has none to remove.
    checkMetadata(record, !rules.embeddings)
  }
}

function checkEmbedding(
  record: ChromaRecord | ChromaRecordChange,
  rules: { readonly embeddings: boolean; readonly dimension?: number | undefined },
): void {
  const { id, embedding } = record
  if (embedding === undefined || embedding === null) {
    if (rules.embeddings) throw invalid(id, 'has no embedding')
    return
  }
  if (embedding.length === 0) throw invalid(id, 'has an empty embedding')
  if (rules.dimension !== undefined && embedding.length !== rules.dimension) {
    throw invalid(id, `has ${embedding.length} dimensions, the collection has ${rules.dimension}`)
  }
  const wrong = embedding.find(value => typeof value !== 'number' || !Number.isFinite(Math.fround(value)))
  if (wrong !== undefined) throw invalid(id, `has ${wrong} in its embedding, which is no 32-bit number`)
}

function checkMetadata(record: ChromaRecord | ChromaRecordChange, nullRemoves: boolean): void {
  for (const [key, value] of Object.entries(record.metadata ?? {})) {
    const fits =
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value)) ||
      (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) ||
      (value === null && nullRemoves)
    if (!fits) throw invalid(record.id, `has a metadata value Chroma cannot store: ${key}`)
  }
}

export function invalid(id: string, fault: string): GodwitError {
  return new GodwitError('CHROMA.RECORD_INVALID', `record ${id} ${fault}`, {
    why: 'Nothing of its batch was sent; batches before it, if any, are done.',
    next: ['correct the record in the revision'],
    meta: { ...UNTOUCHED, record: id },
  })
}

/** The stored record is what this one would have become. */
export function isSameRecord(stored: StoredRecord, record: ChromaRecord, distance: Distance | undefined): boolean {
  return (
    (stored.document ?? null) === (record.document ?? null) &&
    (stored.uri ?? null) === (record.uri ?? null) &&
    sameMetadata((stored.metadata ?? {}) as Metadata, record.metadata ?? {}) &&
    sameVector(stored.embedding ?? [], record.embedding, distance === 'cosine')
  )
}

/** Servers may keep vectors of cosine collections at length 1: then only the direction can be compared. */
function sameVector(a: readonly number[], b: readonly number[], directionOnly: boolean): boolean {
  if (a.length !== b.length) return false
  const [scaleA, scaleB] = directionOnly ? [length(a), length(b)] : [1, 1]
  return a.every((value, index) => {
    const x = value / scaleA
    const y = Math.fround(b[index] ?? Number.NaN) / scaleB
    return Math.abs(x - y) <= 1e-5 * Math.max(1e-5, Math.abs(x), Math.abs(y))
  })
}

function length(vector: readonly number[]): number {
  return Math.hypot(...vector) || 1
}
