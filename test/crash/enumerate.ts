// One store, all its points: learns them from undisturbed runs, then goes through them, some at a time.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Build } from './build.ts'
import type { ChildJob } from './child.ts'
import { type Clean, judge, needsNewServer, note, runnerOf, settledState, type Steps, type Verdict } from './judge.ts'
import type { CrashStore, Place, Point, Scenario } from './store/store.ts'

export interface Selection {
  /** Only every n-th point. Default 1. */
  readonly every?: number
  /** Only this one. */
  readonly point?: number
  readonly scenario?: string
  /** Scenarios that are long and differ little from others too. */
  readonly thorough?: boolean
  readonly moment?: string
}

export interface Wrong {
  readonly point: Point
  readonly difference: string
}

export interface Tally {
  readonly store: string
  /** All that there are, whether they were run or not. */
  readonly points: number
  readonly run: number
  readonly recovered: number
  readonly refused: number
  readonly wrong: readonly Wrong[]
  readonly missed: readonly { readonly point: Point; readonly instead: string }[]
  readonly notes: readonly string[]
  readonly seconds: number
}

/** A point that takes longer than this is wrong. */
const MOST_MS = 300_000
/** Longer than any run, so that no heartbeat adds messages. */
const LONG_TTL = 600_000
/** A surviving connection keeps its lease until this is over. */
const SHORT_TTL = 2_000

export async function enumerate(
  store: CrashStore,
  build: Build,
  selection: Selection,
  say: (line: string) => void,
): Promise<Tally> {
  const began = performance.now()
  const migrations = writeHistories(store, build)
  const cleans = new Map<string, Clean>()
  const points: Point[] = []
  for (const scenario of store.scenarios) {
    if (selection.scenario !== undefined && selection.scenario !== scenario.name) continue
    if (scenario.thorough && !selection.thorough && selection.scenario === undefined) continue
    const folder = migrations(scenario)
    const { clean, found } = await learn(store, scenario, folder)
    cleans.set(scenario.name, clean)
    for (const [index, point] of found.entries()) points.push({ ...point, scenario, number: index + 1 })
    say(`${store.name}: ${scenario.name}: ${found.length} points`)
  }
  const { every = 1, point: only } = selection
  const isChosen = ({ number, moment }: Point, index: number): boolean =>
    (only === undefined ? index % every === every - 1 : number === only) &&
    (selection.moment === undefined || moment === selection.moment)
  const chosen = points.filter(isChosen)
  const tally = { recovered: 0, refused: 0, wrong: [] as Wrong[], missed: [] as { point: Point; instead: string }[] }
  let next = 0
  let done = 0
  let told = performance.now()
  const explored = new Map<string, Promise<void>>()
  /** Ends a child after each statement of the same message, in order, and notes what is there. */
  const explore = (point: Point): Promise<void> => {
    const { scenario } = point
    const message = `${scenario.name} ${store.messageOf?.(point)}`
    const inside = async (): Promise<void> => {
      const { steps } = cleans.get(scenario.name) as Clean
      for (const other of points) {
        if (other.moment !== 'cut-short' || `${other.scenario.name} ${store.messageOf?.(other)}` !== message) continue
        const place = await prepared(store, scenario, migrations(scenario))
        const strike = await store.strike(other, place, jobOf(scenario, place, migrations(scenario), LONG_TTL))
        await strike.release?.()
        await note(steps, place)
        await place.dispose()
      }
    }
    const known = explored.get(message) ?? inside()
    explored.set(message, known)
    return known
  }
  const work = async (): Promise<void> => {
    for (let point = chosen[next++]; point; point = chosen[next++]) {
      const clean = cleans.get(point.scenario.name) as Clean
      const { verdict, missed } = await runPoint(store, point, migrations(point.scenario), clean, () => explore(point))
      if (missed !== undefined) tally.missed.push({ point, instead: missed })
      if (verdict.outcome !== 'wrong') tally[verdict.outcome]++
      else {
        tally.wrong.push({ point, difference: verdict.difference ?? '' })
        say(`${store.name}: WRONG ${describe(point)}\n    ${verdict.difference}\n    ${again(store.name, point)}`)
      }
      done++
      if (performance.now() - told > 10_000) {
        told = performance.now()
        const left = ((told - began) / done) * (chosen.length - done)
        say(`${store.name}: ${done} of ${chosen.length}, wrong ${tally.wrong.length}, ${Math.ceil(left / 1000)} s left`)
      }
    }
  }
  await Promise.all(Array.from({ length: store.parallel }, work))
  const seconds = (performance.now() - began) / 1000
  const notes = store.notes?.() ?? []
  return { store: store.name, points: points.length, run: chosen.length, ...tally, notes, seconds }
}

