// One round: two to four runners on one fresh database, some of them killed, then one run more that nobody disturbs.
// Held to it: every revision applied once, none lost, schema and rows as after a clean run, no lock left. All that is
// random comes from the round's seed.
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RoundHistory, roundHistory } from './round-history.ts'
import { type Ended, makeProject, runProgram } from './round-runner.ts'
import type { RoundDatabase, RoundStore } from './round-store.ts'

/** Life of a lease in the rounds, and what the last run may wait beyond it, ms. */
const TTL = 2_000
const MARGIN = 4_000

export interface RoundResult {
  readonly seed: number
  /** What is not as promised; empty = the round is right. */
  readonly faults: readonly string[]
  readonly runners: number
  readonly killed: number
  /** The disturbed ones left something to do. */
  readonly unfinished: boolean
  /** They left a half-done revision; a step of it that was begun and never recorded as ended. */
  readonly partial: boolean
  readonly inDoubt: boolean
  /** Refusals where a person had to say whether a step was done. */
  readonly refused: number
  /** The server had to be restarted because it did not bear the killing of its clients. */
  readonly healed: boolean
  /** How the runners that were not killed ended, other than well. */
  readonly failed: readonly string[]
  /** The last run, ms. */
  readonly lastMs: number
}

export interface Rounds {
  readonly store: RoundStore
  /** Duration of a clean run, ms, measured at the beginning. */
  readonly cleanMs: number
  round(seed: number): Promise<RoundResult>
  dispose(): void
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** What a runner may say that was not killed. LOCK.LOST: it was starved for longer than its lease. */
const acceptable = ['LOCK.LOST', 'JOURNAL.STEP_IN_DOUBT']
/** The server itself is broken, and godwit says so. */
const isServerBroken = ({ error }: Ended): boolean => /lost its indexing thread/.test(error?.message ?? '')

/** Runs the history once without disturbance, to know what is right. */
export async function prepareRounds(store: RoundStore): Promise<Rounds> {
  const history = roundHistory(store.kind)
  const project = makeProject(history.files, { waitMs: 30_000, ttlMs: TTL })
  const database = await store.fresh()
  try {
    const clean = await runProgram(project.folder, database.url, { args: ['up'] })
    if (clean.exit !== 0) throw new Error(`the clean run failed: ${clean.output}`)
    const expected = await database.snapshot()
    const again = await store.fresh()
    const timed = await runProgram(project.folder, again.url, { args: ['up'] })
    await again.dispose()
    const facts = { store, history, folder: project.folder, expected, cleanMs: Math.min(clean.ms, timed.ms) }
    return { store, cleanMs: facts.cleanMs, round: seed => round(facts, seed), dispose: () => project.dispose() }
  } finally {
    await database.dispose()
  }
}

interface Facts {
  readonly store: RoundStore
  readonly history: RoundHistory
  readonly folder: string
  readonly expected: unknown
  readonly cleanMs: number
}

async function round(facts: Facts, seed: number): Promise<RoundResult> {
  const { store, history, folder, cleanMs } = facts
  const random = randomFrom(seed)
  const database = await store.fresh()
  const faults: string[] = []
  try {
    const count = 2 + Math.floor(random() * 3)
    // In half of the rounds nobody survives, so that the last run has to finish what others left.
    const share = random() < 0.5 ? 1 : 0.6
    // Starts one after the other, or as good as at once.
    const spread = random() < 0.5 ? cleanMs * 1.2 : 40
    const plans = Array.from({ length: count }, () => {
      const after = Math.round(random() * spread)
      const at = Math.round(cleanMs * (0.35 + random() * 0.85))
      return { args: ['up'], after, killAfter: random() < share ? at : undefined }
    })
    const ended = await Promise.all(plans.map(plan => runProgram(folder, database.url, plan)))
    const failed = ended.flatMap(({ code }) => (code === undefined ? [] : [code]))
    for (const one of ended) {
      if (one.code !== undefined && !acceptable.includes(one.code) && !isServerBroken(one))
        faults.push(`a runner ended with ${told(one)}`)
      faults.push(...doubtFault(history, one))
    }
    const healed = (await database.heal?.()) ?? false
    const between = await database.journal().catch(() => undefined)
    const { last, refused } = await lastRun(facts, database, faults)
    faults.push(...(await judge(facts, database, last)))
    return {
      seed,
      faults,
      runners: count,
      killed: ended.filter(one => one.killed).length,
      unfinished: (between?.applied.length ?? 0) < history.ids.length,
      partial: (between?.steps.length ?? 0) > 0,
      inDoubt: between?.steps.some(step => step.running !== null) ?? false,
      refused,
      healed,
      failed,
      lastMs: last.ms,
    }
  } finally {
    await database.dispose()
  }
}

const told = ({ code, error, output }: Ended): string =>
  `${code}: ${error ? `${error.message}. ${error.why}` : output.replace(/\s+/g, ' ').slice(0, 600)}`

/** A refusal to decide is right only where nothing in the catalog could tell. */
function doubtFault(history: RoundHistory, ended: Ended): string[] {
  if (ended.code !== 'JOURNAL.STEP_IN_DOUBT') return []
  const revision = String(ended.error?.meta['revision'])
  return history.undecidable.has(revision) ? [] : [`refused to decide what the catalog shows: ${told(ended)}`]
}

/** The run that nobody disturbs; where it refuses to guess, a person looks and answers, and it is run again. */
async function lastRun(
  { history, folder }: Facts,
  database: RoundDatabase,
  faults: string[],
): Promise<{ last: Ended; refused: number }> {
  const args = ['up', '--lock-wait', `${TTL + MARGIN}ms`]
  for (let refused = 0; ; refused++) {
    const last = await runProgram(folder, database.url, { args })
    if (isServerBroken(last) && (await database.heal?.())) continue
    if (last.code !== 'JOURNAL.STEP_IN_DOUBT' || refused === history.ids.length) return { last, refused }
    faults.push(...doubtFault(history, last))
    // A person who looks while the statement of the dead runner is at work would see neither the one nor the other.
    await untilAlone(database)
    const { revision, running } = last.error?.meta ?? {}
    const done = await database.wasDone(String(revision), Number(running))
    const repair = await runProgram(folder, database.url, { args: ['repair', done ? '--done' : '--retry'] })
    if (repair.exit !== 0) faults.push(`repair failed with ${told(repair)}`)
  }
}

async function untilAlone(database: Pick<RoundDatabase, 'leftovers'>): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const left = await database.leftovers()
    if (left.length === 0 || tries === 100) return left
    await sleep(50)
  }
}

