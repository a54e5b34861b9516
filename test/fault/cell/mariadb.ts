// The 22 faults on MariaDB. DDL commits by itself there: each such statement has an intent row before it, which keeps
// what the catalog said, so that the catalog of afterwards tells whether it was carried out.
import type { Cell } from '../matrix.ts'

const kill = 'test/fault/mariadb/kill.test.ts'
const lock = 'test/fault/mariadb/lock.test.ts'
const server = 'test/fault/mariadb/server.test.ts'
const change = 'test/fault/mariadb/change.test.ts'
const named = (file: string, ...names: readonly string[]) => names.map(name => ({ file, name }))

export const cells: readonly Cell[] = [
  {
    fault: 1,
    outcome: 'clean',
    promise: 'The named lock of a dead holder is free, so its lease is taken over at once; nothing was changed.',
    tests: named(kill, 'fault 1: killed with the lock taken and nothing run, the next run goes ahead at once'),
  },
  {
    fault: 2,
    outcome: 'reconciled',
    promise:
      'The thread that is still at work is waited for, at most as long as for the lock, then ended; the catalog says whether its statement was carried out.',
    tests: named(
      kill,
      'fault 2: a thread that outlives its killed runner is waited for, and what it did is found',
      'fault 2: a thread that does not end within the wait for the lock is ended, and its statement is run again',
      'fault 2: a statement that only waits ends with its runner, and is run again',
    ),
  },
  {
    fault: 3,
    outcome: 'reconciled',
    promise:
      'The catalog of before, kept in the intent row, and that of now decide; what they cannot prove is refused with both.',
    tests: named(
      kill,
      'fault 3: killed between the statement and its journal row, the catalog says that it is done',
      'fault 3: of two tables that one DROP names only one is gone: refused, with both told',
    ),
  },
  {
    fault: 4,
    outcome: 'reconciled',
    promise: 'An online index build is waited for; the index is there once, or built again.',
    tests: named(kill, 'fault 4: killed while an index is built online, the build is waited for and done once'),
  },
  {
    fault: 5,
    outcome: 'reconciled',
    promise:
      'The partitions tell whether they were reorganised. Of EXCHANGE PARTITION the statistics of both sides tell, where they differ and are up to date; else it is refused.',
    tests: named(
      kill,
      'fault 5: killed while a partition is reorganised, the thread ended: nothing of it stays',
      'fault 5: killed after EXCHANGE PARTITION, before its row: the counts of both sides say that it is done',
    ),
  },
  {
    fault: 6,
    outcome: 'resume',
    promise:
      'There is no NOT VALID. A foreign key added with foreign_key_checks=0 is followed by the statement that proves the rows, and the next run begins there.',
    tests: named(kill, 'fault 6: killed after a foreign key was added unchecked, the next run still proves the rows'),
  },
  {
    fault: 7,
    outcome: 'resume',
    promise:
      'A batch and its journal row are rolled back together. Rows in a table whose engine takes nothing back are never written twice in silence: that step is refused.',
    tests: named(
      kill,
      'fault 7: killed inside a batch of a backfill, the batch is taken back and run once',
      'fault 7: the same in code',
      'fault 7: rows in a table that takes nothing back are never written twice in silence',
      'fault 7: rows in a table that takes nothing back cost nothing when nobody is killed',
    ),
  },
  {
    fault: 8,
    outcome: 'resume',
    promise: 'The next run begins at the next batch; no row is changed twice.',
    tests: named(kill, 'fault 8: killed between two batches of a backfill, the next run begins at the next batch'),
  },
  {
    fault: 9,
    outcome: 'reconciled',
    promise: 'A contract revision goes on forward at the column where it stopped.',
    tests: named(kill, 'fault 9: killed in the middle of a contract revision, it goes on forward'),
  },
  {
    fault: 10,
    outcome: 'reconciled',
    promise: 'A rebuild by copy is waited for, or its old table is whole and it is begun again; no copy is left.',
    tests: [
      ...named(
        kill,
        'fault 10: killed during a rebuild by copy, the copy is waited for',
        'fault 10: killed during a rebuild by copy, its thread ended: the old table is whole',
      ),
      ...named(server, 'fault 10: killed during a rebuild by copy, the old table is whole and the copy is gone'),
    ],
  },
  {
    fault: 11,
    outcome: 'reconciled',
    promise:
      'The statement that was cut is taken back or completed by the server when it starts; the run goes on there. It needs innodb_flush_log_at_trx_commit = 1, the default.',
    tests: named(
      server,
      'fault 11: killed in the middle of several DDL statements, the run goes on at the statement that was cut',
      'fault 11: killed at any moment, again and again',
    ),
  },
  {
    fault: 12,
    outcome: 'reconciled',
    promise: 'The journal row, read on a new connection, tells of rows; the catalog tells of DDL.',
    tests: named(
      server,
      'fault 12: cut before the server had the message, nothing of it is there',
      'fault 12: cut after the server committed, the journal row proves it',
      'fault 12: cut while the answer to a DDL statement is on its way, the catalog proves it',
    ),
  },
  {
    fault: 13,
    outcome: 'clean',
    promise:
      'The statement is tried again with growing pauses, then given up, with whoever may hold the lock; nothing of it stays.',
    tests: named(lock, 'fault 13: a lock that is not available is tried again, then given up with whoever may hold it'),
  },
  {
    fault: 14,
    outcome: 'rolled-back',
    promise: 'The whole transaction is run again.',
    tests: named(lock, 'fault 14: the victim of a deadlock is run again as a whole'),
  },
  {
    fault: 15,
    outcome: 'rolled-back',
    promise: 'max_statement_time ends the statement, rows or DDL; nothing of it stays, and the next run begins there.',
    tests: named(lock, 'fault 15: a statement that takes too long is taken back, rows and DDL alike'),
  },
  {
    fault: 16,
    outcome: 'waits',
    promise: 'One runs, the other waits for the lease and then finds nothing to do.',
    tests: named(lock, 'fault 16: of two runners at the same time one runs and the other finds nothing to do'),
  },
  {
    fault: 17,
    outcome: 'refused',
    promise: 'A runner that slept past its lease finds its connection ended, or its next journal write refused.',
    tests: named(
      lock,
      'fault 17: a runner that slept past its lease writes nothing when it wakes',
      'fault 17: the journal refuses the next write of a runner whose lock was broken while it slept',
    ),
  },
  {
    fault: 18,
    outcome: 'refused',
    promise:
      'A session whose statements reach the server over several connections is refused before anything is run. Shown with a small proxy that does so; ProxySQL itself was not tried.',
    tests: named(
      lock,
      'fault 18: a proxy that spreads one session over two connections is refused before anything is run',
    ),
  },
  {
    fault: 19,
    outcome: 'rolled-back',
    promise: 'Rows and rebuilds that do not fit are taken back by the server; the run goes on when there is room.',
    tests: named(
      server,
      'fault 19: rows and a rebuild that do not fit are taken back, and the run goes on when there is room',
    ),
  },
  {
    fault: 20,
    outcome: 'clean',
    promise: 'The ALTER is refused by the server with the value or row that breaks it; nothing of it stays.',
    tests: named(lock, 'fault 20: rows that break a new constraint are told, and nothing of it stays'),
  },
  {
    fault: 21,
    outcome: 'resume',
    promise:
      'With triggers that keep both shapes equal, every write that was confirmed is there, whatever happens to the runner.',
    tests: named(
      change,
      'fault 21: no write of the application is lost while the table changes and the runner is killed',
    ),
  },
  {
    fault: 22,
    outcome: 'refused',
    promise:
      'A file edited in its done part is refused. After a restore the catalog decides, and what it cannot prove is refused with what was found.',
    tests: named(
      change,
      'fault 22: a file edited in its done part is refused, one edited behind it is not',
      'fault 22: restored to a point before the row of a statement that is there, the catalog decides',
      'fault 22: restored to a point at which the tables are older than the journal: refused, with what was found',
    ),
  },
]
