import { describe, expect, it } from 'vitest'
import { selectList, unpack } from './journal-packed.ts'

const columns = { id: 'id', applied: 'iso(applied_at)' }

describe('packed rows', () => {
  it('are asked for as one value, or as columns where the store cannot pack', () => {
    expect(selectList(columns, list => `pack(${list.join(', ')})`)).toBe('pack(id, iso(applied_at)) AS packed')
    expect(selectList(columns)).toBe('id, iso(applied_at) AS applied')
  })

  it('become the rows that the columns would have given', () => {
    expect(unpack([{ packed: '["a\\"", null]' }, { packed: '["b", 2]' }], columns)).toEqual([
      { id: 'a"', applied: null },
      { id: 'b', applied: 2 },
    ])
    expect(unpack([], columns)).toEqual([])
  })

  it.each([[null], ['["a"]'], ['{}'], ['["a", 1], ["b", 2]'], ['no']])('refuses %j', packed => {
    expect(() => unpack([{ packed }], columns)).toThrow(SyntaxError)
  })
})
