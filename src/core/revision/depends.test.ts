import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDependencies, dependencyOrder } from './depends.ts'
import { type RevisionGraph, buildGraph } from './graph.ts'
import { anyRevisions, seeded } from './random.fixture.ts'
import { errorOf, revision } from './revision.fixture.ts'

/** `{ main: { a: [], b: ['other:x'] } }`: each database a chain by name, each revision with its dependencies. */
function graphs(databases: Record<string, Record<string, string[]>>): Map<string, RevisionGraph> {
  return new Map(
    Object.entries(databases).map(([name, ids]) => [
      name,
      buildGraph(Object.entries(ids).map(([id, depends]) => revision(id, { depends: depends.map(dependency) }))),
    ]),
  )
}

function dependency(text: string) {
  const [database = '', name = ''] = text.split(':')
  return { database, revision: name }
}

describe('checkDependencies', () => {
  it('accepts dependencies that exist, also by a unique beginning', () => {
    checkDependencies(
      graphs({ main: { a: [], b: ['other:2026_x', 'other:2026'] }, other: { '2026_x': [], y: ['main:a'] } }),
    )
  })

  it('names an unknown revision and what may have been meant', () => {
    const error = errorOf(() => checkDependencies(graphs({ main: { a: ['other:1_bsae'] }, other: { '1_base': [] } })))
    expect(error.code).toBe('GRAPH.DEPENDENCY_UNKNOWN')
    expect(error.message).toBe('revision a of main depends on other:1_bsae, which does not exist')
    expect(error.why).toBe('No revision was run. Did you mean other:1_base?')
    expect(error.where).toEqual({ file: 'migrations/a.sql' })
  })

  it('names an unknown database', () => {
    const error = errorOf(() => checkDependencies(graphs({ main: { a: ['analitics:x'] }, analytics: { x: [] } })))
    expect(error.message).toBe('revision a of main depends on analitics:x, but there is no database analitics')
    expect(error.why).toContain('Did you mean analytics?')
  })

  it('names the candidates of a short name', () => {
    const error = errorOf(() => checkDependencies(graphs({ main: { a: ['o:20'] }, o: { '20a': [], '20b': [] } })))
    expect(error.message).toBe('revision a of main depends on o:20, which can be 20a and 20b')
    expect(error.why).toContain('Write the revision out in full.')
  })

  it('refuses a dependency within one database', () => {
    const error = errorOf(() => checkDependencies(graphs({ main: { a: [], b: ['main:a'] } })))
    expect(error.message).toBe('revision b of main depends on main:a, which is of its own database')
    expect(error.why).toContain('Within one database a revision names its parent.')
  })

  it('prints a cycle through several databases', () => {
    const error = errorOf(() =>
      checkDependencies(graphs({ main: { a: ['other:y'], b: [] }, other: { x: ['main:b'], y: [] } })),
    )
    expect(error.code).toBe('GRAPH.CYCLE')
    expect(error.message).toBe(
      'revisions of several databases wait for each other: main:a → main:b → other:x → other:y → main:a',
    )
  })

  it('finds all faults and throws the first', () => {
    const error = errorOf(() =>
      checkDependencies(graphs({ main: { a: ['o:q', 'zebra:x'], b: ['o:x'] }, o: { x: ['main:b'] } })),
    )
    expect(error.meta['others']).toMatchObject([{ code: 'GRAPH.DEPENDENCY_UNKNOWN' }, { code: 'GRAPH.CYCLE' }])
    expect(error.why).toBe('No revision was run.')
  })

  it('names no place for revisions given in code', () => {
    const main = buildGraph([revision('a', { file: undefined, depends: [dependency('o:x')] })])
    expect(errorOf(() => checkDependencies(new Map([['main', main]]))).where).toBeUndefined()
  })
})

describe('dependencyOrder', () => {
  const two = graphs({ main: { a: [], b: ['other:y'] }, other: { x: [], y: ['main:a'] } })

  it('says for each pending revision what must be applied first', () => {
    expect(
      dependencyOrder(
        two,
        new Map([
          ['main', ['a', 'b']],
          ['other', ['x', 'y']],
        ]),
      ),
    ).toEqual([
      { database: 'main', revision: 'a', after: [] },
      { database: 'other', revision: 'x', after: [] },
      { database: 'other', revision: 'y', after: [dependency('main:a')] },
      { database: 'main', revision: 'b', after: [dependency('other:y')] },
    ])
  })

  it('takes what is not pending for applied', () => {
    expect(dependencyOrder(two, new Map([['main', ['b']]]))).toEqual([{ database: 'main', revision: 'b', after: [] }])
  })

  it('leaves the order given within a database where only that meets all dependencies', () => {
    const crossed = new Map([
      [
        'm',
        buildGraph([revision('a1', { parents: [], depends: [dependency('o:b2')] }), revision('a2', { parents: [] })]),
      ],
      ['o', buildGraph([revision('b1', { depends: [dependency('m:a2')] }), revision('b2')])],
    ])
    const order = dependencyOrder(
      crossed,
      new Map([
        ['m', ['a1', 'a2']],
        ['o', ['b1', 'b2']],
      ]),
    )
    expect(order.map(entry => entry.revision)).toEqual(['a2', 'b1', 'b2', 'a1'])
  })

  it('refuses what checkDependencies refuses', () => {
    expect(errorOf(() => dependencyOrder(graphs({ main: { a: ['o:q'] } }), new Map())).code).toBe(
      'GRAPH.DEPENDENCY_UNKNOWN',
    )
  })

  it('meets all parents and dependencies in random histories', () => {
    fc.assert(
      fc.property(anyRevisions(), anyRevisions(), fc.array(fc.nat(), { maxLength: 6 }), (left, right, picks) => {
        // Dependencies of right on left only, so that there is no cycle.
        const leftGraph = buildGraph(left)
        const linked = right.map((item, at) => {
          const pick = picks[at]
          return pick === undefined
            ? item
            : { ...item, depends: [{ database: 'left', revision: left[pick % left.length]!.id }] }
        })
        const both = new Map([
          ['right', buildGraph(linked)],
          ['left', leftGraph],
        ])
        const pending = new Map([...both].map(([name, graph]) => [name, graph.ids]))
        const done = new Set<string>()
        for (const { database, revision: id, after } of dependencyOrder(both, pending)) {
          for (const parent of both.get(database)!.parents(id)) expect(done.has(`${database}:${parent}`)).toBe(true)
          for (const other of after) expect(done.has(`${other.database}:${other.revision}`)).toBe(true)
          expect(after).toEqual(both.get(database)!.get(id)!.depends)
          done.add(`${database}:${id}`)
        }
        expect(done.size).toBe(left.length + right.length)
      }),
      seeded('dependency order'),
    )
  })
})
