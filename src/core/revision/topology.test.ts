import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seeded } from './random.fixture.ts'
import { findCycles, topologicalOrder } from './topology.ts'

describe('topologicalOrder', () => {
  it('takes the smallest of the free nodes first', () => {
    expect(topologicalOrder([[], [3], [], [], [0, 1]])).toEqual([0, 2, 3, 1, 4])
    expect(topologicalOrder([])).toEqual([])
  })

  it('leaves out cycles and what is behind them', () => {
    expect(topologicalOrder([[], [2], [1], [2], [0]])).toEqual([0, 4])
  })

  it('equals the order found by looking for the smallest free node at each step', () => {
    const graph = fc
      .array(fc.array(fc.nat(), { maxLength: 3 }), { maxLength: 40 })
      .map(lists => lists.map((list, at) => [...new Set(list.map(n => (at === 0 ? -1 : lists.length - 1 - (n % at))))]))
      .map(lists => lists.toReversed().map(list => list.filter(n => n >= 0)))
    fc.assert(
      fc.property(graph, before => {
        const acyclic = before.map((list, node) => list.filter(earlier => earlier > node))
        const expected: number[] = []
        while (expected.length < acyclic.length) {
          expected.push(acyclic.findIndex((list, n) => !expected.includes(n) && list.every(e => expected.includes(e))))
        }
        expect(topologicalOrder(acyclic)).toEqual(expected)
      }),
      seeded('topological order'),
    )
  })
})

describe('findCycles', () => {
  it('finds each knot once, in the order in which its nodes follow each other', () => {
    // 0 → 1 → 2 → 0 and 4 → 4, with 3 behind both
    expect(findCycles([[2], [0], [1], [0, 4], [4]], [0, 1, 2, 3, 4])).toEqual([[0, 1, 2], [4]])
  })

  it('finds none where there is none', () => {
    expect(findCycles([[], [0], [0], [1, 2]], [3, 2, 1, 0])).toEqual([])
  })

  it('walks very long chains', () => {
    const before = Array.from({ length: 50_000 }, (_, n) => (n === 0 ? [] : [n - 1]))
    expect(findCycles(before, [49_999])).toEqual([])
  })
})
