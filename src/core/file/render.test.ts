import { describe, expect, it } from 'vitest'
import { parseHeader } from './header.ts'
import { parseSections } from './layout/section.ts'
import { readLiterals } from './literal.ts'
import { renderMerge, renderSql, renderTypeScript } from './render.ts'

const header = {
  parents: ['20261119101010_users', 'b b'],
  depends: [{ database: 'analytics', revision: '1_base' }],
  labels: ['billing', 'eu'],
  options: {
    transaction: 'off',
    lockTimeoutMs: 2000,
    statementTimeoutMs: 120_000,
    phase: 'expand',
    irreversible: 'no "way" back',
  },
} as const

describe('renderSql', () => {
  it('writes header and sections that read back the same', () => {
    const text = renderSql({ message: 'Add invoice', header, up: 'CREATE TABLE i (id int);', down: 'DROP TABLE i;' })
    expect(text).toBe(`-- Add invoice
-- godwit: parent="20261119101010_users,b b" depends=analytics:1_base label=billing,eu
-- godwit: transaction=off lock_timeout=2s statement_timeout=2min phase=expand irreversible="no \\"way\\" back"
-- migrate:up
CREATE TABLE i (id int);

-- migrate:down
DROP TABLE i;
`)
    expect(parseHeader(text, 'f')).toEqual(header)
    expect(parseSections(text, 'f', true).down).toEqual([{ text: 'DROP TABLE i;\n', line: 8, whole: false }])
  })

  it('leaves room to write', () => {
    expect(renderSql({ message: 'x' })).toBe(`-- x
-- migrate:up


-- migrate:down
-- Undo the above, or delete this section and the line above it: an empty down does nothing.
`)
    expect(renderSql({ message: 'x', header: { parents: [] }, down: null })).toBe(
      '-- x\n-- godwit: parent=base\n-- migrate:up\n',
    )
  })

  it.each([
    'godwit: parent=x',
    'migrate:up\n-- migrate:down',
    '+goose Up',
    'Up Migration',
    '\n no-transaction',
    'a\u2028b',
  ])('keeps the message %j from acting', message => {
    const text = renderSql({ message, up: 'SELECT 1;' })
    expect(parseHeader(text, 'f').parents).toBeUndefined()
    const sections = parseSections(text, 'f', true)
    expect(sections.up.map(block => block.text.trim())).toEqual(['SELECT 1;'])
    expect(sections.transactionOff).toBe(false)
  })
})

describe('renderTypeScript', () => {
  it('writes literals that read back the same', () => {
    const text = renderTypeScript({
      message: 'Add invoice',
      header,
      up: 'await m.sql`SELECT 1`\n\nawait m.sql`SELECT 2`',
      down: null,
    })
    expect(text).toBe(`// Add invoice
// godwit: depends=analytics:1_base label=billing,eu
// godwit: transaction=off lock_timeout=2s statement_timeout=2min phase=expand irreversible="no \\"way\\" back"
import { defineRevision } from 'godwit'

export default defineRevision({
  parent: ['20261119101010_users', 'b b'],
  async up(m) {
    await m.sql\`SELECT 1\`
    await m.sql\`SELECT 2\`
  },
})
`)
    expect(readLiterals(text).properties.map(({ key, value }) => [key, value])).toEqual([['parent', header.parents]])
    expect({ ...parseHeader(text, 'f'), parents: header.parents }).toEqual(header)
  })

  it('leaves room to write', () => {
    expect(renderTypeScript({ message: 'x' })).toContain('  async down(m) {\n    // Undo the above')
  })
})

describe('renderMerge', () => {
  it('joins parents without a statement', () => {
    const text = renderMerge('sql', 'merge', ['a', 'b'])
    expect(parseHeader(text, 'f').parents).toEqual(['a', 'b'])
    expect(parseSections(text, 'f', true)).toMatchObject({ up: [], down: [] })
    expect(renderMerge('ts', 'merge', ['a', 'b'])).toContain(
      "parent: ['a', 'b'],\n  async up(m) {\n    // Joins the parents; nothing to run.\n  },",
    )
  })
})
