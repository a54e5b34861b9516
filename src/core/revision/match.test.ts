import { describe, expect, it } from 'vitest'
import { createIdMatcher } from './match.ts'

const matcher = createIdMatcher(['2_users', '20_teams', '21_users_fix', '002_again', 'init', 'V2__x', 'x_users'])

describe('createIdMatcher', () => {
  it('takes the id itself before all', () => {
    expect(matcher.match('init')).toEqual(['init'])
    expect(createIdMatcher(['a', 'ab']).match('a')).toEqual(['a'])
  })

  it('takes the number before a beginning', () => {
    expect(matcher.match('20')).toEqual(['20_teams'])
    expect(matcher.match('2')).toEqual(['2_users', '002_again'])
    expect(matcher.match('V2')).toEqual(['V2__x'])
  })

  it('takes a beginning', () => {
    expect(matcher.match('2_u')).toEqual(['2_users'])
    expect(matcher.match('in')).toEqual(['init'])
    expect(createIdMatcher(['20261119_a', '20261120_b']).match('2026112')).toEqual(['20261120_b'])
    expect(createIdMatcher(['20261119_a', '20261120_b']).match('2026')).toEqual(['20261119_a', '20261120_b'])
  })

  it('finds nothing for an empty text', () => {
    expect(matcher.match('')).toEqual([])
    expect(matcher.matchSlug('')).toEqual([])
    expect(matcher.match('zzz')).toEqual([])
  })

  it('finds the part after the underscore, whole before begun', () => {
    expect(matcher.matchSlug('users')).toEqual(['2_users', 'x_users'])
    expect(matcher.matchSlug('users_')).toEqual(['21_users_fix'])
    expect(matcher.matchSlug('tea')).toEqual(['20_teams'])
  })
})
