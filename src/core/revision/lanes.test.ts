import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildGraph } from './graph.ts'
import { asciiGlyphs, unicodeGlyphs } from './lane-glyph.ts'
import { type LaneLine, drawLanes, renderLanes } from './lanes.ts'
import { anyRevisions, seeded } from './random.fixture.ts'
import { draw } from './revision.fixture.ts'

const picture = (...rows: string[]) => rows.join('\n')
const shown = (...arrows: string[]) => renderLanes(drawLanes(draw(...arrows)))

describe('drawings', () => {
  it('linear', () => {
    expect(shown('a->b->c')).toBe(picture('●  c', '●  b', '●  a'))
  })

  it('one branch and its merge', () => {
    expect(shown('a->b->m', 'a->c->m')).toBe(
      picture(
        '●─╮  m', //
        '│ ●  c',
        '● │  b',
        '●─╯  a',
      ),
    )
  })

  it('three-way merge', () => {
    expect(shown('a->b->m', 'a->c->m', 'a->d->m', 'm->n')).toBe(
      picture(
        '●      n', //
        '●─┬─╮  m',
        '│ │ ●  d',
        '│ ● │  c',
        '● │ │  b',
        '●─┴─╯  a',
      ),
    )
  })

  it('criss-cross', () => {
    expect(shown('a->b', 'a->c', 'b->m1', 'c->m1', 'c->m2', 'b->m2', 'm1->z', 'm2->z')).toBe(
      picture(
        '●─╮    z', //
        '│ ●─╮  m2',
        '●─┤ │  m1',
        '│ ● │  c',
        '●─│─╯  b',
        '●─╯    a',
      ),
    )
  })

  it('a merge that meets a line and opens another beyond it', () => {
    expect(shown('a->b->m->z', 'a->c->m', 'a->d->m', 'c->n->z')).toBe(
      picture(
        '●─╮    z', //
        '│ ●    n',
        '●─┼─╮  m',
        '│ │ ●  d',
        '│ ● │  c',
        '● │ │  b',
        '●─┴─╯  a',
      ),
    )
  })

  it('many heads', () => {
    expect(shown('a->b->e', 'b->f', 'a->c', 'a->d')).toBe(
      picture(
        '●      f', //
        '│ ●    e',
        '●─╯    b',
        '│ ●    d',
        '│ │ ●  c',
        '●─┴─╯  a',
      ),
    )
  })

  it('unrelated bases, apart from each other', () => {
    expect(shown('a->b', 'x->y')).toBe(picture('●  y', '●  x', '', '●  b', '●  a'))
    expect(shown('a->b', 'x->m', 'b->m', 'q->m', 'r->q2', 'b->q2')).toBe(
      picture(
        '●─┬─╮  m', //
        '│ │ ●  q',
        '● │    x',
        '  │',
        '●─┤    q2',
        '│ ●    b',
        '│ ●    a',
        '●      r',
      ),
    )
  })

  it('unrelated histories one after the other, each in one piece', () => {
    expect(shown('a->d', 'b->c', 'b->e')).toBe(
      picture(
        '●    e', //
        '│ ●  c',
        '●─╯  b',
        '',
        '●    d',
        '●    a',
      ),
    )
  })

  it('a merge that is a fork too gets a row for each', () => {
    expect(shown('a->b->m', 'a->c->m', 'm->d->z', 'm->e->f->z')).toBe(
      picture(
        '●─╮  z', //
        '│ ●  f',
        '│ ●  e',
        '● │  d',
        '├─╯',
        '●─╮  m',
        '│ ●  c',
        '● │  b',
        '●─╯  a',
      ),
    )
  })

  it('a branch that took over the work of another on its left', () => {
    expect(shown('a->b->e', 'a->c->d', 'b->d')).toBe(
      picture(
        '●    e', //
        '├─●  d',
        '● │  b',
        '│ ●  c',
        '●─╯  a',
      ),
    )
  })

  it('folds lines rather than growing wide', () => {
    const fan = draw('a->b', 'a->c', 'a->d', 'a->e')
    expect(renderLanes(drawLanes(fan, { columns: 2 }))).toBe(
      picture(
        '●    e', //
        '│ ●  d',
        '├─╯',
        '│ ●  c',
        '├─╯',
        '│ ●  b',
        '●─╯  a',
      ),
    )
  })

  it('grows wider than asked for where nothing can be folded', () => {
    expect(renderLanes(drawLanes(draw('a->b', 'a->c'), { columns: 1 }))).toBe(picture('●    c', '│ ●  b', '●─╯  a'))
  })

  it('a history as teams make it', () => {
    const arrows = [
      '01->02->03->05->08',
      '02->04->06->08',
      '03->07->09->10',
      '08->10',
      '10->11',
      '10->12->13',
      '05->14',
    ]
    expect(shown(...arrows, '08a->09')).toBe(
      picture(
        '●        14',
        '│ ●      13',
        '│ ●      12',
        '│ │ ●    11',
        '│ ├─╯',
        '│ ●─╮    10',
        '│ │ ●─╮  08',
        '│ │ │ ●  06',
        '│ │ │ ●  04',
        '●─│─╯ │  05',
        '│ ●─╮ │  09',
        '│ │ ● │  08a',
        '│ ●   │  07',
        '●─╯   │  03',
        '●─────╯  02',
        '●        01',
      ),
    )
  })

  it('nothing for an empty history', () => {
    expect(drawLanes(buildGraph([]))).toEqual([])
    expect(renderLanes([])).toBe('')
  })
})

