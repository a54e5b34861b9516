import { describe, expect, it } from 'vitest'
import { firstStatementOffset, isBlankSql } from './blank.ts'
import { decodeText, eachDashLine, eachLine, lineEndOf } from './text.ts'

describe('lines', () => {
  it('end with any of the three line ends', () => {
    expect(
      [...eachLine('a\r\nb\rc\n\nd')].map(({ number, start, end, next, text }) => [number, start, end, next, text]),
    ).toEqual([
      [1, 0, 1, 3, 'a'],
      [2, 3, 4, 5, 'b'],
      [3, 5, 6, 7, 'c'],
      [4, 7, 7, 8, ''],
      [5, 8, 9, 9, 'd'],
    ])
  })

  it('that begin with dashes are found with their numbers', () => {
    const text = 'a -- x\n  -- b\r\n\r--c\u2028-- d\n\u2028-- e'
    expect([...eachDashLine(text)].map(({ number, text: line }) => [number, line])).toEqual([
      [2, '  -- b'],
      [4, '--c\u2028-- d'],
    ])
  })

  it('take the first line end for the whole text', () => {
    expect(['a\r\nb\n', 'a', 'a\rb\n'].map(lineEndOf)).toEqual(['\r\n', '\n', '\r'])
  })
})

describe('decodeText', () => {
  it('removes one BOM', () => {
    expect(decodeText(Buffer.from('\uFEFF\uFEFFa'), 'f')).toBe('\uFEFFa')
    expect(decodeText(new Uint8Array(Buffer.from('xäx')).subarray(1, 3), 'f')).toBe('ä')
  })

  it('refuses a NUL character and says where it stands', () => {
    expect(() => decodeText(Buffer.from('SELECT 1;\nSELECT \0 2'), 'f.sql')).toThrow(
      expect.objectContaining({
        code: 'FILE.ENCODING_INVALID',
        where: { file: 'f.sql', line: 2, column: 8 },
        meta: { byteOffset: 17 },
      }),
    )
  })
})

describe('isBlankSql', () => {
  it.each([
    ['', true],
    [' ;\n-- a\r\n/* b; */ ; -- c', true],
    ['# a', false],
    ['/* a', false],
    ['/*! a */', false],
    ['/*M! a */', false],
    ['/*+ a */', false],
    ['-- a\nb', false],
    ['/', false],
  ])('%j is %s', (text, blank) => {
    expect(isBlankSql(text)).toBe(blank)
  })

  it('finds the first statement', () => {
    expect(firstStatementOffset('-- a\n  b')).toBe(7)
  })
})
