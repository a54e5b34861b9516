import { expect, it } from 'vitest'
import { locate } from './position.ts'

const text = 'one\r\ntwo three\n\nlast'

it('counts lines and columns from 1, and shows the line without its end', () => {
  expect(locate('f.sql', text, 0, 1)).toEqual({ file: 'f.sql', line: 1, column: 1, text: 'one' })
  expect(locate('f.sql', text, text.indexOf('three'), 1)).toEqual({
    file: 'f.sql',
    line: 2,
    column: 5,
    text: 'two three',
  })
  expect(locate('f.sql', text, text.length, 10)).toEqual({ file: 'f.sql', line: 13, column: 5, text: 'last' })
})

it('stays inside the text', () => {
  expect(locate('f.sql', text, -5, 1)).toMatchObject({ line: 1, column: 1 })
  expect(locate('f.sql', text, 1_000, 1)).toMatchObject({ line: 4, column: 5 })
})

it('does not show a line that is too long to be read', () => {
  const where = locate('f.sql', 'x'.repeat(201), 3, 1)
  expect(where).toEqual({ file: 'f.sql', line: 1, column: 4 })
})
