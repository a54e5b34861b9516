// SIGKILL of the real program on a DuckDB file, phase by phase: the dead process holds nothing, the WAL is replayed, and
// the next run ends where an undisturbed run does.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { program } from '../../bad-input/scene.ts'
import { record } from '../../servers/databases.ts'
import { duckdbFile, noStrace, recovers, wait } from '../embedded.ts'
import * as kill from '../embedded-kill.ts'

const tables = `CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE log (what TEXT);
CREATE INDEX author_name ON author (name);
INSERT INTO author VALUES (1, 'a'), (2, 'b');
`
const points = ['made', 'copied', 'dropped', 'renamed']
const rebuild = `CREATE TABLE author_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
${wait('made')};
INSERT INTO author_new SELECT id, name FROM author;
${wait('copied')};
DROP TABLE author;
${wait('dropped')};
ALTER TABLE author_new RENAME TO author;
CREATE TABLE more (id INTEGER);
${wait('renamed')};
`

describe('kill -9 on DuckDB', () => {
  it('fault 1: killed with the lock taken, the next run takes it over at once', () =>
    kill.killedWithTheLock(duckdbFile))

  it('fault 2: killed in the middle of a revision with DDL, nothing of it stays', () => kill.killedInDdl(duckdbFile))

  it('fault 3: killed after CHECKPOINT, which stands alone and was not recorded, it is run again', () =>
    kill.killedAfterLoneStatement(duckdbFile))

  it('fault 7: killed inside a batch, the batch and its journal row are rolled back together', () =>
    kill.killedInBatch(duckdbFile))

  it('fault 8: killed between two batches, the next run goes on with the next batch', () =>
    kill.killedBetweenBatches(duckdbFile))

  it('fault 9: killed in the middle of a contract step, the old shape is whole', () =>
    kill.killedInContract(duckdbFile))

  it.each(points)('fault 10: killed when the new table was %s, rows and indexes are as before', point =>
    recovers(duckdbFile, { files: { '001_tables.sql': tables, '002_rebuild.sql': rebuild } }, async place => {
      // Those before this one must not wait.
      const short = points
        .slice(0, points.indexOf(point))
        .reduce((text, before) => text.replace(`${wait(before)};\n`, ''), rebuild)
      place.scene.revisions({ '002_rebuild.sql': short })
      await place.killedAt(`/* ${point} */`)
      place.scene.revisions({ '002_rebuild.sql': rebuild })
      expect(await place.scene.applied()).toEqual(['001_tables'])
      expect(await place.number('SELECT count(*) FROM author')).toBe(2)
      expect(JSON.stringify(await place.ask(duckdbFile.schema))).toContain('author_name')
    }),
  )

  it('fault 22: an edit of the part that is done is refused', () => kill.editedAfterPartialRun(duckdbFile))

  it('fault 22: an older copy of the file is taken up where its own journal stands', () =>
    kill.restoredToOlderPoint(duckdbFile, (from, to) => {
      for (const end of ['', '.wal']) {
        rmSync(to + end, { force: true })
        if (existsSync(from + end)) copyFileSync(from + end, to + end)
      }
    }))
})

const reason = noStrace()
if (reason !== undefined) {
  console.warn(`fault 11 on DuckDB: NOT TESTED, ${reason}`)
  await record({ subject: 'fault 11 on DuckDB: killed at a write', reason })
}

describe('the process is killed at a write', () => {
  it.skipIf(reason).each([1, 2, 3, 4])(
    'fault 11: killed at write %i, the WAL is replayed and the run is finished',
    at =>
      recovers(duckdbFile, { files: { '001_tables.sql': tables, '002_rebuild.sql': rebuild } }, async place => {
        await place.patience(1)
        const calls = 'pwrite64,pwritev,fsync,fdatasync'
        const inject = ['-f', '-o', '/dev/null', '-P', place.file, '-P', `${place.file}.wal`]
        const { PATH = '' } = process.env
        const run = spawnSync(
          'strace',
          [...inject, '-e', `inject=write,${calls}:signal=KILL:when=${at}`, process.execPath, program, 'up'],
          { cwd: place.scene.folder, env: { PATH, HOME: place.scene.folder } },
        )
        const killed = run.signal === 'SIGKILL' || run.status === 137
        // Calls are counted for each thread, and DuckDB shares its writes out among threads: later ones may not be reached.
        expect(killed || (at > 1 && run.status === 0), String(run.stderr)).toBe(true)
        expect(await place.number('SELECT 1')).toBe(1)
      }),
  )
})
