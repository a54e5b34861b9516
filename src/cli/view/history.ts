// The history for people: newest first, as a list or as a graph of lanes.
import { buildGraph, type RevisionGraph } from '../../core/revision/graph.ts'
import { drawLanes, type LaneLine } from '../../core/revision/lanes.ts'
import type { Revision } from '../../core/revision/revision.ts'
import type { DatabaseHistory, HistoryEntry, HistoryResult } from '../../engine/result.ts'
import { formatDuration } from '../duration.ts'
import { padTo, type Style } from '../style.ts'
import { count, shownTarget, shownTime } from './place.ts'

export function historyView(result: HistoryResult, root: string, style: Style, graph: boolean): string {
  const blocks = result.databases.map(database => {
    const lines =
      database.revisions.length === 0
        ? ['  no revisions yet']
        : graph
          ? graphLines(database, style)
          : listLines(database, style)
    const state = database.connected ? '' : style.dim('  files only')
    return [
      `${style.bold(database.name)}  ${style.dim(database.url === '' ? database.dialect : shownTarget(database.url, root))}${state}`,
      '',
      ...lines,
    ].join('\n')
  })
  return `${blocks.join('\n\n')}\n`
}

function listLines(database: DatabaseHistory, style: Style): string[] {
  const width = Math.max(...database.revisions.map(entry => entry.id.length))
  return database.revisions
    .toReversed()
    .map(entry =>
      `  ${mark(entry, database, style)} ${padTo(entry.id, width)}  ${facts(entry, database, style)}`.trimEnd(),
    )
}

function graphLines(database: DatabaseHistory, style: Style): string[] {
  const entries = new Map(database.revisions.map(entry => [entry.id, entry]))
  const width = Math.max(...database.revisions.map(entry => entry.id.length))
  const drawn = drawLanes(graphOf(database.revisions), {
    ascii: !style.unicode,
    decorate: id => ({ applied: !database.connected || (entries.get(id)?.applied ?? null) !== null }),
  })
  const lanes = Math.min(24, Math.max(...drawn.map(line => line.lanes.length)))
  return drawn.map(line =>
    `  ${padTo(paintLanes(line, style), lanes)}  ${caption(line, entries, database, width, style)}`.trimEnd(),
  )
}

function caption(
  line: LaneLine,
  entries: ReadonlyMap<string, HistoryEntry>,
  database: DatabaseHistory,
  width: number,
  style: Style,
): string {
  const entry = line.id === undefined ? undefined : entries.get(line.id)
  return entry === undefined ? '' : `${padTo(entry.id, width)}  ${facts(entry, database, style)}`
}

/** Marks keep their colour, lines step back. */
function paintLanes(line: LaneLine, style: Style): string {
  return line.lanes
    .split(/([●○*o])/)
    .map(part =>
      part === '●' || part === '*'
        ? style.green(part)
        : part === '○' || part === 'o'
          ? style.yellow(part)
          : part === ''
            ? ''
            : style.dim(part),
    )
    .join('')
}

function mark(entry: HistoryEntry, database: DatabaseHistory, style: Style): string {
  if (!database.connected) return style.dim('-')
  if (entry.missing) return style.red(style.symbols.failed)
  return entry.applied === null ? style.yellow(style.symbols.pending) : style.green(style.symbols.applied)
}

function facts(entry: HistoryEntry, database: DatabaseHistory, style: Style): string {
  const parts: string[] = []
  if (entry.missing) parts.push(style.red('no file'))
  if (entry.applied !== null)
    parts.push(
      style.dim(
        `${shownTime(entry.applied.at)}  ${entry.applied.kind === 'stamped' ? 'stamped' : formatDuration(entry.applied.ms)}`,
      ),
    )
  else if (database.connected) parts.push(style.yellow('pending'))
  if (entry.head) parts.push(style.cyan('head'))
  if (entry.parents.length > 1) parts.push(style.dim(`joins ${count(entry.parents.length, 'branch', 'branches')}`))
  if (entry.labels.length > 0) parts.push(style.cyan(entry.labels.join(' ')))
  if (entry.depends.length > 0) parts.push(style.dim(`needs ${entry.depends.join(', ')}`))
  return parts.join('  ')
}

/** Only the shape counts here; parents without an entry are left out, as a deleted file must not hide the rest. */
function graphOf(entries: readonly HistoryEntry[]): RevisionGraph {
  const known = new Set(entries.map(entry => entry.id))
  return buildGraph(
    entries.map(
      (entry): Revision => ({
        id: entry.id,
        file: entry.file ?? undefined,
        parents: entry.parents.filter(parent => known.has(parent)),
        depends: [],
        labels: [],
        options: { transaction: 'on' },
        checksum: undefined,
        fileHash: undefined,
        source: undefined,
        body: () => ({ kind: 'sql', up: { file: '', blocks: [] }, down: undefined }),
      }),
    ),
  )
}
