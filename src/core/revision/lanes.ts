// Draws the history for a terminal: newest on top, one row for each revision, one column for each line of descent.
// Rows that hold only lines are added where a row would otherwise have to be read twice. Lines only ever lead down,
// from a revision to its parents; two marks on top of each other are child and parent.
import type { RevisionGraph } from './graph.ts'
import { type Glyphs, asciiGlyphs, unicodeGlyphs } from './lane-glyph.ts'

export interface LaneLine {
  /** The drawing of this row, without spaces at its end. */
  readonly lanes: string
  /** The revision of this row; absent in a row of lines only. */
  readonly id?: string
  /** Its decoration. */
  readonly text?: string
}

export interface Decoration {
  /** Put beside the mark. Default: the id. */
  readonly text?: string
  /** False draws the open mark. Default true. */
  readonly applied?: boolean
}

export interface LaneOptions {
  /** Only characters every terminal and log file can show. Default false. */
  readonly ascii?: boolean
  readonly decorate?: (id: string) => Decoration
  /** Lines that lead to the same revision are joined early rather than more columns than this used. Default 6. */
  readonly columns?: number
}

/**
 * The rows of the drawing, as data.
 *
 * @example
 * drawLanes(graph).map(line => line.lanes)
 * // ['●─╮', '│ ●', '● │', '●─╯']
 */
export function drawLanes(graph: RevisionGraph, options: LaneOptions = {}): LaneLine[] {
  const glyphs = options.ascii ? asciiGlyphs : unicodeGlyphs
  const columns = options.columns ?? 6
  const lines: LaneLine[] = []
  // For each column the revision its line leads to; undefined = no line.
  let lanes: (string | undefined)[] = []
  let ended: number | undefined
  const joins = (targets: readonly (string | undefined)[], id: string) =>
    targets.flatMap((target, column) => (target === id ? [column] : []))
  const fold = (id: string) => {
    const [first, ...others] = joins(lanes, id) as [number, ...number[]]
    lines.push({ lanes: row(glyphs, lanes, { from: first, mark: glyphs.joinRight, closing: others }) })
    for (const column of others) lanes[column] = undefined
  }

  for (const id of drawingOrder(graph)) {
    const incoming = joins(lanes, id)
    const isHead = incoming.length === 0
    if (isHead && !lanes.includes(undefined) && lanes.length >= columns) {
      for (const target of new Set(lanes)) if (joins(lanes, target!).length > 1) fold(target!)
    }
    const column = incoming[0] ?? freeColumn(lanes, 0)
    // Without a row between them the head would look like the parent of the base above it.
    if (isHead && column === ended) lines.push({ lanes: row(glyphs, lanes, undefined) })
    const [first, ...others] = graph.parents(id)
    if (incoming.length > 1 && others.length > 0) fold(id)
    const closing = joins(lanes, id).filter(at => at !== column)

    const after = lanes.map(target => (target === id ? undefined : target))
    after[column] = first
    const joined: number[] = []
    const opened: number[] = []
    for (const parent of others) {
      const existing = after.indexOf(parent)
      if (existing >= 0) joined.push(existing)
      else {
        const at = freeColumn(after, column + 1)
        after[at] = parent
        opened.push(at)
      }
    }
    const { text = id, applied = true } = options.decorate?.(id) ?? {}
    const mark = applied ? glyphs.applied : glyphs.pending
    lines.push({ lanes: row(glyphs, lanes, { from: column, mark, closing, joined, opened }), id, text })
    lanes = after
    ended = first === undefined ? column : undefined
    while (lanes.length > 0 && lanes.at(-1) === undefined) lanes.pop()
  }
  return lines
}

/**
 * The drawing as text: lanes, two spaces, decoration. Decorations stand in one column, unless a row is
 * wider than `width`.
 *
 * @param width columns of lanes up to which decorations are aligned. Default 16.
 */
export function renderLanes(lines: readonly LaneLine[], width = 16): string {
  const aligned = Math.min(width, Math.max(0, ...lines.map(line => line.lanes.length)))
  return lines
    .map(line => (line.text === undefined ? line.lanes : `${line.lanes.padEnd(aligned)}  ${line.text}`))
    .join('\n')
}

interface Strokes {
  /** The column the horizontal line starts from. */
  readonly from: number
  readonly mark: string
  /** Columns whose line ends in `from`. */
  readonly closing?: readonly number[]
  /** Columns with a line that goes on and is met. */
  readonly joined?: readonly number[]
  /** Columns whose line begins here. */
  readonly opened?: readonly number[]
}

function row(glyphs: Glyphs, lanes: readonly (string | undefined)[], strokes: Strokes | undefined): string {
  const cells = lanes.map(target => (target === undefined ? ' ' : glyphs.vertical))
  if (!strokes) return cells.join(' ').trimEnd()
  const { from, mark, closing = [], joined = [], opened = [] } = strokes
  const ends = [from, ...closing, ...joined, ...opened]
  const left = Math.min(...ends)
  const right = Math.max(...ends)
  for (let column = cells.length; column <= right; column++) cells.push(' ')
  for (let column = left; column <= right; column++) if (cells[column] === ' ') cells[column] = glyphs.horizontal
  for (const column of closing) cells[column] = column === right ? glyphs.closeRight : glyphs.close
  for (const column of opened) cells[column] = column === right ? glyphs.openRight : glyphs.open
  for (const column of joined) {
    cells[column] = column === left ? glyphs.joinRight : column === right ? glyphs.joinLeft : glyphs.join
  }
  cells[from] = mark
  return cells
    .reduce((text, cell, column) => {
      const between = column > left && column <= right ? glyphs.horizontal : ' '
      return column === 0 ? cell : text + between + cell
    }, '')
    .trimEnd()
}

function freeColumn(lanes: readonly (string | undefined)[], from: number): number {
  for (let column = from; column < lanes.length; column++) if (lanes[column] === undefined) return column
  return Math.max(from, lanes.length)
}

// Children before parents, a branch in one piece: after a merge the branch that came in is drawn before the one it
// came into, so that the main line runs down on the left and reaches the fork last. Where a fork still waits for
// other branches, their heads come next; unrelated histories follow each other.
function drawingOrder(graph: RevisionGraph): string[] {
  const waiting = new Map(graph.ids.map(id => [id, graph.children(id).length]))
  const heads = new Set(graph.heads.toReversed())
  const forks: string[] = []
  const free: string[] = []
  const order: string[] = []
  while (order.length < graph.ids.length) {
    const id = free.pop() ?? nextHead(graph, heads, forks, waiting)
    heads.delete(id)
    order.push(id)
    for (const parent of graph.parents(id)) {
      const left = waiting.get(parent)! - 1
      waiting.set(parent, left)
      if (left === 0) free.push(parent)
      else forks.push(parent)
    }
  }
  return order
}

function nextHead(
  graph: RevisionGraph,
  heads: ReadonlySet<string>,
  forks: string[],
  waiting: ReadonlyMap<string, number>,
): string {
  while (forks.length > 0 && waiting.get(forks.at(-1)!) === 0) forks.pop()
  const fork = forks.at(-1)
  const leading = fork === undefined ? heads : graph.withDescendants([fork])
  return [...heads].find(head => leading.has(head))!
}
