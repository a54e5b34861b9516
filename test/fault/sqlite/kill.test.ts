// SIGKILL of the real program on a SQLite file, phase by phase: the next run does not wait for the dead one's lock and
// ends where an undisturbed run does.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { program } from '../../bad-input/scene.ts'
import { record } from '../../servers/databases.ts'
import { noStrace, recovers, sqliteFile, wait } from '../embedded.ts'
import * as kill from '../embedded-kill.ts'

const family = `CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE book (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES author (id) ON DELETE CASCADE);
CREATE TABLE page (id INTEGER PRIMARY KEY, book INTEGER NOT NULL REFERENCES book (id) ON DELETE CASCADE);
CREATE INDEX author_name ON author (name);
CREATE TABLE log (what TEXT);
CREATE TRIGGER author_logged AFTER UPDATE ON author BEGIN INSERT INTO log VALUES (new.name); END;
INSERT INTO author VALUES (1, 'a'), (2, 'b');
INSERT INTO book VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO page VALUES (1, 1), (2, 2), (3, 3), (4, 3);
`
const points = ['made', 'copied', 'dropped', 'renamed']
const rebuild = `CREATE TABLE author_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
${wait('made')};
INSERT INTO author_new (id, name) SELECT id, name FROM author;
${wait('copied')};
DROP TABLE author;
${wait('dropped')};
ALTER TABLE author_new RENAME TO author;
CREATE INDEX author_name ON author (name);
CREATE TRIGGER author_logged AFTER UPDATE ON author BEGIN INSERT INTO log VALUES (new.name); END;
${wait('renamed')};
`

describe('kill -9 on SQLite', () => {
  it('fault 1: killed with the lock taken, the next run takes it over at once', () =>
    kill.killedWithTheLock(sqliteFile))

  it('fault 2: killed in the middle of a revision with DDL, nothing of it stays', () => kill.killedInDdl(sqliteFile))

  it('fault 3: killed after VACUUM, which stands alone and was not recorded, it is run again', () =>
    kill.killedAfterLoneStatement(sqliteFile))

  it('fault 7: killed inside a batch, the batch and its journal row are rolled back together', () =>
    kill.killedInBatch(sqliteFile))

  it('fault 8: killed between two batches, the next run goes on with the next batch', () =>
    kill.killedBetweenBatches(sqliteFile))

  it('fault 9: killed in the middle of a contract step, the old shape is whole', () =>
    kill.killedInContract(sqliteFile))

  it.each(points)(
    'fault 10: killed when the new table was %s, rows, children, triggers and indexes are as before',
    point =>
      recovers(sqliteFile, { files: { '001_family.sql': family, '002_rebuild.sql': rebuild } }, async place => {
        for (const before of points.slice(0, points.indexOf(point))) expect(rebuild).toContain(before)
        // Those before this one must not wait.
        const short = points
          .slice(0, points.indexOf(point))
          .reduce((text, before) => text.replace(`${wait(before)};\n`, ''), rebuild)
        place.scene.revisions({ '002_rebuild.sql': short })
        await place.killedAt(`/* ${point} */`)
        place.scene.revisions({ '002_rebuild.sql': rebuild })
        expect(await place.scene.applied()).toEqual(['001_family'])
        const counts =
          'SELECT (SELECT count(*) FROM author) || (SELECT count(*) FROM book) || (SELECT count(*) FROM page) AS n'
        expect((await place.ask(counts))[0]).toMatchObject({ n: '234' })
        expect(await place.ask('PRAGMA foreign_key_check')).toEqual([])
        await place.ask(`UPDATE author SET name = name WHERE id = 1`)
        expect(await place.number('SELECT count(*) FROM log')).toBe(1)
        await place.ask('DELETE FROM log')
        expect(existsSync(`${place.file}-journal`)).toBe(false)
      }),
  )

  it('fault 22: an edit of the part that is done is refused', () => kill.editedAfterPartialRun(sqliteFile))

  it('fault 22: an older copy of the file is taken up where its own journal stands', () =>
    kill.restoredToOlderPoint(sqliteFile, (from, to) => {
      // What was committed last may be in the WAL still; the index of the WAL is made again.
      for (const end of ['', '-wal']) {
        rmSync(to + end, { force: true })
        if (existsSync(from + end)) copyFileSync(from + end, to + end)
      }
      rmSync(`${to}-shm`, { force: true })
    }))
})

const reason = noStrace()
if (reason !== undefined) {
  console.warn(`fault 11 on SQLite: NOT TESTED, ${reason}`)
  await record({ subject: 'fault 11 on SQLite: killed at a write', reason })
}

describe.each(['wal', 'delete'])('the process is killed at a write, journal mode %s', journalMode => {
  it.skipIf(reason).each([2, 7, 19, 40])(
    'fault 11: killed at write %i, the file opens and the run is finished',
    write =>
      recovers(
        sqliteFile,
        { files: { '001_family.sql': family, '002_rebuild.sql': rebuild }, database: { settings: { journalMode } } },
        async place => {
          await place.patience(1)
          const inject = ['-f', '-o', '/dev/null', '-e', `inject=pwrite64:signal=KILL:when=${write}`]
          const { PATH = '' } = process.env
          const run = spawnSync('strace', [...inject, process.execPath, program, 'up'], {
            cwd: place.scene.folder,
            env: { PATH, HOME: place.scene.folder },
          })
          expect(run.signal === 'SIGKILL' || run.status === 137, String(run.stderr)).toBe(true)
          expect(await place.ask('PRAGMA integrity_check')).toMatchObject([{ integrity_check: 'ok' }])
        },
      ),
  )
})
