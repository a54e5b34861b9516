// A store of a few lines that refuses what a database would refuse: things made before what they need, dropped while
// something needs them, altered while something is in the way. Plans between random schemas must pass it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffSnapshots } from '../diff/diff.ts'
import { type Json, objectKey, type SchemaObject } from '../model/object.ts'
import { makeSnapshot, type Snapshot } from '../model/snapshot.ts'
import { planChanges } from './plan.ts'
import type { Rendered, Renderer } from './renderer.ts'

/** Tables carry their columns; `fixed` cannot be altered; `shape` can, when no view depends on it. */
const renderer: Renderer = {
  ordered: new Set(),
  create(object, { after, separate }) {
    const parts = object.kind === 'table' ? after.children(object.key).filter(part => !separate.has(part.key)) : []
    return {
      statements: [{ sql: JSON.stringify({ do: 'create', objects: [object, ...parts] }) }],
      includes: parts.map(part => part.key),
    }
  },
  drop(object, { before, separate }) {
    const parts = before.children(object.key).filter(part => !separate.has(part.key))
    return {
      statements: [{ sql: JSON.stringify({ do: 'drop', keys: [object.key, ...parts.map(part => part.key)] }) }],
      includes: parts.map(part => part.key),
    }
  },
  alter({ after, changed }): Rendered | 'recreate' {
    if (changed.includes('fixed') || changed.includes('reads')) return 'recreate'
    return { statements: [{ sql: JSON.stringify({ do: 'alter', object: after, breaks: changed.includes('shape') }) }] }
  },
  rename: () => ({ statements: [] }),
  breaks: (change, _, dependent) =>
    change === 'recreate' || (change.changed.includes('shape') && dependent.kind === 'view'),
}

/** Runs a plan. @throws Error where a database would refuse */
function run(before: Snapshot, statements: readonly { sql: string }[]): Map<string, SchemaObject> {
  const state = new Map(before.objects.map(object => [object.key, object]))
  for (const { sql } of statements) {
    const order = JSON.parse(sql) as {
      do: string
      objects: SchemaObject[]
      keys: string[]
      object: SchemaObject
      breaks: boolean
    }
    if (order.do === 'create') {
      for (const object of order.objects) {
        if (state.has(object.key)) throw new Error(`${object.key} exists`)
        state.set(object.key, object)
      }
      for (const object of order.objects) needAll(state, object)
    } else if (order.do === 'drop') {
      for (const key of order.keys) if (!state.delete(key)) throw new Error(`${key} does not exist`)
      for (const other of state.values()) {
        const gone = [...other.depends, other.parent ?? ''].find(need => order.keys.includes(need))
        if (gone !== undefined) throw new Error(`${other.key} depends on ${gone}`)
      }
    } else {
      if (!state.has(order.object.key)) throw new Error(`${order.object.key} does not exist`)
      needAll(state, order.object)
      const view = [...state.values()].find(other => other.kind === 'view' && other.depends.includes(order.object.key))
      if (order.breaks && view) throw new Error(`${view.key} is in the way`)
      state.set(order.object.key, order.object)
    }
  }
  return state
}

function needAll(state: Map<string, SchemaObject>, object: SchemaObject): void {
  for (const need of [...object.depends, ...(object.parent === null ? [] : [object.parent])]) {
    if (!state.has(need)) throw new Error(`${object.key} needs ${need}`)
  }
}

const table = (name: string, properties: Record<string, Json> = {}, depends: string[] = []): SchemaObject => ({
  kind: 'table',
  key: objectKey('table', [name]),
  path: [name],
  parent: null,
  depends,
  properties,
})
const part = (
  kind: string,
  owner: string,
  name: string,
  depends: string[],
  properties: Record<string, Json> = {},
): SchemaObject => ({
  kind,
  key: objectKey(kind, [owner, name]),
  path: [owner, name],
  parent: objectKey('table', [owner]),
  depends,
  properties,
})
const view = (name: string, depends: string[], properties: Record<string, Json> = {}): SchemaObject => ({
  kind: 'view',
  key: objectKey('view', [name]),
  path: [name],
  parent: null,
  depends,
  properties,
})

function plan(before: Snapshot, after: Snapshot) {
  const changes = diffSnapshots(before, after)
  return planChanges(changes, before, after, renderer)
}

const small = fc.integer({ min: 0, max: 2 })

