// A journal that something else wrote to, a lease from the future, a journal of another format, and the database of
// another project: each is refused before anything is touched, with what was found and what to run.
import { describe, expect, it } from 'vitest'
import { JOURNAL_FORMAT } from '../../src/dialect/journal.ts'
import { apply, edits, loosen, restore } from './journal-edit.ts'
import { type Scene, withScene } from './scene.ts'
import { type BadDatabase, type BadStore, stores, withDatabase } from './store.ts'

const table = (name: string): string => `CREATE TABLE ${name} (id int);\n`
const two = { '001_one.sql': table('one'), '002_two.sql': table('two') }
/** Three steps on every store. */
const three = {
  '003_three.sql': `-- godwit: transaction=off\n${table('three')}INSERT INTO three VALUES (1);\nINSERT INTO three VALUES (2);\n`,
}

const withApplied = (store: BadStore, use: (scene: Scene, database: BadDatabase) => Promise<void>): Promise<void> =>
  withDatabase(store, database =>
    withScene(async scene => {
      scene.revisions(two)
      await scene.works(['up'])
      await use(scene, database)
    }, database.url),
  )

/** Times of the lease, years ahead. Whoever holds it cannot be proved to be gone. */
const future: Readonly<Record<string, { readonly backend: string; readonly soon: string; readonly late: string }>> = {
  PostgreSQL: {
    // A process of the server itself: it never goes.
    backend: `(SELECT pid::text FROM pg_stat_activity WHERE backend_type = 'checkpointer')`,
    soon: `clock_timestamp() + interval '9 years'`,
    late: `clock_timestamp() + interval '10 years'`,
  },
  MariaDB: {
    backend: `'1'`,
    soon: 'UTC_TIMESTAMP(6) + INTERVAL 9 YEAR',
    late: 'UTC_TIMESTAMP(6) + INTERVAL 10 YEAR',
  },
  SQLite: {
    backend: `'elsewhere:1'`,
    soon: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+9 years')`,
    late: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+10 years')`,
  },
  DuckDB: { backend: `'elsewhere:1'`, soon: `now() + INTERVAL 9 YEAR`, late: `now() + INTERVAL 10 YEAR` },
}

