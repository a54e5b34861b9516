// Random histories for property tests. Each run prints its seed, so that a failure can be repeated.
import fc from 'fast-check'
import type { Revision } from './revision.ts'
import { sortIds } from './order.ts'
import { revision } from './revision.fixture.ts'

/** Parameters with a fresh seed, printed. */
export function seeded(name: string, numRuns = 200): { seed: number; numRuns: number } {
  const seed = Date.now() % 2 ** 31
  console.info(`${name}: seed ${seed}`)
  return { seed, numRuns }
}

/**
 * Revisions of a random directed acyclic graph with up to `size` nodes, named so that the order of names is no
 * topological order. Where a single parent is the previous one by name, the header is sometimes left out.
 */
export function anyRevisions(size = 12): fc.Arbitrary<Revision[]> {
  return fc.integer({ min: 1, max: size }).chain(count =>
    fc
      .record({
        places: fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: count, maxLength: count }),
        numbers: fc.shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count }),
        implied: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
      })
      .map(({ places, numbers, implied }) => {
        const ids = numbers.map(number => `${number + 1}_n`)
        const names = sortIds(ids)
        return ids.map((id, index) => {
          const earlier = index === 0 ? [] : places[index]!.map(place => ids[place % index]!)
          const parents = [...new Set(earlier)]
          const previous = names[names.indexOf(id) - 1]
          const asNamed =
            previous === undefined ? parents.length === 0 : parents.length === 1 && parents[0] === previous
          return revision(id, { parents: asNamed && implied[index] ? undefined : parents })
        })
      }),
  )
}

/** A random history with a random set of its ids, closed under ancestors or not, in a random order. */
export function anyApplied(size = 12): fc.Arbitrary<{ revisions: Revision[]; applied: string[] }> {
  return anyRevisions(size).chain(revisions =>
    fc.shuffledSubarray(revisions.map(({ id }) => id)).map(applied => ({ revisions, applied })),
  )
}
