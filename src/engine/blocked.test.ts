// What the error of a wait says of the sessions that were in the way.
import { expect, it } from 'vitest'
import { GodwitError } from '../core/error.ts'
import type { Blocker } from '../dialect/blocker.ts'
import { blockedDetails, cutWait } from './blocked.ts'

const blocker = (backend: string, rest: Partial<Blocker> = {}): Blocker => ({
  backend,
  user: 'app',
  application: '',
  since: '',
  state: '',
  query: '',
  end: `KILL ${backend}`,
  ...rest,
})
const details = (code: GodwitError['code'], blockers: readonly Blocker[]) =>
  blockedDetails(code, { blockers, cut: undefined })

it('names three and counts the rest', () => {
  const found = details(
    'RUN.LOCK_TIMEOUT',
    ['1', '2', '3', '4', '5'].map(id => blocker(id)),
  )
  expect(found?.why).toBe('The lock was held by pid 1 (app); pid 2 (app); pid 3 (app); and 2 more.')
  expect(found?.next).toHaveLength(3)
  expect(found?.next[0]).toMatch(/^KILL 1; -- the last resort/)
  expect(found?.meta.blockers).toHaveLength(5)
})

it('does not call a possible holder a certain one', () => {
  expect(details('RUN.LOCK_TIMEOUT', [blocker('1', { possible: true })])?.why).toMatch(/^The lock may be held by pid 1/)
  expect(details('RUN.DEADLOCK', [blocker('1', { possible: true })])?.why).toMatch(/a lock that may be held by pid 1/)
})

it('claims nothing of how a deadlock came about', () => {
  expect(details('RUN.DEADLOCK', [blocker('1')])?.why).toBe(
    'Shortly before, the run waited for a lock that was held by pid 1 (app).',
  )
})

it('offers no end where there is none', () => {
  const { end: _, ...unseen } = blocker('')
  expect(details('RUN.LOCK_TIMEOUT', [unseen])?.next).toEqual([])
})

it('says nothing where nobody was seen, or nothing waited', () => {
  expect(details('RUN.LOCK_TIMEOUT', [])).toBeUndefined()
  expect(details('RUN.STATEMENT_FAILED', [blocker('1')])).toBeUndefined()
  expect(blockedDetails('RUN.LOCK_TIMEOUT', undefined)).toBeUndefined()
})

it('leaves other failures than its own request as they are', () => {
  const cut = { waitMs: 1_500, leaves: 'x', next: [] }
  const failed = new GodwitError('RUN.STATEMENT_FAILED', 'no such table')
  expect(cutWait(failed, { blockers: [], cut })).toBe(failed)
  const aborted = new GodwitError('RUN.ABORTED', 'cancelled')
  expect(cutWait(aborted, { blockers: [], cut: undefined })).toBe(aborted)
  expect(cutWait(aborted, undefined)).toBe(aborted)
  expect(cutWait(aborted, { blockers: [], cut })).toMatchObject({ code: 'RUN.LOCK_TIMEOUT' })
})
