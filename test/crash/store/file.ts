// What the stores inside the process share: a folder per point, and two kinds of points, calls of the driver and system
// calls on the files of the database.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Dialect } from '../../../src/dialect/dialect.ts'
import type { Build } from '../build.ts'
import type { ChildJob } from '../child.ts'
import { killing, readRecording, recording, straceUnavailable, type SystemCall } from '../strace.ts'
import type { CrashStore, Glimpse, Place, Point, Scenario, Sight, StoreName } from './store.ts'

export interface FileStore {
  readonly name: StoreName
  readonly histories: CrashStore['histories']
  readonly scenarios: readonly Scenario[]
  /** Package of the driver. */
  readonly driver: string
  /** Names of the files beside the database that belong to it: `-wal`. */
  readonly besides: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  settings(scenario: Scenario): Readonly<Record<string, unknown>>
  dialect(url: string, scenario: Scenario): Dialect
  look(dialect: Dialect): Promise<Pick<Sight, 'schema' | 'data'>>
}

export function fileStore(store: FileStore, build: Build): CrashStore {
  const templates = new Map<Scenario, string>()
  const kept: string[] = []
  let withoutStrace: string | undefined
  const newFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), `godwit-crash-${store.name}-`)))
  const fileIn = (folder: string): string => join(folder, `data.${store.name}`)
  const folderOf = (place: Place): string => place.url.slice(store.name.length + 1).replace(/\/[^/]+$/, '')
  const filesOf = (place: Place): string[] => {
    const file = fileIn(folderOf(place))
    return [file, ...store.besides.map(end => file + end)]
  }
  const placeIn = (folder: string, scenario: Scenario): Place => {
    const url = `${store.name}:${fileIn(folder)}`
    const known = new Set(['', ...store.besides].map(end => basename(fileIn(folder)) + end))
    return {
      url,
      settings: store.settings(scenario),
      dialect: () => store.dialect(url, scenario),
      async look() {
        const seen = await store.look(store.dialect(url, scenario))
        const leftovers = readdirSync(folder).filter(name => !known.has(name))
        return { ...seen, leftovers: leftovers.map(name => `file ${name}`) }
      },
      dispose: async () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
    }
  }
  return {
    name: store.name,
    histories: store.histories,
    scenarios: store.scenarios,
    parallel: 3,
    async start() {
      withoutStrace = straceUnavailable()
      return undefined
    },
    async fresh(scenario) {
      const folder = newFolder()
      const template = templates.get(scenario)
      if (template !== undefined) cpSync(template, folder, { recursive: true })
      return placeIn(folder, scenario)
    },
    async freeze(scenario, place) {
      const folder = newFolder()
      kept.push(folder)
      cpSync(folderOf(place), folder, { recursive: true })
      templates.set(scenario, folder)
    },
    async learn(scenario: Scenario, place: Place, job: ChildJob, glimpse: Glimpse) {
      const log = join(build.folder, `${store.name}-${scenario.name}`)
      const run = async (before: readonly string[], extra: Partial<ChildJob>): Promise<void> => {
        const child = build.spawn({ ...job, ...extra }, before, store.env)
        const ended = await child.ended
        if (ended !== 0) throw new Error(`the undisturbed run ended with ${ended}: ${child.output()}`)
      }
      // Each kind is learnt from a run of its own on the same beginning; the last one is what the place ends with.
      const begin = newFolder()
      cpSync(folderOf(place), begin, { recursive: true })
      const again = (): void => {
        for (const name of readdirSync(folderOf(place))) rmSync(join(folderOf(place), name), { recursive: true })
        cpSync(begin, folderOf(place), { recursive: true })
      }
      let calls: SystemCall[] = []
      if (withoutStrace === undefined) {
        await run(recording(filesOf(place), log), {})
        calls = readRecording(log)
        again()
      }
      const copies = newFolder()
      await run([], { driver: store.driver, record: log, copies: { from: folderOf(place), to: copies } })
      for (const number of readdirSync(copies).toSorted((a, b) => Number(a) - Number(b))) {
        await glimpse(placeIn(join(copies, number), scenario))
      }
      rmSync(copies, { recursive: true, force: true })
      const driver = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
      rmSync(begin, { recursive: true, force: true })
      rmSync(log, { force: true })
      return [
        ...driver.flatMap((line, index) =>
          (['before-call', 'after-call'] as const).map(moment => ({
            what: JSON.parse(line) as string,
            moment,
            at: { call: index + 1 },
          })),
        ),
        ...calls.map(call => ({
          what: `${call.call} #${call.nth} (${call.shown.replaceAll(folderOf(place), '').slice(0, 120)}`,
          moment: 'at-syscall' as const,
          at: call,
        })),
      ]
    },
    async strike({ at, moment }: Point, place: Place, job: ChildJob) {
      const child =
        moment === 'at-syscall'
          ? build.spawn(job, killing(filesOf(place), at as SystemCall), store.env)
          : build.spawn(
              { ...job, driver: store.driver, die: { call: (at as { call: number }).call, moment } },
              [],
              store.env,
            )
      const ended = await child.ended
      if (ended === 'SIGKILL') return { hit: true }
      return { hit: false, instead: `the child ended with ${ended}: ${child.output()}` }
    },
    notes: () => (withoutStrace === undefined ? [] : [`SYSTEM CALLS WERE NOT RUN: ${withoutStrace}`]),
    async stop() {
      for (const folder of kept) rmSync(folder, { recursive: true, force: true })
    },
  }
}
