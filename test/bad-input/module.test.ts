// TypeScript revisions that throw, forget to await, import what is not there, do not parse, or export nothing.
import { describe, expect, it } from 'vitest'
import { freshChroma, unavailable } from '../servers/databases.ts'
import { withScene } from './scene.ts'
import { sqliteStore, stores, withDatabase } from './store.ts'

const code = (body: string, head = ''): string => `${head}export default {\n  async up(m: any) {\n${body}\n  },\n}\n`
const first = { '001_one.sql': 'CREATE TABLE one (id int);\n' }

describe.each(stores.map(store => [store.name, store] as const))('TypeScript revision on %s', (_, store) => {
  const test = it.skipIf(store.unavailable)
  const { transactionalDdl } = store

  test.concurrent('is rolled back when it throws, and shows the line that threw', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        const body = (end: string) => code(`    await m.query('CREATE TABLE two (id int)')\n    ${end}`)
        scene.revisions({
          ...first,
          '002_two.ts': body("throw new Error('the price list is empty')"),
          '003_three.sql': 'CREATE TABLE three (id int);\n',
        })
        const answer = await scene.fails(['up'], {
          code: transactionalDdl ? 'RUN.CODE_FAILED' : 'RUN.CODE_FAILED_PARTIAL',
          says: [
            'the price list is empty',
            'migrations/002_two.ts:4',
            'Not run: 003_three',
            transactionalDdl ? '002_two was rolled back' : '1 of its steps',
          ],
        })
        expect(answer.error?.where).toMatchObject({ file: 'migrations/002_two.ts', line: 4 })
        expect(await database.tables()).toEqual(transactionalDdl ? ['one'] : ['one', 'two'])
        expect(await scene.applied()).toEqual(['001_one'])
        scene.revisions({ '002_two.ts': body('') })
        await scene.works(['up'])
        expect(await database.tables()).toEqual(['one', 'three', 'two'])
      }, database.url),
    ))

  test.concurrent('is refused when it forgets to await, also when the forgotten call fails', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        scene.revisions({ ...first, '002_two.ts': code("    m.query('CREATE TABLE two (id int)')") })
        const answer = await scene.run(['up', '--json'])
        const { error } = JSON.parse(answer.stdout)
        expect(`${error.code} ${error.meta.reason}`).toContain('RUN.CODE_NOT_AWAITED')
        expect(answer.code).toBe(transactionalDdl ? 6 : 7)
        expect(error.where.file).toBe('migrations/002_two.ts')
        expect(await scene.applied()).toEqual(['001_one'])
        expect(await database.tables()).toEqual(transactionalDdl ? ['one'] : ['one', 'two'])
      }, database.url),
    ))

  test.concurrent('reports a failing statement as the statement, rejected calls without a catch too', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        scene.revisions({ ...first, '002_two.ts': code("    await m.query('SELECT * FROM absent')") })
        const one = await scene.fails(['up'], {
          code: transactionalDdl ? 'RUN.CODE_FAILED' : 'RUN.CODE_FAILED',
          says: ['absent', 'migrations/002_two.ts:3'],
        })
        expect(one.error?.where?.file).toBe('migrations/002_two.ts')
        scene.revisions({
          '002_two.ts': code(
            "    m.query('SELECT * FROM absent')\n    await new Promise(resolve => setTimeout(resolve, 100))",
          ),
        })
        const two = await scene.run(['up', '--json'])
        expect(two.code).toBe(6)
        expect(JSON.parse(two.stdout).error.where.file).toBe('migrations/002_two.ts')
        scene.revisions({
          '002_two.ts': code(
            "    Promise.reject(new Error('nobody listens'))\n    await new Promise(resolve => setTimeout(resolve, 100))",
          ),
        })
        const three = await scene.run(['up', '--json'])
        expect(three.code, three.stdout).not.toBe(0)
        expect(three.stdout).toContain('nobody listens')
        expect(await scene.applied()).toEqual(['001_one'])
      }, database.url),
    ))
})

