import { describe, expect, it } from 'vitest'
import { didYouMean, nearest } from './nearest.ts'

const known = ['status', 'stamp', 'history', 'up', 'down']

describe('nearest', () => {
  it.each([
    ['statsu', 'status'],
    ['Status', 'status'],
    ['hist', 'history'],
    ['dwon', 'down'],
    ['pu', 'up'],
  ])('takes %s for %s', (word, meant) => expect(nearest(word, known)).toBe(meant))

  it('takes nothing for a word that is far from all', () => expect(nearest('banana', known)).toBeUndefined())

  it('says nothing where nothing is near', () => {
    expect(didYouMean('banana', known)).toBe('')
    expect(didYouMean('stam', known)).toBe(' Did you mean "stamp"?')
  })
})
