// Steps in doubt for the tests of recovery: runs whose connection breaks at a VACUUM, on real SQLite, and a store that
// answers as the test says about what only a server could know.
import { expect } from 'vitest'
import type { Dialect } from '../../src/dialect/dialect.ts'
import type { Recovery, Verdict } from '../../src/dialect/recovery.ts'
import type { RunEvent } from '../../src/engine/event.ts'
import type { MemoryRevision } from '../../src/source/memory.ts'
import { type Call, type Doors, faulty, lost } from './faulty.ts'
import { newSqlite, single, states } from './project.ts'

export const lone = (rest = 'CREATE TABLE a (id int);') => [
  { id: '001_a', transaction: 'off' as const, up: `VACUUM;\n${rest}`, down: 'PRAGMA user_version = 0;\nDROP TABLE a;' },
]
export const isVacuum = (call: Call) =>
  call.sql === 'VACUUM' && (call.item?.kind === 'statement' || call.what === 'query')
export const says = (outcome: Verdict['outcome'], rest: Partial<Recovery> = {}): Recovery => ({
  observe: () => undefined,
  decide: async () => ({ outcome, evidence: [`seen as ${outcome}`] }),
  ...rest,
})
export const recovered = (events: readonly RunEvent[]) =>
  events.flatMap(event => (event.type === 'recovered' ? [`${event.step} ${event.outcome}: ${event.evidence}`] : []))

/** A run whose connection breaks at the VACUUM, on a store that cannot tell what became of it. */
export async function inDoubt(
  revisions: readonly MemoryRevision[] = lone(),
  doors: Doors = {},
): Promise<() => Dialect> {
  const file = newSqlite()
  const before = (call: Call) => {
    if (isVacuum(call)) throw lost()
  }
  const { databases } = await single(faulty(file(), { before, recovery: null, ...doors }), revisions).up()
  expect(states(databases[0]).at(-1)).toBe('001_a in-doubt')
  return file
}

export async function run(
  file: () => Dialect,
  doors: Doors,
  revisions: readonly MemoryRevision[] = lone(),
  options: { lockWaitMs?: number } = {},
) {
  const events: RunEvent[] = []
  const ran: string[] = []
  const before = async (call: Call) => {
    if (call.item?.kind === 'statement' || isVacuum(call)) ran.push(call.sql)
    await doors.before?.(call)
  }
  const result = await single(faulty(file(), { ...doors, before }), revisions).up({
    ...options,
    on: event => events.push(event),
  })
  return { ...result, events, ran }
}
