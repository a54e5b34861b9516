import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildGraph } from './graph.ts'
import { anyRevisions, seeded } from './random.fixture.ts'
import type { Revision } from './revision.ts'
import { chain, draw, errorOf, revision, revisions } from './revision.fixture.ts'

describe('buildGraph', () => {
  it('orders revisions without headers by name', () => {
    const graph = chain('10_c', '2_b', '1_a')
    expect(graph.ids).toEqual(['1_a', '2_b', '10_c'])
    expect(graph.parents('1_a')).toEqual([])
    expect(graph.parents('10_c')).toEqual(['2_b'])
    expect(graph.children('1_a')).toEqual(['2_b'])
    expect(graph.heads).toEqual(['10_c'])
    expect(graph.bases).toEqual(['1_a'])
  })

  it('gives a revision without header the previous one by name, whatever parents that one has', () => {
    const graph = buildGraph([revision('1'), revision('2'), revision('3', { parents: ['1'] }), revision('4')])
    expect(graph.parents('4')).toEqual(['3'])
    expect(graph.heads).toEqual(['2', '4'])
  })

  it('keeps parents before children and otherwise the order of names', () => {
    expect(draw('z->a', 'b').ids).toEqual(['b', 'z', 'a'])
    expect(draw('a->b', 'b->c', 'b->d', 'd->m', 'c->m').ids).toEqual(['a', 'b', 'c', 'd', 'm'])
  })

  it('keeps the order of parents in the header and drops repetitions', () => {
    const graph = buildGraph([...revisions('a', 'b'), revision('m', { parents: ['b', 'a', 'b'] })])
    expect(graph.parents('m')).toEqual(['b', 'a'])
    expect(graph.children('a')).toEqual(['m'])
  })

  it('takes a unique beginning or number for a parent', () => {
    const graph = buildGraph([
      revision('20261119_a', { parents: [] }),
      revision('20261120_b', { parents: ['20261119'] }),
      revision('20261121_c', { parents: ['20261120_'] }),
    ])
    expect(graph.ids.flatMap(id => graph.parents(id))).toEqual(['20261119_a', '20261120_b'])
  })

  it('does not take a short name for the revision it stands in', () => {
    const graph = buildGraph([revision('ab', { parents: [] }), revision('ac', { parents: ['a'] })])
    expect(graph.parents('ac')).toEqual(['ab'])
  })

  it('is empty for no revisions', () => {
    const graph = buildGraph([])
    expect([graph.ids, graph.heads, graph.bases]).toEqual([[], [], []])
  })

  it('knows its revisions', () => {
    const a = revision('a')
    const graph = buildGraph([a])
    expect(graph.get('a')).toBe(a)
    expect(graph.get('a')?.body()).toMatchObject({ kind: 'sql', down: undefined })
    expect(graph.get('b')).toBeUndefined()
    expect([graph.has('a'), graph.has('b')]).toEqual([true, false])
  })

  it('reads no body', () => {
    let read = 0
    const body = () => {
      read++
      return revision('a').body()
    }
    buildGraph([revision('a', { body }), revision('b', { body })])
    expect(read).toBe(0)
    body()
    expect(read).toBe(1)
  })

  it('refuses questions about a revision it does not hold', () => {
    const graph = chain('a')
    expect(errorOf(() => graph.parents('b')).code).toBe('GRAPH.TARGET_UNKNOWN')
    expect(errorOf(() => graph.ancestors('b')).message).toBe('there is no revision b')
    expect(errorOf(() => graph.isAncestor('a', 'b')).meta).toEqual({ target: 'b' })
  })
})

describe('ancestors and descendants', () => {
  const graph = draw('a->b->d', 'a->c->d', 'd->e', 'x')

  it('follows all parents', () => {
    expect([...graph.ancestors('d')].sort()).toEqual(['a', 'b', 'c'])
    expect([...graph.withAncestors(['c', 'x'])].sort()).toEqual(['a', 'c', 'x'])
    expect([...graph.withDescendants(['b'])].sort()).toEqual(['b', 'd', 'e'])
  })

  it('tells who builds on whom', () => {
    expect(graph.isAncestor('a', 'e')).toBe(true)
    expect(graph.isAncestor('e', 'a')).toBe(false)
    expect(graph.isAncestor('b', 'c')).toBe(false)
    expect(graph.isAncestor('x', 'e')).toBe(false)
    expect(graph.isAncestor('a', 'a')).toBe(false)
  })

  it('agrees with a plain search on random graphs', () => {
    fc.assert(
      fc.property(anyRevisions(), list => {
        const any = buildGraph(list)
        for (const id of any.ids) {
          const expected = new Set(any.parents(id).flatMap(parent => [parent, ...any.ancestors(parent)]))
          expect(any.ancestors(id)).toEqual(expected)
          for (const other of any.ids) expect(any.isAncestor(other, id)).toBe(expected.has(other))
          for (const parent of any.parents(id)) expect(any.ids.indexOf(parent)).toBeLessThan(any.ids.indexOf(id))
        }
      }),
      seeded('ancestors'),
    )
  })
})

describe('labels', () => {
  const labels = (...arrows: string[]) => Object.fromEntries(draw(...arrows).labels)

  it('belong to the revision that declares them and to its descendants', () => {
    expect(labels('a->b->c', 'b->d->e billing', 'a->x search')).toEqual({ billing: ['e'], search: ['x'] })
    expect(labels('a->b billing', 'b->c->d', 'a->x')).toEqual({ billing: ['b', 'c', 'd'] })
    expect(labels('a->b billing invoices', 'b->c paid')).toEqual({
      billing: ['b', 'c'],
      invoices: ['b', 'c'],
      paid: ['c'],
    })
  })

  it('end below a merge with another branch', () => {
    expect(labels('a->b billing', 'a->x', 'b->m', 'x->m->n')).toEqual({ billing: ['b'] })
  })

  it('go through a merge of their own branch', () => {
    expect(labels('a->b billing', 'b->c->m', 'b->d->m', 'm->n')).toEqual({ billing: ['b', 'c', 'd', 'm', 'n'] })
  })
})

