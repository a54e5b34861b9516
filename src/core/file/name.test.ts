import { describe, expect, it } from 'vitest'
import { checkSequence, nextName, sequenceNumber, sequenceProblems, slugify } from './name.ts'

const now = new Date('2026-11-19T23:30:05.042Z')
const next = (existing: string[], options: { pattern?: string; zone?: string } = {}) =>
  nextName({ now, existing, message: 'Add b', ...options })

describe('slugify', () => {
  it.each([
    ['Add users', 'add_users'],
    ['  Größe: ÉTÉ / Łódź! ', 'grosse_ete_lodz'],
    ['用户 表', '用户_表'],
    ['한글', '한글'],
    ['x'.repeat(59) + ' yy', 'x'.repeat(59)],
    ['𝒜-b', 'a_b'],
  ])('makes a slug of %s', (message, slug) => {
    expect(slugify(message)).toBe(slug)
  })

  it('refuses a message without letters', () => {
    expect(() => slugify(' -- ')).toThrow(expect.objectContaining({ code: 'FILE.NAME_INVALID' }))
  })
})

describe('nextName', () => {
  it('writes the UTC time by default', () => {
    expect(next([])).toBe('20261119233005_add_b')
  })

  it('writes the time of a zone', () => {
    expect(next([], { zone: 'Asia/Kolkata' })).toBe('20261120050005_add_b')
  })

  it('never comes before or beside the newest time', () => {
    expect(next(['20261119233005_x'])).toBe('20261119233006_add_b')
    expect(next(['20991231235959_x', '20200101000000_y'])).toBe('21000101000000_add_b')
    expect(next(['20200101000000_y', 'readme', '001_a'])).toBe('20261119233005_add_b')
  })

  it('moves forward from an impossible time', () => {
    expect(next(['20269999999999_x']) > '20269999999999').toBe(true)
  })

  it.each([
    [[], '001_add_b'],
    [['001_a', '002_c'], '003_add_b'],
    [['1_a', '9_c', '2_x'], '10_add_b'],
    [['000041_a', 'x'], '000042_add_b'],
    [['999_a', '20261119233005_y'], '1000_add_b'],
  ])('numbers after %j', (existing, name) => {
    expect(next(existing, { pattern: 'sequential' })).toBe(name)
  })

  it('reads templates', () => {
    expect(next(['2026-11-19-233005_a'], { pattern: '{yyyy}-{MM}-{dd}-{HH}{mm}{ss}_{slug}' })).toBe(
      '2026-11-19-233006_add_b',
    )
    expect(next(['1795131006_x'], { pattern: '{unix}_{slug}' })).toBe('1795131007_add_b')
    expect(next([], { pattern: '{yyyy}{MM}{dd}{HH}{mm}{ss}{SSS}-{slug}' })).toBe('20261119233005042-add_b')
    expect(next(['V4__x'], { pattern: 'V{n}__{slug}' })).toBe('V5__add_b')
    expect(next(['x_07'], { pattern: '{slug}_{n:2}' })).toBe('add_b_08')
    expect(next(['2026_x'], { pattern: '{yyyy}_{slug}' })).toBe('2027_add_b')
  })

  it('keeps one day for names that stay in order, and moves on otherwise', () => {
    const pattern = '{yyyy}{MM}{dd}_{slug}'
    expect(next(['20261119_aaa'], { pattern })).toBe('20261119_add_b')
    expect(next(['20261119_users'], { pattern })).toBe('20261120_add_b')
  })

  it.each([
    '{slug}',
    '{n}',
    '{foo}_{slug}',
    '{n}_{n}_{slug}',
    '{n_{slug}',
    '{n}/{slug}',
    '{yyyy:2}_{slug}',
    '.{n}_{slug}',
  ])('refuses the pattern %s', pattern => {
    expect(() => next([], { pattern })).toThrow(expect.objectContaining({ code: 'FILE.NAME_INVALID' }))
  })

  it('refuses an unknown zone', () => {
    expect(() => next([], { zone: 'Mars/Base' })).toThrow(/time zone "Mars\/Base"/)
  })
})

describe('sequential numbers', () => {
  it.each([
    ['001_a', 1],
    ['12', 12],
    ['3-x', 3],
    ['4.x', 4],
    ['2024-09-17-104125_x', undefined],
    ['20240917_x', undefined],
    ['1510262030_x', undefined],
    ['2fa', undefined],
    ['x', undefined],
  ])('reads %s', (id, number) => {
    expect(sequenceNumber(id)).toBe(number)
  })

  const file = (id: string) => ({ id, file: `m/${id}.sql` })

  it('accepts numbers from any first one', () => {
    expect(sequenceProblems([file('006_b'), file('005_a')])).toEqual([])
    expect(() => checkSequence([file('005_a'), file('006_b')])).not.toThrow()
  })

  it('says nothing when any id is not sequential', () => {
    expect(sequenceProblems([file('001_a'), file('001_b'), file('20261119101010_c')])).toEqual([])
  })

  it('names the files of a number used twice', () => {
    expect(() => checkSequence([file('1_a'), { id: '01_b' }])).toThrow(
      expect.objectContaining({ code: 'GRAPH.NUMBER_DUPLICATE', message: 'number 1 is used by m/1_a.sql and 01_b' }),
    )
  })

  it('names the files around missing numbers, unless gaps are allowed', () => {
    const files = [file('001_a'), file('003_b'), file('006_c'), file('006_d')]
    expect(sequenceProblems(files).map(problem => problem.message)).toEqual([
      'number 2 is missing between m/001_a.sql and m/003_b.sql',
      'numbers 4 to 5 are missing between m/003_b.sql and m/006_c.sql',
      'number 6 is used by m/006_c.sql and m/006_d.sql',
    ])
    expect(() => checkSequence(files)).toThrow(
      expect.objectContaining({
        code: 'GRAPH.NUMBER_GAP',
        meta: expect.objectContaining({ problems: expect.any(Array) }),
      }),
    )
    expect(sequenceProblems(files, { gaps: false }).map(problem => problem.code)).toEqual(['GRAPH.NUMBER_DUPLICATE'])
  })
})
