import { describe, expect, it } from 'vitest'
import { sha256 } from '../checksum.ts'
import { failure, folder, one, show } from './parse.fixture.ts'
import { type CodeFile, parseFolder, showPath } from './parse.ts'

const golden: [string, Record<string, string>, object][] = [
  [
    'godwit and dbmate',
    {
      '20261119101010_users.sql':
        '-- godwit: parent=a\n-- migrate:up\nCREATE TABLE u (id int);\n\n-- migrate:down\nDROP TABLE u;\n',
    },
    { id: '20261119101010_users', up: ['3: CREATE TABLE u (id int);'], down: ['6: DROP TABLE u;'], transaction: 'on' },
  ],
  [
    'dbmate without a transaction',
    { '1_x.sql': '-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON t (a);' },
    { id: '1_x', up: ['2: CREATE INDEX CONCURRENTLY i ON t (a);'], down: undefined, transaction: 'off' },
  ],
  [
    'dbmate with a transaction, said so',
    { '1_x.sql': '-- migrate:up transaction:true\nSELECT 1' },
    { id: '1_x', up: ['2: SELECT 1'], down: undefined, transaction: 'on' },
  ],
  [
    'dbmate without a transaction in its down',
    { '1_x.sql': '-- migrate:up\nSELECT 1\n-- migrate:down transaction:false\nSELECT 2' },
    { id: '1_x', up: ['2: SELECT 1'], down: ['4: SELECT 2'], transaction: 'off' },
  ],
  [
    'golang-migrate and sqlx pairs',
    { '000001_init.up.sql': 'CREATE TABLE a (x int);', '000001_init.down.sql': 'DROP TABLE a;' },
    { id: '000001_init', up: ['1: CREATE TABLE a (x int);'], down: ['1: DROP TABLE a;'], transaction: 'on' },
  ],
  [
    'golang-migrate pairs of two names',
    { '7_init.up.sql': 'SELECT 1', '7_undo_init.down.sql': 'SELECT 2' },
    { id: '7_init', up: ['1: SELECT 1'], down: ['1: SELECT 2'], transaction: 'on' },
  ],
  [
    'sqlx without a transaction',
    { '20210422143411_x.sql': '-- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);' },
    {
      id: '20210422143411_x',
      up: ['1: -- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);'],
      down: undefined,
      transaction: 'off',
    },
  ],
  [
    'diesel',
    {
      '2024-09-17-104125_add/up.sql': 'ALTER TABLE d ADD e int;',
      '2024-09-17-104125_add/down.sql': 'ALTER TABLE d DROP e;',
      '2024-09-17-104125_add/metadata.toml': '# options\nrun_in_transaction = false # slow\n',
    },
    {
      id: '2024-09-17-104125_add',
      up: ['1: ALTER TABLE d ADD e int;'],
      down: ['1: ALTER TABLE d DROP e;'],
      transaction: 'off',
    },
  ],
  [
    'diesel with a transaction, said so',
    { 'd/up.sql': 'SELECT 1', 'd/metadata.toml': 'run_in_transaction = true' },
    { id: 'd', up: ['1: SELECT 1'], down: undefined, transaction: 'on' },
  ],
  [
    'goose',
    {
      '001_f.sql': `-- +goose Up
CREATE TABLE t (id int);
-- +goose StatementBegin
CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql;
-- +goose StatementEnd
-- +goose ENVSUB OFF
SELECT 2;

-- +goose Down
DROP FUNCTION f;
`,
    },
    {
      id: '001_f',
      up: [
        '2: CREATE TABLE t (id int);',
        '4| CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql;',
        '6: -- +goose ENVSUB OFF\nSELECT 2;',
      ],
      down: ['10: DROP FUNCTION f;'],
      transaction: 'on',
    },
  ],
  [
    'goose without a transaction',
    { '2_i.sql': '-- +goose NO TRANSACTION\n-- +goose up\nSELECT 1;\n--+goose   down\n' },
    { id: '2_i', up: ['3: SELECT 1;'], down: [], transaction: 'off' },
  ],
  [
    'sql-migrate',
    { '3_i.sql': '-- +migrate Up notransaction\nSELECT 1;\n-- +migrate Down\nSELECT 2;' },
    { id: '3_i', up: ['2: SELECT 1;'], down: ['4: SELECT 2;'], transaction: 'off' },
  ],
  [
    'node-pg-migrate',
    { '1700000000000_n.sql': '-- Up Migration\nSELECT 1;\n\n---- down migration: undo\nSELECT 2;' },
    { id: '1700000000000_n', up: ['2: SELECT 1;'], down: ['5: SELECT 2;'], transaction: 'on' },
  ],
  [
    'Prisma',
    {
      '20240101000000_init/migration.sql': '-- CreateTable\nCREATE TABLE "a" ("id" int);',
      'migration_lock.toml': 'provider = "x"',
    },
    {
      id: '20240101000000_init',
      up: ['1: -- CreateTable\nCREATE TABLE "a" ("id" int);'],
      down: undefined,
      transaction: 'on',
    },
  ],
  [
    'Prisma with a down beside it',
    { '1_a/migration.sql': 'SELECT 1', '1_a/down.sql': 'SELECT 2' },
    { id: '1_a', up: ['1: SELECT 1'], down: ['1: SELECT 2'], transaction: 'on' },
  ],
  [
    'Supabase and plain files',
    { '20240101000000_init.sql': 'create table a (id int); -- migrate the data later' },
    {
      id: '20240101000000_init',
      up: ['1: create table a (id int); -- migrate the data later'],
      down: undefined,
      transaction: 'on',
    },
  ],
  [
    'a plain file with a down beside it',
    { '1_a.sql': 'SELECT 1', '1_a.down.sql': 'SELECT 2' },
    { id: '1_a', up: ['1: SELECT 1'], down: ['1: SELECT 2'], transaction: 'on' },
  ],
  [
    'prose about migrations',
    {
      '1_a.sql':
        'SELECT 1;\n-- up migration of the data\n-- migrates it\nSELECT 2;\n-- Down migration: drop it by hand\n-- Down Migration\n-- DROP TABLE a;',
    },
    {
      id: '1_a',
      up: [
        '1: SELECT 1;\n-- up migration of the data\n-- migrates it\nSELECT 2;\n-- Down migration: drop it by hand\n-- Down Migration\n-- DROP TABLE a;',
      ],
      down: undefined,
      transaction: 'on',
    },
  ],
  [
    'prose about migrations in a file that is only an up',
    { '1_a.up.sql': '-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;' },
    {
      id: '1_a',
      up: ['1: -- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;'],
      down: undefined,
      transaction: 'on',
    },
  ],
  [
    'sections without anything to run',
    { '1_a.sql': '-- migrate:up\n-- later;\n/* x */ ;\n-- migrate:down\n' },
    { id: '1_a', up: [], down: [], transaction: 'on' },
  ],
  [
    'a header against a marker',
    { '1_a.sql': '-- godwit: transaction=on\n-- migrate:up transaction:false\nSELECT 1' },
    { id: '1_a', up: ['3: SELECT 1'], down: undefined, transaction: 'on' },
  ],
]

