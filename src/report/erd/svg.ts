// A drawing as one SVG file: no scripts, no fonts or styles from elsewhere, light or dark as the reader's system is. Letters
// are measured as wide as the widest usual fixed-width font, so that no text leaves its box.
import { type Box, type Layout, layOut, type Link, type Point } from './layout.ts'
import type { Erd, ErdColumn, ErdEdge, ErdTable } from './model.ts'

const HEAD = 30
const ROW = 20
const PAD = 10
const MARKS = 58
const EDGE = 24
const MAX_NAME = 44
const MAX_TYPE = 30

/** @param title what is drawn, for readers that cannot see it */
export function svgText(erd: Erd, title: string): string {
  const boxes = erd.tables.map(boxOf)
  const byKey = new Map(erd.tables.map(table => [table.key, table]))
  // From the table that is referred to: it stands on the left.
  const edges = new Map(erd.edges.map(edge => [linkOf(edge, byKey), edge]))
  const layout = layOut(boxes, [...edges.keys()])
  const note = legend(erd)
  const width = Math.ceil(Math.max(layout.width, measure(note, 11)) + 2 * EDGE)
  const height = Math.ceil(layout.height + 2 * EDGE + 24)
  const lines = [...layout.lines].map(([link, points]) => lineMarkup(points, edges.get(link), byKey))
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    STYLE,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<g transform="translate(${EDGE} ${EDGE})">`,
    ...lines,
    ...erd.tables.map((table, at) => tableMarkup(table, boxes[at] as Box, layout)),
    '</g>',
    `<text class="dim small" x="${EDGE}" y="${height - 14}">${escaped(note)}</text>`,
    '</svg>',
  ].join('\n')}\n`
}

const STYLE = `<style>
.page{fill:#fff}.box{fill:#fff;stroke:#8a94a6}.head{fill:#e8edf5}.rule{stroke:#e3e7ee}
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;font-size:12px;fill:#1c2330;white-space:pre}
.name{font-weight:bold;font-size:13px}.dim{fill:#5b6576}.small{font-size:11px}.key{fill:#8a5a00;font-size:10px;font-weight:bold}.link{fill:#1d5fb8}
.dot{fill:#5b6576;stroke:#5b6576}.open{fill:none}.line{fill:none;stroke:#6f7d95;stroke-width:1.3}.end{fill:#fff;stroke:#6f7d95;stroke-width:1.3}
.edge:hover .line,.edge:hover .end{stroke:#d0461b;stroke-width:2.2}
@media (prefers-color-scheme:dark){.page{fill:#12161d}.box{fill:#1a202a;stroke:#566173}.head{fill:#27303e}.rule{stroke:#2a323f}
text{fill:#e4e9f1}.dim{fill:#9aa6b8}.key{fill:#e8b04a}.link{fill:#7fb2f5}.dot{fill:#9aa6b8;stroke:#9aa6b8}.open{fill:none}.line{stroke:#8793a8}.end{fill:#12161d;stroke:#8793a8}}
</style>`

function legend({ tables, edges }: Erd): string {
  const marks = '● not null   ○ may be null   PK primary key   FK foreign key   UK unique'
  return `${tables.length} ${tables.length === 1 ? 'table' : 'tables'}, ${edges.length} foreign ${edges.length === 1 ? 'key' : 'keys'}   ${marks}`
}

/** Width in pixels. 0.62 of the size holds for the widest fixed-width fonts; letters of East Asia and pictures are square. */
function measure(text: string, size: number): number {
  let width = 0
  for (const letter of text) width += (letter.codePointAt(0) ?? 0) >= 0x1100 ? 1.05 : 0.62
  return width * size
}

const cut = (text: string, most: number): string => {
  const letters = [...text]
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text
}

function boxOf({ key, name, columns }: ErdTable): Box {
  const rows = columns.map(
    column => MARKS + measure(cut(column.name, MAX_NAME), 12) + 24 + measure(cut(column.type, MAX_TYPE), 12) + PAD,
  )
  const width = Math.ceil(Math.max(140, measure(cut(name, MAX_NAME), 13) + 2 * PAD, ...rows))
  return { id: key, width, height: HEAD + columns.length * ROW + 6 }
}

function linkOf({ from, to, fromColumns, toColumns }: ErdEdge, byKey: ReadonlyMap<string, ErdTable>): Link {
  const port = (key: string, names: readonly string[]) => {
    const first = (names[0] ?? '').toLowerCase()
    const at = byKey.get(key)?.columns.findIndex(({ name }) => name.toLowerCase() === first) ?? -1
    return at < 0 ? HEAD / 2 : HEAD + at * ROW + ROW / 2
  }
  return { from: to, fromY: port(to, toColumns), to: from, toY: port(from, fromColumns) }
}

