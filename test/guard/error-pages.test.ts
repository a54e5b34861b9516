// Every error code has a page in docs/errors, and every page a code: people search for the code they were shown.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/core/error-codes.ts'
import { root } from './guard.ts'

interface Page {
  readonly name: string
  readonly text: string
}

/** What is wrong between codes with their summaries and pages. */
function compare(codes: Readonly<Record<string, { readonly summary: string }>>, pages: readonly Page[]): string[] {
  const named = new Map(pages.map(page => [page.name.replace(/\.md$/, ''), page.text]))
  const fromCodes = Object.entries(codes).map(([code, { summary }]) => {
    const text = named.get(code)
    if (text === undefined) return `${code} has no page docs/errors/${code}.md`
    if (!text.startsWith(`# ${code}\n`)) return `docs/errors/${code}.md does not start with "# ${code}"`
    return text.includes(summary) ? undefined : `docs/errors/${code}.md lacks the summary: ${summary}`
  })
  const fromPages = [...named.keys()]
    .filter(name => name !== 'README' && !(name in codes))
    .map(name => `docs/errors/${name}.md is the page of no error code`)
  return [...fromCodes, ...fromPages].filter(fault => fault !== undefined)
}

describe('guard/error-pages', () => {
  it('finds a page for each code and a code for each page', () => {
    const folder = join(root, 'docs/errors')
    const names = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.md')) : []
    const pages = names.map(name => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
    expect(compare(errorCodes, pages)).toEqual([])
  })

  it('refuses a code without a page, a page without a code and a page about something else', () => {
    const codes = { 'A.ONE': { summary: 'One.' }, 'A.TWO': { summary: 'Two.' }, 'A.THREE': { summary: 'Three.' } }
    const pages = [
      { name: 'A.ONE.md', text: '# A.ONE\n\nOne.\n' },
      { name: 'A.THREE.md', text: '# A.THREE\n\nThird.\n' },
      { name: 'A.FOUR.md', text: '# A.FOUR\n' },
    ]
    expect(compare(codes, pages)).toEqual([
      'A.TWO has no page docs/errors/A.TWO.md',
      'docs/errors/A.THREE.md lacks the summary: Three.',
      'docs/errors/A.FOUR.md is the page of no error code',
    ])
  })
})
