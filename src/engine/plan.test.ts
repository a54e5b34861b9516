import { describe, expect, it } from 'vitest'
import { draw, errorOf, revision } from '../core/revision/revision.fixture.ts'
import { buildGraph } from '../core/revision/graph.ts'
import type { AppliedRow, JournalState, StepRow } from '../dialect/journal.ts'
import { checkFormat, checkReadable, currentHeadsOf, findDrift, planRun, refusePartial } from './plan.ts'

const row = (id: string, sequence: number, fields: Partial<AppliedRow> = {}): AppliedRow => ({
  id,
  checksum: null,
  fileHash: null,
  appliedAt: '2026-11-19T10:00:00.000Z',
  ms: 1,
  statements: 1,
  kind: 'applied',
  appliedBy: 'me@here',
  tool: '1',
  sequence,
  ...fields,
})

const step = (revision: string, fields: Partial<StepRow> = {}): StepRow => ({
  revision,
  direction: 'up',
  done: 1,
  running: null,
  total: 3,
  hashes: [],
  startedAt: '2026-11-19T10:00:00.000Z',
  error: null,
  observed: null,
  connection: null,
  ...fields,
})

const journal = (applied: readonly string[], steps: readonly StepRow[] = [], format = 2): JournalState => ({
  initialised: true,
  format,
  applied: applied.map((id, index) => row(id, index + 1)),
  steps,
  lease: undefined,
})

const graph = draw('a->b->c')

describe('planRun', () => {
  it('runs what is in the graph and not in the journal, parents first', () => {
    expect(planRun(graph, journal(['a']), 'up', 'head')).toMatchObject({
      revisions: ['b', 'c'],
      from: ['a'],
      to: ['c'],
    })
    expect(planRun(graph, journal(['a', 'c']), 'up', 'head').revisions).toEqual(['b'])
  })

  it('undoes in the reverse order of what was applied', () => {
    expect(planRun(graph, journal(['a', 'b', 'c']), 'down', 'a')).toMatchObject({
      revisions: ['c', 'b'],
      from: ['c'],
      to: ['a'],
    })
  })

  it('refuses a journal of a newer format', () => {
    const error = errorOf(() => planRun(graph, journal([], [], 99), 'up', 'head'))
    expect(error).toMatchObject({ code: 'JOURNAL.FORMAT_NEWER', meta: { found: 99, known: 2 } })
    expect(() => checkFormat(journal([], [], 2))).not.toThrow()
  })

  it('refuses to write a journal of an older format, and reads it', () => {
    const error = errorOf(() => planRun(graph, journal([], [], 1), 'up', 'head'))
    expect(error).toMatchObject({ code: 'JOURNAL.FORMAT_OLDER', meta: { found: 1, known: 2 } })
    expect(error.next).toEqual(['godwit repair --upgrade-journal'])
    expect(() => checkReadable(journal([], [], 1))).not.toThrow()
    expect(() => checkFormat({ ...journal([], [], 0), initialised: false })).not.toThrow()
  })

  it('goes on with a half-done revision of the plan', () => {
    const half = step('b')
    expect(planRun(graph, journal(['a'], [half]), 'up', 'head').resume.get('b')).toBe(half)
  })

  it('refuses everything else while a revision is half done', () => {
    const cases: [StepRow, 'up' | 'down', string][] = [
      [step('b'), 'down', '-1'],
      [step('a', { direction: 'down', error: 'The server said no.' }), 'up', 'head'],
      [step('c'), 'up', 'b'],
    ]
    for (const [half, direction, target] of cases) {
      const error = errorOf(() => planRun(graph, journal(['a'], [half]), direction, target))
      expect(error.code).toBe('JOURNAL.PARTIAL')
      expect(error.why).toContain(half.error ?? 'The run was interrupted.')
      expect(error.next[0]).toBe(half.direction === 'up' ? `godwit up ${half.revision}` : 'godwit down -1')
    }
  })

  it('refuses to guess about a step in doubt, unless the store finds out by itself', () => {
    const doubt = step('b', { running: 2 })
    const error = errorOf(() => planRun(graph, journal(['a'], [doubt]), 'up', 'head'))
    expect(error).toMatchObject({ code: 'JOURNAL.STEP_IN_DOUBT', meta: { revision: 'b', running: 2, done: 1 } })
    expect(planRun(graph, journal(['a'], [doubt]), 'up', 'head', () => true).resume.get('b')).toBe(doubt)
  })
})

it('tells where a run stands that did only a part of its plan', () => {
  expect(currentHeadsOf(graph, new Set(['a']), 'up', ['b'])).toEqual(['b'])
  expect(currentHeadsOf(graph, new Set(['a', 'b', 'c']), 'down', ['c'])).toEqual(['b'])
})

it('refuses any change of the journal while a revision is half done', () => {
  expect(() => refusePartial(journal([]))).not.toThrow()
  expect(errorOf(() => refusePartial(journal([], [step('a')]))).code).toBe('JOURNAL.PARTIAL')
  expect(errorOf(() => refusePartial(journal([], [step('a', { running: 2 })]))).code).toBe('JOURNAL.STEP_IN_DOUBT')
})

describe('findDrift', () => {
  const files = buildGraph([
    revision('a', { checksum: 'A', fileHash: 'fa' }),
    revision('b', { checksum: 'B', fileHash: 'fb' }),
    revision('c'),
  ])
  const drift = (...applied: AppliedRow[]) => {
    const found = findDrift(files, { ...journal([]), applied })
    return { edited: found.edited.map(({ id }) => id), missing: found.missing.map(({ id }) => id) }
  }

  it('finds edited and missing files', () => {
    const rows = [row('a', 1, { checksum: 'other', fileHash: 'other' }), row('gone', 2)]
    expect(drift(...rows)).toEqual({ edited: ['a'], missing: ['gone'] })
  })

  it('takes equal bytes, an equal text, and what has no checksum as unchanged', () => {
    const rows = [
      row('a', 1, { checksum: 'old rules', fileHash: 'fa' }),
      row('b', 2, { checksum: 'B', fileHash: 'other line ends' }),
      row('c', 3, { checksum: 'was a text then' }),
    ]
    expect(drift(...rows)).toEqual({ edited: [], missing: [] })
    expect(drift(row('a', 1, { fileHash: 'other' }))).toEqual({ edited: [], missing: [] })
  })
})
