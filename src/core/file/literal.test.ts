import { describe, expect, it } from 'vitest'
import { readLiterals } from './literal.ts'

const values = (text: string) => Object.fromEntries(readLiterals(text).properties.map(({ key, value }) => [key, value]))
const unread = (text: string) => readLiterals(text).unread.map(({ key }) => key)

describe('readLiterals', () => {
  it.each([
    ["export default defineRevision({ parent: 'a', up() {} })", { parent: 'a' }],
    [
      'export default defineRevision<Context>({\n  parent: [\'a\', "b"],\n  label: `x`,\n  lockTimeout: 2_000,\n})',
      { parent: ['a', 'b'], label: 'x', lockTimeout: 2000 },
    ],
    ["export default { 'parent': 'a' as const, }", { parent: 'a' }],
    ["export default ({ transaction: 'off' } satisfies R)", { transaction: 'off' }],
    ["module.exports = { irreversible: 'it\\'s \\u0041\\u{42}\\x43\\n' }", { irreversible: "it's ABC\n" }],
    ["const revision = defineRevision({ phase: 'expand' })\nexport default revision", { phase: 'expand' }],
    [
      "export const parent: string = 'a'\nexport let label = ['x']; exports.transaction = 'off'\nexport var phase = 'expand'",
      { parent: 'a', label: ['x'], transaction: 'off', phase: 'expand' },
    ],
    ['export default { parent: [] }', { parent: [] }],
    [
      "export default { parent: 'a' // the first\n, label: 'x' /* y */, phase: 'expand'",
      { parent: 'a', label: 'x', phase: 'expand' },
    ],
  ])('reads %s', (text, expected) => {
    expect(values(text)).toEqual(expected)
    expect(unread(text)).toEqual([])
  })

  it.each([
    ['// export default { parent: 1 }', 'a comment'],
    ['/* export default { parent: x } */', 'a block comment'],
    ['/* export default { parent: x }', 'a comment without end'],
    ["const text = 'export default { parent: x }'", 'a string'],
    ['const text = `export default { parent: ${x} } ${`${y}` + {a: 1}.a} \\` ${"}"}`', 'a template'],
    ['const text = `export default { parent: x', 'a template without end'],
    ['const text = `${ export', 'an insertion without end'],
    ["const other = { parent: 'x' }", 'another object'],
    ['export default { up(m) { m.insert({ parent: x, label: y }) }, down: { parent: x } }', 'a nested object'],
    ["export default { up: m => /[}/]{'`\\//.test(m) && { parent: x }, }", 'the neighbourhood of a regular expression'],
    ['export default { up: a / b, c: d / e }', 'divisions'],
    ["function f() { exports.parent = 'x' }", 'a function'],
    ["parent = 'x'; const label = 'y'", 'plain variables'],
    ['export default class { parent = 1 }', 'a class'],
    ['', 'nothing'],
    ["export default { up() { return /'/ } ", 'a regular expression after a word'],
  ])('finds nothing in %s (%s)', text => {
    expect(readLiterals(text)).toEqual({ properties: [], unread: [] })
  })

  it.each([
    ['export default { parent }', ['parent']],
    [
      "export default { parent: previous, label: 'a' + 'b', depends: ['a', b], transaction: `${x}` }",
      ['parent', 'label', 'depends', 'transaction'],
    ],
    ['export const parent = previous', ['parent']],
    ['export const parent: string', ['parent']],
    ['export default { parent:', ['parent']],
    ["export default { parent: 'a", ['parent']],
    ["export default { parent: ['a'", []],
  ])('tells what it cannot read in %s', (text, keys) => {
    expect(unread(text)).toEqual(keys)
  })

  it('says where a value stands', () => {
    const text = "export default { parent: ['a'] }"
    const [property] = readLiterals(text).properties
    expect(text.slice(property?.start, property?.end)).toBe("['a']")
  })
})
