// Ctrl-C and SIGTERM at any point, and a second runner at the same moment: nothing is lost, nothing is done twice, and
// the lock is given back.
import { describe, expect, it } from 'vitest'
import { freshChroma, unavailable } from '../servers/databases.ts'
import { type Answer, type Running, type Scene, withScene } from './scene.ts'
import { type BadDatabase, type BadStore, duckdbStore, sqliteStore, stores, withDatabase } from './store.ts'

const one = { '001_one.sql': 'CREATE TABLE one (id int);\n' }
const code = (body: string): string => `export default {\n  async up(m: any) {\n${body}\n  },\n}\n`
/** SQLite's statements run in the process itself and cannot be stopped: the longest wait is the statement. */
const LONG: ReadonlyMap<BadStore, number> = new Map([[sqliteStore, 1.5]])
/** How long the first of two runners works; DuckDB's statement depends on the machine. */
const WAITS: ReadonlyMap<BadStore, number> = new Map([
  [sqliteStore, 1.5],
  [duckdbStore, 8],
])
const long = (store: BadStore): string => store.wait(LONG.get(store) ?? 20)

function expectStopped(answer: Answer, exit: number): void {
  expect(answer.code, answer.stderr + answer.stdout).toBe(exit)
  expect(answer.stderr).toContain('stopping: rolling back')
  expect(answer.stderr).toContain('RUN.ABORTED')
}

/** The first revision is committed and the second one runs. */
async function atWork(run: Running, database: BadDatabase, store: BadStore): Promise<void> {
  // An embedded file cannot be looked into meanwhile; a server sends its answers when all of them are there.
  if (store === sqliteStore || store === duckdbStore) return run.saw(/1\/2\s+001_one/)
  for (const end = Date.now() + 20_000; !(await database.tables()).includes('one'); ) {
    if (Date.now() > end) throw new Error('the run never began')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** Nobody holds the lock, and a run that does not wait finishes. */
async function expectFinishes(scene: Scene, database: BadDatabase, tables: readonly string[]): Promise<void> {
  const lock = (await scene.json(['lock', 'status'])) as unknown as { databases: { lock: unknown }[] }
  expect(lock.databases[0]?.lock).toBeNull()
  await scene.works(['up', '--lock-wait', '0'])
  expect(await database.tables()).toEqual(tables)
}

describe.each(stores.map(store => [store.name, store] as const))('signal on %s', (_, store) => {
  const test = it.skipIf(store.unavailable)
  const kept = store.transactionalDdl ? ['one'] : ['one', 'two']

  test.concurrent.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s during a long statement stops it, rolls back and gives the lock back', (signal, exit) =>
    withDatabase(store, database =>
      withScene(async scene => {
        const two = (statement: string) => `CREATE TABLE two (id int);\n${statement};\nCREATE TABLE three (id int);\n`
        scene.revisions({ ...one, '002_two.sql': two(long(store)) })
        const run = scene.start(['up'])
        await atWork(run, database, store)
        await new Promise(resolve => setTimeout(resolve, 300))
        const began = performance.now()
        run.kill(signal)
        const answer = await run.ended
        expectStopped(answer, exit)
        expect(performance.now() - began).toBeLessThan(15_000)
        expect(await database.tables()).toEqual(kept)
        expect(await scene.applied()).toEqual(['001_one'])
        scene.revisions({ '002_two.sql': two('INSERT INTO one VALUES (1)') })
        await expectFinishes(scene, database, ['one', 'three', 'two'])
        expect(await database.query('SELECT id FROM one')).toHaveLength(1)
      }, database.url),
    ),
  )

  test.concurrent('SIGINT in a TypeScript revision does not wait for its code', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        const two = (ms: number) =>
          code(
            `    await m.query('CREATE TABLE two (id int)')\n    m.log('waiting')\n    await new Promise(resolve => setTimeout(resolve, ${ms}))`,
          )
        scene.revisions({ ...one, '002_two.ts': two(30_000) })
        const run = scene.start(['up'])
        await run.saw('waiting')
        const began = performance.now()
        run.kill('SIGINT')
        expectStopped(await run.ended, 130)
        expect(performance.now() - began).toBeLessThan(15_000)
        expect(await database.tables()).toEqual(kept)
        scene.revisions({ '002_two.ts': two(1) })
        await expectFinishes(scene, database, ['one', 'two'])
      }, database.url),
    ))

  test.concurrent('lets a second runner wait and find nothing to do, or refuse at once and name the holder', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        scene.revisions({
          ...one,
          '002_two.sql': `CREATE TABLE two (id int);\n${store.wait(WAITS.get(store) ?? 4)};\n`,
        })
        const first = scene.start(['up'])
        await atWork(first, database, store)
        const [hurried, patient, stopped] = [
          scene.start(['up', '--lock-wait', '0', '--json']),
          scene.start(['up']),
          scene.start(['up']),
        ]
        if (store === sqliteStore) stopped.kill('SIGKILL')
        else {
          await new Promise(resolve => setTimeout(resolve, 800))
          stopped.kill('SIGINT')
        }
        const refused = await hurried.ended
        // SQLite lets a short run pass: the lock may be free again before the write lock is asked for.
        if (refused.code !== 0 || store !== sqliteStore) {
          expect(refused.code, refused.stdout).toBe(5)
          const { error } = JSON.parse(refused.stdout)
          expect(error.code).toBe('LOCK.HELD')
          expect(`${error.message} ${error.why}`).toContain(String(first.pid))
        }
        expect((await first.ended).code).toBe(0)
        const waited = await patient.ended
        expect(waited.code, waited.stderr).toBe(0)
        expect(waited.stdout).toMatch(/nothing to do/)
        if (store === duckdbStore) expect([0, 130]).toContain((await stopped.ended).code)
        else if (store !== sqliteStore) expect((await stopped.ended).code).toBe(130)
        expect(await scene.applied()).toEqual(['001_one', '002_two'])
        expect(await database.tables()).toEqual(['one', 'two'])
      }, database.url),
    ))
})

describe('signal on Chroma', async () => {
  const reason = await unavailable('chroma')

  it.skipIf(reason)('stops between steps, and the next run goes on', async () => {
    const fresh = await freshChroma()
    try {
      await withScene(async scene => {
        const body = (ms: number) =>
          code(
            `    await m.createCollection('one')\n    m.log('waiting')\n    await new Promise(resolve => setTimeout(resolve, ${ms}))\n    await m.createCollection('two')`,
          )
        scene.revisions({ '001_one.ts': body(30_000) })
        const run = scene.start(['up'])
        await run.saw('waiting')
        run.kill('SIGINT')
        expectStopped(await run.ended, 130)
        scene.revisions({ '001_one.ts': body(1) })
        await scene.works(['up', '--lock-wait', '0'])
        expect(await scene.applied()).toEqual(['001_one'])
      }, fresh.url)
    } finally {
      await fresh.dispose()
    }
  })
})
