// The order within the layers with few crossings, by barycentres in sweeps to and fro; then heights that keep lines
// straight: least squares under the order, solved by pooling neighbours that violate it.
import { grouped, type Layered, type Place, type Segment } from './layer.ts'

const SWEEPS = 12

/** Sorts the layers and sets each `y`; nothing in a layer overlaps afterwards. */
export function arrange({ layers, segments }: Layered): void {
  const toLeft = grouped(segments, ({ right }) => right)
  const toRight = grouped(segments, ({ left }) => left)
  const between = grouped(segments, ({ left }) => left.layer)
  let best = { crossings: Number.POSITIVE_INFINITY, order: layers.map(layer => [...layer]) }
  for (let sweep = 0; sweep < SWEEPS && best.crossings > 0; sweep++) {
    const forward = sweep % 2 === 0
    for (const layer of forward ? layers : layers.toReversed())
      sortLayer(layer, layers, forward ? toLeft : toRight, forward)
    const crossings = layers.reduce((sum, _, at) => sum + crossingsOf(between.get(at) ?? [], layers, at), 0)
    if (crossings < best.crossings) best = { crossings, order: layers.map(layer => [...layer]) }
  }
  for (const [at, layer] of layers.entries()) {
    layer.splice(0, layer.length, ...(best.order[at] ?? []))
    settle(layer, () => undefined)
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forward = sweep % 2 === 0
    for (const layer of forward ? layers : layers.toReversed()) {
      settle(layer, place => {
        const left = toLeft.get(place) ?? []
        const right = toRight.get(place) ?? []
        // The last sweeps listen to both sides.
        if (sweep >= SWEEPS - 4) return wish(left, right)
        const told = forward ? wish(left, []) : wish([], right)
        return told ?? wish(left, right)
      })
    }
  }
  const top = Math.min(...layers.flat().map(({ y }) => y))
  for (const place of layers.flat()) place.y -= top
}

function sortLayer(
  layer: Place[],
  layers: readonly Place[][],
  sides: ReadonlyMap<Place, Segment[]>,
  forward: boolean,
): void {
  const beside = layers[(layer[0]?.layer ?? 0) + (forward ? -1 : 1)]
  if (beside === undefined) return
  const position = new Map(beside.map((place, at) => [place, at]))
  const weight = new Map(
    layer.map((place, at) => {
      const list = (sides.get(place) ?? []).map(({ left, leftY, right, rightY }) => {
        const other = forward ? left : right
        const port = forward ? leftY : rightY
        return (position.get(other) ?? 0) + (other.height === 0 ? 0.5 : port / other.height)
      })
      // What has no line on this side stays about where it is.
      const own = (at / Math.max(1, layer.length)) * beside.length
      return [place, list.length === 0 ? own : list.reduce((sum, one) => sum + one, 0) / list.length]
    }),
  )
  layer.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0))
}

/** Pairs of segments that cross between a layer and the next: inversions, counted by a tree of sums. */
function crossingsOf(segments: readonly Segment[], layers: readonly Place[][], at: number): number {
  const position = new Map([...(layers[at] ?? []), ...(layers[at + 1] ?? [])].map(place => [place, 0]))
  for (const layer of [layers[at] ?? [], layers[at + 1] ?? []])
    layer.forEach((place, index) => position.set(place, index))
  const ends = segments
    .map(
      ({ left, leftY, right, rightY }) =>
        [(position.get(left) ?? 0) * 1e5 + leftY, (position.get(right) ?? 0) * 1e5 + rightY] as const,
    )
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const ranks = new Map([...new Set(ends.map(([, y]) => y))].sort((a, b) => a - b).map((y, rank) => [y, rank + 1]))
  const tree = Array.from({ length: ranks.size + 1 }, () => 0)
  let found = 0
  ends.forEach(([, y], seen) => {
    const rank = ranks.get(y) ?? 1
    let notAbove = 0
    for (let i = rank; i > 0; i -= i & -i) notAbove += tree[i] ?? 0
    found += seen - notAbove
    for (let i = rank; i <= ranks.size; i += i & -i) tree[i] = (tree[i] ?? 0) + 1
  })
  return found
}

interface Wish {
  readonly y: number
  readonly weight: number
}

/** Where its top should be for its lines to be straight. */
function wish(left: readonly Segment[], right: readonly Segment[]): Wish | undefined {
  const asked = [
    ...left.map(segment => ({ y: segment.left.y + segment.leftY - segment.rightY, weight: weightOf(segment) })),
    ...right.map(segment => ({ y: segment.right.y + segment.rightY - segment.leftY, weight: weightOf(segment) })),
  ]
  const weight = asked.reduce((sum, one) => sum + one.weight, 0)
  if (weight === 0) return undefined
  return { y: asked.reduce((sum, one) => sum + one.y * one.weight, 0) / weight, weight }
}

/** A long line is most readable when it is straight. */
const weightOf = ({ left, right }: Segment): number => (left.box ? 1 : 3) * (right.box ? 1 : 3)

/** Each as near to its wish as the order and the margins allow. */
function settle(layer: readonly Place[], wishOf: (place: Place) => Wish | undefined): void {
  const blocks: { sum: number; weight: number; places: number }[] = []
  const offsets: number[] = []
  let offset = 0
  layer.forEach((place, at) => {
    const previous = layer[at - 1]
    if (previous) offset += previous.height + Math.max(8, previous.margin + place.margin)
    offsets.push(offset)
    const { y, weight } = wishOf(place) ?? { y: place.y, weight: 0.2 }
    blocks.push({ sum: (y - offset) * weight, weight, places: 1 })
    for (
      let last = blocks.at(-1), before = blocks.at(-2);
      last && before;
      last = blocks.at(-1), before = blocks.at(-2)
    ) {
      if (before.sum / before.weight <= last.sum / last.weight) break
      blocks.splice(-2, 2, {
        sum: before.sum + last.sum,
        weight: before.weight + last.weight,
        places: before.places + last.places,
      })
    }
  })
  let at = 0
  for (const { sum, weight, places } of blocks) {
    for (const end = at + places; at < end; at++) {
      const place = layer[at]
      if (place) place.y = Math.round(sum / weight + (offsets[at] ?? 0))
    }
  }
}
