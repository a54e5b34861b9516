// Changes the parents of a revision in its text and nothing else: every other byte stays, with BOM and line ends.
// A parent stated twice, or in code, is replaced where it stands; a text that states none gets a header line.
import { GodwitError } from '../error.ts'
import { headerEntries, headerLines, topLines } from './header.ts'
import { readLiterals } from './literal.ts'
import type { RevisionFormat } from './render.ts'
import { renderParents, renderValue } from './render.ts'
import { lineEndOf } from './text.ts'

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * @param text of the file; may start with a BOM
 * @param parents empty: a base
 * @throws FILE.HEADER_INVALID for a broken header, FILE.MODULE_INVALID for a parent in code that is no literal
 */
export function setParents(text: string, parents: readonly string[], format: RevisionFormat, file: string): string {
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const plain = text.slice(bom.length)
  const edits = [...headerEdits(plain, parents, file), ...(format === 'ts' ? literalEdits(plain, parents, file) : [])]
  if (edits.length === 0) edits.push(newLine(plain, parents, format))
  let result = plain
  for (const { start, end, text: replacement } of edits.sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + replacement + result.slice(end)
  }
  return bom + result
}

function headerEdits(text: string, parents: readonly string[], file: string): Edit[] {
  const entries = headerEntries(text, file).filter(entry => entry.key === 'parent')
  return entries.map((entry, index) => {
    if (index === 0) return { start: entry.valueStart, end: entry.end, text: headerValue(parents) }
    // Further parents go away, with the blank before them; the line itself stays.
    const blanks = /[ \t]*$/.exec(text.slice(entry.line.start, entry.start))?.[0].length as number
    return { start: entry.start - blanks, end: entry.end, text: '' }
  })
}

function literalEdits(text: string, parents: readonly string[], file: string): Edit[] {
  const { properties, unread } = readLiterals(text)
  if (unread.some(({ key }) => key === 'parent')) {
    throw new GodwitError('FILE.MODULE_INVALID', `${file} states its parent, but not as a plain literal`, {
      why: 'Only a string or a list of strings can be rewritten. The file was not changed.',
      where: { file },
    })
  }
  const found = properties.filter(property => property.key === 'parent')
  return found.map(({ start, end }) => ({ start, end, text: renderParents(parents) }))
}

function newLine(text: string, parents: readonly string[], format: RevisionFormat): Edit {
  const mark = format === 'sql' ? '--' : '//'
  const at = insertionPoint(text)
  const end = lineEndOf(text)
  const before = at > 0 && !/[\n\r]$/.test(text.slice(0, at)) ? end : ''
  return { start: at, end: at, text: `${before}${mark} godwit: parent=${headerValue(parents)}${end}` }
}

/** Above the first header line, else at the top; `#!` and sqlx's `-- no-transaction` must stay first. */
function insertionPoint(text: string): number {
  const header = headerLines(text).next()
  if (!header.done) return header.value.start
  const first = topLines(text).next()
  if (!first.done && first.value.number === 1 && /^(?:#!|--[ \t]*no-transaction\b)/.test(first.value.text))
    return first.value.next
  return 0
}

function headerValue(parents: readonly string[]): string {
  return renderValue(parents.join(',') || 'base')
}