/** Tables with columns and references to each other in any direction, views on views in one direction. */
const schema = fc
  .record({
    tables: fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.record({ shape: small, fixed: small, comment: small }),
    ),
    columns: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('x', 'y'), small, small)),
    references: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('a', 'b', 'c', 'd'), small)),
    views: fc.array(
      fc.tuple(fc.integer({ min: 0, max: 4 }), fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }), small),
    ),
  })
  .map(({ tables, columns, references, views }) => {
    const objects = new Map<string, SchemaObject>()
    const add = (object: SchemaObject) => objects.set(object.key, object)
    for (const [name, properties] of Object.entries(tables)) add(table(name, properties))
    for (const [owner, name, shape, fixed] of columns) {
      if (objects.has(`table:${owner}`)) add(part('column', owner, name, [], { shape, fixed }))
    }
    for (const [owner, other, fixed] of references) {
      if (!objects.has(`table:${owner}`) || !objects.has(`table:${other}`)) continue
      add(part('constraint', owner, `to_${other}`, [`table:${other}`], { fixed }))
    }
    for (const [number, needs, fixed] of [...views].sort((a, b) => a[0] - b[0])) {
      const known = [...objects.values()].filter(
        object => object.kind !== 'constraint' && object.key !== `view:v${number}`,
      )
      const depends = needs
        .flatMap(at => known.slice(at % Math.max(1, known.length)).slice(0, 1))
        .map(object => object.key)
      if (!objects.has(`view:v${number}`)) add(view(`v${number}`, depends, { fixed, reads: [...depends].sort() }))
    }
    return makeSnapshot('toy', [...objects.values()])
  })

describe('planChanges', () => {
  it('leads from any schema to any other in an order that a database accepts', () => {
    fc.assert(
      fc.property(schema, schema, (before, after) => {
        const { statements, unresolved } = plan(before, after)
        expect(unresolved).toEqual([])
        const reached = run(before, statements)
        expect(makeSnapshot('toy', [...reached.values()])).toEqual(after)
      }),
      { numRuns: 3_000 },
    )
  })

  it('says nothing between equal schemas', () => {
    fc.assert(
      fc.property(schema, both => {
        expect(plan(both, both).statements).toEqual([])
      }),
    )
  })

  it('makes two tables that refer to each other, and drops them', () => {
    const both = makeSnapshot('toy', [
      table('a'),
      table('b'),
      part('constraint', 'a', 'to_b', ['table:b']),
      part('constraint', 'b', 'to_a', ['table:a']),
    ])
    const none = makeSnapshot('toy', [])
    expect(run(none, plan(none, both).statements).size).toBe(4)
    expect(run(both, plan(both, none).statements).size).toBe(0)
  })

  it('drops the views on a column before its shape changes, and makes them again', () => {
    const with1 = (shape: number) =>
      makeSnapshot('toy', [
        table('a'),
        part('column', 'a', 'x', [], { shape }),
        view('v', ['column:a.x']),
        view('w', ['view:v']),
      ])
    const { statements } = plan(with1(1), with1(2))
    const told = statements.map(({ sql }) => {
      const order = JSON.parse(sql) as { do: string; keys?: string[]; objects?: SchemaObject[]; object?: SchemaObject }
      return `${order.do} ${order.keys?.[0] ?? order.objects?.[0]?.key ?? order.object?.key}`
    })
    expect(told).toEqual(['drop view:w', 'drop view:v', 'alter column:a.x', 'create view:v', 'create view:w'])
  })

  it('frees a name before another object takes it', () => {
    const claims: Renderer = { ...renderer, claims: object => [`relation:${object.path.at(-1)}`] }
    const before = makeSnapshot('toy', [table('n')])
    const after = makeSnapshot('toy', [view('n', [])])
    const { statements } = planChanges(diffSnapshots(before, after), before, after, claims)
    expect(statements.map(({ sql }) => (JSON.parse(sql) as { do: string }).do)).toEqual(['drop', 'create'])
  })

  it('makes a view again whose table goes and comes back as another kind of thing', () => {
    const claims: Renderer = { ...renderer, claims: object => [`relation:${object.path.at(-1)}`] }
    const before = makeSnapshot('toy', [table('n'), view('w', ['table:n'])])
    const after = makeSnapshot(
      'toy',
      [view('n', []), view('w', ['view:n'])].map(one => ({ ...one, properties: {} })),
    )
    const stripped = makeSnapshot(
      'toy',
      before.objects.map(one => ({ ...one, properties: {} })),
    )
    const { statements } = planChanges(diffSnapshots(stripped, after), stripped, after, claims)
    expect(statements.map(({ sql }) => (JSON.parse(sql) as { do: string }).do)).toEqual([
      'drop',
      'drop',
      'create',
      'create',
    ])
  })

  it('leaves the changes of a rebuilt table to its rebuild', () => {
    const rebuilds: Renderer = {
      ...renderer,
      rebuild: (_, changes) => ({
        statements: [{ sql: 'rebuild' }],
        includes: changes.map(change => (change.type === 'create' ? change.after.key : change.before.key)),
      }),
    }
    const before = makeSnapshot('toy', [
      table('a'),
      part('column', 'a', 'x', []),
      part('column', 'a', 'y', [], { fixed: 1 }),
    ])
    const after = makeSnapshot('toy', [
      table('a'),
      part('column', 'a', 'y', [], { fixed: 2 }),
      part('column', 'a', 'z', []),
    ])
    const { statements } = planChanges(diffSnapshots(before, after), before, after, rebuilds)
    expect(statements).toEqual([{ sql: 'rebuild' }])
  })
})
