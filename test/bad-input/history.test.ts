// Histories that do not add up: edited, deleted and duplicate files, several heads, cycles, unknown parents. Nothing is
// run, and the database stays as it was.
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Scene, withScene } from './scene.ts'
import { type BadDatabase, sqliteStore, stores, withDatabase } from './store.ts'

const both = (name: string): string =>
  `-- migrate:up\nCREATE TABLE ${name} (id int);\n-- migrate:down\nDROP TABLE ${name};\n`
const table = (name: string): string => `CREATE TABLE ${name} (id int);\n`

describe.each(stores.map(store => [store.name, store] as const))('history and journal on %s', (_, store) => {
  const test = it.skipIf(store.unavailable)
  const withApplied = (use: (scene: Scene, database: BadDatabase) => Promise<void>): Promise<void> =>
    withDatabase(store, database =>
      withScene(async scene => {
        scene.revisions({ '001_one.sql': both('one'), '002_two.sql': both('two') })
        await scene.works(['up'])
        await use(scene, database)
      }, database.url),
    )

  test.concurrent('shows what was edited in an applied file, since when, and both texts', () =>
    withApplied(async (scene, database) => {
      scene.revisions({ '001_one.sql': both('one').replace('int', 'int, name text'), '003_three.sql': table('three') })
      const answer = await scene.fails(['up'], {
        code: 'JOURNAL.CHECKSUM_CHANGED',
        says: [
          /migrations\/001_one\.sql was edited after it was applied on \d{4}-\d\d-\d\d[T ]\d\d:\d\d/,
          '-CREATE TABLE one (id int);',
          '+CREATE TABLE one (id int, name text);',
          'Nothing was changed',
        ],
      })
      expect(answer.error?.meta['diff']).toContain(
        '-CREATE TABLE one (id int);\n+CREATE TABLE one (id int, name text);',
      )
      expect(answer.error?.where?.file).toBe('migrations/001_one.sql')
      expect(await database.tables()).toEqual(['one', 'two'])
      await scene.fails(['verify'], { code: 'VERIFY.FINDINGS' })
      expect((await scene.run(['verify'])).stdout).toContain('+CREATE TABLE one (id int, name text);')
      expect((await scene.json(['status'])).databases?.[0]?.state).toBe('drifted')
      // A comment is no edit.
      scene.revisions({ '001_one.sql': `-- a remark\n${both('one')}\n` })
      await scene.works(['up'])
      expect(await database.tables()).toEqual(['one', 'three', 'two'])
    }))

  test.concurrent('names the applied revision whose file is gone', () =>
    withApplied(async (scene, database) => {
      scene.remove('migrations/001_one.sql')
      scene.revisions({ '003_three.sql': table('three') })
      await scene.fails(['up'], {
        code: 'JOURNAL.FILE_MISSING',
        says: [/001_one was applied on \d{4}-\d\d-\d\d[T ]\d\d:\d\d/, 'its file is gone', 'Nothing was changed'],
      })
      expect(await database.tables()).toEqual(['one', 'two'])
      await scene.fails(['down', 'base'], { code: 'JOURNAL.FILE_MISSING' })
      expect(await database.tables()).toEqual(['one', 'two'])
      scene.revisions({ '001_one.sql': both('one') })
      await scene.works(['up'])
      expect(await database.tables()).toEqual(['one', 'three', 'two'])
    }))

  test.concurrent('touches nothing in a database that a newer godwit wrote', () =>
    withApplied(async (scene, database) => {
      const { journal } = store
      await database.query(`UPDATE ${journal('lease')} SET format = 99`)
      scene.revisions({ '003_three.sql': table('three') })
      for (const verb of [['up'], ['down'], ['stamp', 'head'], ['repair'], ['lock', 'break', '--yes']])
        await scene.fails(verb, { code: 'JOURNAL.FORMAT_NEWER', says: ['99', 'npm install godwit@latest'] })
      const status = await scene.json(['status'])
      expect(status.databases?.[0]?.error?.code).toBe('JOURNAL.FORMAT_NEWER')
      expect(await database.tables()).toEqual(['one', 'two'])
    }))
})

