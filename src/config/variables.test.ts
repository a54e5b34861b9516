import { describe, expect, it } from 'vitest'
import { findUrl, urlVariables } from './variables.ts'

describe('URL variables', () => {
  it('are tried from the most particular to the most general', () => {
    expect(urlVariables('main', 'test', true)).toEqual([
      'GODWIT_DATABASE_URL_MAIN',
      'GODWIT_DATABASE_URL',
      'TEST_DATABASE_URL',
      'DATABASE_URL_TEST',
      'DATABASE_URL',
      'DB_DATABASE_URL',
    ])
  })

  it('of one database among several are its own only', () => {
    expect(urlVariables('read-model', 'test', false)).toEqual(['GODWIT_DATABASE_URL_READ_MODEL'])
  })

  it('that are empty count as absent', () => {
    expect(findUrl({ A: ' ', B: 'x' }, ['A', 'B'])).toEqual({ url: 'x', variable: 'B' })
    expect(findUrl({}, ['A'])).toBeUndefined()
  })

  it('with the old name come with a notice to move', () => {
    expect(findUrl({ DB_DATABASE_URL: 'x' }, ['DB_DATABASE_URL'])?.notice).toContain('DATABASE_URL')
  })
})
