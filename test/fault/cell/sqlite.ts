// The 22 faults on SQLite. It runs inside the process of the runner: there is no server, no connection and no pooler.
import type { Cell } from '../matrix.ts'

const kill = 'test/fault/sqlite/kill.test.ts'
const run = 'test/fault/sqlite/run.test.ts'
const rebuild = 'test/fault/sqlite/rebuild.test.ts'
const named = (file: string, ...names: readonly string[]) => names.map(name => ({ file, name }))

export const cells: readonly Cell[] = [
  {
    fault: 1,
    outcome: 'clean',
    promise: 'The lease of a dead process of this machine is taken over at once, and nothing was changed.',
    tests: named(kill, 'fault 1: killed with the lock taken, the next run takes it over at once'),
  },
  {
    fault: 2,
    outcome: 'rolled-back',
    promise: 'Nothing of the revision stays: SQLite plays its journal or WAL back at the next opening.',
    tests: named(kill, 'fault 2: killed in the middle of a revision with DDL, nothing of it stays'),
  },
  {
    fault: 3,
    outcome: 'reconciled',
    promise:
      'DDL and DML commit with their journal row. VACUUM and pragmas stand alone, change no row, and are run again.',
    tests: named(kill, 'fault 3: killed after VACUUM, which stands alone and was not recorded, it is run again'),
  },
  {
    fault: 4,
    outcome: 'none',
    promise: 'An index is built in the transaction of its revision.',
    reason: 'SQLite has no concurrent index build (https://sqlite.org/lang_createindex.html); CREATE INDEX is fault 2.',
  },
  {
    fault: 5,
    outcome: 'none',
    promise: 'REINDEX is done or not, and is run again.',
    reason:
      'SQLite has neither partitions nor concurrent maintenance (https://sqlite.org/lang_reindex.html); REINDEX changes no row.',
  },
  {
    fault: 6,
    outcome: 'none',
    promise: 'A constraint is added by a rebuild, in one transaction.',
    reason: 'SQLite has no NOT VALID (https://sqlite.org/lang_altertable.html); a rebuild is fault 10.',
  },
  {
    fault: 7,
    outcome: 'resume',
    promise: 'The batch and the row that counts it roll back together; the next run does that batch again.',
    tests: named(kill, 'fault 7: killed inside a batch, the batch and its journal row are rolled back together'),
  },
  {
    fault: 8,
    outcome: 'resume',
    promise: 'The next run goes on with the next batch; no row is changed twice.',
    tests: named(kill, 'fault 8: killed between two batches, the next run goes on with the next batch'),
  },
  {
    fault: 9,
    outcome: 'rolled-back',
    promise: 'The old shape is whole, with its rows.',
    tests: named(kill, 'fault 9: killed in the middle of a contract step, the old shape is whole'),
  },
  {
    fault: 10,
    outcome: 'rolled-back',
    promise:
      'Rows, children at every level, triggers and indexes are as before; foreign keys are enforced again afterwards.',
    tests: [
      ...named(kill, 'fault 10: killed when the new table was %s, rows, children, triggers and indexes are as before'),
      ...named(rebuild, 'fault 10: keeps children at every level, their references, and enforcement'),
    ],
  },
  {
    fault: 11,
    outcome: 'rolled-back',
    promise: 'A process that dies at any write leaves a file that opens, and the next run finishes.',
    tests: named(kill, 'fault 11: killed at write %i, the file opens and the run is finished'),
  },
  {
    fault: 12,
    outcome: 'none',
    promise: 'COMMIT is a call inside the process.',
    reason:
      'There is no connection that could be cut (https://sqlite.org/serverless.html); a death during COMMIT is fault 11.',
  },
  {
    fault: 13,
    outcome: 'clean',
    promise: 'The write lock is waited for without blocking the process, then refused with nothing changed.',
    tests: named(run, 'fault 13: a write lock that is not free in time is told, and nothing was changed'),
  },
  {
    fault: 14,
    outcome: 'none',
    promise: 'A transaction has the write lock before its first statement.',
    reason:
      'Each transaction begins with BEGIN IMMEDIATE and there is one write lock: nobody waits while holding one (https://sqlite.org/lang_transaction.html).',
  },
  {
    fault: 15,
    outcome: 'none',
    promise: 'A time-out that cannot be kept is said; a run is stopped between two statements.',
    reason:
      'A statement runs inside the call and the thread of its driver (node:sqlite, better-sqlite3, libsql), and none of them can end it from there; test/fault/sqlite/run.test.ts shows that statement_timeout is told to have no effect.',
  },
  {
    fault: 16,
    outcome: 'waits',
    promise: 'One runs, the others wait and then find nothing to do; a statement longer than the lease loses nothing.',
    tests: named(
      run,
      'fault 16: two runners at the same moment apply each revision once',
      'fault 16: a second runner is told who is at work, and a statement longer than the lease does not lose it',
    ),
  },
  {
    fault: 17,
    outcome: 'refused',
    promise: 'Its next write is refused before it begins; in the middle of a transaction it keeps the file locked.',
    tests: named(
      run,
      'fault 17: a holder that was stopped past its expiry is replaced, and its next write is refused',
      'fault 17: one that was stopped in the middle of its transaction keeps the file locked, and finishes when it wakes',
    ),
  },
  {
    fault: 18,
    outcome: 'none',
    promise: 'A file has no pooler.',
    reason: 'SQLite is opened as a file by the process itself (https://sqlite.org/serverless.html).',
  },
  {
    fault: 19,
    outcome: 'rolled-back',
    promise: 'The revision is rolled back, those before it stay, and the next run finishes when there is room.',
    tests: named(
      run,
      'fault 19: a full disk rolls the revision back, and the next run finishes when there is room',
      'fault 19: a database that may not grow is a full disk',
    ),
  },
  {
    fault: 20,
    outcome: 'rolled-back',
    promise: 'The revision is rolled back; for a unique index the values that stand there twice are named.',
    tests: named(run, 'fault 20: %s: the revision is rolled back and the place is named'),
  },
  {
    fault: 21,
    outcome: 'waits',
    promise: 'Writes of the application wait for the write lock; none that was confirmed is lost.',
    tests: named(run, 'fault 21: its writes wait, none is lost, and both shapes agree'),
  },
  {
    fault: 22,
    outcome: 'refused',
    promise:
      'An edit of the part that is done is refused; an older copy brings its own journal back and is gone on from there.',
    tests: named(
      kill,
      'fault 22: an edit of the part that is done is refused',
      'fault 22: an older copy of the file is taken up where its own journal stands',
    ),
  },
]
