import { describe, expect, it } from 'vitest'
import { jsonPosition, positionAt } from './json-position.ts'

const text = `{
  "a": { "x\\"}": [1, { "b": 2 }], "b": { "c": true } },
  "d": 5,
  "d": 6
}`

describe('jsonPosition', () => {
  it('finds a key and its value past strings with braces', () => {
    expect(jsonPosition(text, ['a', 'b', 'c'], true)).toEqual({
      line: 2,
      column: (text.split('\n')[1] ?? '').indexOf('"c"') + 1,
    })
    expect(jsonPosition(text, ['a', 'b', 'c'], false)).toEqual({
      line: 2,
      column: (text.split('\n')[1] ?? '').indexOf('true') + 1,
    })
  })

  it('takes the last of two equal keys, as JSON.parse does', () =>
    expect(jsonPosition(text, ['d'], true)?.line).toBe(4))

  it('finds the whole for an empty path', () => expect(jsonPosition(text, [], false)).toEqual({ line: 1, column: 1 }))

  it('finds nothing where the path does not lead', () => {
    expect(jsonPosition(text, ['a', 'q'], true)).toBeUndefined()
    expect(jsonPosition(text, ['d', 'q'], true)).toBeUndefined()
  })

  it('counts lines and columns from 1', () => {
    expect(positionAt('ab\ncd', 0)).toEqual({ line: 1, column: 1 })
    expect(positionAt('ab\ncd', 4)).toEqual({ line: 2, column: 2 })
  })
})
