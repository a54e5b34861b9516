// The 22 faults on PostgreSQL: what is promised, and the tests on a real server that show it.
import type { Cell } from '../matrix.ts'

const inFile = (file: string) => (name: string) => ({ file: `test/fault/postgres/${file}.test.ts`, name })
const killed = inFile('kill')
const concurrent = inFile('concurrent')
const connection = inFile('connection')
const server = inFile('server')
const pooler = inFile('pooler')

export const cells: readonly Cell[] = [
  {
    fault: 1,
    outcome: 'clean',
    promise: 'The next run goes ahead as soon as the server says that the connection of the holder is gone.',
    tests: [killed('fault 1: killed with the lock taken and nothing run, the next run goes ahead at once')],
  },
  {
    fault: 2,
    outcome: 'rolled-back',
    promise:
      'The server notices within a second that its client is gone; a backend that does not is ended before anything is run.',
    tests: [
      killed('fault 2: killed while a transactional ALTER TABLE waits, nothing of it stays'),
      killed('fault 2: a backend that outlives its killed runner is ended before the next run begins'),
      killed('fault 2: a backend that may not be ended is named, and nothing is run'),
    ],
  },
  {
    fault: 3,
    outcome: 'reconciled',
    promise:
      'Work and journal row share a transaction; a statement that cannot be in one is compared with what the catalog said before it began, and is not run again when it is done.',
    tests: [concurrent('fault 3: done and not recorded, it is found in the catalog and not run again')],
  },
  {
    fault: 4,
    outcome: 'reconciled',
    promise:
      'A backend that still builds is waited for; an INVALID index of the statement, named or not, is dropped and built again.',
    tests: [
      concurrent('fault 4: killed while it builds, the INVALID index is dropped and built again'),
      concurrent('fault 4: an index whose name the server chose is found and built again'),
      concurrent('fault 4: IF NOT EXISTS does not take the INVALID index for the one that is wanted'),
      concurrent('fault 4: a backend that outlives its killed runner builds to the end, and the next run waits for it'),
      concurrent('fault 4: in a revision in code, it waits longer than lock_timeout, and is built again after a kill'),
    ],
  },
  {
    fault: 5,
    outcome: 'reconciled',
    promise:
      'The INVALID indexes `_ccnew` and `_ccold` of the statement are dropped and it is run again; a pending detach is completed by FINALIZE.',
    tests: [
      concurrent('fault 5: REINDEX TABLE CONCURRENTLY, killed while it waits, is completed by the next run'),
      concurrent('fault 5: REINDEX INDEX CONCURRENTLY, killed while it waits, is completed by the next run'),
      concurrent('fault 5: DETACH PARTITION CONCURRENTLY, killed while it waits, is completed by the next run'),
      concurrent('fault 5: DROP INDEX CONCURRENTLY, killed while it waits, is completed by the next run'),
    ],
  },
  {
    fault: 6,
    outcome: 'resume',
    promise: 'The constraint stays NOT VALID, which the journal knows: the next run begins at VALIDATE.',
    tests: [killed('fault 6: killed between NOT VALID and VALIDATE, the next run begins at VALIDATE')],
  },
  {
    fault: 7,
    outcome: 'resume',
    promise: 'The batch and its journal row are one transaction: both are taken back and the batch is run once.',
    tests: [
      killed('fault 7: killed inside a batch of a backfill, the batch is taken back and run once'),
      killed('fault 7: a backfill in code that is killed inside a batch goes on with that batch'),
    ],
  },
  {
    fault: 8,
    outcome: 'resume',
    promise: 'The next run begins with the batch after the last one that was committed.',
    tests: [killed('fault 8: killed between two batches of a backfill, the next run begins with the next batch')],
  },
  {
    fault: 9,
    outcome: 'rolled-back',
    promise: 'All of it is taken back; with transaction=off it goes on forward at the statement where it was killed.',
    tests: [
      killed('fault 9: killed in the middle of a contract step, all of it is taken back'),
      killed('fault 9: a contract step with transaction=off goes on forward at the column where it was killed'),
    ],
  },
  {
    fault: 10,
    outcome: 'rolled-back',
    promise: 'No ALTER TABLE of PostgreSQL leaves a copy behind; a rebuild by hand is taken back with its transaction.',
    tests: [killed('fault 10: killed during a table rebuild by hand, the old table stays whole')],
  },
  {
    fault: 11,
    outcome: 'reconciled',
    promise:
      'The run ends with CONNECT.LOST; open transactions are rolled back by the server, what stood alone is decided as in 3, 4 and 5.',
    tests: [
      server('fault 11: an immediate stop takes a transaction back, and the next run finishes'),
      server('fault 11: SIGKILL of its first process takes a transaction back, and the next run finishes'),
      server('fault 11: SIGKILL of one backend takes a transaction back, and the next run finishes'),
      server('fault 11: an immediate stop in CREATE INDEX CONCURRENTLY, and the next run finishes'),
      server('fault 11: SIGKILL of its first process in CREATE INDEX CONCURRENTLY, and the next run finishes'),
      server('fault 11: SIGKILL of one backend in CREATE INDEX CONCURRENTLY, and the next run finishes'),
    ],
  },
  {
    fault: 12,
    outcome: 'reconciled',
    promise:
      'The journal, read on a new connection, says whether the COMMIT was done; the catalog says it of what stood alone; a procedure is refused with the two commands that settle it.',
    tests: [
      connection('fault 12: before the server got the COMMIT, the run says that nothing of the revision stays'),
      connection('fault 12: after the COMMIT, the run reads the journal and says that the revision is applied'),
      connection('fault 12: before CREATE INDEX CONCURRENTLY was done, the catalog tells the next run'),
      connection('fault 12: after CREATE INDEX CONCURRENTLY was done, the catalog tells the next run'),
      connection('fault 12: a step of a procedure that was cut off is refused with what is known'),
    ],
  },
  {
    fault: 13,
    outcome: 'rolled-back',
    promise: 'It is tried four times, then given up with the names of those who hold the lock.',
    tests: [
      connection('fault 13: a lock that is not available is tried for again, named, and the run after it ends well'),
    ],
  },
  {
    fault: 14,
    outcome: 'rolled-back',
    promise: 'The whole transaction is tried again in the same run.',
    tests: [connection('fault 14: the victim of a deadlock is tried again as a whole')],
  },
  {
    fault: 15,
    outcome: 'rolled-back',
    promise: 'The revision is taken back; an INVALID index that was cut off is dropped by the next run.',
    tests: [
      connection('fault 15: a statement time-out takes the whole revision back'),
      concurrent('fault 15: cut off by a statement time-out, its INVALID index is dropped and built again'),
    ],
  },
  {
    fault: 16,
    outcome: 'waits',
    promise: 'One runs, the other asks again and again without a transaction, then finds nothing to do.',
    tests: [
      connection('fault 16: a second runner waits for the first, and finds nothing left to do'),
      { file: 'test/race/race.test.ts', name: 'apply every revision once on PostgreSQL' },
    ],
  },
  {
    fault: 17,
    outcome: 'refused',
    promise: 'Its connection is ended and its fencing number is old, so no write of it is taken any more.',
    tests: [
      connection('fault 17: a runner that slept past its lease wakes up and is refused'),
      connection('fault 17: the transaction of a runner that lost its lease in mid-run is taken back'),
    ],
  },
  {
    fault: 18,
    outcome: 'refused',
    promise: 'It is found before anything is run and refused with what to do; a plan of a single transaction passes.',
    tests: [
      pooler('fault 18: several revisions are refused before anything is run, with what to do'),
      pooler('fault 18: a revision of several steps are refused before anything is run, with what to do'),
      pooler('fault 18: a plan of one transaction is run'),
      pooler('fault 18: a pool in session mode is no obstacle'),
      pooler(
        'fault 18: where a pooler forgets the settings, one transaction is refused too, and a session makes them again',
      ),
    ],
  },
  {
    fault: 19,
    outcome: 'rolled-back',
    promise: 'The revision is taken back and the disk is named; an INVALID index is dropped when there is room again.',
    tests: [
      server('fault 19: it takes a transaction back, and the next run finishes when there is room'),
      server(
        'fault 19: it leaves an INVALID index that the next run removes, and the next run finishes when there is room',
      ),
    ],
  },
  {
    fault: 20,
    outcome: 'resume',
    promise:
      'The rows are named as the server names them; the constraint stays NOT VALID, the INVALID index is dropped, and the run after they are mended goes on there.',
    tests: [
      connection(
        'fault 20: rows that break a constraint are named, it stays NOT VALID, and VALIDATE is done when they are mended',
      ),
      concurrent('fault 20: a unique index that met duplicates is dropped and built again when they are gone'),
    ],
  },
  {
    fault: 21,
    outcome: 'resume',
    promise:
      'No write through either shape is lost, and both say the same at every commit, also when the backfill is killed.',
    tests: [
      {
        file: 'test/fault/postgres/writers.test.ts',
        name: 'fault 21: no write through the old or the new shape is lost from expand to contract',
      },
    ],
  },
  {
    fault: 22,
    outcome: 'refused',
    promise:
      'An edit of the done part is refused; a restored database has the journal of its point and goes on from there.',
    tests: [
      connection('fault 22: a file that was edited in its done part is refused, one edited after it is taken'),
      connection('fault 22: a database that was restored to an older point goes on from that point'),
    ],
  },
]
