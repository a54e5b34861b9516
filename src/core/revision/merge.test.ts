import { describe, expect, it } from 'vitest'
import { planMerge } from './merge.ts'
import { chain, draw, errorOf } from './revision.fixture.ts'

const three = draw('1_a->2_b', '1_a->3_c', '1_a->4_d')

describe('planMerge', () => {
  it('names all heads', () => {
    expect(planMerge(three)).toEqual({ parents: ['2_b', '3_c', '4_d'], remaining: [] })
  })

  it('names the chosen ones and says which heads remain', () => {
    expect(planMerge(three, ['d', '2'])).toEqual({ parents: ['2_b', '4_d'], remaining: ['3_c'] })
  })

  it('refuses when there is one head or none', () => {
    const error = errorOf(() => planMerge(chain('a', 'b')))
    expect(error.code).toBe('GRAPH.MERGE_NEEDLESS')
    expect(error.message).toBe('the history has one head, b')
    expect(error.next).toEqual(['godwit history'])
    expect(errorOf(() => planMerge(chain())).message).toBe('there is no revision yet')
    expect(errorOf(() => planMerge(chain('a', 'b'), ['b'])).message).toBe('the history has one head, b')
  })

  it('refuses one revision, given once or twice', () => {
    const error = errorOf(() => planMerge(three, ['2_b', '2_b']))
    expect(error.message).toBe('a merge needs two different revisions')
    expect(error.why).toContain('2_b, 3_c and 4_d')
    expect(error.next).toEqual(['godwit merge'])
  })

  it('refuses a revision together with its ancestor', () => {
    expect(errorOf(() => planMerge(three, ['3_c', '1_a'])).message).toBe('3_c already contains 1_a')
  })

  it('refuses unknown names', () => {
    expect(errorOf(() => planMerge(three, ['2_b', 'zebra'])).code).toBe('GRAPH.TARGET_UNKNOWN')
  })
})
