// Where boxes stand and lines run: each connected part is laid out in layers from left to right, then the parts are put
// on shelves. Lines have right angles; those that overlap between two layers get tracks of their own.
import { type Box, GAP, grouped, layered, type Link, type Place, type Segment } from './layer.ts'
import { arrange } from './order.ts'

export type { Box, Link } from './layer.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Layout {
  readonly width: number
  readonly height: number
  /** Upper left corners. */
  readonly boxes: ReadonlyMap<string, Point>
  /** Corners, from the box the link comes from to the one it leads to. */
  readonly lines: ReadonlyMap<Link, readonly Point[]>
}

const TRACK = 9
/** Room for the marks at the ends of a line. */
const END = 22

export function layOut(boxes: readonly Box[], links: readonly Link[]): Layout {
  const parts = connected(boxes, links).map(part => layOutPart(part.boxes, part.links))
  const area = parts.reduce((sum, { width, height }) => sum + (width + 2 * GAP) * (height + 2 * GAP), 0)
  const wide = Math.max(...parts.map(({ width }) => width), Math.sqrt(area * 1.5))
  const placed: { readonly part: Layout; readonly x: number; readonly y: number }[] = []
  // A shelf is as high as its first part; smaller ones are stacked on it.
  let shelf = { y: 0, height: 0 }
  let stack = { x: 0, width: 0, height: 0 }
  for (const part of parts.toSorted((a, b) => b.height - a.height)) {
    const fitsBelow =
      stack.height > 0 && part.width <= stack.width && stack.height + 2 * GAP + part.height <= shelf.height
    if (fitsBelow) {
      placed.push({ part, x: stack.x, y: shelf.y + stack.height + 2 * GAP })
      stack.height += 2 * GAP + part.height
      continue
    }
    const x = stack.height === 0 ? 0 : stack.x + stack.width + 2 * GAP
    const isFull = x > 0 && x + part.width > wide
    if (isFull) shelf = { y: shelf.y + shelf.height + 2 * GAP, height: 0 }
    stack = { x: isFull ? 0 : x, width: part.width, height: part.height }
    shelf.height = Math.max(shelf.height, part.height)
    placed.push({ part, x: stack.x, y: shelf.y })
  }
  const moved = (point: Point, by: Point) => ({ x: point.x + by.x, y: point.y + by.y })
  return {
    width: Math.max(0, ...placed.map(({ part, x }) => x + part.width)),
    height: Math.max(0, ...placed.map(({ part, y }) => y + part.height)),
    boxes: new Map(placed.flatMap(by => [...by.part.boxes].map(([id, point]) => [id, moved(point, by)] as const))),
    lines: new Map(
      placed.flatMap(by =>
        [...by.part.lines].map(([link, points]) => [link, points.map(point => moved(point, by))] as const),
      ),
    ),
  }
}

function connected(boxes: readonly Box[], links: readonly Link[]) {
  const leader = new Map(boxes.map(({ id }) => [id, id]))
  const find = (id: string): string => {
    let at = id
    for (let up = leader.get(at) ?? at; up !== at; up = leader.get(at) ?? at) {
      leader.set(at, leader.get(up) ?? up)
      at = up
    }
    return at
  }
  for (const { from, to } of links) leader.set(find(from), find(to))
  const linksOf = grouped(links, ({ from }) => find(from))
  return [...grouped(boxes, ({ id }) => find(id))].map(([id, part]) => ({ boxes: part, links: linksOf.get(id) ?? [] }))
}

