import { describe, expect, it } from 'vitest'
import type { GodwitError } from '../core/error.ts'
import { buildGraph } from '../core/revision/graph.ts'
import type { AppliedRow, JournalState, StepRow } from '../dialect/journal.ts'
import { otherProject, refuseForeign } from './other-project.ts'

const graph = buildGraph(
  ['a', 'b'].map(id => ({ id, parents: id === 'b' ? ['a'] : [], depends: [], labels: [] })) as never,
)
const row = (id: string, sequence: number) =>
  ({ id, sequence, appliedAt: '2026-11-20T10:00:00.000Z', appliedBy: 'ada@laptop' }) as AppliedRow
const step = (revision: string) =>
  ({ revision, direction: 'up', done: 1, total: 3, startedAt: '2026-11-20T10:00:00.000Z' }) as StepRow
const journal = (applied: readonly string[], steps: readonly string[] = []): JournalState => ({
  initialised: true,
  format: 2,
  applied: applied.map((id, index) => row(id, index + 1)),
  steps: steps.map(step),
  lease: undefined,
})
const refusal = (state: JournalState): GodwitError | undefined => {
  try {
    refuseForeign(graph, state)
    return undefined
  } catch (error) {
    return error as GodwitError
  }
}

describe('a journal of another project', () => {
  it('is one of which nothing is known here', () => {
    expect(otherProject(graph, journal([]))).toBeUndefined()
    expect(otherProject(graph, journal(['x', 'a']))).toBeUndefined()
    expect(refusal(journal(['x', 'y']))).toMatchObject({
      code: 'JOURNAL.OTHER_PROJECT',
      message: 'none of the 2 revisions recorded in this database is in this project: x and y',
      why: expect.stringContaining('the first was applied on 2026-11-20T10:00:00.000Z by ada@laptop'),
      next: expect.arrayContaining(['godwit show x']),
      meta: { recorded: 2, examples: ['x', 'y'], here: 2 },
    })
    expect(refusal(journal(['x']))?.message).toBe(
      'the only revision recorded in this database, x, is not in this project',
    )
    expect(refusal(journal(['v', 'w', 'x', 'y', 'z']))?.message).toMatch(/: v, w, x and 2 more$/)
  })

  it('is known by its half-done revision too', () => {
    const refused = refusal(journal([], ['x']))
    expect(refused?.code).toBe('JOURNAL.OTHER_PROJECT')
    expect(refused?.next).not.toContainEqual(expect.stringContaining('show'))
    expect(refusal(journal(['x'], ['x']))?.meta).toMatchObject({ recorded: 1 })
  })
})

it('refuses a half-done revision without a file', () => {
  expect(refusal(journal(['a'], ['b']))).toBeUndefined()
  expect(refusal(journal(['a'], ['x']))).toMatchObject({
    code: 'JOURNAL.FILE_MISSING',
    message: 'x is half done, and its file is gone',
    next: ["git log --diff-filter=D -- '*x*'", 'godwit repair --restart'],
    meta: { revision: 'x', direction: 'up', done: 1, total: 3 },
  })
})
