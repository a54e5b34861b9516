// Cuts the text of a SQL file along its markers into an up and a down section.
// The layout is decided by the markers of each file; a file without any is all up. Promises: no statement is outside a
// section, up comes first, each comes once, fences are closed; anything else is FILE.SECTION_INVALID with its line.
import type { SqlBlock } from '../../revision/revision.ts'
import { firstStatementOffset, isBlankSql } from '../blank.ts'
import { fileError } from '../header.ts'
import { eachDashLine, eachLine, type Line } from '../text.ts'
import { dbmateLayout } from './dbmate.ts'
import { gooseLayout, sqlMigrateLayout } from './goose.ts'
import type { Marker, MarkerNames } from './marker.ts'
import { nodePgMigrateLayout, nodePgMigrateMarkers } from './node-pg-migrate.ts'

/** Blocks without anything to run are left out: a down with a marker and no statement is an empty list and does nothing. */
export interface Sections {
  readonly up: readonly SqlBlock[]
  /** Undefined: no marker, so there is no down. */
  readonly down: readonly SqlBlock[] | undefined
  /** A marker of up or down, or sqlx's `-- no-transaction`, asks for none. */
  readonly transactionOff: boolean
}

const LAYOUTS = [dbmateLayout, gooseLayout, sqlMigrateLayout]

/**
 * @param proseMarkers whether `-- Up Migration` counts; it does not where up and down are files of their own
 * @throws FILE.SECTION_INVALID
 */
export function parseSections(text: string, file: string, proseMarkers: boolean): Sections {
  const plain = { up: blockOf(text, 1, false), down: undefined, transactionOff: /^--[ \t]*no-transaction\b/.test(text) }
  if (!/migrat|\+goose/i.test(text)) return plain
  const lines = [...eachDashLine(text)].filter(line => /migrat|\+goose/i.test(line.text))
  const { layout, markers } = findMarkers(text, file, lines, proseMarkers)
  return layout === undefined ? plain : cut(text, file, layout, markers)
}

/** One block, or none when there is nothing to run in the text. */
export function blockOf(text: string, line: number, whole: boolean): SqlBlock[] {
  return isBlankSql(text) ? [] : [{ text, line, whole }]
}

function findMarkers(text: string, file: string, lines: readonly Line[], proseMarkers: boolean) {
  let layout: MarkerNames | undefined
  const markers: Marker[] = []
  for (const line of lines) {
    for (const candidate of LAYOUTS) {
      const found = candidate.read(line)
      if (found === undefined) continue
      if ('message' in found) throw invalid(file, line, found.column, found.message)
      if (layout !== undefined && layout !== candidate) {
        throw invalid(file, line, 0, `the file mixes the markers of ${layout.name} and ${candidate.name}`)
      }
      layout = candidate
      markers.push(found)
    }
  }
  if (layout !== undefined || !proseMarkers) return { layout, markers }
  const prose = nodePgMigrateMarkers(text, lines)
  return { layout: prose.length > 0 ? nodePgMigrateLayout : undefined, markers: prose }
}

function cut(text: string, file: string, layout: MarkerNames, markers: readonly Marker[]): Sections {
  let section: SqlBlock[] | undefined
  let up: SqlBlock[] | undefined
  let down: SqlBlock[] | undefined
  let fence: Line | undefined
  let from = 0
  let fromLine = 1
  const close = (end: number, whole: boolean) => section?.push(...blockOf(text.slice(from, end), fromLine, whole))
  for (const { kind, line } of markers) {
    const fail = (message: string) => invalid(file, line, line.text.length - line.text.trimStart().length, message)
    if (kind === 'note') continue
    if (section === undefined && kind !== 'down') refuseOutside(text, file, line, layout)
    if (fence !== undefined && kind !== 'end') throw fail(`a marker inside StatementBegin of line ${fence.number}`)
    if (kind === 'up') {
      if (up !== undefined) throw fail(`a second \`${layout.up}\``)
      section = up = []
    } else if (kind === 'down') {
      if (up === undefined) throw fail(`\`${layout.down}\` without \`${layout.up}\` above it`)
      if (down !== undefined) throw fail(`a second \`${layout.down}\``)
      close(line.start, false)
      section = down = []
    } else if (kind === 'begin') {
      if (section === undefined) throw fail(`StatementBegin outside of \`${layout.up}\``)
      close(line.start, false)
      fence = line
    } else {
      if (fence === undefined) throw fail('StatementEnd without StatementBegin')
      close(line.start, true)
      fence = undefined
    }
    from = line.next
    fromLine = line.number + 1
  }
  if (fence !== undefined) throw invalid(file, fence, 0, 'StatementBegin without StatementEnd')
  if (up === undefined) {
    const line = (markers[0] as Marker).line
    throw invalid(file, line, 0, `no \`${layout.up}\` in a file of ${layout.name}`)
  }
  close(text.length, false)
  return { up, down, transactionOff: markers.some(marker => marker.transactionOff) }
}

function refuseOutside(text: string, file: string, marker: Line, layout: MarkerNames): void {
  const before = text.slice(0, marker.start)
  const offset = firstStatementOffset(before)
  if (offset === before.length) return
  const line = [...eachLine(before)].find(candidate => candidate.next > offset) as Line
  throw invalid(file, line, offset - line.start, `text above \`${layout.up}\` belongs to no section`)
}

function invalid(file: string, line: Line, column: number, message: string) {
  return fileError(
    'FILE.SECTION_INVALID',
    file,
    line,
    column,
    message,
    'The file cannot be cut into up and down. Nothing of it was run.',
  )
}