describe('parseFolder', () => {
  it.each(golden)('reads %s', (_, files, expected) => {
    expect(show(one(files))).toEqual(expected)
  })

  it('sees the same in a file with BOM and Windows line ends, with the line ends kept in the text', () => {
    for (const [, files] of golden) {
      const windows = Object.fromEntries(
        Object.entries(files).map(([path, text]) => [path, `\uFEFF${text.replaceAll('\n', '\r\n')}`]),
      )
      const [a, b] = [one(files), one(windows)]
      const plain = JSON.parse(JSON.stringify(show(b)).replaceAll('\\r\\n', '\\n'))
      expect(plain).toEqual(JSON.parse(JSON.stringify(show(a))))
      expect(b.checksum).toBe(a.checksum)
      expect(b.fileHash).not.toBe(a.fileHash)
    }
    const body = one({ 'a.sql': '\uFEFF-- migrate:up\r\nSELECT 1;\r\nSELECT 2;\r\n' }).body()
    expect(body).toMatchObject({ up: { blocks: [{ text: 'SELECT 1;\r\nSELECT 2;\r\n', line: 2 }] } })
    const old = one({ 'a.sql': '-- x\r-- migrate:up\rSELECT 1;\r-- migrate:down\rSELECT 2;' })
    expect(show(old)).toMatchObject({ up: ['3: SELECT 1;'], down: ['5: SELECT 2;'] })
  })

  it('takes layouts mixed in one folder, sorted by path', () => {
    const all = Object.assign(
      {},
      ...golden.map(([, files], index) =>
        Object.fromEntries(Object.entries(files).map(([path, text]) => [`${100 + index}${path}`, text])),
      ),
    )
    expect(folder(all).length).toBe(golden.length)
    expect(folder({ 'b.sql': '', 'a.sql': '' }).map(({ id, file }) => [id, file])).toEqual([
      ['a', 'm/a.sql'],
      ['b', 'm/b.sql'],
    ])
  })

  it('ignores what is no revision', () => {
    expect(
      folder({
        'README.md': 'x',
        '.DS_Store': 'x',
        '.hidden.sql': 'x',
        '.keep': '',
        'migration_lock.toml': 'x',
        'schema.sql': 'x',
        'atlas.sum': 'x',
        'a.d.ts': 'x',
        'a.test.ts': 'x',
        'a.spec.mjs': 'x',
        'meta/0000.sql': 'x',
        '.git/up.sql': 'x',
        'a/b/up.sql': 'x',
        'a/metadata.toml': 'x',
      }),
    ).toEqual([])
  })

  it('leaves two files with one id to the graph', () => {
    expect(
      folder({ '1_x.sql': '', '1_x.up.sql': '', '1_x.ts': 'export const up = 1' }).map(revision => revision.id),
    ).toEqual(['1_x', '1_x', '1_x'])
  })

  it('gives header, hash, source and a checksum of the up alone', () => {
    const text =
      '-- godwit: parent=base label=billing lock_timeout=2s\n-- migrate:up\nSELECT  1;\n-- migrate:down\nSELECT 2;'
    const revision = one({ '1_x.sql': text })
    expect(revision).toMatchObject({
      parents: [],
      labels: ['billing'],
      options: { transaction: 'on', lockTimeoutMs: 2000 },
      fileHash: sha256(text),
      source: text,
    })
    expect(revision.checksum).toBe(one({ '1_x.sql': 'SELECT 1; -- other' }).checksum)
    expect(revision.body()).toBe(revision.body())
    expect({ ...revision }.checksum).toBe(revision.checksum)
  })

  it('sums SQL like code where the store has no SQL', () => {
    const entries = [{ path: 'a.sql', bytes: Buffer.from('SELECT 1; -- x\n') }]
    const load = async () => ({ up: () => 1, down: undefined })
    const [revision] = parseFolder(entries, { displayBase: '', lexical: undefined, load })
    expect(revision?.checksum).toBe(sha256('SELECT 1; -- x'))
    expect(revision?.file).toBe('a.sql')
  })
})

