import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGodwitError } from '../error.ts'
import { buildGraph } from './graph.ts'
import { anyRevisions, seeded } from './random.fixture.ts'
import { type ParentChange, planRebase } from './rebase.ts'
import type { Revision } from './revision.ts'
import { draw, errorOf, revision } from './revision.fixture.ts'

const nowhere = new Map<string, ReadonlySet<string>>()
const moved = (id: string, from: string[], to: string[]) => ({ id, from, to, pinned: false })

function rewrite(list: readonly Revision[], plan: readonly ParentChange[]): Revision[] {
  return list.map(item => ({ ...item, parents: plan.find(change => change.id === item.id)?.to ?? item.parents }))
}

describe('planRebase', () => {
  // a → b → c (theirs), a → x → y (mine)
  const fork = draw('a->b->c', 'a->x mine', 'x->y')

  it('gives the root of the branch a new parent and leaves the rest', () => {
    expect(planRebase(fork, { branch: 'y', onto: 'c' }, nowhere)).toEqual([moved('x', ['a'], ['c'])])
  })

  it('takes a label for the branch', () => {
    expect(planRebase(fork, { branch: 'mine', onto: 'b' }, nowhere)).toEqual([moved('x', ['a'], ['b'])])
  })

  it('moves all heads of a label', () => {
    const two = draw('a->b', 'a->x mine', 'x->y', 'x->z', 'a->w mine')
    expect(planRebase(two, { branch: 'mine', onto: 'b' }, nowhere)).toEqual([
      moved('w', ['a'], ['b']),
      moved('x', ['a'], ['b']),
    ])
  })

  it('takes a revision of the name of a label for the revision', () => {
    const graph = draw('a->b', 'a->x', 'x->y x')
    expect(planRebase(graph, { branch: 'x', onto: 'b' }, nowhere)).toEqual([moved('x', ['a'], ['b'])])
  })

  it('takes the old trunk out of merges in the branch', () => {
    const graph = draw('a->b->c', 'a->x->y', 'b->y->z')
    expect(planRebase(graph, { branch: 'z', onto: 'c' }, nowhere)).toEqual([
      moved('x', ['a'], ['c']),
      moved('y', ['x', 'b'], ['x']),
    ])
  })

  it('moves an unrelated history', () => {
    expect(planRebase(draw('a->b', 'x->y'), { branch: 'y', onto: 'b' }, nowhere)).toEqual([moved('x', [], ['b'])])
  })

  it('writes down parents that the order of names implies', () => {
    const list = [
      revision('1_a'),
      revision('2_b', { parents: ['1_a'] }),
      revision('3_x', { parents: ['1_a'] }),
      revision('4_y'),
      revision('5_z'),
      revision('6_t', { parents: ['2_b'] }),
      revision('7_u'),
    ]
    expect(planRebase(buildGraph(list), { branch: '4_y', onto: '7_u' }, nowhere)).toEqual([
      moved('3_x', ['1_a'], ['7_u']),
      { id: '4_y', from: ['3_x'], to: ['3_x'], pinned: true },
      { id: '5_z', from: ['4_y'], to: ['4_y'], pinned: true },
    ])
  })

  it('moves a root whose parent was implied', () => {
    const list = [revision('1_a'), revision('2_x'), revision('3_b', { parents: ['1_a'] })]
    expect(planRebase(buildGraph(list), { branch: '2_x', onto: '3_b' }, nowhere)).toEqual([
      moved('2_x', ['1_a'], ['3_b']),
    ])
  })

  it('refuses to move what is applied anywhere, and names it', () => {
    const applied = new Map([
      ['main', new Set(['a', 'x'])],
      ['copy', new Set(['a', 'x', 'y'])],
      ['new', new Set(['a', 'b'])],
    ])
    const error = errorOf(() => planRebase(fork, { branch: 'y', onto: 'b' }, applied))
    expect(error.code).toBe('GRAPH.REBASE_APPLIED')
    expect(error.message).toBe('the branch is applied: x in main; x and y in copy')
    expect(error.next).toEqual(['godwit merge'])
    expect(error.meta['applied']).toEqual([
      { database: 'main', revisions: ['x'] },
      { database: 'copy', revisions: ['x', 'y'] },
    ])
  })

  it('refuses to move what an applied revision builds on', () => {
    const applied = new Map([['main', new Set(['a', 'y'])]])
    expect(errorOf(() => planRebase(fork, { branch: 'x', onto: 'b' }, applied)).message).toContain('y in main')
  })

  it.each([
    ['y', 'y', 'y is part of the branch y'],
    ['mine', 'x', 'x is part of the branch mine'],
    ['x', 'y', 'y already builds on x'],
    ['y', 'x', 'y already builds on x'],
    ['c', 'a', 'c already builds on a'],
    ['a', 'c', 'c already builds on a'],
  ])('refuses to put %s onto %s', (branch, onto, message) => {
    const error = errorOf(() => planRebase(fork, { branch, onto }, nowhere))
    expect(error.code).toBe('GRAPH.REBASE_INVALID')
    expect(error.message).toBe(message)
  })

  it('refuses unknown names', () => {
    expect(errorOf(() => planRebase(fork, { branch: 'zebra', onto: 'c' }, nowhere)).code).toBe('GRAPH.TARGET_UNKNOWN')
    expect(errorOf(() => planRebase(fork, { branch: 'y', onto: 'zebra' }, nowhere)).next).toEqual(['godwit history'])
  })

  it('puts the whole branch above onto and changes nothing else, in random histories', () => {
    let planned = 0
    fc.assert(
      fc.property(anyRevisions(), fc.nat(), fc.nat(), (list, m, n) => {
        const graph = buildGraph(list)
        const branch = graph.ids[m % graph.ids.length]!
        const onto = graph.ids[n % graph.ids.length]!
        let plan: ParentChange[]
        try {
          plan = planRebase(graph, { branch, onto }, nowhere)
        } catch (error) {
          if (isGodwitError(error) && error.code === 'GRAPH.REBASE_INVALID') return
          throw error
        }
        planned++
        const own = [...graph.withAncestors([branch])].filter(id => !graph.withAncestors([onto]).has(id))
        const after = buildGraph(rewrite(list, plan))
        for (const id of own) expect(after.isAncestor(onto, id)).toBe(true)
        for (const id of own)
          for (const o of own) if (graph.isAncestor(o, id)) expect(after.isAncestor(o, id)).toBe(true)
        for (const change of plan) expect(graph.parents(change.id)).toEqual(change.from)
        for (const id of graph.ids) {
          const expected = plan.find(change => change.id === id)?.to ?? graph.parents(id)
          expect(after.parents(id)).toEqual(expected)
          if (!own.includes(id)) expect(after.parents(id)).toEqual(graph.parents(id))
        }
        // New names for the branch, after all others, change no parent.
        const renamed = (id: string) => (own.includes(id) ? `99${id}` : id)
        const names = rewrite(list, plan).map(item => ({
          ...item,
          id: renamed(item.id),
          parents: item.parents?.map(renamed),
        }))
        const later = buildGraph(names)
        for (const id of own) expect(later.parents(renamed(id))).toEqual(after.parents(id).map(renamed))
        for (const id of plan.map(change => change.id)) {
          expect(later.parents(renamed(id))).toEqual(after.parents(id).map(renamed))
        }
      }),
      seeded('rebase', 400),
    )
    expect(planned).toBeGreaterThan(0)
  })
})
