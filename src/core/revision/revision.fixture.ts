// Revisions and graphs for tests, written as drawings: `a->b` says that b follows a.
import { expect } from 'vitest'
import { type GodwitError, isGodwitError } from '../error.ts'
import { type RevisionGraph, buildGraph } from './graph.ts'
import type { Revision } from './revision.ts'

/** A revision with nothing in it. `parents` undefined = the one before it by name. */
export function revision(id: string, fields: Partial<Revision> = {}): Revision {
  return {
    id,
    file: `migrations/${id}.sql`,
    parents: undefined,
    depends: [],
    labels: [],
    options: { transaction: 'on' },
    checksum: undefined,
    fileHash: undefined,
    source: undefined,
    body: () => ({ kind: 'sql', up: { file: id, blocks: [] }, down: undefined }),
    ...fields,
  }
}

/** A plain chain in the order of names, without headers. */
export function chain(...ids: string[]): RevisionGraph {
  return buildGraph(ids.map(id => revision(id)))
}

/**
 * The revisions of a drawing, in the order in which they are first named; parents in the order of the arrows.
 * `a->b->c` is a chain, `a` alone a base. Names after a space are labels: `a->b billing`.
 */
export function revisions(...arrows: string[]): Revision[] {
  const parents = new Map<string, string[]>()
  const labels = new Map<string, string[]>()
  for (const arrow of arrows) {
    const [path = '', ...names] = arrow.split(' ')
    const ids = path.split('->')
    for (const [index, id] of ids.entries()) {
      const known = parents.get(id) ?? []
      parents.set(id, index === 0 ? known : [...known, ids[index - 1]!])
    }
    labels.set(ids.at(-1)!, names)
  }
  return Array.from(parents, ([id, list]) => revision(id, { parents: list, labels: labels.get(id) ?? [] }))
}

export function draw(...arrows: string[]): RevisionGraph {
  return buildGraph(revisions(...arrows))
}

/** The GodwitError that `act` throws; fails when it throws none or another. */
export function errorOf(act: () => unknown): GodwitError {
  let thrown: unknown
  try {
    act()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toSatisfy(isGodwitError)
  return thrown as GodwitError
}
