import { describe, expect, it } from 'vitest'
import { buildGraph } from './graph.ts'
import { chain, draw, errorOf, revision } from './revision.fixture.ts'
import { branchHeads, defaultTarget, parseTarget, resolveRevision, resolveTarget } from './target.ts'

describe('parseTarget', () => {
  it('reads every form', () => {
    expect(parseTarget('head')).toEqual({ kind: 'head', label: undefined })
    expect(parseTarget(' heads ')).toEqual({ kind: 'heads', label: undefined })
    expect(parseTarget('base')).toEqual({ kind: 'base' })
    expect(parseTarget('+2')).toEqual({ kind: 'relative', count: 2, label: undefined })
    expect(parseTarget('-12')).toEqual({ kind: 'relative', count: -12, label: undefined })
    expect(parseTarget('billing@head')).toEqual({ kind: 'head', label: 'billing' })
    expect(parseTarget('billing@heads')).toEqual({ kind: 'heads', label: 'billing' })
    expect(parseTarget('billing@+1')).toEqual({ kind: 'relative', count: 1, label: 'billing' })
    expect(parseTarget('2026')).toEqual({ kind: 'revision', text: '2026' })
    expect(parseTarget('a@b')).toEqual({ kind: 'revision', text: 'a@b' })
    expect(parseTarget('billing@base')).toEqual({ kind: 'revision', text: 'billing@base' })
    expect(parseTarget('@head')).toEqual({ kind: 'revision', text: '@head' })
  })

  it('refuses what is no target', () => {
    expect(errorOf(() => parseTarget('  ')).code).toBe('GRAPH.TARGET_INVALID')
    expect(errorOf(() => parseTarget('+0')).message).toBe('+0 is no step')
    expect(errorOf(() => parseTarget('-0')).code).toBe('GRAPH.TARGET_INVALID')
  })

  it('has a default for each direction', () => {
    expect(parseTarget(defaultTarget.up).kind).toBe('head')
    expect(parseTarget(defaultTarget.down)).toMatchObject({ kind: 'relative', count: -1 })
  })
})

// 1_a → 2_b → 3_c, 1_a → 4_x (billing) → 5_y
const forked = draw('1_a->2_b->3_c', '1_a->4_x billing', '4_x->5_y')
const up = (text: string, applied: string[] = [], graph = forked) =>
  resolveTarget(graph, new Set(applied), text, 'up').ids
const down = (text: string, applied: string[] = [], graph = forked) =>
  resolveTarget(graph, new Set(applied), text, 'down')

