// Ctrl-C at random moments of a run of thirty revisions: a second run completes each, nothing is lost or done twice.
// The seed is printed; GODWIT_TEST_SEED=… runs the same moments again.
import { describe, expect, it } from 'vitest'
import { withScene } from './scene.ts'
import { mariadbStore, postgresStore, sqliteStore, withDatabase } from './store.ts'

const COUNT = 30
const MOMENTS = 20

describe.each([
  ['SQLite', sqliteStore],
  ['PostgreSQL', postgresStore],
  ['MariaDB', mariadbStore],
] as const)('SIGINT at random moments on %s', (_, store) => {
  const seed = Number(process.env.GODWIT_TEST_SEED ?? Date.now() % 2 ** 31)
  const random = generator(seed)
  const names = Array.from({ length: COUNT }, (_, n) => `t${String(n).padStart(2, '0')}`)
  const files = Object.fromEntries(
    names.map((name, n) => [
      `${String(n + 1).padStart(3, '0')}_${name}.sql`,
      `CREATE TABLE ${name} (id int);\nINSERT INTO ${name} VALUES (${n});\n`,
    ]),
  )
  const rows = names.map(name => `SELECT '${name}' AS name, count(*) AS n FROM ${name}`).join(' UNION ALL ')

  it.skipIf(store.unavailable)(`${MOMENTS} times: a second run completes each (seed ${seed})`, async () => {
    console.log(`${store.name}: GODWIT_TEST_SEED=${seed}`)
    let whole = 0
    await withDatabase(store, database =>
      withScene(async scene => {
        whole = (await scene.revisions(files).works(['up'])).ms
      }, database.url),
    )
    const outcomes: string[] = []
    const attempt = () =>
      withDatabase(store, database =>
        withScene(async scene => {
          scene.revisions(files)
          const run = scene.start(['up'])
          await new Promise(resolve => setTimeout(resolve, whole * (0.3 + 0.75 * random())))
          run.kill('SIGINT')
          const stopped = await run.ended
          expect([0, 130], stopped.stderr).toContain(stopped.code)
          const before = await scene.applied()
          outcomes.push(stopped.code === 0 ? 'done' : String(before.length))
          await scene.works(['up', '--lock-wait', '0'])
          expect(await database.tables()).toEqual(names)
          const counts = await database.query(rows)
          expect(
            counts.map(row => Number(row['n'])),
            `seed ${seed}`,
          ).toEqual(names.map(() => 1))
        }, database.url),
      )
    // Two at a time: the moments stay random, and the test half as long.
    for (let n = 0; n < MOMENTS; n += 2) await Promise.all([attempt(), attempt()])
    console.log(`${store.name}: applied when stopped: ${outcomes.join(', ')}`)
  })
})

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
