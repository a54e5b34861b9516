import { describe, expect, it } from 'vitest'
import { asSentence, sentences } from './sentence.ts'

describe('asSentence', () => {
  it.each([
    ['the disk is full', 'The disk is full.'],
    ['Already one.', 'Already one.'],
    ['godwit overwrites no file', 'godwit overwrites no file.'],
    ['001_users was rolled back', '001_users was rolled back.'],
    ['main is pending', 'main is pending.'],
    ['really?', 'really?'],
    ['', ''],
  ])('%j becomes %j', (text, sentence) => expect(asSentence(text)).toBe(sentence))
})

describe('sentences', () => {
  it('joins what is there', () => {
    expect(sentences('no such column: email', undefined, ' ', 'It must be finished')).toBe(
      'No such column: email. It must be finished.',
    )
  })
})
