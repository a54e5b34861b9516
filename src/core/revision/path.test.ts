import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildGraph } from './graph.ts'
import { type DownTarget, currentHeads, downPath, relation, upPath } from './path.ts'
import { anyApplied, seeded } from './random.fixture.ts'
import { draw, errorOf } from './revision.fixture.ts'

const to = (...ids: string[]) => ({ kind: 'revisions' as const, ids })
const base = { kind: 'base' } as const
const last = (count: number) => ({ kind: 'last' as const, count })

// a → b → d, a → c → d → e
const diamond = draw('a->b->d', 'a->c->d', 'd->e')

describe('upPath', () => {
  const up = (applied: string[], ...ids: string[]) => upPath(diamond, new Set(applied), to(...ids))

  it('takes what is pending below the target, parents first', () => {
    expect(up([], 'd')).toEqual(['a', 'b', 'c', 'd'])
    expect(up(['a'], 'c')).toEqual(['c'])
    expect(up([], 'b', 'c')).toEqual(['a', 'b', 'c'])
    expect(up(['a', 'b', 'c', 'd', 'e'], 'e')).toEqual([])
  })

  it('takes the late work of a branch, also below applied revisions', () => {
    expect(up(['a', 'b', 'd'], 'e')).toEqual(['c', 'e'])
    expect(up(['e'], 'e')).toEqual(['a', 'b', 'c', 'd'])
  })

  it('refuses a target that is not in the graph', () => {
    expect(errorOf(() => up([], 'z')).code).toBe('GRAPH.TARGET_UNKNOWN')
  })
})

describe('downPath', () => {
  const down = (journal: string[], target: DownTarget) => downPath(diamond, new Set(journal), journal, target)

  it('undoes everything down to base, children first and the last applied first', () => {
    expect(down(['a', 'b', 'c', 'd', 'e'], base)).toEqual({ ids: ['e', 'd', 'c', 'b', 'a'], unknown: [] })
    expect(down(['a', 'c', 'b', 'd'], base).ids).toEqual(['d', 'b', 'c', 'a'])
    expect(down([], base)).toEqual({ ids: [], unknown: [] })
  })

  it('undoes the last applied ones', () => {
    expect(down(['a', 'c', 'b'], last(1)).ids).toEqual(['b'])
    expect(down(['a', 'b', 'c'], last(2)).ids).toEqual(['c', 'b'])
  })

  it('does not undo a revision from under an applied descendant', () => {
    expect(down(['b', 'a'], last(1)).ids).toEqual(['b'])
    expect(down(['e', 'a'], last(1)).ids).toEqual(['e'])
    expect(down(['e', 'a'], last(2)).ids).toEqual(['e', 'a'])
  })

  it('keeps a revision and what it builds on, and undoes the rest', () => {
    expect(down(['a', 'b', 'c', 'd', 'e'], to('b')).ids).toEqual(['e', 'd', 'c'])
    expect(down(['a', 'b'], to('b')).ids).toEqual([])
    expect(errorOf(() => down(['a'], to('z'))).code).toBe('GRAPH.TARGET_UNKNOWN')
  })

  it('counts a revision where it was applied last, and not what was undone since', () => {
    const applied = new Set(['a', 'b', 'c'])
    expect(downPath(diamond, applied, ['a', 'b', 'd', 'c', 'b'], last(1)).ids).toEqual(['b'])
  })

  it('takes applied revisions that the journal order leaves out for the oldest', () => {
    expect(downPath(diamond, new Set(['a', 'b', 'c']), ['a', 'b'], last(1)).ids).toEqual(['b'])
  })

  it('reports what the graph does not know, in journal order', () => {
    const journal = ['gone', 'a', 'lost', 'b', 'undone']
    expect(downPath(diamond, new Set(['b', 'lost', 'a', 'gone']), journal, base)).toEqual({
      ids: ['b', 'a'],
      unknown: ['gone', 'lost'],
    })
    expect(downPath(diamond, new Set(['nowhere', 'a']), ['a'], base).unknown).toEqual(['nowhere'])
  })
})

describe('currentHeads', () => {
  it('are the applied revisions without an applied child', () => {
    expect(currentHeads(diamond, new Set())).toEqual([])
    expect(currentHeads(diamond, new Set(['a', 'b', 'c']))).toEqual(['b', 'c'])
    expect(currentHeads(diamond, new Set(['a', 'e', 'gone']))).toEqual(['a', 'e'])
  })
})

describe('relation', () => {
  it('compares the files with what is applied', () => {
    expect(relation(diamond, new Set(['a', 'b', 'd', 'gone']))).toEqual({
      applied: ['a', 'b', 'd'],
      pending: ['c', 'e'],
      skipped: ['c'],
      late: [],
      unknown: ['gone'],
      current: ['d'],
      heads: ['e'],
    })
  })

  it('tells late work of a branch from work that was skipped', () => {
    const { late, skipped, pending } = relation(draw('a->b', 'a->c', 'c->d'), new Set(['a', 'c']))
    expect({ late, skipped, pending }).toEqual({ late: ['b'], skipped: [], pending: ['b', 'd'] })
  })

  it('has all pending and none late when nothing is applied', () => {
    expect(relation(diamond, new Set())).toMatchObject({ pending: ['a', 'b', 'c', 'd', 'e'], late: [], skipped: [] })
  })
})

describe('random histories', () => {
  const heads = (graph: ReturnType<typeof buildGraph>) => to(...graph.heads)

  it('go up to heads with each pending revision once, parents first', () => {
    fc.assert(
      fc.property(anyApplied(), ({ revisions, applied }) => {
        const graph = buildGraph(revisions)
        const done = new Set(applied)
        const path = upPath(graph, done, heads(graph))
        expect(path.toSorted()).toEqual(graph.ids.filter(id => !applied.includes(id)).toSorted())
        for (const id of path) {
          for (const parent of graph.parents(id)) expect(done.has(parent)).toBe(true)
          done.add(id)
        }
      }),
      seeded('up to heads'),
    )
  })

  it('go down without leaving a revision under an applied descendant, and up again to the same', () => {
    fc.assert(
      fc.property(anyApplied(), fc.nat(), ({ revisions, applied }, n) => {
        const graph = buildGraph(revisions)
        const left = new Set(applied)
        const { ids } = downPath(graph, left, applied, base)
        for (const id of ids) {
          for (const other of left) expect(graph.isAncestor(id, other)).toBe(false)
          left.delete(id)
        }
        expect(left.size).toBe(0)
        const count = n % (applied.length + 1)
        expect(downPath(graph, new Set(applied), applied, last(count)).ids).toEqual(ids.slice(0, count))
        const all = upPath(graph, left, heads(graph))
        expect(all).toEqual(graph.ids)
        expect(downPath(graph, new Set(all), all, base).ids).toEqual(all.toReversed())
      }),
      seeded('down and up'),
    )
  })

  it('go down to a revision and keep exactly it and its ancestors', () => {
    fc.assert(
      fc.property(anyApplied(), fc.nat(), ({ revisions, applied }, n) => {
        const graph = buildGraph(revisions)
        const target = graph.ids[n % graph.ids.length]!
        const { ids } = downPath(graph, new Set(applied), applied, to(target))
        const kept = applied.filter(id => !ids.includes(id))
        expect(kept.every(id => id === target || graph.isAncestor(id, target))).toBe(true)
        expect(ids.some(id => id === target || graph.isAncestor(id, target))).toBe(false)
      }),
      seeded('down to a revision'),
    )
  })
})