describe('faults of the files', () => {
  it('names both files of one id', () => {
    const error = errorOf(() => buildGraph([revision('a'), revision('a', { file: 'migrations/a.ts' })]))
    expect(error.code).toBe('GRAPH.ID_DUPLICATE')
    expect(error.message).toBe('two revisions have the id a: migrations/a.sql and migrations/a.ts')
    expect(error.where).toEqual({ file: 'migrations/a.ts' })
    expect(error.meta).toMatchObject({ files: ['migrations/a.sql', 'migrations/a.ts'], others: [] })
  })

  it('names an unknown parent, the file and what may have been meant', () => {
    const error = errorOf(() => buildGraph([revision('1_users'), revision('2_bills', { parents: ['1_user_s'] })]))
    expect(error.code).toBe('GRAPH.PARENT_UNKNOWN')
    expect(error.message).toBe('revision 2_bills names the parent 1_user_s, which does not exist')
    expect(error.why).toContain('Did you mean 1_users?')
    expect(error.where).toEqual({ file: 'migrations/2_bills.sql' })
  })

  it('says nothing about names that are not alike', () => {
    const error = errorOf(() => buildGraph([revision('1_users'), revision('2_bills', { parents: ['zebra'] })]))
    expect(error.why).toBe('Without its parent a revision has no place in the history. No revision was run.')
    expect(errorOf(() => buildGraph([revision('a', { parents: [''] })])).message).toContain('the parent "",')
  })

  it('names the candidates of a parent that fits several', () => {
    const list = [revision('2026_a'), revision('2026_b'), revision('c', { parents: ['2026'] })]
    const error = errorOf(() => buildGraph(list))
    expect(error.message).toBe('revision c names the parent 2026, which can be 2026_a and 2026_b')
    expect(error.why).toContain('Write the parent out in full.')
    expect(error.meta['suggestions']).toEqual(['2026_a', '2026_b'])
  })

  it('prints a cycle from parent to child', () => {
    const error = errorOf(() => draw('a->b->c->a', 'c->d', 'x'))
    expect(error.code).toBe('GRAPH.CYCLE')
    expect(error.message).toBe('revisions are their own ancestors: a → b → c → a')
    expect(error.where).toEqual({ file: 'migrations/a.sql' })
    expect(errorOf(() => draw('a->a')).message).toBe('revisions are their own ancestors: a → a')
  })

  it('explains a cycle that comes from the order of names', () => {
    const error = errorOf(() => buildGraph([revision('1', { parents: ['2'] }), revision('2')]))
    expect(error.why).toContain('2 names no parent and so follows the revision before it by name.')
  })

  it('names no place for revisions given in code', () => {
    const inCode = { file: undefined }
    const twice = errorOf(() => buildGraph([revision('a', inCode), revision('a', inCode)]))
    expect(twice.message).toBe('two revisions have the id a: a revision given in code and a revision given in code')
    expect(twice.meta['files']).toEqual([null, null])
    const orphan = errorOf(() => buildGraph([revision('a', { ...inCode, parents: ['b'] })]))
    const cycle = errorOf(() => buildGraph([revision('a', { ...inCode, parents: ['a'] })]))
    expect([twice.where, orphan.where, cycle.where]).toEqual([undefined, undefined, undefined])
  })

  it('finds all of them and throws the first', () => {
    const list = [...revisions('a->b->a', 'c->d->c'), revision('a'), revision('e', { parents: ['q1', 'q2'] })]
    const error = errorOf(() => buildGraph(list))
    expect(error.code).toBe('GRAPH.ID_DUPLICATE')
    const others = error.meta['others'] as { code: string; message: string; where: { file: string } }[]
    expect(others.map(other => other.code)).toEqual([
      'GRAPH.PARENT_UNKNOWN',
      'GRAPH.PARENT_UNKNOWN',
      'GRAPH.CYCLE',
      'GRAPH.CYCLE',
    ])
    expect(others[0]!.where.file).toBe('migrations/e.sql')
    expect(() => JSON.stringify(error)).not.toThrow()
  })

  it('stays quick when every parent is unknown', () => {
    const list = Array.from({ length: 2000 }, (_, n) => revision(`${n}_x`, { parents: [`${n}_y`] }))
    const error = errorOf(() => buildGraph(list))
    const others = error.meta['others'] as { meta: { suggestions: string[] } }[]
    expect(others).toHaveLength(1999)
    expect(others.at(-1)!.meta.suggestions).toEqual([])
  })
})

describe('a large history', () => {
  it('builds 5,000 revisions with 50 branches in little time', () => {
    const list: Revision[] = []
    for (let n = 0; n < 5000; n++) {
      const branch = n % 50
      const parents = n === 0 ? [] : [n < 50 ? '20260000000000_r' : `${20260000000000 + n - 50}_r`]
      list.push(revision(`${20260000000000 + n}_r`, { parents, labels: n > 0 && n < 50 ? [`branch-${branch}`] : [] }))
    }
    list.reverse()
    const started = performance.now()
    const graph = buildGraph(list)
    const took = performance.now() - started
    console.info(`5,000 revisions, 50 branches: built, ordered, heads in ${took.toFixed(1)} ms`)
    expect(graph.heads).toHaveLength(50)
    expect(graph.ids).toHaveLength(5000)
    expect(took).toBeLessThan(2000)
  })
})
