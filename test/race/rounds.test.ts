// A few rounds of concurrent runners with random kills on each store; `jiti test/race/rounds.ts` runs 200.
import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { record } from '../servers/databases.ts'
import { judge, prepareRounds } from './round.ts'
import { roundStores } from './round-store.ts'

const ROUNDS = 6

const seed = Number(process.env.GODWIT_TEST_SEED ?? randomInt(1_000_000_000))

describe('two to four runners at once, some of them killed', () => {
  for (const store of roundStores) {
    const title = store.unavailable === undefined ? store.name : `${store.name} (not tested: ${store.unavailable})`
    it.skipIf(store.unavailable)(`apply every revision once, and lose none, on ${title}`, async () => {
      const rounds = await prepareRounds(store)
      try {
        const seeds = Array.from({ length: ROUNDS }, (_, index) => seed + index)
        const again = (one: number): string =>
          `npx jiti test/race/rounds.ts --rounds=1 --store=${store.kind} --seed=${one}`
        for (const pair of [seeds.slice(0, ROUNDS / 2), seeds.slice(ROUNDS / 2)]) {
          const results = await Promise.all(pair.map(rounds.round))
          const wrong = results.filter(one => one.faults.length > 0)
          expect(wrong.map(one => [again(one.seed), ...one.faults])).toEqual([])
        }
        await record({ subject: `concurrent runners and kills, ${store.name}: ${ROUNDS} rounds (seed ${seed})` })
      } finally {
        rounds.dispose()
        await store.stop?.()
      }
    })
  }
})

it('finds a revision that was applied twice or lost, a lock, a half-done revision and other data', async () => {
  const history = { files: {}, ids: ['001', '002'], undecidable: new Set<string>() }
  const well = { killed: false, exit: 0, code: undefined, error: undefined, ms: 1, output: '' }
  const applied = (...ids: string[]) => ids.map((id, index) => ({ id, sequence: index + 1 }))
  const database = (journal: object, data = 1, left: readonly string[] = []) => ({
    journal: async () => ({ applied: applied('001', '002'), steps: [], holder: null, ...journal }),
    snapshot: async () => ({ counter: data }),
    leftovers: async () => left,
  })
  const faults = async (found: ReturnType<typeof database>) => judge({ history, expected: { counter: 1 } }, found, well)
  expect(await faults(database({}))).toEqual([])
  expect(await faults(database({ applied: applied('001', '002', '002') }))).toEqual(['applied twice: 002'])
  expect(await faults(database({ applied: applied('001') }))).toEqual(['lost: 002'])
  expect(await faults(database({ applied: applied('001', '002').toReversed() }))).toEqual(['sequence 2 1'])
  expect(await faults(database({ holder: 'ada' }))).toEqual(['the lease is still held by ada'])
  expect(await faults(database({ steps: [{ revision: '002', running: 1 }] }))).toHaveLength(1)
  expect((await faults(database({}, 2)))[0]).toContain('not as the clean run')
  expect(await faults(database({}, 1, ['advisory lock of 7']))).toEqual(['left on the server: advisory lock of 7'])
  const failed = { ...well, exit: 5, code: 'LOCK.HELD', output: 'held' }
  expect(await judge({ history, expected: {} }, database({}), failed)).toEqual([
    'the last run ended with LOCK.HELD: held',
  ])
})
