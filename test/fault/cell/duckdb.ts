// The 22 faults on DuckDB. It runs inside the process of the runner, which keeps every other process out of the file.
import type { Cell } from '../matrix.ts'

const kill = 'test/fault/duckdb/kill.test.ts'
const run = 'test/fault/duckdb/run.test.ts'
const named = (file: string, ...names: readonly string[]) => names.map(name => ({ file, name }))

export const cells: readonly Cell[] = [
  {
    fault: 1,
    outcome: 'clean',
    promise: 'The file is free with its process; its lease is taken over at once, and nothing was changed.',
    tests: named(kill, 'fault 1: killed with the lock taken, the next run takes it over at once'),
  },
  {
    fault: 2,
    outcome: 'rolled-back',
    promise: 'Nothing of the revision stays: what was not committed is not in the WAL.',
    tests: named(kill, 'fault 2: killed in the middle of a revision with DDL, nothing of it stays'),
  },
  {
    fault: 3,
    outcome: 'reconciled',
    promise: 'DDL and DML commit with their journal row. CHECKPOINT stands alone, changes no row, and is run again.',
    tests: named(kill, 'fault 3: killed after CHECKPOINT, which stands alone and was not recorded, it is run again'),
  },
  {
    fault: 4,
    outcome: 'none',
    promise: 'An index is built in the transaction of its revision.',
    reason:
      'DuckDB has no concurrent index build (https://duckdb.org/docs/stable/sql/indexes); CREATE INDEX is fault 2.',
  },
  {
    fault: 5,
    outcome: 'none',
    promise: 'There is nothing of the kind to interrupt.',
    reason:
      'DuckDB has neither REINDEX nor declared partitions (https://duckdb.org/docs/stable/sql/statements/overview).',
  },
  {
    fault: 6,
    outcome: 'none',
    promise: 'A constraint is there whole or not at all.',
    reason:
      'DuckDB has no NOT VALID and adds no CHECK, UNIQUE or foreign key to a table that exists (https://duckdb.org/docs/stable/sql/statements/alter_table).',
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
    promise: 'Rows and indexes are as before.',
    tests: named(kill, 'fault 10: killed when the new table was %s, rows and indexes are as before'),
  },
  {
    fault: 11,
    outcome: 'rolled-back',
    promise: 'A process that dies at a write or sync leaves a file that opens, and the next run finishes.',
    tests: named(kill, 'fault 11: killed at write %i, the WAL is replayed and the run is finished'),
  },
  {
    fault: 12,
    outcome: 'none',
    promise: 'COMMIT is a call inside the process.',
    reason:
      'There is no connection that could be cut (https://duckdb.org/docs/stable/connect/concurrency); a death during COMMIT is fault 11.',
  },
  {
    fault: 13,
    outcome: 'refused',
    promise: 'A file that another process has open is waited for in bounds, then refused, naming the process.',
    tests: named(run, 'fault 13: a file that another process has open is refused in time, naming the process'),
  },
  {
    fault: 14,
    outcome: 'rolled-back',
    promise: 'Nothing waits, so nothing deadlocks: a conflict fails the transaction, which is tried again as a whole.',
    tests: named(run, 'fault 14: a conflict with the application is tried again as a whole'),
  },
  {
    fault: 15,
    outcome: 'rolled-back',
    promise: 'The statement is interrupted and its revision rolled back.',
    tests: named(run, 'fault 15: a statement that runs too long is interrupted and its revision rolled back'),
  },
  {
    fault: 16,
    outcome: 'waits',
    promise: 'The second waits for the file, then has nothing to do; with no time to wait it is refused (fault 13).',
    tests: named(run, 'fault 16: of two runners the second waits for the file, then has nothing to do'),
  },
  {
    fault: 17,
    outcome: 'refused',
    promise:
      'A stopped process keeps the file and finishes when it wakes; of two runs in one process the slow one is refused.',
    tests: named(
      run,
      'fault 17: a process that is stopped keeps the file, others are refused, and it finishes when it wakes',
      'fault 17: a run whose lease ran out meanwhile and was taken is refused at its next write, transaction %s',
    ),
  },
  {
    fault: 18,
    outcome: 'none',
    promise: 'A file has no pooler.',
    reason: 'DuckDB is opened as a file by the process itself (https://duckdb.org/docs/stable/connect/concurrency).',
  },
  {
    fault: 19,
    outcome: 'rolled-back',
    promise: 'The revision is rolled back, those before it stay, and the next run finishes when there is room.',
    tests: named(run, 'fault 19: a full disk rolls the revision back, and the next run finishes when there is room'),
  },
  {
    fault: 20,
    outcome: 'rolled-back',
    promise: 'The revision is rolled back with the words of DuckDB.',
    tests: named(run, 'fault 20: %s: the revision is rolled back with the words of DuckDB'),
  },
  {
    fault: 21,
    outcome: 'waits',
    promise:
      'Another process cannot write meanwhile; writes of the same process are kept or refused with a conflict, never lost.',
    tests: named(run, 'fault 21: writes of the application in the same process are kept or refused, never lost'),
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
