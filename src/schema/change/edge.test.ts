// Where a store lets a view live on while its table changes, a view that goes need not go first.
import { expect, it } from 'vitest'
import { diffSnapshots } from '../diff/diff.ts'
import { objectKey, type SchemaObject } from '../model/object.ts'
import { makeSnapshot } from '../model/snapshot.ts'
import { planChanges } from './plan.ts'
import type { Renderer } from './renderer.ts'

const object = (kind: string, name: string, depends: readonly string[], shape: string): SchemaObject => ({
  kind,
  key: objectKey(kind, [name]),
  path: [name],
  parent: null,
  depends,
  properties: { shape },
})

const inPlace: Renderer = {
  ordered: new Set(),
  create: ({ key }) => ({ statements: [{ sql: `create ${key}` }] }),
  drop: ({ key }) => ({ statements: [{ sql: `drop ${key}` }] }),
  alter: ({ after }) => ({ statements: [{ sql: `alter ${after.key}` }] }),
  rename: () => ({ statements: [] }),
  breaks: () => false,
}

const before = makeSnapshot('test', [
  object('table', 't', [], '1'),
  object('view', 'old', ['table:t'], ''),
  object('view', 'top', ['view:old'], ''),
])
const after = makeSnapshot('test', [
  object('table', 't', [], '2'),
  object('view', 'new', ['table:t'], ''),
  object('view', 'top', ['view:new'], 'other'),
])

it('drops a view after the table was changed, when another view leaves it for a new one', () => {
  const { statements, unresolved } = planChanges(diffSnapshots(before, after), before, after, inPlace)
  expect(unresolved).toEqual([])
  expect(statements.map(({ sql }) => sql)).toEqual([
    'alter table:t',
    'create view:new',
    'alter view:top',
    'drop view:old',
  ])
})

it('finds no order where the view is in the way', () => {
  const { unresolved } = planChanges(diffSnapshots(before, after), before, after, { ...inPlace, breaks: () => true })
  expect(unresolved).toEqual([])
  const refusing: Renderer = { ...inPlace, breaks: (_, __, dependent) => dependent.key === 'view:old' }
  expect(planChanges(diffSnapshots(before, after), before, after, refusing).unresolved.length).toBeGreaterThan(0)
})
