// npm run test:crash: kills the runner at every point of every store and compares what the next run makes of it.
// --store=NAME (several with commas), --every=N (a subset), --scenario=NAME, --point=N (one point of a scenario),
// --moment=NAME, --dist=FOLDER (another build), --thorough (the long scenarios of SQLite's rollback journal too).
import { accessSync, constants, statfsSync } from 'node:fs'
import { startSupervisor } from '../servers/supervisor.ts'
import { copyBuild } from './build.ts'
import { again, describe, enumerate, type Selection, type Tally } from './enumerate.ts'
import { storeNames, storeOf } from './stores.ts'
import type { StoreName } from './store/store.ts'
import { summary } from './summary.ts'

function option(name: string): string | undefined {
  return process.argv.find(argument => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
}
const number = (name: string): number | undefined => {
  const text = option(name)
  return text === undefined ? undefined : Number(text)
}
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const names = (option('store')?.split(',') ?? storeNames) as StoreName[]
const selection: Selection = {
  ...(number('every') === undefined ? {} : { every: number('every') as number }),
  ...(number('point') === undefined ? {} : { point: number('point') as number }),
  ...(option('moment') === undefined ? {} : { moment: option('moment') as string }),
  ...(process.argv.includes('--thorough') ? { thorough: true } : {}),
  ...(option('scenario') === undefined ? {} : { scenario: option('scenario') as string }),
}

/** Databases in memory: what ends here are clients, so nothing that a disk would keep is lost. */
function useMemory(folder: string): void {
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize > 2 ** 31) process.env.TMPDIR ??= folder
  } catch {
    // There is no such folder here.
  }
}

useMemory('/dev/shm')
const supervisor = await startSupervisor()
const build = copyBuild(option('dist'))
const tallies: Tally[] = []
let failed = false
try {
  for (const name of names) {
    const store = await storeOf(name, build)
    const unavailable = await store.start()
    if (unavailable !== undefined) {
      say(`${name}: NOT RUN: ${unavailable}`)
      failed = true
      continue
    }
    try {
      const tally = await enumerate(store, build, selection, say)
      tallies.push(tally)
      for (const { point, instead } of tally.missed.slice(0, 20))
        say(`${name}: not hit: ${describe(point)}: ${instead}`)
      for (const note of tally.notes) say(`${name}: ${note}`)
    } finally {
      await store.stop()
    }
  }
} finally {
  build.remove()
  await supervisor.stop()
}
for (const tally of tallies) {
  for (const { point, difference } of tally.wrong) {
    say(`\nWRONG ${tally.store}: ${describe(point)}\n  ${difference}\n  ${again(tally.store, point)}`)
  }
}
say(`\n${summary(tallies)}`)
failed ||= tallies.some(tally => tally.wrong.length > 0 || tally.run === 0)
process.exit(failed ? 1 : 0)
