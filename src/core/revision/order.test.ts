import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareIds, slugOf, sortIds, versionOf } from './order.ts'
import { seeded } from './random.fixture.ts'

describe('the order of names', () => {
  it('is the same for names with numbers of one width', () => {
    const rest = fc.constantFrom('', '_a', '_b', '-a', 'a', ' b', '.1_a', '..a')
    const id = fc.tuple(fc.constantFrom('001', '010', '100', '2', '20260101000000'), rest).map(parts => parts.join(''))
    fc.assert(
      fc.property(fc.uniqueArray(id), ids => {
        expect(sortIds(ids)).toEqual(ids.toSorted(compareIds))
      }),
    )
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom('001', '010', '100'), rest).map(parts => parts.join(''))),
        ids => {
          expect(sortIds(ids)).toEqual(ids.toSorted(compareIds))
        },
      ),
    )
  })

  it.each([
    ['2_x', '10_x'],
    ['V2__x', 'V10__x'],
    ['v1.9_x', 'v1.10_x'],
    ['1_init', '1.1_fix'],
    ['1.1_fix', '2_x'],
    ['01_a', '1_b'],
    ['01_a', '1_a'],
    ['001_step10', '001_step2'],
    ['20261119101010_users', '20261119101011_bills'],
    ['99999999999999999998_x', '99999999999999999999_a'],
    ['10_x', 'a'],
    ['B', 'a'],
    ['0_x', '1_x'],
    ['a', 'b'],
    ['V9', 'v1'],
    ['10', 'V2'],
  ])('puts %s before %s', (first, second) => {
    expect(compareIds(first, second)).toBeLessThan(0)
    expect(compareIds(second, first)).toBeGreaterThan(0)
    expect(sortIds([second, first])).toEqual([first, second])
  })

  it('is a total order', () => {
    const name = fc.string({ unit: fc.constantFrom('0', '1', '9', '10', '.', '_', '-', 'V', 'a', '~'), maxLength: 6 })
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(compareIds(a, b)) + Math.sign(compareIds(b, a))).toBe(0)
        expect(compareIds(a, b) === 0).toBe(a === b)
        if (compareIds(a, b) <= 0 && compareIds(b, c) <= 0) expect(compareIds(a, c)).toBeLessThanOrEqual(0)
      }),
      seeded('order of names', 2000),
    )
  })

  it('reads the number of a name', () => {
    expect(versionOf('002_users')).toBe('2')
    expect(versionOf('V01.02__users')).toBe('V1.2')
    expect(versionOf('2')).toBe('2')
    expect(versionOf('2fa')).toBeUndefined()
    expect(versionOf('users')).toBeUndefined()
    expect(versionOf('2019-01-10-120000_users')).toBeUndefined()
  })

  it('reads what stands after the number', () => {
    expect(slugOf('20261119101010_users_and_teams')).toBe('users_and_teams')
    expect(slugOf('V2__users')).toBe('users')
    expect(slugOf('users')).toBe('')
  })
})