describe('a history that does not add up', () => {
  const offline = (use: (scene: Scene, database: BadDatabase) => Promise<void>): Promise<void> =>
    withDatabase(sqliteStore, database => withScene(scene => use(scene, database), database.url))

  it.concurrent('refuses two heads for up, and says how to join them', () =>
    offline(async (scene, database) => {
      scene.revisions({
        '20260101000000_base.sql': table('base'),
        '20260102000000_left.sql': `-- godwit: parent=20260101000000_base\n${table('left_side')}`,
        '20260103000000_right.sql': `-- godwit: parent=20260101000000_base\n${table('right_side')}`,
      })
      const answer = await scene.fails(['up'], {
        code: 'GRAPH.HEADS_MULTIPLE',
        says: ['20260102000000_left', '20260103000000_right', 'godwit merge'],
      })
      expect(answer.error?.next).toEqual(expect.arrayContaining([expect.stringContaining('godwit merge')]))
      expect(await database.tables()).toEqual([])
      await scene.works(['merge'])
      await scene.works(['up'])
      expect(await database.tables()).toEqual(['base', 'left_side', 'right_side'])
    }))

  it.concurrent('draws the cycle', () =>
    offline(async (scene, database) => {
      scene.revisions({
        'a.sql': `-- godwit: parent=c\n${table('a')}`,
        'b.sql': `-- godwit: parent=a\n${table('b')}`,
        'c.sql': `-- godwit: parent=b\n${table('c')}`,
      })
      const answer = await scene.fails(['up'], { code: 'GRAPH.CYCLE', says: [/a.*b.*c/] })
      expect(answer.error?.where?.file).toMatch(/^migrations\/[abc]\.sql$/)
      await scene.fails(['status'], { code: 'GRAPH.CYCLE' })
      await scene.fails(['history', '--offline'], { code: 'GRAPH.CYCLE' })
      expect(await database.tables()).toEqual([])
      scene.revisions({ 'a.sql': `-- godwit: parent=a\n${table('a')}` })
      await scene.fails(['up'], { code: 'GRAPH.CYCLE', says: ['a'] })
    }))

  it.concurrent('suggests the parent that was meant', () =>
    offline(async (scene, database) => {
      scene.revisions({
        '20260101000000_users.sql': table('users'),
        '20260102000000_orders.sql': `-- godwit: parent=20260101000000_usres\n${table('orders')}`,
      })
      const answer = await scene.fails(['up'], {
        code: 'GRAPH.PARENT_UNKNOWN',
        says: ['20260101000000_usres', 'Did you mean 20260101000000_users', 'migrations/20260102000000_orders.sql'],
      })
      expect(answer.error?.where).toMatchObject({ file: 'migrations/20260102000000_orders.sql' })
      expect(await database.tables()).toEqual([])
    }))

  it.concurrent('names both files of a duplicate id and of a duplicate number', () =>
    offline(async (scene, database) => {
      scene.revisions({ '001_one.sql': table('one'), '001_one.ts': 'export default { up() {} }\n' })
      await scene.fails(['up'], { code: 'GRAPH.ID_DUPLICATE', says: ['001_one.sql', '001_one.ts'] })
      scene.remove('migrations/001_one.ts')
      scene.revisions({ '001_other.sql': table('other') })
      scene.write(
        'godwit.config.json',
        JSON.stringify({ databases: { main: { naming: 'sequential', url: scene.url } } }),
      )
      await scene.fails(['up'], { code: 'GRAPH.NUMBER_DUPLICATE', says: ['001_one', '001_other'] })
      scene.rename('migrations/001_other.sql', 'migrations/003_other.sql')
      await scene.fails(['up'], { code: 'GRAPH.NUMBER_GAP', says: ['2'] })
      expect(await database.tables()).toEqual([])
    }))

  it.concurrent('does nothing with an empty folder, and refuses a missing one and a file in its place', () =>
    offline(async (scene, database) => {
      const empty = await scene.works(['up'])
      expect(empty.stdout).toMatch(/no revisions|nothing to do/)
      expect((await scene.works(['status'])).stdout).not.toBe('')
      await scene.fails(['up', '--migrations', 'absent'], {
        code: 'FILE.FOLDER_MISSING',
        says: ['absent', 'does not exist'],
      })
      scene.write('file', 'x')
      await scene.fails(['status', '--migrations', 'file'], { code: 'FILE.FOLDER_MISSING', says: ['is a file'] })
      expect(await database.tables()).toEqual([])
    }))

  it.concurrent('refuses a target that does not exist, fits several, or lies in the other direction', () =>
    offline(async (scene, database) => {
      scene.revisions({ '001_one.sql': table('one'), '002_two.sql': table('two'), '003_three.sql': table('three') })
      await scene.fails(['up', '002_tow'], { code: 'GRAPH.TARGET_UNKNOWN', says: ['002_tow', 'Did you mean 002_two'] })
      await scene.fails(['up', '00'], { code: 'GRAPH.TARGET_AMBIGUOUS', says: ['001_one', '002_two'] })
      await scene.fails(['up', '+7'], { code: 'GRAPH.TARGET_INVALID' })
      await scene.works(['up', '002'])
      await scene.fails(['up', '-1'], { code: 'GRAPH.TARGET_INVALID' })
      await scene.fails(['down', '-7'], { code: 'GRAPH.TARGET_INVALID' })
      await scene.fails(['down', '003'], { code: 'GRAPH.TARGET_INVALID' })
      await scene.fails(['show', 'nonsense'], { code: 'GRAPH.TARGET_UNKNOWN' })
      await scene.fails(['stamp', 'nonsense'], { code: 'GRAPH.TARGET_UNKNOWN' })
      expect(await database.tables()).toEqual(['one', 'two'])
      await scene.fails(['down'], { code: 'RUN.DOWN_MISSING', says: ['002_two', 'migrations/002_two.sql'] })
      scene.revisions({ '002_two.sql': `-- godwit: irreversible="rows were merged"\n${table('two')}` })
      await scene.fails(['down'], { code: 'RUN.IRREVERSIBLE', says: ['rows were merged'] })
      expect(await database.tables()).toEqual(['one', 'two'])
    }))

  it.concurrent('refuses headers, sections and names it does not understand', () =>
    offline(async (scene, database) => {
      scene.revisions({ '001_one.sql': `-- godwit: parant=base\n${table('one')}` })
      await scene.fails(['up'], {
        code: 'FILE.HEADER_INVALID',
        says: ['parant', 'Did you mean parent', '001_one.sql:1'],
      })
      scene.revisions({
        '001_one.sql': `-- migrate:down\nDROP TABLE one;\n-- migrate:up\n${table('one')}-- migrate:up\n`,
      })
      await scene.fails(['up'], { code: 'FILE.SECTION_INVALID', says: ['001_one.sql'] })
      expect(await database.tables()).toEqual([])
    }))

  it.concurrent('takes names with blanks, quotes and other alphabets, and one of 200 characters', () =>
    offline(async (scene, database) => {
      const long = `003_${'x'.repeat(196)}`
      scene.revisions({
        "001_it's one.sql": table('one'),
        '002_größe в миграции 表.sql': table('two'),
        [`${long}.sql`]: 'CREATE TABLE three (id int);\nCREATE TABLE three (id int);\n',
      })
      const failed = await scene.fails(['up'], { code: 'RUN.STATEMENT_FAILED' })
      expect(failed.error?.where).toMatchObject({ file: `migrations/${long}.sql`, line: 2 })
      scene.revisions({ [`${long}.sql`]: table('three') })
      await scene.works(['up'])
      expect(await database.tables()).toEqual(['one', 'three', 'two'])
      expect(await scene.applied()).toEqual(["001_it's one", '002_größe в миграции 表', long])
      await scene.works(['status'])
      await scene.works(['history', '--graph'])
      scene.revisions({ '004_a "quote".sql': table('four') })
      await scene.fails(['up'], { code: 'FILE.NAME_INVALID', says: ['004_a "quote".sql', 'double quote'] })
      expect(await database.tables()).toEqual(['one', 'three', 'two'])
    }))

  it.concurrent('reads on in spite of a folder that contains itself, and refuses a link to nowhere', () =>
    offline(async (scene, database) => {
      scene.revisions({ '001_one.sql': table('one') })
      symlinkSync('.', scene.path('migrations', 'loop'))
      const answer = await scene.run(['up', '--json'])
      if (answer.code !== 0) await scene.fails(['up'], { code: JSON.parse(answer.stdout).error.code, says: ['loop'] })
      else expect(await database.tables()).toEqual(['one'])
      symlinkSync('self', scene.path('migrations', 'self'))
      symlinkSync('002_gone.sql.target', scene.path('migrations', '002_gone.sql'))
      await scene.fails(['up'], { code: 'FILE.READ_FAILED', says: ['002_gone.sql'] })
    }))

  it.skipIf(process.getuid?.() !== 0).concurrent('says that a file or the folder may not be read', () =>
    offline(async scene => {
      scene.revisions({ '001_one.sql': table('one'), '002_two.sql': table('two') })
      chmodSync(scene.path('migrations', '002_two.sql'), 0o000)
      const options = { uid: 65_534, env: { DATABASE_URL: `sqlite:${scene.path('open', 'app.db')}` } }
      mkdirSync(scene.path('open'))
      chmodSync(scene.path('open'), 0o777)
      await scene.fails(
        ['up'],
        { code: 'FILE.READ_FAILED', says: ['migrations/002_two.sql', 'permission denied'] },
        options,
      )
      chmodSync(scene.path('migrations'), 0o000)
      await scene.fails(['up'], { code: 'FILE.READ_FAILED', says: ['migrations', 'permission denied'] }, options)
    }),
  )
})