describe('decoration', () => {
  it('marks what is pending and shows the given text', () => {
    const graph = draw('a->b->m', 'a->c->m')
    const decorate = (id: string) => ({ applied: id < 'c', text: `revision ${id}` })
    expect(drawLanes(graph, { decorate })).toEqual([
      { lanes: '○─╮', id: 'm', text: 'revision m' },
      { lanes: '│ ○', id: 'c', text: 'revision c' },
      { lanes: '● │', id: 'b', text: 'revision b' },
      { lanes: '●─╯', id: 'a', text: 'revision a' },
    ])
  })

  it('draws with plain characters', () => {
    const graph = draw('a->b->m', 'a->c->m', 'a->d->m', 'm->x', 'm->y')
    const decorate = (id: string) => (id < 'm' ? {} : { applied: false })
    expect(renderLanes(drawLanes(graph, { ascii: true, decorate }))).toBe(
      picture(
        'o      y', //
        '| o    x',
        '|-/',
        'o-+-\\  m',
        '| | *  d',
        '| * |  c',
        '* | |  b',
        '*-+-/  a',
      ),
    )
  })

  it('aligns texts, except in rows that are too wide', () => {
    expect(renderLanes(drawLanes(draw('a->b', 'a->c', 'a->d')), 3)).toBe(
      picture('●    d', '│ ●  c', '│ │ ●  b', '●─┴─╯  a'),
    )
  })
})

/** Reads a drawing back: follows every line down from each mark, and gives the parents it leads to. */
function readBack(lines: readonly LaneLine[]): Map<string, Set<string>> {
  const parents = new Map<string, Set<string>>()
  let flows: (Set<string> | undefined)[] = []
  for (const { lanes, id } of lines) {
    const cells = [...lanes].filter((_, at) => at % 2 === 0)
    const from = cells.findIndex(cell => cell === '●' || (id === undefined && cell === '├'))
    const next: (Set<string> | undefined)[] = cells.map((cell, at) =>
      '│├┤┼'.includes(cell) ? (flows[at] ?? new Set()) : undefined,
    )
    const ending = cells.flatMap((cell, at) => ('┴╯'.includes(cell) ? [...flows[at]!] : []))
    if (id === undefined) {
      if (from >= 0) for (const child of ending) next[from]!.add(child)
    } else {
      parents.set(id, new Set())
      for (const child of [...(flows[from] ?? []), ...ending]) parents.get(child)!.add(id)
      next[from] = new Set([id])
      for (const [at, cell] of cells.entries()) {
        if ('╮┬'.includes(cell)) next[at] = new Set([id])
        if ('├┤┼'.includes(cell)) next[at] = new Set([...next[at]!, id])
      }
    }
    flows = next
  }
  return parents
}

describe('random histories', () => {
  it('are drawn so that reading the lines gives the parents, at any width', () => {
    fc.assert(
      fc.property(anyRevisions(14), fc.integer({ min: 1, max: 8 }), (list, columns) => {
        const graph = buildGraph(list)
        const lines = drawLanes(graph, { columns })
        const read = readBack(lines)
        expect([...read.keys()].sort()).toEqual([...graph.ids].sort())
        for (const id of graph.ids) expect(read.get(id)).toEqual(new Set(graph.parents(id)))
        for (const { lanes } of lines) expect(lanes).toBe(lanes.trimEnd())
      }),
      seeded('lanes', 500),
    )
  })

  it('look the same in plain characters', () => {
    const plain = new Map<string, string>(
      Object.entries(unicodeGlyphs).map(([name, glyph]) => [glyph, asciiGlyphs[name as keyof typeof asciiGlyphs]]),
    )
    fc.assert(
      fc.property(anyRevisions(), list => {
        const graph = buildGraph(list)
        const translated = drawLanes(graph).map(line =>
          [...line.lanes].map(glyph => plain.get(glyph) ?? glyph).join(''),
        )
        expect(drawLanes(graph, { ascii: true }).map(line => line.lanes)).toEqual(translated)
      }),
      seeded('plain lanes', 100),
    )
  })
})
