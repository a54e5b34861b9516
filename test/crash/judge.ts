// After the kill: the run is done again, in this process, and what is there then is compared with an undisturbed run.
// A step in doubt is decided as people would: by looking at the database, then `repair --done` or `repair --retry`.
import { makeDatabase } from '../../src/config/store.ts'
import type { GodwitError } from '../../src/core/error.ts'
import type { JournalState } from '../../src/dialect/journal.ts'
import { makeGodwit } from '../../src/library/create.ts'
import type { Act, Place, Scenario, Sight } from './store/store.ts'

export interface State extends Sight {
  readonly journal: readonly string[]
}

/** What the undisturbed run ended in, and what it passed through. */
export interface Clean {
  readonly state: State
  /** Revision, direction and number of a step that was begun → what the database looked like before and after it. */
  readonly steps: Steps
}

export type Steps = Map<string, { readonly before: string; readonly after: string }>

export interface Verdict {
  readonly outcome: 'recovered' | 'refused' | 'wrong'
  /** What is wrong, for people. */
  readonly difference?: string
  /** Codes that the second run ended with on the way. */
  readonly codes: readonly string[]
}

/** A refusal must be settled by so many answers. */
const MOST_ANSWERS = 5

const databaseOf = async (place: Place, migrations: string, ttlMs: number) =>
  makeDatabase('main', await place.dialect(), { lock: { waitMs: 20_000, ttlMs } }, { root: '/', migrations })

/** The library on this place, in this process. */
export async function runnerOf(place: Place, migrations: string) {
  const database = await databaseOf(place, migrations, 60_000)
  const godwit = makeGodwit({ environment: 'test', protected: false, root: '/', databases: [database] })
  return async (act: Act) => {
    const result = act.verb === 'repair' ? await godwit.repair({ inDoubt: act.inDoubt }) : await godwit[act.verb](act)
    return result.databases[0] as (typeof result.databases)[number]
  }
}

/** What a server of Chroma says after the wrong client was killed (see proxy/http.ts). */
export const needsNewServer = (error: unknown): boolean =>
  error instanceof Error && /indexing thread/.test(error.message)

export async function readJournal(place: Place): Promise<JournalState> {
  const dialect = await place.dialect()
  const session = await dialect.open({ purpose: 'read' })
  try {
    return await dialect.journal.read(session)
  } finally {
    await session.close()
  }
}

/** The lease of a dead runner whose run left nothing to do stands until the next one takes it: that must be at once. */
async function canBeTaken(place: Place): Promise<boolean> {
  const dialect = await place.dialect()
  const session = await dialect.open({ purpose: 'run' })
  try {
    const answer = await dialect.locker.acquire(session, { owner: 'looking', holder: 'looking', ttlMs: 60_000 })
    if (answer.acquired) await dialect.locker.release(session, answer.fence)
    return answer.acquired
  } finally {
    await session.close()
  }
}

export async function stateOf(place: Place): Promise<State> {
  const journal = await readJournal(place)
  const lines = journal.applied.map(
    row => `${row.sequence} ${row.id} ${row.kind} ${row.statements} ${row.checksum} ${row.fileHash}`,
  )
  for (const step of journal.steps)
    lines.push(`step row: ${step.revision} ${step.direction} ${step.done} ${step.running}`)
  if (journal.lease && !(await canBeTaken(place))) lines.push(`lease held by ${journal.lease.holder}`)
  return { ...(await place.look()), journal: lines }
}

/** One text for what the user's objects look like. */
export const shapeOf = (sight: Sight): string => JSON.stringify([sight.schema, sight.data])

export const stepKey = (revision: string, direction: string, running: number): string =>
  `${revision} ${direction} ${running}`

/** Notes what the database looks like while a step is begun and not recorded as ended. */
export async function note(steps: Steps, place: Place): Promise<void> {
  const { steps: rows } = await readJournal(place)
  const running = rows.filter(row => row.running !== null)
  if (running.length === 0) return
  const shape = shapeOf(await place.look())
  for (const row of running) {
    const key = stepKey(row.revision, row.direction, row.running as number)
    steps.set(key, { before: steps.get(key)?.before ?? shape, after: shape })
  }
}

/**
 * @param explore looks at the inside of the message, where steps may begin and end unseen
 * @param release lets the server see at last that the client is gone */