it('shows a path below its folder, however that is written', () => {
  const shown = ['', 'migrations', 'migrations/', '../../db//'].map(base => showPath(base, '001_a.sql'))
  expect(shown).toEqual(['001_a.sql', 'migrations/001_a.sql', 'migrations/001_a.sql', '../../db/001_a.sql'])
})

describe('code revisions', () => {
  const text = "// godwit: label=x\nexport default defineRevision({ parent: ['a', 'b'], transaction: 'off', up() {} })"

  it('state their place without being run', async () => {
    const seen: CodeFile[] = []
    const [revision] = folder({ '2_x.ts': text }, async code => {
      seen.push(code)
      return { up: () => 1, down: undefined }
    })
    expect(revision).toMatchObject({
      id: '2_x',
      parents: ['a', 'b'],
      labels: ['x'],
      options: { transaction: 'off' },
      source: text,
      fileHash: sha256(text),
    })
    expect(revision?.checksum).toBe(folder({ '2_x.ts': `\uFEFF${text}\r\n\r\n` })[0]?.checksum)
    const body = revision?.body()
    expect(seen).toEqual([])
    await (body as Extract<typeof body, { kind: 'code' }>).load()
    expect(seen[0]).toMatchObject({
      path: '2_x.ts',
      file: 'm/2_x.ts',
      lines: { labels: ['x'] },
      literals: { parents: ['a', 'b'] },
    })
  })

  it.each(['a.ts', 'a.mts', 'a.js', 'a.mjs', 'a.cjs'])('may be named %s', name => {
    expect(folder({ [name]: 'export const up = 1' })[0]).toMatchObject({ id: 'a', parents: undefined })
  })

  it('refuse a stated value that only running would tell', () => {
    expect(failure(() => folder({ 'a.ts': 'export default {\n  parent: previous,\n}' }))).toMatchObject({
      code: 'FILE.MODULE_INVALID',
      message: 'm/a.ts: parent is not a plain literal',
      where: { line: 2, column: 3 },
    })
    expect(failure(() => folder({ 'a.ts': 'export default { lockTimeout: T }' })).message).toBe(
      'm/a.ts: lockTimeout is not a plain literal',
    )
    expect(folder({ 'a.ts': '// godwit: parent=x\nexport default { parent: previous }' })[0]?.parents).toEqual(['x'])
  })

  it('refuse a header line that contradicts the code', () => {
    expect(failure(() => folder({ 'a.ts': "// godwit: parent=x\nexport default { parent: 'y' }" }))).toMatchObject({
      code: 'FILE.MODULE_INVALID',
      message: 'm/a.ts: parent is x in the header line but y in the code',
    })
  })
})