/** Faults of a database after the last run. */
export async function judge(
  { history, expected }: Pick<Facts, 'history' | 'expected'>,
  database: Pick<RoundDatabase, 'journal' | 'snapshot' | 'leftovers'>,
  last: Ended,
): Promise<string[]> {
  if (last.code !== undefined) return [`the last run ended with ${told(last)}`]
  const faults: string[] = []
  const { applied, steps, holder } = await database.journal()
  const ids = applied.map(row => row.id)
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index)
  const lost = history.ids.filter(id => !ids.includes(id))
  if (twice.length > 0) faults.push(`applied twice: ${twice.join(', ')}`)
  if (lost.length > 0) faults.push(`lost: ${lost.join(', ')}`)
  if (applied.some((row, index) => row.sequence !== index + 1))
    faults.push(`sequence ${applied.map(row => row.sequence).join(' ')}`)
  if (steps.length > 0) faults.push(`half-done revisions left: ${JSON.stringify(steps)}`)
  // A last run that finds nothing to do takes no lease, so that of a dead runner stays until the next one that needs it.
  if (holder !== null && !isGone(holder)) faults.push(`the lease is still held by ${holder}`)
  const left = await untilAlone(database)
  if (left.length > 0) faults.push(`left on the server: ${left.join('; ')}`)
  const found = await database.snapshot()
  if (!isDeepStrictEqual(found, expected))
    faults.push(`not as the clean run: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`)
  return faults
}

/** The process that a holder names (`ada@laptop pid 123`) has ended. */
function isGone(holder: string): boolean {
  const pid = /\bpid (\d+)$/.exec(holder)?.[1]
  if (pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch {
    return true
  }
}
