// `jiti test/race/rounds.ts [--rounds=200] [--store=postgres,mariadb] [--seed=N]`: rounds of concurrent runners with
// random kills (see round.ts) on each store, four at a time. Prints a table. Round i has the seed N + i; a wrong one is
// printed with the command that runs it again. Exits 1 when a round was wrong. Needs the build (`npm run build`).
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { startSupervisor } from '../servers/supervisor.ts'
import type { RoundResult } from './round.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    store: { type: 'string', default: '' },
    seed: { type: 'string', default: String(randomInt(1_000_000_000)) },
    parallel: { type: 'string', default: '4' },
  },
})
const rounds = Number(values.rounds)
const seed = Number(values.seed)
const wanted = values.store.split(',').filter(name => name !== '')

const supervisor = await startSupervisor()
// They ask the supervisor while they are loaded.
const { prepareRounds } = await import('./round.ts')
const { roundStores } = await import('./round-store.ts')

const unknown = wanted.filter(name => !roundStores.some(store => store.kind === name))
if (unknown.length > 0 || !Number.isInteger(rounds) || !Number.isInteger(seed)) {
  console.error(`unknown: ${unknown.join(', ')}; stores: ${roundStores.map(store => store.kind).join(', ')}`)
  await supervisor.stop()
  process.exit(2)
}
console.log(`seed ${seed}, ${rounds} rounds on each store`)
const count = (results: readonly RoundResult[], test: (one: RoundResult) => boolean): number =>
  results.filter(test).length
const sum = (results: readonly RoundResult[], value: (one: RoundResult) => number): number =>
  results.reduce((all, one) => all + value(one), 0)

let wrong = 0
const table: string[] = []
for (const store of roundStores.filter(({ kind }) => wanted.length === 0 || wanted.includes(kind))) {
  if (store.unavailable !== undefined) {
    table.push(`${store.name.padEnd(10)} NOT TESTED: ${store.unavailable.split('\n')[0]}`)
    continue
  }
  const began = Date.now()
  const prepared = await prepareRounds(store).catch((error: Error) => {
    console.log(`${store.name}: ${error.message}`)
    return undefined
  })
  if (prepared === undefined) {
    wrong++
    table.push(`${store.name.padEnd(10)} the clean run failed`)
    continue
  }
  const results: RoundResult[] = []
  let next = seed
  const work = async (): Promise<void> => {
    while (next < seed + rounds) {
      const result = await prepared.round(next++)
      results.push(result)
      if (result.faults.length === 0) continue
      console.log(`${store.name}: round with seed ${result.seed} is wrong:`)
      for (const fault of result.faults) console.log(`  ${fault}`)
      console.log(`  again: npx jiti test/race/rounds.ts --rounds=1 --store=${store.kind} --seed=${result.seed}`)
    }
  }
  await Promise.all(Array.from({ length: Number(values.parallel) }, work))
  prepared.dispose()
  await store.stop?.()
  wrong += count(results, one => one.faults.length > 0)
  const cells = [
    results.length,
    sum(results, one => one.runners),
    sum(results, one => one.killed),
    count(results, one => one.unfinished),
    count(results, one => one.partial),
    count(results, one => one.inDoubt),
    sum(results, one => one.refused),
    sum(results, one => one.failed.filter(code => code === 'LOCK.LOST').length),
    count(results, one => one.healed),
    count(results, one => one.faults.length > 0),
    `${Math.max(...results.map(one => one.lastMs))} ms`,
    `${Math.round((Date.now() - began) / 1000)} s`,
  ]
  table.push([store.name.padEnd(10), ...cells.map(cell => String(cell).padStart(10))].join(' '))
  console.log(table.at(-1))
}
await supervisor.stop()
const heads = [
  'rounds',
  'runners',
  'killed',
  'unfinished',
  'partial',
  'in doubt',
  'asked',
  'lost lock',
  'restarted',
  'wrong',
  'last max',
  'time',
]
console.log(`\n${[' '.repeat(10), ...heads.map(head => head.padStart(10))].join(' ')}\n${table.join('\n')}`)
process.exit(wrong === 0 ? 0 : 1)
