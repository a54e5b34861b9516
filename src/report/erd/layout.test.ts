import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Box, type Layout, layOut, type Link } from './layout.ts'

const box = (id: string, width = 150, height = 120): Box => ({ id, width, height })
const link = (from: string, to: string, fromY = 40, toY = 60): Link => ({ from, fromY, to, toY })

function overlaps(boxes: readonly Box[], { boxes: places }: Layout): string[] {
  return boxes.flatMap((a, at) =>
    boxes.slice(at + 1).flatMap(b => {
      const [p, q] = [places.get(a.id), places.get(b.id)]
      if (p === undefined || q === undefined) return [`${a.id} or ${b.id} is not placed`]
      const apart = p.x + a.width <= q.x || q.x + b.width <= p.x || p.y + a.height <= q.y || q.y + b.height <= p.y
      return apart ? [] : [`${a.id} and ${b.id}`]
    }),
  )
}

/** Lines that run through a box, or not at right angles, or do not begin and end at their ports. */
function badLines(boxes: readonly Box[], { boxes: places, lines }: Layout): string[] {
  return [...lines].flatMap(([{ from, fromY, to, toY }, points]) => {
    const name = `${from} → ${to}`
    const slanted = points.some(({ x, y }, at) => at > 0 && x !== points[at - 1]?.x && y !== points[at - 1]?.y)
    const touches = (id: string, y: number, end = points[0]) => {
      const [place, { width = 0 } = {}] = [places.get(id), boxes.find(one => one.id === id)]
      return place !== undefined && end?.y === place.y + y && (end.x === place.x || end.x === place.x + width)
    }
    const through = boxes.filter(({ id, width, height }) => {
      const { x, y } = places.get(id) ?? { x: 0, y: 0 }
      return points.some((point, at) => {
        const before = points[at - 1]
        if (before === undefined) return false
        const [left, right] = [Math.min(point.x, before.x), Math.max(point.x, before.x)]
        const [top, bottom] = [Math.min(point.y, before.y), Math.max(point.y, before.y)]
        return right > x && left < x + width && bottom > y && top < y + height
      })
    })
    return [
      ...(slanted ? [`${name} is slanted`] : []),
      ...(touches(from, fromY) && touches(to, toY, points.at(-1)) ? [] : [`${name} misses its ports`]),
      ...through.map(({ id }) => `${name} runs through ${id}`),
    ]
  })
}

describe('layOut', () => {
  it('puts what is referred to on the left', () => {
    const boxes = [box('order'), box('user'), box('line')]
    const { boxes: places } = layOut(boxes, [link('user', 'order'), link('order', 'line')])
    const x = (id: string) => places.get(id)?.x ?? Number.NaN
    expect(x('user')).toBeLessThan(x('order'))
    expect(x('order')).toBeLessThan(x('line'))
  })

  it('draws tables that refer to each other and to themselves', () => {
    const boxes = [box('a'), box('b')]
    const links = [link('a', 'b'), link('b', 'a'), link('a', 'a', 40, 80)]
    const layout = layOut(boxes, links)
    expect(layout.lines.size).toBe(3)
    expect([...overlaps(boxes, layout), ...badLines(boxes, layout)]).toEqual([])
  })

  it('bends a line around the tables between its ends', () => {
    const boxes = [box('a'), box('b', 150, 600), box('c')]
    const links = [link('a', 'b'), link('b', 'c'), link('a', 'c', 80, 100)]
    expect(badLines(boxes, layOut(boxes, links))).toEqual([])
  })

  it('breaks a layer that would become far too tall', () => {
    const boxes = [box('hub'), ...Array.from({ length: 60 }, (_, at) => box(`t${at}`))]
    const layout = layOut(
      boxes,
      boxes.slice(1).map(({ id }) => link('hub', id)),
    )
    expect(layout.height).toBeLessThan(3 * layout.width)
    expect([...overlaps(boxes, layout), ...badLines(boxes, layout)]).toEqual([])
  })

  it('draws nothing of nothing', () => {
    expect(layOut([], [])).toMatchObject({ width: 0, height: 0 })
  })

  it('never lets boxes overlap nor lines run through them', () => {
    const graph = fc
      .array(fc.record({ width: fc.integer({ min: 60, max: 400 }), rows: fc.integer({ min: 3, max: 30 }) }), {
        minLength: 1,
        maxLength: 24,
      })
      .chain(sizes => {
        const boxes = sizes.map(({ width, rows }, at) => box(`t${at}`, width, 30 + rows * 20))
        const end = fc.record({ at: fc.nat(sizes.length - 1), row: fc.nat(2) })
        const links = fc.array(fc.tuple(end, end), { maxLength: 40 })
        return links.map(list => ({
          boxes,
          links: list.map(([a, b]) => link(`t${a.at}`, `t${b.at}`, 40 + a.row * 20, 40 + b.row * 20)),
        }))
      })
    fc.assert(
      fc.property(graph, ({ boxes, links }) => {
        const layout = layOut(boxes, links)
        expect([...overlaps(boxes, layout), ...badLines(boxes, layout)]).toEqual([])
        expect(layout.lines.size).toBe(links.length)
        return true
      }),
      { numRuns: 60 },
    )
  })
})
