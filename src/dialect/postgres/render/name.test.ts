import { describe, expect, it } from 'vitest'
import { ident, parseTypeName, qualified, routineName, routineOnly } from './name.ts'

describe('names', () => {
  it('quotes what is not plain, and keywords', () => {
    expect([ident('a_1'), ident('A'), ident('user'), ident('x"y'), ident('name')]).toEqual([
      'a_1',
      '"A"',
      '"user"',
      '"x""y"',
      'name',
    ])
    expect(qualified(['Odd name', 'order'])).toBe('"Odd name"."order"')
  })

  it('keeps the types of a routine as they are', () => {
    expect(routineName(['s', 'F(integer, "Odd".t)'])).toBe('s."F"(integer, "Odd".t)')
    expect(routineName(['s', 'f()'])).toBe('s.f()')
    expect(routineOnly(['s', 'F(integer)'])).toBe('s."F"')
  })

  it('reads the names in a type', () => {
    expect(parseTypeName('public.mood[]')).toEqual({ path: ['public', 'mood'], isArray: true })
    expect(parseTypeName('"Odd ""s".t(3)')).toEqual({ path: ['Odd "s', 't'], isArray: false })
  })
})
