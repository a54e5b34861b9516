// A part of `npm run test:crash`: every store, and so few of its points that they take a minute together.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { record } from '../servers/databases.ts'
import { type Build, copyBuild } from './build.ts'
import { describe as told, enumerate } from './enumerate.ts'
import type { StoreName } from './store/store.ts'
import { storeOf } from './stores.ts'

/** One scenario of each store, and every n-th of its points. */
const parts: readonly { readonly name: StoreName; readonly scenario: string; readonly every: number }[] = [
  { name: 'postgres', scenario: 'units-up', every: 17 },
  { name: 'mariadb', scenario: 'ddl-up', every: 19 },
  { name: 'sqlite', scenario: 'wal-up', every: 37 },
  { name: 'duckdb', scenario: 'up', every: 29 },
  { name: 'chroma', scenario: 'collections-up', every: 61 },
]

let build: Build
beforeAll(() => {
  build = copyBuild()
})
afterAll(() => build.remove())

describe('a runner that is killed', () => {
  for (const { name, scenario, every } of parts) {
    it(`leaves ${name} so that the next run ends as if nothing had happened`, { timeout: 300_000 }, async context => {
      const store = await storeOf(name, build)
      const unavailable = await store.start()
      if (unavailable !== undefined) {
        await record({ subject: `kill -9 at a point, ${name}`, reason: unavailable })
        return context.skip()
      }
      try {
        const tally = await enumerate(store, build, { scenario, every }, () => undefined)
        expect(tally.wrong.map(({ point, difference }) => `${told(point)}: ${difference}`)).toEqual([])
        expect(tally.run).toBeGreaterThan(0)
        expect(tally.missed.length).toBeLessThan(tally.run / 4)
        await record({ subject: `kill -9 at a point, ${name}: ${tally.run} of the ${tally.points} of ${scenario}` })
      } finally {
        await store.stop()
      }
    })
  }
})
