// What only stores with SQL can show: scripts, positions of errors, statements outside of a transaction.
import { describe, expect, it } from 'vitest'
import type { StoreCase } from '../store/store.ts'
import { applied, open, withStore } from './project.ts'

export function sqlSuite(store: StoreCase): void {
  const table = { id: '001_t', up: 'CREATE TABLE t (id int)', down: 'DROP TABLE t' }

  describe('sql', () => {
    it('names line and column of a broken statement', () =>
      withStore(store, async fresh => {
        const up = '-- a note\nCREATE TABLE a (id int);\n\nINSERT INTO nowhere (id)\nVALUES (1);\n'
        const failed = await open(fresh, [{ id: '001_a', up }]).up()
        expect(failed.error?.where).toMatchObject({ file: '001_a', line: 4 })
        expect(failed.error?.where?.text).toBe('INSERT INTO nowhere (id)')
      }))

    it('refuses text that does not parse, before anything is run', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, [table, { id: '002_typo', up: 'CREATE TABEL x (id int);' }])
        const failed = await godwit.up()
        expect(failed.ok).toBe(false)
        expect(failed.error?.where).toMatchObject({ file: '002_typo', line: 1 })
        expect((await applied(godwit)).filter(id => id === '002_typo')).toEqual([])
      }))

    it('refuses BEGIN and COMMIT inside a revision', () =>
      withStore(store, async fresh => {
        const up = 'CREATE TABLE a (id int);\nCOMMIT;\nBEGIN;\nCREATE TABLE b (id int);'
        const failed = await open(fresh, [table, { id: '002_tx', up }]).up()
        expect(failed.error).toMatchObject({ code: 'SQL.TRANSACTION_INSIDE', where: { file: '002_tx', line: 2 } })
        expect(await fresh.things()).toEqual([])
      }))

    it('runs BEGIN … COMMIT groups of a revision with transaction=off', () =>
      withStore(store, async fresh => {
        const up =
          'CREATE TABLE g (id int);\nCOMMIT;\nBEGIN;\nINSERT INTO g (id) VALUES (1);\nINSERT INTO g (id) VALUES (2);\nCOMMIT;'
        const result = await open(fresh, [{ id: '001_g', transaction: 'off', up, down: 'DROP TABLE g' }]).up()
        expect(result.error).toBeUndefined()
        expect(await fresh.rows('g')).toBe(2)
      }))

    it('goes on after the last done statement of a revision with transaction=off', () =>
      withStore(store, async fresh => {
        const broken = 'CREATE TABLE a (id int);\nINSERT INTO a (id) VALUES (1);\nINSERT INTO b (id) VALUES (1);'
        const failed = await open(fresh, [{ id: '001_a', transaction: 'off', up: broken }]).up()
        expect(failed.error?.code).toBe('RUN.STATEMENT_FAILED_PARTIAL')
        expect(
          (await open(fresh, [{ id: '001_a', transaction: 'off', up: broken }]).status()).databases[0]?.partial,
        ).toMatchObject([{ done: 2, total: 3 }])
        const edited = await open(fresh, [
          { id: '001_a', transaction: 'off', up: broken.replace('(1);\nINSERT INTO b', '(7);\nINSERT INTO a') },
        ]).up()
        expect(edited.error?.code).toBe('JOURNAL.PARTIAL_EDITED')
        const mended = await open(fresh, [
          { id: '001_a', transaction: 'off', up: broken.replace('INTO b', 'INTO a') },
        ]).up()
        expect(mended.error).toBeUndefined()
        expect(await fresh.rows('a')).toBe(2)
      }))

    it('prints scripts that a DBA can run, after which the journal is right', () =>
      withStore(store, async fresh => {
        const revisions = [
          table,
          {
            id: '002_rows',
            up: `INSERT INTO t (id) VALUES (1);\nINSERT INTO t (id) VALUES (2)`,
            down: 'DELETE FROM t',
          },
        ]
        const godwit = open(fresh, revisions)
        const [up] = await godwit.script({ direction: 'up' })
        expect(await fresh.things()).toEqual([])
        const dialect = fresh.dialect()
        const session = await dialect.open({ purpose: 'run' })
        const play = async (script: string) => {
          for (const { text, class: kind } of (await dialect.sql?.split(script)) ?? []) {
            if (kind.kind !== 'control') await session.sql?.run([{ kind: 'statement', sql: text, alone: true }])
            else await session.sql?.run([{ kind: kind.command.startsWith('COMMIT') ? 'commit' : 'begin' }])
          }
        }
        try {
          await play(up?.sql ?? '')
          expect(await applied(godwit)).toEqual(['001_t', '002_rows'])
          expect(await fresh.rows('t')).toBe(2)
          expect(await godwit.verify()).toMatchObject({ ok: true })
          const [down] = await godwit.script({ direction: 'down', target: 'base' })
          await play(down?.sql ?? '')
        } finally {
          await session.close()
        }
        expect(await applied(godwit)).toEqual([])
        expect(await fresh.things()).toEqual([])
      }))

    it('keeps what code does between two calls in one revision, with parameters', () =>
      withStore(store, async fresh => {
        interface Call {
          sql<R>(text: TemplateStringsArray, ...values: unknown[]): Promise<R[]>
          run(text: string): Promise<void>
        }
        const up = async (m: Call) => {
          await m.run(`INSERT INTO t (id) VALUES (1); INSERT INTO t (id) VALUES (2)`)
          for (const id of [3, 4]) await m.sql`INSERT INTO t (id) VALUES (${id})`
          const rows = await m.sql<{ id: number }>`SELECT id FROM t WHERE id > ${2} ORDER BY id`
          if (rows.map(row => Number(row.id)).join() !== '3,4') throw new Error(`read ${JSON.stringify(rows)}`)
        }
        const result = await open(fresh, [table, { id: '002_code', up: up as never }]).up()
        expect(result.error).toBeUndefined()
        expect(await fresh.rows('t')).toBe(4)
      }))

    it('reads as current after comments and line ends of an applied file were changed', () =>
      withStore(store, async fresh => {
        await open(fresh, [table]).up()
        const noted = { ...table, up: '-- why\r\nCREATE TABLE t (id int) -- note\r\n' }
        expect((await open(fresh, [noted]).status()).databases[0]).toMatchObject({ state: 'current' })
        expect((await open(fresh, [{ ...table, up: 'CREATE TABLE t (id bigint)' }]).up()).error).toMatchObject({
          code: 'JOURNAL.CHECKSUM_CHANGED',
        })
      }))

    it('runs an empty revision and one of comments only', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, [
          { id: '001_empty', up: '', down: '' },
          { id: '002_note', up: '-- nothing\n', down: '/* nothing */' },
        ])
        expect((await godwit.up()).error).toBeUndefined()
        expect((await godwit.down({ target: 'base' })).error).toBeUndefined()
      }))
  })
}