export async function judge(
  scenario: Scenario,
  place: Place,
  migrations: string,
  clean: Clean,
  explore: () => Promise<void>,
  release?: () => Promise<void>,
): Promise<Verdict> {
  const codes: string[] = []
  const wrong = (difference: string): Verdict => ({ outcome: 'wrong', difference, codes })
  const run = await runnerOf(place, migrations)
  await place.expireLease?.()
  for (const act of [scenario.act, ...(scenario.finish ?? [])]) {
    for (let answers = 0; ; answers++) {
      const before = await readJournal(place)
      const result = await run(act)
      const { error } = result
      if (!error) {
        const lie = 'steps' in result ? lieIn(result.steps, before) : undefined
        if (lie !== undefined) return wrong(lie)
        break
      }
      codes.push(error.code)
      if (place.revive && answers < MOST_ANSWERS && needsNewServer(error)) {
        await place.revive()
        await place.expireLease?.()
        continue
      }
      if (error.code !== 'JOURNAL.STEP_IN_DOUBT' || answers === MOST_ANSWERS) return wrong(told(error))
      const answer = await settle(place, error, clean, explore)
      if (answer.verb === 'undecided') return wrong(`${told(error)}; ${answer.why}`)
      const repaired = await run({ verb: 'repair', inDoubt: answer.verb })
      if (repaired.error) return wrong(`repair --${answer.verb}: ${told(repaired.error)}`)
    }
  }
  await release?.()
  const difference = differenceOf(clean.state, await settledState(place))
  if (difference) return wrong(difference)
  return { outcome: codes.length > 0 ? 'refused' : 'recovered', codes }
}

/** Connections of the dead end when the server notices: leftovers get ten seconds to go. */
export async function settledState(place: Place): Promise<State> {
  const end = Date.now() + 10_000
  for (;;) {
    const state = await stateOf(place)
    if (state.leftovers.length === 0 || Date.now() > end) return state
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** The report of the second run against the journal before it. */
function lieIn(
  steps: readonly { readonly revision: string; readonly direction: string; readonly state: string }[],
  before: JournalState,
): string | undefined {
  const applied = new Set(before.applied.map(row => row.id))
  for (const { revision, direction, state } of steps) {
    if (!['applied', 'undone', 'stamped'].includes(state)) return `the report says ok and ${revision} is ${state}`
    if (direction === 'up' && applied.has(revision)) return `the report says ${revision} was applied; it was before`
  }
  return undefined
}

async function settle(
  place: Place,
  error: GodwitError,
  clean: Clean,
  explore: () => Promise<void>,
): Promise<{ verb: 'done' | 'retry' } | { verb: 'undecided'; why: string }> {
  const { revision, direction, running } = error.meta as { revision: string; direction: string; running: number }
  const key = stepKey(revision, direction, running)
  if (!clean.steps.has(key)) await explore()
  const step = clean.steps.get(key)
  if (step === undefined) return { verb: 'undecided', why: 'the undisturbed run never showed this step' }
  const sight = await place.look()
  const shape = shapeOf(sight)
  if (shape === step.before) return { verb: 'retry' }
  if (shape === step.after) return { verb: 'done' }
  return {
    verb: 'undecided',
    why: `the database looks neither as before nor as after the step: ${linesBetween(step.before, shape)}`,
  }
}

function linesBetween(before: string, now: string): string {
  const [a = [], b = []] = JSON.parse(before) as string[][]
  const [c = [], d = []] = JSON.parse(now) as string[][]
  return difference([...a, ...b], [...c, ...d]) ?? 'no line differs'
}

const told = (error: GodwitError): string => `${error.code}: ${error.message}${error.why ? ` (${error.why})` : ''}`

export function differenceOf(clean: State, found: State): string | undefined {
  const parts = (['schema', 'data', 'journal'] as const).map(part => {
    const lines = difference(clean[part], found[part])
    return lines === undefined ? undefined : `${part}: ${lines}`
  })
  if (found.leftovers.length > 0) parts.push(`left over: ${found.leftovers.join('; ')}`)
  const all = parts.filter(part => part !== undefined)
  return all.length === 0 ? undefined : all.join(' | ')
}

/** Lines that one has and the other has not, counted. */
function difference(expected: readonly string[], found: readonly string[]): string | undefined {
  const count = new Map<string, number>()
  for (const line of expected) count.set(line, (count.get(line) ?? 0) - 1)
  for (const line of found) count.set(line, (count.get(line) ?? 0) + 1)
  const short = (line: string): string => (line.length > 300 ? `${line.slice(0, 300)}…` : line)
  const differs = [...count].filter(([, n]) => n !== 0)
  if (differs.length === 0) return undefined
  return differs.map(([line, n]) => `${n < 0 ? 'missing' : 'too much'} (${Math.abs(n)}x): ${short(line)}`).join('; ')
}