function layOutPart(boxes: readonly Box[], links: readonly Link[]): Layout {
  const loops = grouped(
    links.filter(({ from, to }) => from === to),
    ({ from }) => from,
  )
  const graph = layered(
    boxes,
    links.filter(({ from, to }) => from !== to),
  )
  arrange(graph)
  const between = grouped(graph.segments, ({ left }) => left.layer)
  const columns: { readonly x: number; readonly width: number }[] = []
  const trackX = new Map<string, number>()
  let x = 0
  for (const [at, layer] of graph.layers.entries()) {
    const width = Math.max(0, ...layer.map(({ box }) => box?.width ?? 0))
    columns.push({ x, width })
    const looped = Math.max(0, ...layer.map(({ id }) => loops.get(id)?.length ?? 0)) * TRACK
    const { tracks, count } = tracksOf(between.get(at) ?? [])
    const first = x + width + END + looped
    for (const [net, track] of tracks) trackX.set(`${at} ${net}`, first + track * TRACK)
    const isLast = at === graph.layers.length - 1
    x += width + (isLast ? (looped === 0 ? 0 : END + looped) : 2 * END + looped + Math.max(0, count - 1) * TRACK)
  }
  const corner = ({ layer, y }: Place): Point => ({ x: columns[layer]?.x ?? 0, y })
  const rightOf = ({ layer, box }: Place) => (columns[layer]?.x ?? 0) + (box?.width ?? columns[layer]?.width ?? 0)
  const places = graph.layers.flat()
  const lines = new Map<Link, readonly Point[]>()
  for (const [link, { segments, reversed }] of graph.paths) {
    const points = segments.flatMap(({ net, left, leftY, right, rightY }): Point[] => {
      const [from, to] = [left.y + leftY, right.y + rightY]
      const track = trackX.get(`${left.layer} ${net}`) ?? 0
      const bend =
        from === to
          ? []
          : [
              { x: track, y: from },
              { x: track, y: to },
            ]
      return [{ x: rightOf(left), y: from }, ...bend, { x: corner(right).x, y: to }]
    })
    lines.set(link, reversed ? points.toReversed() : points)
  }
  for (const place of places) {
    for (const [nth, loop] of (loops.get(place.id) ?? []).entries()) {
      const [right, out] = [rightOf(place), rightOf(place) + END + nth * TRACK]
      const [from, to] = [place.y + loop.fromY, place.y + loop.toY]
      lines.set(loop, [
        { x: right, y: from },
        { x: out, y: from },
        { x: out, y: to },
        { x: right, y: to },
      ])
    }
  }
  return {
    width: x,
    height: Math.max(0, ...places.map(({ y, height }) => y + height)),
    boxes: new Map(places.flatMap(place => (place.box ? [[place.id, corner(place)] as const] : []))),
    lines,
  }
}

/**
 * A vertical track for the lines of each port. Lines that go down are taken from the lowest, those that go up from the
 * highest: so they do not cross one another.
 */
function tracksOf(segments: readonly Segment[]): {
  readonly tracks: ReadonlyMap<string, number>
  readonly count: number
} {
  const nets = [...grouped(segments, ({ net }) => net)].map(([net, list]) => {
    const source = (list[0]?.left.y ?? 0) + (list[0]?.leftY ?? 0)
    const targets = list.map(({ right, rightY }) => right.y + rightY)
    const middle = targets.reduce((sum, y) => sum + y, 0) / targets.length
    return {
      net,
      source,
      isDown: middle >= source,
      top: Math.min(source, ...targets),
      end: Math.max(source, ...targets),
    }
  })
  const inOrder = nets
    .filter(({ top, end }) => end > top)
    .sort((a, b) => Number(b.isDown) - Number(a.isDown) || (a.isDown ? b.source - a.source : a.source - b.source))
  const tracks = new Map<string, number>()
  const taken: { readonly top: number; readonly end: number; readonly track: number }[] = []
  for (const { net, top, end } of inOrder) {
    const overlapping = taken.filter(other => other.top <= end + 4 && top <= other.end + 4)
    const track = Math.max(-1, ...overlapping.map(other => other.track)) + 1
    taken.push({ top, end, track })
    tracks.set(net, track)
  }
  return { tracks, count: Math.max(0, ...taken.map(({ track }) => track + 1)) }
}