describe('up', () => {
  it('goes to the one head', () => {
    expect(up('head', [], chain('a', 'b'))).toEqual(['b'])
    expect(up('head', [], chain())).toEqual([])
  })

  it('refuses head where there are several, and says what to do', () => {
    const error = errorOf(() => up('head'))
    expect(error.code).toBe('GRAPH.HEADS_MULTIPLE')
    expect(error.message).toBe('the history has 2 heads: 3_c and 5_y')
    expect(error.next).toEqual(['godwit merge', 'godwit up heads'])
    expect(error.meta).toEqual({ heads: ['3_c', '5_y'] })
  })

  it('goes to all heads', () => {
    expect(up('heads')).toEqual(['3_c', '5_y'])
  })

  it('goes to a revision by id, number, beginning or slug', () => {
    expect(up('2_b')).toEqual(['2_b'])
    expect(up('004')).toEqual(['4_x'])
    expect(up('5_')).toEqual(['5_y'])
    expect(up('y')).toEqual(['5_y'])
  })

  it('goes to the head of a branch', () => {
    expect(up('billing@head')).toEqual(['5_y'])
  })

  it('refuses the head of a branch that has several', () => {
    const split = draw('a->b billing', 'b->c', 'b->d')
    const error = errorOf(() => up('billing@head', [], split))
    expect(error.message).toBe('the branch billing has 2 heads: c and d')
    expect(error.next).toEqual(['godwit merge c d', 'godwit up billing@heads'])
    expect(error.meta['label']).toBe('billing')
    expect(up('billing@heads', [], split)).toEqual(['c', 'd'])
    expect(branchHeads(split, 'billing')).toEqual(['c', 'd'])
  })

  it('goes a number of steps, counted from what is pending', () => {
    expect(up('+2')).toEqual(['1_a', '2_b'])
    expect(up('+2', ['1_a', '4_x'])).toEqual(['2_b', '3_c'])
    expect(up('billing@+1', ['1_a'])).toEqual(['4_x'])
    expect(up('billing@+2')).toEqual(['4_x', '5_y'])
  })

  it('refuses more steps than there are, and says how many there are', () => {
    const error = errorOf(() => up('+9', ['1_a']))
    expect(error.code).toBe('GRAPH.TARGET_INVALID')
    expect(error.message).toBe('+9 asks for more than the 4 pending revisions')
    expect(error.next).toEqual(['godwit up heads'])
    const branch = errorOf(() => up('billing@+3', ['4_x']))
    expect(branch.message).toBe('billing@+3 asks for more than the 1 pending revision of billing')
    expect(branch.next).toEqual(['godwit up billing@heads'])
    expect(errorOf(() => up('+1', [...forked.ids])).next).toEqual(['godwit status'])
  })

  it('refuses to go down', () => {
    const error = errorOf(() => up('-1'))
    expect(error.code).toBe('GRAPH.TARGET_INVALID')
    expect(error.next).toEqual(['godwit down -1'])
    expect(errorOf(() => up('base')).next).toEqual(['godwit down base'])
  })

  it('suggests a revision or a label for one that does not exist', () => {
    const error = errorOf(() => up('20261119_usres', [], chain('20261119_users')))
    expect(error.code).toBe('GRAPH.TARGET_UNKNOWN')
    expect(error.why).toBe('Nothing was done. Did you mean 20261119_users?')
    expect(error.next).toEqual(['godwit up 20261119_users', 'godwit history'])
    const label = errorOf(() => up('biling@head'))
    expect(label.message).toBe('no revision has the label biling')
    expect(label.why).toContain('Did you mean billing?')
    expect(label.next).toEqual(['godwit history'])
    expect(errorOf(() => up('zebra')).why).toBe('Nothing was done.')
    expect(errorOf(() => up('biling@+1')).code).toBe('GRAPH.TARGET_UNKNOWN')
  })

  it('lists the candidates of a short name', () => {
    const error = errorOf(() => up('2026', [], chain('20261119_a', '20261120_b')))
    expect(error.code).toBe('GRAPH.TARGET_AMBIGUOUS')
    expect(error.message).toBe('2026 can be 20261119_a and 20261120_b')
    expect(error.next).toEqual(['godwit up 20261119_a', 'godwit up 20261120_b'])
    expect(error.meta['candidates']).toEqual(['20261119_a', '20261120_b'])
  })

  it('takes a reserved word before a revision of that name', () => {
    expect(up('head', [], chain('head', 'other'))).toEqual(['other'])
  })
})

describe('down', () => {
  it('goes to base', () => {
    expect(down('base')).toEqual({ kind: 'base' })
  })

  it('goes a number of steps', () => {
    expect(down('-2', ['1_a', '2_b'])).toEqual({ kind: 'last', count: 2 })
  })

  it('refuses more steps than there are, and says how many there are', () => {
    const error = errorOf(() => down('-3', ['1_a', '2_b', 'gone']))
    expect(error.message).toBe('-3 asks for more than the 2 applied revisions')
    expect(error.next).toEqual(['godwit down base'])
    expect(errorOf(() => down('-1')).next).toEqual(['godwit status'])
  })

  it('goes to a revision or to the head of a branch', () => {
    expect(down('2', ['1_a', '2_b', '3_c'])).toEqual({ kind: 'revisions', ids: ['2_b'] })
    expect(down('billing@head', ['1_a', '4_x', '5_y'])).toEqual({ kind: 'revisions', ids: ['5_y'] })
  })

  it('refuses a revision that is not applied', () => {
    const error = errorOf(() => down('3_c', ['1_a']))
    expect(error.code).toBe('GRAPH.TARGET_INVALID')
    expect(error.message).toBe('3_c is not applied')
    expect(error.next).toEqual(['godwit up 3_c', 'godwit status'])
    const split = draw('a->b billing', 'b->c', 'b->d')
    expect(errorOf(() => down('billing@heads', [], split)).message).toBe('c and d are not applied')
  })

  it('refuses to go up', () => {
    expect(errorOf(() => down('+2')).next).toEqual(['godwit up +2'])
    expect(errorOf(() => down('head')).next).toEqual(['godwit down -1', 'godwit down base'])
    expect(errorOf(() => down('heads')).code).toBe('GRAPH.TARGET_INVALID')
  })

  it('refuses steps within a branch', () => {
    expect(errorOf(() => down('billing@-1', ['1_a', '4_x'])).message).toBe('billing@-1 is no target of down')
  })
})

describe('resolveRevision', () => {
  it('takes what stands after the underscore only when nothing begins with the text', () => {
    const graph = buildGraph([revision('1_users'), revision('users')])
    expect(resolveRevision(graph, 'users', 'godwit show')).toBe('users')
    expect(resolveRevision(chain('1_users', '2_teams'), 'tea', 'godwit show')).toBe('2_teams')
  })
})
