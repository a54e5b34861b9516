// Files whose SQL is wrong, or is no SQL: each store says where, and keeps what was applied before.
import { describe, expect, it } from 'vitest'
import { withScene } from './scene.ts'
import { type BadStore, pgliteStore, stores, withDatabase } from './store.ts'

const first = 'CREATE TABLE one (id int);\n'
const last = 'CREATE TABLE three (id int);\n'

describe.each([...stores, pgliteStore].map(store => [store.name, store] as const))('SQL text on %s', (_, store) => {
  const test = it.skipIf(store.unavailable)

  test('points at the statement that fails, and says what stays', () => failingStatement(store))

  if (store === pgliteStore) return

  test.concurrent('points at broken SQL before or when it runs, and says what stays', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        scene.revisions({
          '001_one.sql': first,
          '002_two.sql':
            '-- a comment\n\nCREATE TABLE two (id int);\n\nCREATE TABEL broken (id int);\nCREATE TABLE after_it (id int);\n',
          '003_three.sql': last,
        })
        const answer = await scene.run(['up', '--json'])
        const { error } = JSON.parse(answer.stdout)
        expect(error.code).toMatch(/^(SQL\.SYNTAX_INVALID|RUN\.STATEMENT_FAILED(_PARTIAL)?)$/)
        expect(error.where).toMatchObject({
          file: 'migrations/002_two.sql',
          line: 5,
          text: 'CREATE TABEL broken (id int);',
        })
        expect(error.where.column).toBe(8)
        // Found before the run where the store's own parser can, and then nothing at all is done.
        const early = error.code === 'SQL.SYNTAX_INVALID'
        const kept = store.transactionalDdl ? ['one'] : ['one', 'two']
        expect(await database.tables()).toEqual(early ? [] : kept)
        await scene.fails(['up'], { code: error.code, says: ['migrations/002_two.sql:5:8', 'CREATE TABEL broken'] })
        scene.revisions({
          '002_two.sql': 'CREATE TABLE two (id int);\nCREATE TABLE broken (id int);\nCREATE TABLE after_it (id int);\n',
        })
        await scene.works(['up'])
        expect(await database.tables()).toEqual(['after_it', 'broken', 'one', 'three', 'two'])
      }, database.url),
    ))

  test.concurrent('refuses BEGIN and COMMIT in a file before anything runs', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        scene.revisions({ '001_one.sql': first, '002_two.sql': 'BEGIN;\nCREATE TABLE two (id int);\nCOMMIT;\n' })
        const answer = await scene.fails(['up'], { code: 'SQL.TRANSACTION_INSIDE', says: ['migrations/002_two.sql:1'] })
        expect(answer.error?.where).toMatchObject({ file: 'migrations/002_two.sql', line: 1 })
        expect(await database.tables()).toEqual([])
        scene.revisions({ '002_two.sql': 'CREATE TABLE two (id int);\nROLLBACK;\n' })
        await scene.fails(['up'], { code: 'SQL.TRANSACTION_INSIDE', says: ['migrations/002_two.sql:2'] })
        expect(await database.tables()).toEqual([])
      }, database.url),
    ))

  test.concurrent('refuses psql commands and inline COPY data', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        scene.revisions({
          '001_one.sql': first,
          '002_two.sql': '\\set ON_ERROR_STOP on\nCREATE TABLE two (id int);\n\\i other.sql\n',
        })
        const command = await scene.fails(['up'], { code: 'SQL.CLIENT_COMMAND', says: ['002_two.sql:1', '\\set'] })
        expect(command.error?.where).toMatchObject({ file: 'migrations/002_two.sql', line: 1 })
        scene.revisions({
          '002_two.sql':
            'CREATE TABLE two (id int, name text);\nCOPY two (id, name) FROM stdin;\n1\tone\n2\ttwo\n\\.\n',
        })
        const copy = await scene.fails(['up'], { code: 'SQL.COPY_DATA', says: ['002_two.sql:2'] })
        expect(copy.error?.where).toMatchObject({ line: 2 })
        expect(await database.tables()).toEqual([])
      }, database.url),
    ))

  test.concurrent('refuses a NUL byte and text that is not UTF-8', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        scene.revisions({
          '001_one.sql': first,
          '002_two.sql': 'CREATE TABLE two (id int);\nINSERT INTO two VALUES (1\u0000);\n',
        })
        const nul = await scene.fails(['up'], { code: 'FILE.ENCODING_INVALID', says: ['migrations/002_two.sql:2'] })
        expect(nul.error?.where).toMatchObject({ line: 2 })
        const latin = Buffer.concat([
          Buffer.from('CREATE TABLE two (id int);\n-- caf'),
          Buffer.from([0xe9]),
          Buffer.from('\n'),
        ])
        scene.revisions({ '002_two.sql': latin })
        const invalid = await scene.fails(['up'], {
          code: 'FILE.ENCODING_INVALID',
          says: ['migrations/002_two.sql:2', 'UTF-8'],
        })
        expect(invalid.error?.where).toMatchObject({ line: 2 })
        scene.revisions({ '002_two.sql': Buffer.from('\ufeffCREATE TABLE two (id int);\n', 'utf16le') })
        await scene.fails(['up'], { code: 'FILE.ENCODING_INVALID', says: ['UTF-16'] })
        expect(await database.tables()).toEqual([])
      }, database.url),
    ))

  test.concurrent('applies Windows line ends with a byte order mark, and reads the plain text as the same', () =>
    withDatabase(store, database =>
      withScene(async scene => {
        const text =
          "-- migrate:up\nCREATE TABLE one (id int, name varchar(40));\nINSERT INTO one VALUES (1, 'x');\n-- migrate:down\nDROP TABLE one;\n"
        scene.revisions({ '001_one.sql': `\ufeff${text.replaceAll('\n', '\r\n')}` })
        await scene.works(['up'])
        expect(await database.tables()).toEqual(['one'])
        scene.revisions({ '001_one.sql': text })
        await scene.works(['status', '--check'])
        await scene.works(['verify'])
        expect((await scene.json(['status'])).databases?.[0]?.state).toBe('current')
        await scene.works(['down'])
        expect(await database.tables()).toEqual([])
      }, database.url),
    ))
})

