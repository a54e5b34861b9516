// The page docs/guide/faults.md, made from the cells. Same cells, same text.
import { type Matrix, stores } from './check.ts'
import { type Cell, faults, type Outcome, storeNames } from './matrix.ts'

export const pagePath = 'docs/guide/faults.md'

const words: Readonly<Record<Outcome, string>> = {
  clean: 'starts over',
  resume: 'goes on',
  reconciled: 'decided',
  refused: 'refused',
  'rolled-back': 'rolled back',
  waits: 'waits',
  none: 'cannot occur',
}

const meanings: readonly (readonly [string, string])[] = [
  ['starts over', 'nothing had happened; the next run begins with the revision from its start'],
  ['goes on', 'the next run goes on at the step that the journal names'],
  ['decided', 'the next run compares the catalog with what it was before the step, and goes on from what it finds'],
  ['refused', 'godwit stops before it touches anything, says what it found and what to run'],
  ['rolled back', 'the database took the work back; the next run begins with the revision from its start'],
  ['waits', 'the other runner goes first'],
  ['cannot occur', 'and why'],
]

const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

const headingOf = ({ fault, title }: { readonly fault: number; readonly title: string }): string => `${fault}. ${title}`

function table(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n')
}

/** A cell has one line of the list under its fault, and one for each test. */
function listed(store: string, { outcome, promise, tests, reason }: Cell): string {
  const first = `- **${store}**: ${words[outcome]}. ${promise}`
  if (reason !== undefined) return `${first}\n  Why: ${reason}`
  const shown = (tests ?? []).map(({ file, name }) => `  - \`${file}\`: ${name.replace(/[<>|]/g, '\\$&')}`)
  return [first, ...shown].join('\n')
}

export function renderPage(matrix: Matrix): string {
  const cellOf = (store: (typeof stores)[number], fault: number): Cell => {
    const cell = matrix[store].find(one => one.fault === fault)
    if (cell === undefined) throw new Error(`${storeNames[store]} has no cell for fault ${fault}`)
    return cell
  }
  const overview = table([
    ['fault', 'while', ...stores.map(store => storeNames[store])],
    ...faults.map(one => [
      `[${headingOf(one)}](#${anchorOf(headingOf(one))})`,
      one.phase,
      ...stores.map(store => words[cellOf(store, one.fault).outcome]),
    ]),
  ])
  const sections = faults.map(one => {
    const cells = stores.map(store => listed(storeNames[store], cellOf(store, one.fault)))
    return `## ${headingOf(one)}\n\n${cells.join('\n')}\n`
  })
  const all = stores.flatMap(store => matrix[store])
  const shown = all.filter(cell => cell.reason === undefined).length
  return `<!-- Made by \`npx jiti scripts/faults.ts\` from the cells in test/fault/cell. Change those. -->

# Faults

What godwit promises when something goes wrong in the middle of a run: ${faults.length} faults on ${stores.length} stores. ${shown} of these ${all.length} cells
are shown by tests with real servers and real kills, which are named; of the other ${all.length - shown} it is said why the fault cannot occur there.

Everywhere it holds: no data is lost, no step takes effect twice, no lock stays longer than [its bound](locking-and-recovery.md#the-lease), and the
next run ends with the same schema and data as one that nothing disturbed.

${table([['outcome', 'meaning'], ...meanings])}

${overview}

${sections.join('\n')}`
}
