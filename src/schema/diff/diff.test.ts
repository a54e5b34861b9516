import { describe, expect, it } from 'vitest'
import { objectKey, type SchemaObject } from '../model/object.ts'
import { fingerprint, makeSnapshot } from '../model/snapshot.ts'
import { diffSnapshots } from './diff.ts'

const column = (name: string, position: number, properties: SchemaObject['properties'] = {}): SchemaObject => ({
  kind: 'column',
  key: objectKey('column', ['t', name]),
  path: ['t', name],
  parent: 'table:t',
  depends: [],
  position,
  properties,
})
const snapshot = (...objects: SchemaObject[]) => makeSnapshot('toy', objects)
const ordered = new Set(['column'])

describe('diffSnapshots', () => {
  it('names the properties that differ, and takes absent and null for the same', () => {
    const before = snapshot(column('a', 1, { type: 'int', default: null, grants: { x: ['SELECT'], y: [] } }))
    const after = snapshot(column('a', 1, { type: 'text', grants: { y: [], x: ['SELECT'] }, comment: 'new' }))
    expect(diffSnapshots(before, after)).toMatchObject([{ type: 'alter', changed: ['comment', 'type'] }])
  })

  it('tells creations and drops', () => {
    const changes = diffSnapshots(snapshot(column('a', 1)), snapshot(column('b', 1)))
    expect(changes.map(change => change.type)).toEqual(['drop', 'create'])
  })

  it('moves as few siblings as possible, and only where their order counts', () => {
    const before = snapshot(column('a', 1), column('b', 2), column('c', 3), column('d', 4))
    const after = snapshot(column('d', 1), column('a', 2), column('x', 3), column('b', 4), column('c', 5))
    const moved = diffSnapshots(before, after, { ordered }).filter(change => change.type === 'alter')
    expect(moved).toMatchObject([{ before: { key: 'column:t.d' }, changed: ['position'] }])
    expect(diffSnapshots(before, after).map(change => change.type)).toEqual(['create'])
  })

  it('does not take a gap that a dropped column left for a move', () => {
    const before = snapshot(column('a', 1), column('b', 2), column('c', 3))
    const after = snapshot(column('a', 1), column('c', 2))
    expect(diffSnapshots(before, after, { ordered })).toMatchObject([{ type: 'drop' }])
  })

  it('refuses snapshots of two kinds of store', () => {
    expect(() => diffSnapshots(makeSnapshot('a', []), makeSnapshot('b', []))).toThrow('cannot be compared')
  })
})

describe('fingerprint', () => {
  it('is the same for schemas without a difference, and another one otherwise', () => {
    const a = snapshot(column('a', 1, { type: 'int', default: null }))
    expect(fingerprint(a)).toBe(fingerprint(snapshot(column('a', 7, { type: 'int' }))))
    expect(fingerprint(a)).not.toBe(fingerprint(snapshot(column('a', 1, { type: 'text' }))))
    expect(fingerprint(a, ordered)).not.toBe(fingerprint(snapshot(column('a', 7, { type: 'int' })), ordered))
  })
})

describe('objectKey', () => {
  it('keeps apart what a plain joining would mix up', () => {
    expect(objectKey('column', ['a.b', 'c'])).not.toBe(objectKey('column', ['a', 'b.c']))
    expect(objectKey('table', ['Order'])).toBe('table:"Order"')
  })
})