describe('a TypeScript revision that cannot be loaded', () => {
  const cases = [
    [
      'imports a missing module',
      code('', "import { absent } from 'no-such-package'\nvoid absent\n"),
      'FILE.MODULE_FAILED',
      ['no-such-package', 'npm install no-such-package'],
    ],
    [
      'imports a missing file',
      code('', "import { absent } from './no-such-file.ts'\nvoid absent\n"),
      'FILE.MODULE_FAILED',
      ['no-such-file'],
    ],
    [
      'has a syntax error',
      'export default {\n  async up(m) {\n    const = 3\n  },\n}\n',
      'FILE.MODULE_FAILED',
      ['migrations/002_two.ts:3'],
    ],
    [
      'throws while it is loaded',
      "throw new Error('no price list')\n",
      'FILE.MODULE_FAILED',
      ['no price list', 'migrations/002_two.ts:1'],
    ],
    ['throws no error while it is loaded', "throw 'a text'\n", 'FILE.MODULE_FAILED', ['a text']],
    ['exports nothing', 'const up = 1\nvoid up\n', 'FILE.MODULE_INVALID', ['migrations/002_two.ts', 'export']],
    ['exports something else', 'export default 42\n', 'FILE.MODULE_INVALID', ['migrations/002_two.ts']],
    ['exports an up that is a number', 'export default { up: 42 }\n', 'FILE.MODULE_INVALID', ['up']],
  ] as const

  it.concurrent.each(cases)('%s', (_, text, failure, says) =>
    withDatabase(sqliteStore, database =>
      withScene(async scene => {
        scene.revisions({ ...first, '002_two.ts': text })
        const answer = await scene.fails(['up'], { code: failure, says: [...says] })
        expect(answer.error?.where?.file).toBe('migrations/002_two.ts')
        // Everything is loaded before anything is run.
        expect(await database.tables()).toEqual([])
      }, database.url),
    ),
  )

  it.concurrent.each([
    ['process.exit(0)', 7, 'process.exit'],
    [
      "setTimeout(() => { throw new Error('too late') }, 10); await new Promise(r => setTimeout(r, 5000))",
      6,
      'too late',
    ],
  ])('does to the process: %s', (statement, exit, says) =>
    withDatabase(sqliteStore, database =>
      withScene(async scene => {
        scene.revisions({
          ...first,
          '002_two.ts': code(`    await m.query('CREATE TABLE two (id int)')\n    ${statement}`),
        })
        const text = await scene.run(['up'])
        expect(text.code, text.stderr).toBe(exit)
        expect(text.stderr.replace(/\s+/g, ' ')).toContain(says)
        const machine = await scene.run(['up', '--json'])
        expect(machine.code).toBe(exit)
        expect(await database.tables()).toEqual(['one'])
        scene.revisions({ '002_two.ts': code("    await m.query('CREATE TABLE two (id int)')") })
        await scene.works(['up', '--lock-wait', '0'])
        expect(await database.tables()).toEqual(['one', 'two'])
      }, database.url),
    ),
  )

  it.concurrent('never ends', () =>
    withDatabase(sqliteStore, database =>
      withScene(async scene => {
        scene.revisions({
          ...first,
          '002_two.ts': code("    await m.query('CREATE TABLE two (id int)')\n    await new Promise(() => {})"),
        })
        const answer = await scene.run(['up', '--json'])
        expect(answer.code, answer.stdout).toBe(6)
        expect(answer.stdout).toContain('002_two')
        expect(await database.tables()).toEqual(['one'])
        scene.revisions({ '002_two.ts': code("    await m.query('CREATE TABLE two (id int)')") })
        await scene.works(['up', '--lock-wait', '0'])
        expect(await database.tables()).toEqual(['one', 'two'])
      }, database.url),
    ))
})

describe('TypeScript revision on Chroma', async () => {
  const reason = await unavailable('chroma')

  it.skipIf(reason)('says what stays when it throws half way, and goes on after it', async () => {
    const fresh = await freshChroma()
    try {
      await withScene(async scene => {
        const body = (end: string) =>
          code(`    await m.createCollection('one')\n    ${end}\n    await m.createCollection('two')`)
        scene.revisions({ '001_one.ts': body("throw new Error('no embeddings')") })
        await scene.fails(['up'], {
          code: 'RUN.CODE_FAILED_PARTIAL',
          says: ['no embeddings', 'migrations/001_one.ts:4', '1 of its steps stay'],
        })
        scene.revisions({ '001_one.ts': body('') })
        await scene.works(['up'])
        expect(await scene.applied()).toEqual(['001_one'])
      }, fresh.url)
    } finally {
      await fresh.dispose()
    }
  })
})
