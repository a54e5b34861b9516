import { expect, it } from 'vitest'
import type { ChromaRecord, ChromaRecordChange, StoredRecord } from '../client.ts'
import { checkRecords, isSameRecord } from './record-check.ts'

const record = (change: Partial<Record<keyof ChromaRecord, unknown>> = {}) =>
  ({ id: 'a', embedding: [1, 2], ...change }) as ChromaRecord

it.each<[string, readonly (ChromaRecord | ChromaRecordChange)[]]>([
  ['no id', [record({ id: '' })]],
  ['twice', [record(), record()]],
  ['no embedding', [{ id: 'a' }]],
  ['no embedding', [record({ embedding: null })]],
  ['empty embedding', [record({ embedding: [] })]],
  ['3 dimensions', [record({ embedding: [1, 2, 3] })]],
  ['no 32-bit number', [record({ embedding: [1, Number.NaN] })]],
  ['no 32-bit number', [record({ embedding: [1, 1e39] })]],
  ['metadata value Chroma cannot store: k', [record({ metadata: { k: null } })]],
  ['metadata value Chroma cannot store: k', [record({ metadata: { k: [1] } })]],
  ['metadata value Chroma cannot store: k', [record({ metadata: { k: Number.POSITIVE_INFINITY } })]],
  ['metadata value Chroma cannot store: k', [record({ metadata: { k: 2n ** 63n } })]],
])('refuses a record with %s', (message, records) => {
  expect(() => checkRecords(records, { embeddings: true, dimension: 2 })).toThrow(message)
})

it('takes whole records, and changes that leave parts out', () => {
  const full = record({ document: 'x', metadata: { s: 'a', n: 1.5, b: true, big: 2n ** 62n }, uri: 'u' })
  expect(() => checkRecords([full], { embeddings: true })).not.toThrow()
  const change = { id: 'a', metadata: { gone: null } }
  expect(() => checkRecords([change], { embeddings: false, dimension: 2 })).not.toThrow()
})

const stored = (change: Partial<StoredRecord> = {}): StoredRecord => {
  return { id: 'a', embedding: [1, 2], document: null, metadata: null, uri: null, ...change }
}

it('knows a stored record again, with 32-bit rounding and empty metadata', () => {
  expect(isSameRecord(stored({ embedding: [Math.fround(0.1), 2] }), record({ embedding: [0.1, 2] }), 'l2')).toBe(true)
  expect(isSameRecord(stored(), record({ metadata: {} }), 'l2')).toBe(true)
})

it.each<[string, StoredRecord]>([
  ['text', stored({ document: 'x' })],
  ['metadata', stored({ metadata: { a: 1 } })],
  ['address', stored({ uri: 'u' })],
  ['vector', stored({ embedding: [1, 2.01] })],
  ['length', stored({ embedding: [1] })],
])('sees another %s', (_, other) => {
  expect(isSameRecord(other, record(), 'l2')).toBe(false)
})

it('compares only the direction where vectors are kept at length 1', () => {
  expect(isSameRecord(stored({ embedding: [0.6, 0.8] }), record({ embedding: [3, 4] }), 'cosine')).toBe(true)
  expect(isSameRecord(stored({ embedding: [0.6, 0.8] }), record({ embedding: [3, 4] }), 'l2')).toBe(false)
})
