import { describe, expect, it } from 'vitest'
import { countOf, didYouMean, nameList, suggestNames } from './wording.ts'

describe('wording', () => {
  it('lists names as a person would', () => {
    expect(nameList([])).toBe('')
    expect(nameList(['a'])).toBe('a')
    expect(nameList(['a', 'b', 'c'])).toBe('a, b and c')
    expect(nameList([...'abcdefghij'])).toBe('a, b, c, d, e, f, g, h and 2 more')
  })

  it('counts', () => {
    expect(countOf(1, 'revision')).toBe('1 revision')
    expect(countOf(0, 'revision')).toBe('0 revisions')
  })

  it('asks what was meant', () => {
    expect(didYouMean([])).toBeUndefined()
    expect(didYouMean(['a', 'b'])).toBe('Did you mean a or b?')
  })
})

describe('suggestNames', () => {
  const ids = ['20261119101010_users', '20261120080000_invoices', '20261121090000_teams', 'init']

  it('finds typing errors in the number and in the slug', () => {
    expect(suggestNames('20261119101011_users', ids)[0]).toBe('20261119101010_users')
    expect(suggestNames('invoces', ids)).toEqual(['20261120080000_invoices'])
    expect(suggestNames('Users', ids)).toEqual(['20261119101010_users'])
  })

  it('finds names that begin alike or contain the text', () => {
    expect(suggestNames('20261120999999_something_else', ids)).toEqual([])
    expect(suggestNames('2026112008', ids)).toEqual([
      '20261120080000_invoices',
      '20261121090000_teams',
      '20261119101010_users',
    ])
    expect(suggestNames('voice', ids)).toEqual(['20261120080000_invoices'])
  })

  it('does not guess from nothing', () => {
    expect(suggestNames('q', ['a', 'b'])).toEqual([])
    expect(suggestNames('billing', ['users'])).toEqual([])
  })

  it('gives as many as asked for', () => {
    expect(suggestNames('aa', ['aa1', 'aa2', 'aa3', 'aa4'])).toEqual(['aa1', 'aa2', 'aa3'])
    expect(suggestNames('aa', ['aa1', 'aa2', 'aa3', 'aa4'], 1)).toEqual(['aa1'])
  })
})
