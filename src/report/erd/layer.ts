// Boxes into columns ("layers"), so that lines run from left to right: longest paths first, with a bound on how tall a
// layer may become. A line over several layers gets a bend in each one between; lines from one port share their bends.

/** A rectangle to be placed, in pixels. */
export interface Box {
  readonly id: string
  readonly width: number
  readonly height: number
}

/** A line from the right of one box to the left of another, at heights measured from their tops. */
export interface Link {
  readonly from: string
  readonly fromY: number
  readonly to: string
  readonly toY: number
}

export const GAP = 28

/** What stands in a layer: a box, or a bend of the lines from one port. */
export interface Place {
  readonly id: string
  readonly layer: number
  readonly height: number
  /** Empty space that it wants above and below. */
  readonly margin: number
  readonly box: Box | undefined
  y: number
}

/** The part of a line between two neighbouring layers. */
export interface Segment {
  readonly net: string
  readonly left: Place
  readonly leftY: number
  readonly right: Place
  readonly rightY: number
}

export interface Layered {
  readonly layers: readonly Place[][]
  readonly segments: readonly Segment[]
  /** For each link, its segments from left to right; `reversed` where the box on the left is the one it leads to. */
  readonly paths: ReadonlyMap<Link, { readonly segments: readonly Segment[]; readonly reversed: boolean }>
}

/** @param links without those from a box to itself */
export function layered(boxes: readonly Box[], links: readonly Link[]): Layered {
  const reversed = backward(boxes, links)
  const ends = (link: Link) => (reversed.has(link) ? [link.to, link.from] : [link.from, link.to]) as [string, string]
  const layerOf = assign(boxes, links.map(ends))
  const layers: Place[][] = []
  const places = new Map<string, Place>()
  const add = (id: string, layer: number, box: Box | undefined): Place => {
    const known = places.get(id)
    if (known) return known
    const place = { id, layer, height: box?.height ?? 0, margin: box ? GAP / 2 : 6, box, y: 0 }
    while (layers.length <= layer) layers.push([])
    layers[layer]?.push(place)
    places.set(id, place)
    return place
  }
  for (const box of boxes) add(box.id, layerOf.get(box.id) ?? 0, box)
  const segments = new Map<string, Segment>()
  const paths = new Map<Link, { segments: Segment[]; reversed: boolean }>()
  for (const link of links) {
    const isReversed = reversed.has(link)
    const [start, end] = ends(link)
    const [startY, endY] = isReversed ? [link.toY, link.fromY] : [link.fromY, link.toY]
    const net = JSON.stringify([start, startY])
    const last = add(end, layerOf.get(end) ?? 0, undefined)
    const path: Segment[] = []
    let left = add(start, layerOf.get(start) ?? 0, undefined)
    let leftY = startY
    while (left.layer < last.layer) {
      const right = left.layer + 1 === last.layer ? last : add(`${net} ${left.layer + 1}`, left.layer + 1, undefined)
      const rightY = right === last ? endY : 0
      const id = JSON.stringify([net, left.layer, right.id, rightY])
      const segment = segments.get(id) ?? { net, left, leftY, right, rightY }
      segments.set(id, segment)
      path.push(segment)
      left = right
      leftY = rightY
    }
    paths.set(link, { segments: path, reversed: isReversed })
  }
  return { layers, segments: [...segments.values()], paths }
}

/** Links that would close a circle. */
function backward(boxes: readonly Box[], links: readonly Link[]): ReadonlySet<Link> {
  const out = grouped(links, link => link.from)
  const targets = new Set(links.map(({ to }) => to))
  const state = new Map<string, 'open' | 'done'>()
  const found = new Set<Link>()
  // By hand, because a chain of thousands of tables would be too deep for calls.
  for (const { id } of boxes.toSorted((a, b) => Number(targets.has(a.id)) - Number(targets.has(b.id)))) {
    if (state.has(id)) continue
    const stack = [{ id, rest: [...(out.get(id) ?? [])] }]
    state.set(id, 'open')
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const link = top.rest.shift()
      if (link === undefined) {
        state.set(top.id, 'done')
        stack.pop()
      } else if (state.get(link.to) === 'open') found.add(link)
      else if (!state.has(link.to)) {
        state.set(link.to, 'open')
        stack.push({ id: link.to, rest: [...(out.get(link.to) ?? [])] })
      }
    }
  }
  return found
}

/** Right of all that lead to it, in the first layer that has room; what nothing leads to stands close to what it leads to. */
function assign(boxes: readonly Box[], edges: readonly (readonly [string, string])[]): ReadonlyMap<string, number> {
  const before = grouped(edges, ([, to]) => to)
  const after = grouped(edges, ([from]) => from)
  const area = boxes.reduce((sum, { width, height }) => sum + (width + 90) * (height + GAP), 0)
  const limit = Math.max(...boxes.map(({ height }) => height + GAP), Math.sqrt(area) * 0.95)
  const waiting = new Map(boxes.map(({ id }) => [id, before.get(id)?.length ?? 0]))
  const heights: number[] = []
  const layer = new Map<string, number>()
  const byId = new Map(boxes.map(box => [box.id, box]))
  let ready = boxes.filter(({ id }) => waiting.get(id) === 0)
  while (ready.length > 0) {
    const next: Box[] = []
    // What others wait for comes first, so that the ends of the lines are what is moved on.
    for (const { id, height } of ready.toSorted(
      (a, b) => (after.get(b.id)?.length ?? 0) - (after.get(a.id)?.length ?? 0),
    )) {
      let at = Math.max(0, ...(before.get(id) ?? []).map(([from]) => (layer.get(from) ?? 0) + 1))
      while ((heights[at] ?? 0) > 0 && (heights[at] ?? 0) + height + GAP > limit) at++
      heights[at] = (heights[at] ?? 0) + height + GAP
      layer.set(id, at)
      for (const [, to] of after.get(id) ?? []) {
        const left = (waiting.get(to) ?? 0) - 1
        waiting.set(to, left)
        const box = byId.get(to)
        if (left === 0 && box) next.push(box)
      }
    }
    ready = next
  }
  for (const { id } of boxes) {
    if (before.has(id) || !after.has(id)) continue
    const closest = Math.min(...(after.get(id) ?? []).map(([, to]) => layer.get(to) ?? 0)) - 1
    const height = (byId.get(id)?.height ?? 0) + GAP
    if (closest > (layer.get(id) ?? 0) && (heights[closest] ?? 0) + height <= limit) {
      heights[closest] = (heights[closest] ?? 0) + height
      layer.set(id, closest)
    }
  }
  const used = [...new Set(layer.values())].sort((a, b) => a - b)
  return new Map([...layer].map(([id, at]) => [id, used.indexOf(at)]))
}

export function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