function tableMarkup({ key, name, columns }: ErdTable, { width, height }: Box, layout: Layout): string {
  const { x, y } = layout.boxes.get(key) ?? { x: 0, y: 0 }
  return [
    `<g transform="translate(${x} ${y})">`,
    `<rect class="box" width="${width}" height="${height}" rx="5"/>`,
    `<path class="head" d="M.5 ${HEAD}V5.5a5 5 0 0 1 5-5H${width - 5.5}a5 5 0 0 1 5 5V${HEAD}z"/>`,
    label('name', PAD, 20, name, MAX_NAME),
    ...columns.map((column, at) => columnMarkup(column, width, HEAD + at * ROW)),
    '</g>',
  ].join('\n')
}

function columnMarkup(
  { name, type, primaryKey, foreignKey, unique, notNull }: ErdColumn,
  width: number,
  y: number,
): string {
  const middle = y + 14
  return [
    y === HEAD ? '' : `<path class="rule" d="M1 ${y}H${width - 1}"/>`,
    `<circle class="dot${notNull ? '' : ' open'}" cx="12" cy="${y + 10}" r="2.8"/>`,
    primaryKey
      ? `<text class="key" x="21" y="${middle}">PK</text>`
      : unique
        ? `<text class="key" x="21" y="${middle}">UK</text>`
        : '',
    foreignKey ? `<text class="key link" x="38" y="${middle}">FK</text>` : '',
    label('', MARKS, middle, name, MAX_NAME),
    label('dim', width - PAD, middle, type, MAX_TYPE, ' text-anchor="end"'),
  ].join('')
}

/** What is cut is whole in the tip. */
function label(style: string, x: number, y: number, text: string, most: number, more = ''): string {
  const shown = cut(text, most)
  const tip = shown === text ? '' : `<title>${escaped(text)}</title>`
  return `<text${style === '' ? '' : ` class="${style}"`} x="${x}" y="${y}"${more}>${tip}${escaped(shown)}</text>`
}

function lineMarkup(points: readonly Point[], edge: ErdEdge | undefined, byKey: ReadonlyMap<string, ErdTable>): string {
  if (edge === undefined) return ''
  const { from, to, fromColumns, toColumns, optional, single } = edge
  const side = (key: string, names: readonly string[]) => `${byKey.get(key)?.name} (${names.join(', ')})`
  const tip = `${side(from, fromColumns)} → ${side(to, toColumns)}`
  return [
    `<g class="edge"><title>${escaped(tip)}</title>`,
    `<path class="line" d="${rounded(points)}"/>`,
    endMarkup(points[0], points[1], optional ? 'zero-or-one' : 'one'),
    endMarkup(points.at(-1), points.at(-2), single ? 'zero-or-one' : 'many'),
    '</g>',
  ].join('')
}

/** The mark at the end of a line: a bar, a ring and a bar, or a ring and a crow's foot. */
function endMarkup(end: Point | undefined, inner: Point | undefined, kind: 'one' | 'zero-or-one' | 'many'): string {
  if (end === undefined || inner === undefined) return ''
  const way = inner.x < end.x ? -1 : 1
  const x = (distance: number) => end.x + way * distance
  const bar = `<path class="line" d="M${x(7)} ${end.y - 5}v10"/>`
  const ring = `<circle class="end" cx="${x(kind === 'many' ? 14 : 13)}" cy="${end.y}" r="3"/>`
  const foot = `<path class="line" d="M${x(0)} ${end.y - 5}L${x(10)} ${end.y}L${x(0)} ${end.y + 5}"/>`
  return kind === 'one' ? bar : kind === 'many' ? `${foot}${ring}` : `${bar}${ring}`
}

/** A path with round corners, as far as there is room. */
function rounded(points: readonly Point[]): string {
  const kept = points.filter(({ x, y }, at) => x !== points[at - 1]?.x || y !== points[at - 1]?.y)
  return kept
    .map((point, at) => {
      const [before, after] = [kept[at - 1], kept[at + 1]]
      if (before === undefined) return `M${point.x} ${point.y}`
      if (after === undefined) return `L${point.x} ${point.y}`
      const near = (other: Point) => {
        const length = Math.abs(other.x - point.x) + Math.abs(other.y - point.y)
        const share = Math.min(5, length / 2) / length
        return `${round(point.x + (other.x - point.x) * share)} ${round(point.y + (other.y - point.y) * share)}`
      }
      return `L${near(before)}Q${point.x} ${point.y} ${near(after)}`
    })
    .join('')
}

const round = (value: number): number => Math.round(value * 10) / 10

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Without the characters that XML cannot hold. */
const escaped = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
    .replace(/[&<>"]/g, mark => ENTITIES[mark] ?? mark)