export const describe = ({ number, scenario, what, moment }: Point): string =>
  `point ${number} (${scenario.name}, ${moment}): ${what.slice(0, 200)}`

/** The command that runs exactly this point. */
export const again = (store: string, { number, scenario, moment }: Point): string =>
  `npm run test:crash -- --store=${store} --scenario=${scenario.name} --point=${number} --moment=${moment}`

function writeHistories(store: CrashStore, build: Build): (scenario: Scenario) => string {
  const place = (history: string): string => join(build.folder, 'history', store.name, history)
  for (const [history, files] of Object.entries(store.histories)) {
    mkdirSync(place(history), { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(place(history), name), text)
  }
  return scenario => place(scenario.history)
}

/** Scenarios of which `fresh` gives copies that are prepared. */
const frozen = new WeakSet<Scenario>()

async function prepared(store: CrashStore, scenario: Scenario, migrations: string): Promise<Place> {
  const place = await store.fresh(scenario)
  if (scenario.prepare === undefined || frozen.has(scenario)) return place
  try {
    const run = await runnerOf(place, migrations)
    await scenario.prepare(place, async act => {
      let { error } = await run(act)
      if (error && place.revive && needsNewServer(error)) {
        await place.revive()
        await place.expireLease?.()
        error = (await run(act)).error
      }
      if (error) throw new Error(`${store.name}, ${scenario.name} cannot be prepared: ${error.code} ${error.message}`)
    })
    if (store.freeze === undefined) return place
    await store.freeze(scenario, place)
    frozen.add(scenario)
    return place
  } catch (error) {
    await place.dispose()
    throw error
  }
}

const jobOf = (scenario: Scenario, place: Place, migrations: string, ttlMs: number): ChildJob => ({
  url: place.url,
  settings: place.settings,
  migrations,
  act: scenario.act,
  ttlMs,
})

async function learn(store: CrashStore, scenario: Scenario, migrations: string) {
  const place = await prepared(store, scenario, migrations)
  try {
    const steps: Steps = new Map()
    const job = jobOf(scenario, place, migrations, LONG_TTL)
    const found = await store.learn(scenario, place, job, at => note(steps, at))
    const run = await runnerOf(place, migrations)
    for (const act of scenario.finish ?? []) {
      const { error } = await run(act)
      if (error) throw new Error(`${store.name}, ${scenario.name} cannot be finished: ${error.code} ${error.message}`)
    }
    const state = await settledState(place)
    if (state.leftovers.length > 0) throw new Error(`${scenario.name} leaves ${state.leftovers.join('; ')}`)
    return { clean: { state, steps }, found }
  } finally {
    await place.dispose()
  }
}

async function runPoint(
  store: CrashStore,
  point: Point,
  migrations: string,
  clean: Clean,
  explore: () => Promise<void>,
): Promise<{ verdict: Verdict; missed?: string }> {
  const wrong = (difference: string): { verdict: Verdict } => ({ verdict: { outcome: 'wrong', difference, codes: [] } })
  const work = async (): Promise<{ verdict: Verdict; missed?: string }> => {
    const place = await prepared(store, point.scenario, migrations)
    try {
      const ttlMs = point.moment === 'survivor' ? SHORT_TTL : LONG_TTL
      const strike = await store.strike(point, place, jobOf(point.scenario, place, migrations, ttlMs))
      try {
        const looked = (): Promise<Verdict> => judge(point.scenario, place, migrations, clean, explore, strike.release)
        const verdict = await looked().catch(async (error: unknown) => {
          if (!place.revive || !needsNewServer(error)) throw error
          await place.revive()
          return looked()
        })
        return strike.hit ? { verdict } : { verdict, missed: strike.instead ?? 'it was not reached' }
      } finally {
        await strike.release?.()
      }
    } finally {
      await place.dispose()
    }
  }
  let late: NodeJS.Timeout | undefined
  const limit = new Promise<{ verdict: Verdict }>(resolve => {
    late = setTimeout(() => resolve(wrong(`not over after ${MOST_MS / 1000} s`)), MOST_MS)
  })
  return Promise.race([
    work().catch((error: unknown) => wrong(error instanceof Error ? (error.stack ?? error.message) : String(error))),
    limit,
  ]).finally(() => clearTimeout(late))
}