describe.each(stores.map(store => [store.name, store] as const))('the journal on %s', (_, store) => {
  const test = it.skipIf(store.unavailable).concurrent

  test('is refused when it was edited by hand, with table, row and value, and nothing is run', () =>
    withApplied(store, async (scene, database) => {
      scene.revisions(three)
      await loosen(database, store)
      const faults: string[] = []
      for (const edit of edits) {
        if (edit.anyType && store.name !== 'SQLite') continue
        await apply(database, store, edit)
        const { error } = await scene.json(['up'])
        const said = [error?.code, error?.message, error?.why, ...(error?.next ?? [])].join('\n')
        const missed = [edit.code ?? 'JOURNAL.DAMAGED', ...edit.says].filter(words => !said.includes(words))
        if (missed.length > 0) faults.push(`${edit.name}: ${missed.join(', ')} not in ${said}`)
        await restore(database, store, edit.table)
      }
      expect(faults).toEqual([])
      expect(await database.tables()).toEqual(['one', 'two'])
      // Looking says the same, without touching anything either.
      await apply(database, store, edits[0]!)
      await scene.fails(['status'], { code: 'JOURNAL.DAMAGED', says: ['twice'] })
      await scene.fails(['verify'], { code: 'JOURNAL.DAMAGED', says: ['twice'] })
      await scene.fails(['down'], { code: 'JOURNAL.DAMAGED', says: ['twice'] })
      await scene.fails(['repair', '--retry'], { code: 'JOURNAL.DAMAGED', says: ['twice'] })
      await scene.fails(['stamp', 'base'], { code: 'JOURNAL.DAMAGED', says: ['twice'] })
      expect(await database.tables()).toEqual(['one', 'two'])
    }))

  test('may have gaps in its numbers, which forgotten revisions leave', () =>
    withApplied(store, async (scene, database) => {
      await database.query(`UPDATE ${store.journal('revision')} SET sequence = 7 WHERE id = '002_two'`)
      scene.revisions(three)
      await scene.works(['up'])
      await scene.works(['verify'])
      const rows = await database.query(`SELECT sequence AS n FROM ${store.journal('revision')} ORDER BY 1`)
      expect(rows.map(row => Number(row['n']))).toEqual([1, 7, 8])
    }))

  test('does not keep runners waiting for years for a lease from the future', () =>
    withApplied(store, async (scene, database) => {
      scene.revisions(three)
      const { backend, soon, late } = future[store.name]!
      const take = (heartbeat: string): Promise<unknown> =>
        database.query(
          `UPDATE ${store.journal('lease')} SET owner = 'somebody', holder = 'ada@laptop pid 1', backend = ${backend}, ` +
            `backend_start = NULL, acquired_at = ${heartbeat}, heartbeat_at = ${heartbeat}, expires_at = ${late} WHERE id = 1`,
        )
      await take(soon)
      if (store.name === 'DuckDB') {
        // Only one process has the file open: whoever else held the lease is gone.
        await scene.works(['up', '--lock-wait', '300ms'])
        expect(await scene.applied()).toHaveLength(3)
        return
      }
      const year = String(new Date().getUTCFullYear() + 10)
      const held = {
        code: 'LOCK.HELD',
        says: ['ada@laptop pid 1', 'lies in the future', year, 'godwit lock break'],
      } as const
      await scene.fails(['up', '--lock-wait', '300ms'], held)
      // A clock that went back later than the last sign of life.
      await take(soon.replace(/\+\s*(INTERVAL |interval ')?9 (YEAR|years')|, '\+9 years'/, ''))
      await scene.fails(['up', '--lock-wait', '300ms'], {
        code: 'LOCK.HELD',
        says: ['more than a day after its last sign of life', year, 'godwit lock break'],
      })
      expect((await scene.works(['lock', 'status'])).stdout).toContain('ada@laptop pid 1')
      await scene.works(['lock', 'break', '--yes'])
      await scene.works(['up'])
      expect(await scene.applied()).toHaveLength(3)
    }))

  test('of an older format is only read until it is upgraded', () =>
    withApplied(store, async (scene, database) => {
      scene.revisions(three)
      for (const column of ['observed', 'backend', 'backend_start'])
        await database.query(`ALTER TABLE ${store.journal('step')} DROP COLUMN ${column}`)
      await database.query(`UPDATE ${store.journal('lease')} SET format = 1 WHERE id = 1`)
      const older = { code: 'JOURNAL.FORMAT_OLDER', says: ['format 1', 'godwit repair --upgrade-journal'] } as const
      for (const args of [['up'], ['down'], ['stamp', 'base'], ['repair', '--retry']]) await scene.fails(args, older)
      expect(await scene.applied()).toEqual(['001_one', '002_two'])
      await scene.run(['history'])
      expect(await database.tables()).toEqual(['one', 'two'])
      await scene.works(['repair', '--upgrade-journal'])
      await scene.works(['up'])
      await scene.works(['verify'])
      expect(await database.tables()).toEqual(['one', 'three', 'two'])
      const [lease] = await database.query(`SELECT format FROM ${store.journal('lease')}`)
      expect(Number(lease?.['format'])).toBe(JOURNAL_FORMAT)
    }))

  test('of a newer format is left alone by every verb', () =>
    withApplied(store, async (scene, database) => {
      scene.revisions(three)
      await database.query(`UPDATE ${store.journal('lease')} SET format = ${JOURNAL_FORMAT + 1} WHERE id = 1`)
      const verbs = [
        ['up'],
        ['up', '--dry-run'],
        ['down'],
        ['stamp', 'base'],
        ['repair', '--restart'],
        ['repair', '--upgrade-journal'],
        ['lock', 'break', '--yes'],
        ['status'],
        ['verify'],
      ]
      const faults: string[] = []
      for (const args of verbs) {
        await scene
          .fails(args, { code: 'JOURNAL.FORMAT_NEWER', says: [`format ${JOURNAL_FORMAT + 1}`, 'npm install godwit'] })
          .catch((error: Error) => faults.push(error.message))
      }
      expect(faults).toEqual([])
      expect(await database.tables()).toEqual(['one', 'two'])
      const [lease] = await database.query(`SELECT format, owner FROM ${store.journal('lease')}`)
      expect([Number(lease?.['format']), lease?.['owner'] ?? null]).toEqual([JOURNAL_FORMAT + 1, null])
    }))

  test('of another project is refused by what would change it, and told by what looks', () =>
    withApplied(store, async (_scene, database) => {
      await withScene(async other => {
        other.revisions({ '100_bills.sql': table('bills'), '101_items.sql': table('items') })
        const refused = {
          code: 'JOURNAL.OTHER_PROJECT',
          says: [
            'none of the 2 revisions',
            '001_one and 002_two',
            'check the database URL',
            '--config',
            'Nothing was changed',
          ],
        } as const
        for (const args of [
          ['up'],
          ['up', '--dry-run'],
          ['down'],
          ['down', 'base'],
          ['stamp', '101'],
          ['stamp', 'base'],
        ])
          await other.fails(args, refused)
        expect(await database.tables()).toEqual(['one', 'two'])
        expect(await other.applied()).toEqual(['001_one', '002_two'])
        expect((await other.run(['status'])).stdout).toContain('JOURNAL.OTHER_PROJECT')
        expect((await other.run(['verify'])).stdout).toContain('JOURNAL.OTHER_PROJECT')
        // A project that went its own way from a common beginning is told which files are missing.
        other.revisions({ '001_one.sql': table('one') })
        await other.fails(['up'], { code: 'JOURNAL.FILE_MISSING', says: ['002_two', 'its file is gone'] })
        // Files that were replaced on purpose: said so, the database is this project's.
        other.remove('migrations/001_one.sql')
        await other.works(['repair', '--forget-missing'])
        await other.works(['stamp', '100_bills'])
        await other.works(['up'])
        expect(await database.tables()).toEqual(['items', 'one', 'two'])
      }, database.url)
    }))
})
