import { describe, expect, it } from 'vitest'
import { parseHeader } from './header.ts'
import { readLiterals } from './literal.ts'
import { setParents } from './rewrite.ts'

const sql = (text: string, parents: string[]) => setParents(text, parents, 'sql', 'a.sql')
const ts = (text: string, parents: string[]) => setParents(text, parents, 'ts', 'a.ts')

describe('setParents in SQL', () => {
  it.each([
    ['-- godwit: parent=a label=x\nSELECT 1\n', ['b', 'c'], '-- godwit: parent=b,c label=x\nSELECT 1\n'],
    [
      '\uFEFF-- hi\r\n--godwit:  label=x parent="a a"  \r\nSELECT 1',
      ['b b'],
      '\uFEFF-- hi\r\n--godwit:  label=x parent="b b"  \r\nSELECT 1',
    ],
    [
      '-- godwit: parent=a\n-- godwit: label=x parent=b phase=expand\n',
      ['c'],
      '-- godwit: parent=c\n-- godwit: label=x phase=expand\n',
    ],
    ['-- hi\n-- godwit: label=x\nSELECT 1', ['b'], '-- hi\n-- godwit: parent=b\n-- godwit: label=x\nSELECT 1'],
    ['\uFEFFSELECT 1\r\n', ['b'], '\uFEFF-- godwit: parent=b\r\nSELECT 1\r\n'],
    ['SELECT 1', [], '-- godwit: parent=base\nSELECT 1'],
    ['-- no-transaction\nSELECT 1', ['b'], '-- no-transaction\n-- godwit: parent=b\nSELECT 1'],
    ['-- no-transaction', ['b'], '-- no-transaction\n-- godwit: parent=b\n'],
    ['', ['b'], '-- godwit: parent=b\n'],
    ['-- migrate:up\nSELECT 1', ['b'], '-- godwit: parent=b\n-- migrate:up\nSELECT 1'],
  ])('changes %j', (text, parents, expected) => {
    const result = sql(text, parents)
    expect(result).toBe(expected)
    expect(parseHeader(result.replace('\uFEFF', ''), 'f').parents).toEqual(parents)
    expect(sql(result, parents)).toBe(result)
  })

  it('refuses a broken header', () => {
    expect(() => sql('-- godwit: parent', ['b'])).toThrow(expect.objectContaining({ code: 'FILE.HEADER_INVALID' }))
  })
})

describe('setParents in code', () => {
  it.each([
    [
      "\uFEFFexport default { parent: 'a', up() {} }\r\n",
      ['b', "c'"],
      "\uFEFFexport default { parent: ['b', 'c\\''], up() {} }\r\n",
    ],
    ["export const parent = ['a']\n", ['b'], "export const parent = 'b'\n"],
    [
      "// godwit: parent=a\nexport default { parent: 'a' }",
      [],
      '// godwit: parent=base\nexport default { parent: [] }',
    ],
    ['#!/usr/bin/env node\nimport x', ['b'], '#!/usr/bin/env node\n// godwit: parent=b\nimport x'],
  ])('changes %j', (text, parents, expected) => {
    const result = ts(text, parents)
    expect(result).toBe(expected)
    expect(ts(result, parents)).toBe(result)
    const [literal] = readLiterals(result).properties
    if (literal) expect([literal.value].flat()).toEqual(parents)
  })

  it('refuses a parent that is no literal', () => {
    expect(() => ts('export default { parent: previous }', ['b'])).toThrow(
      expect.objectContaining({ code: 'FILE.MODULE_INVALID' }),
    )
  })
})