function failingStatement(store: BadStore): Promise<void> {
  return withDatabase(store, database =>
    withScene(async scene => {
      scene.revisions({
        '001_one.sql': first,
        '002_two.sql':
          'CREATE TABLE two (id int);\n\n  INSERT INTO absent VALUES (1);\nCREATE TABLE after_it (id int);\n',
        '003_three.sql': last,
      })
      const { transactionalDdl } = store
      const answer = await scene.fails(['up'], {
        code: transactionalDdl ? 'RUN.STATEMENT_FAILED' : 'RUN.STATEMENT_FAILED_PARTIAL',
        says: [
          'migrations/002_two.sql:3',
          'INSERT INTO absent VALUES (1);',
          '^',
          transactionalDdl
            ? '002_two was rolled back; nothing of it stays'
            : 'Of 002_two, 1 of 3 steps stay: each is committed by itself. The next run goes on with step 2.',
          'Not run: 003_three',
        ],
      })
      expect(answer.error?.where).toMatchObject({ file: 'migrations/002_two.sql', line: 3 })
      expect(answer.error?.where?.column).toBeGreaterThan(2)
      const tables = transactionalDdl ? ['one'] : ['one', 'two']
      expect(await database.tables()).toEqual(tables)
      expect(await scene.applied()).toEqual(['001_one'])
      expect((await scene.json(['status'])).databases?.[0]?.state).toBe(transactionalDdl ? 'pending' : 'partial')
      // Mended, the next run goes on where this one stopped.
      scene.revisions({
        '002_two.sql': 'CREATE TABLE two (id int);\n\n  INSERT INTO one VALUES (1);\nCREATE TABLE after_it (id int);\n',
      })
      await scene.works(['up'])
      expect(await database.tables()).toEqual(['after_it', 'one', 'three', 'two'])
      expect((await database.query('SELECT id FROM one')).length).toBe(1)
    }, database.url),
  )
}
