import { describe, expect, it } from 'vitest'
import { revision } from '../core/revision/revision.fixture.ts'
import type { SqlBlock } from '../core/revision/revision.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { chroma } from '../dialect/chroma/index.ts'
import { mysql } from '../dialect/mysql/index.ts'
import { pglite } from '../dialect/postgres/index.ts'
import { sqlite } from '../dialect/sqlite/index.ts'
import { SplitFailure } from '../dialect/split.ts'
import { prepareSql } from './prepare.ts'

const stores = { sqlite: sqlite(':memory:'), postgres: pglite(), mysql: mysql({ url: 'mysql://localhost/none' }) }

function prepare(dialect: Dialect, blocks: string | readonly SqlBlock[], transaction: 'on' | 'off' = 'on') {
  const cut = typeof blocks === 'string' ? [{ text: blocks, line: 1, whole: false }] : blocks
  const options = { options: { transaction } }
  return prepareSql(dialect, revision('a', options), { file: 'a.sql', blocks: cut })
}

const shape = async (...given: Parameters<typeof prepare>) => {
  const { units, atomic } = await prepare(...given)
  return { atomic, units: units.map(({ statements, transactional }) => [statements.map(s => s.text), transactional]) }
}

describe('units', () => {
  it('is one transaction where the store can', async () => {
    expect(await shape(stores.sqlite, 'SELECT 1;\nCREATE TABLE a (id int);')).toEqual({
      atomic: true,
      units: [[['SELECT 1', 'CREATE TABLE a (id int)'], true]],
    })
    expect((await prepare(stores.sqlite, 'SELECT 1')).units[0]?.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('cuts at each statement that commits by itself', async () => {
    const text = 'INSERT INTO a VALUES (1);\nCREATE TABLE b (id int);\nSET @x = 1;'
    const { atomic, units } = await shape(stores.mysql, text)
    expect(atomic).toBe(false)
    expect(units.map(([, transactional]) => transactional)).toEqual([true, false, false])
  })

  it('is one transaction on a store that commits DDL by itself, when there is none', async () => {
    expect(await shape(stores.mysql, 'INSERT INTO a VALUES (1);\nDELETE FROM b;')).toMatchObject({ atomic: true })
  })

  it('runs a lonely statement that cannot be in a transaction, and refuses it among others', async () => {
    const index = 'CREATE INDEX CONCURRENTLY i ON a (id);'
    expect(await shape(stores.postgres, index)).toMatchObject({ atomic: false, units: [[[index.slice(0, -1)], false]] })
    await expect(prepare(stores.postgres, `SELECT 1;\n${index}`)).rejects.toMatchObject({
      code: 'SQL.TRANSACTION_FORBIDDEN',
      where: { file: 'a.sql', line: 2 },
    })
  })

  it('makes groups of BEGIN … COMMIT with transaction=off', async () => {
    const text = 'BEGIN; DELETE FROM a; DELETE FROM b; COMMIT; BEGIN; COMMIT; COMMIT; SELECT 1; BEGIN; DELETE FROM c;'
    expect(await shape(stores.sqlite, text, 'off')).toEqual({
      atomic: false,
      units: [
        [['DELETE FROM a', 'DELETE FROM b'], true],
        [['SELECT 1'], true],
        [['DELETE FROM c'], true],
      ],
    })
    expect((await shape(stores.postgres, 'START TRANSACTION; DELETE FROM a; END; BEGIN;', 'off')).units).toEqual([
      [['DELETE FROM a'], true],
    ])
  })

  it('refuses transaction control that makes no groups', async () => {
    for (const text of ['BEGIN; BEGIN;', 'ROLLBACK;', 'BEGIN; SAVEPOINT a; COMMIT;', 'BEGIN; VACUUM; COMMIT;']) {
      await expect(prepare(stores.postgres, text, 'off'), text).rejects.toMatchObject({
        code: 'SQL.TRANSACTION_INSIDE',
      })
    }
    await expect(prepare(stores.sqlite, 'DELETE FROM a;\nCOMMIT;')).rejects.toMatchObject({
      code: 'SQL.TRANSACTION_INSIDE',
      where: { line: 2 },
    })
  })

  it('is an empty transaction for an empty text, also with transaction=off', async () => {
    expect(await shape(stores.sqlite, ' -- nothing\n', 'off')).toEqual({ atomic: true, units: [[[], true]] })
  })
})

describe('blocks', () => {
  it('counts lines over several blocks and long files', async () => {
    const blocks = [
      { text: 'SELECT 1;\n\nSELECT\n 2;', line: 3, whole: false },
      { text: '\n\nSELECT 3', line: 20, whole: false },
    ]
    const { statements } = await prepare(stores.sqlite, blocks)
    expect(statements.map(({ line }) => line)).toEqual([3, 5, 22])
    expect(statements[1]?.locate(8)).toEqual({ file: 'a.sql', line: 6, column: 2, text: ' 2;' })
    expect(statements[1]?.locate(undefined)).toMatchObject({ line: 5, column: 1 })
    expect(statements[1]?.locate(5_000)).toMatchObject({ line: 6, column: 3 })
  })

  it('keeps a whole block as one statement, whatever is in it', async () => {
    const text = '\n  CREATE TABLE a (id int); CREATE TABLE b (id int)\n'
    const { statements } = await prepare(stores.sqlite, [{ text, line: 4, whole: true }])
    expect(statements).toMatchObject([{ text: text.trim(), line: 5, class: { command: 'CREATE TABLE' } }])
  })

  it('keeps a whole block that the parser does not know', async () => {
    const whole = (text: string) => prepare(stores.postgres, [{ text, line: 1, whole: true }])
    expect((await whole('frobnicate the  table')).statements[0]?.class).toMatchObject({
      command: 'FROBNICATE THE',
      kind: 'other',
    })
    expect((await whole('((')).statements[0]?.class.command).toBe('SQL')
    expect((await whole(' \n')).statements).toEqual([])
  })

  it('says where a text does not parse', async () => {
    await expect(
      prepare(stores.postgres, [{ text: 'SELECT 1;\nCREATE TABEL a ();', line: 7, whole: false }]),
    ).rejects.toMatchObject({
      code: 'SQL.SYNTAX_INVALID',
      where: { file: 'a.sql', line: 8, text: 'CREATE TABEL a ();' },
    })
    await expect(prepare(stores.postgres, '\\connect other')).rejects.toMatchObject({ code: 'SQL.CLIENT_COMMAND' })
  })

  it('refuses SQL on a store without SQL', async () => {
    await expect(prepare(chroma({ url: 'chroma://localhost:8000' }), 'SELECT 1')).rejects.toMatchObject({
      code: 'SQL.UNSUPPORTED',
      where: { file: 'a.sql', line: 1 },
    })
  })

  it('passes on what is not a fault of the text', async () => {
    const vague = () => Promise.reject(new SplitFailure('SQL.SYNTAX_INVALID', 'somewhere', undefined))
    const unsure = { ...stores.sqlite, sql: { ...stores.sqlite.sql, split: vague } } as unknown as Dialect
    await expect(prepare(unsure, [{ text: 'SELECT 1', line: 9, whole: false }])).rejects.toMatchObject({
      code: 'SQL.SYNTAX_INVALID',
      where: { file: 'a.sql', line: 9 },
    })
    const broken = {
      ...stores.sqlite,
      sql: { ...stores.sqlite.sql, split: () => Promise.reject(new Error('no parser')) },
    }
    await expect(prepare(broken as unknown as Dialect, 'SELECT 1')).rejects.toThrow('no parser')
  })
})
