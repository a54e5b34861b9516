// What changes beside a run: the application writes through both shapes of a table while it is expanded, filled and
// contracted; a file is edited, or the database restored to an older point, after a part of the work.
import type { Connection } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'
import { type FaultScene, gated, withFault } from './scene.ts'

const reason = await unavailable('mariadb')

const ROWS = 200
const off = '-- godwit: transaction=off\n'
const fill = Array.from(
  { length: ROWS / 20 },
  (_, at) => `UPDATE doc SET title = name WHERE title IS NULL AND id BETWEEN ${at * 20 + 1} AND ${at * 20 + 20};\n`,
)
const files = {
  '001_doc.sql': `CREATE TABLE doc (id int PRIMARY KEY, name varchar(40));\nINSERT INTO doc SELECT seq, CONCAT('first ', seq) FROM seq_1_to_${ROWS};\n${gated}`,
  '002_expand.sql': `ALTER TABLE doc ADD COLUMN title varchar(40);
CREATE TRIGGER doc_insert BEFORE INSERT ON doc FOR EACH ROW
  SET NEW.title = COALESCE(NEW.title, NEW.name), NEW.name = COALESCE(NEW.name, NEW.title);
CREATE TRIGGER doc_update BEFORE UPDATE ON doc FOR EACH ROW
BEGIN
  IF NOT (NEW.name <=> OLD.name) THEN SET NEW.title = NEW.name;
  ELSEIF NOT (NEW.title <=> OLD.title) THEN SET NEW.name = NEW.title;
  END IF;
END;
`,
  '003_fill.sql': `${off}${fill.slice(0, 5).join('')}SELECT gated(1);\n${fill.slice(5).join('')}`,
}
const contract = {
  '004_contract.sql':
    'DROP TRIGGER doc_insert;\nDROP TRIGGER doc_update;\nALTER TABLE doc DROP COLUMN name;\nALTER TABLE doc MODIFY title varchar(40) NOT NULL;\n',
}

/** An instance of the application: writes its own rows and shared ones, and remembers what was confirmed. */
class Writer {
  readonly confirmed = new Map<number, string>()
  writes = 0
  #over = false
  #loop: Promise<void> | undefined
  readonly #name: string
  readonly #column: 'name' | 'title'
  readonly #remainder: number

  constructor(name: string, column: 'name' | 'title', remainder: number) {
    this.#name = name
    this.#column = column
    this.#remainder = remainder
  }

  start(connection: Connection): this {
    this.#loop = this.#run(connection)
    return this
  }

  async #run(connection: Connection): Promise<void> {
    for (let n = 0; !this.#over; n++) {
      const id = ((n * 3) % (ROWS + 60)) + 1
      const own = id - (id % 3) + this.#remainder
      const value = `${this.#name} ${n}`
      const target = n % 4 === 3 ? (n % 30) * 3 + 3 : own
      try {
        await connection.query(
          `INSERT INTO doc (id, ${this.#column}) VALUES (${target}, '${value}') ON DUPLICATE KEY UPDATE ${this.#column} = '${value}'`,
        )
        this.writes++
        // The shared ones are written by both, so nobody knows who was last.
        if (target % 3 !== 0) this.confirmed.set(target, value)
      } catch (error) {
        // The column is not there yet, or a deadlock, which an application tries again.
        if (![1054, 1213, 1205].includes(Number((error as { errno?: number }).errno))) throw error
      }
    }
  }

  async stop(): Promise<void> {
    this.#over = true
    await this.#loop
  }
}

async function progress(...writers: readonly Writer[]): Promise<void> {
  const before = writers.map(writer => writer.writes)
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if (writers.every((writer, at) => writer.writes > (before[at] as number) + 30)) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error('a writer got nowhere')
}

const lost = async (fault: FaultScene, column: string, writer: Writer): Promise<unknown[]> => {
  const rows = await fault.ask(`SELECT id, ${column} AS value FROM doc`)
  const found = new Map(rows.map(row => [Number(row['id']), row['value']]))
  return [...writer.confirmed].filter(([id, value]) => found.get(id) !== value)
}

describe.skipIf(reason)('MariaDB: what changes beside a run', () => {
  it(
    'fault 21: no write of the application is lost while the table changes and the runner is killed',
    { timeout: 90_000 },
    () =>
      withFault({ files }, async fault => {
        await fault.scene.works(['up', '001'])
        const old = new Writer('old', 'name', 1).start(await fault.client())
        const recent = new Writer('new', 'title', 2).start(await fault.client())
        try {
          await fault.scene.works(['up', '002'])
          await progress(old, recent)
          const gate = await fault.gate()
          const run = fault.start()
          const thread = await fault.atGate()
          await progress(old, recent)
          await fault.kill(run)
          await fault.ask(`KILL ${thread}`)
          await fault.gone(thread)
          await gate.release()
          await fault.scene.works(['up'])
          await progress(old, recent)
          expect(await fault.ask('SELECT * FROM doc WHERE NOT (name <=> title)')).toEqual([])
          await old.stop()
          expect(await lost(fault, 'name', old)).toEqual([])
          fault.add(contract)
          await fault.scene.works(['up'])
          await progress(recent)
          await recent.stop()
          expect(await lost(fault, 'title', old)).toEqual([])
          expect(await lost(fault, 'title', recent)).toEqual([])
          await fault.sound()
        } finally {
          await old.stop().catch(() => {})
          await recent.stop().catch(() => {})
        }
      }),
  )

  const half =
    'CREATE TABLE c (id int);\nINSERT INTO c VALUES (1);\nALTER TABLE c ADD COLUMN a int;\nALTER TABLE t ADD COLUMN c int;\n'
  const begin = { '001_t.sql': 'CREATE TABLE t (id int);\n' }
  /** Three statements are done, the fourth is begun, and the runner is dead. */
  const partly = async (fault: FaultScene) => {
    await fault.scene.works(['up'])
    fault.add({ '002_half.sql': half })
    const holder = await fault.hold('SELECT * FROM t LIMIT 1')
    const run = fault.start()
    const thread = await fault.waitsForTable('%ADD COLUMN c%')
    await fault.kill(run)
    await fault.gone(thread)
    await holder.release()
    expect(await fault.step()).toMatchObject({ done: 3, running: 4 })
  }

  it('fault 22: a file edited in its done part is refused, one edited behind it is not', () =>
    withFault({ files: begin }, async fault => {
      await partly(fault)
      fault.add({ '002_half.sql': half.replace('VALUES (1)', 'VALUES (2)') })
      await fault.scene.fails(['up'], { code: 'JOURNAL.PARTIAL_EDITED', says: ['002_half', 'done'] })
      expect(await fault.step()).toMatchObject({ done: 3, running: 4 })
      fault.add({ '002_half.sql': `${half}CREATE TABLE later (id int);\n` })
      await fault.recovers()
    }))

  it('fault 22: restored to a point before the row of a statement that is there, the catalog decides', () =>
    withFault({ files: begin }, async fault => {
      await partly(fault)
      // The journal is older than the table.
      await fault.ask('ALTER TABLE t ADD COLUMN c int')
      const answer = await fault.scene.works(['up', '--json=stream'])
      expect(answer.stdout).toContain('"outcome":"done"')
      await fault.sound()
      await fault.sameAsClean()
    }))

  it('fault 22: restored to a point at which the tables are older than the journal: refused, with what was found', () =>
    withFault({ files: begin }, async fault => {
      await partly(fault)
      await fault.ask('DROP TABLE t')
      await fault.scene.fails(['up'], {
        code: 'JOURNAL.STEP_IN_DOUBT',
        says: ['table t is gone', 'godwit repair --retry'],
      })
      await fault.ask('CREATE TABLE t (id int, other int)')
      await fault.scene.fails(['up'], {
        code: 'JOURNAL.STEP_IN_DOUBT',
        says: ['other columns than before', 'column c is not there', 'somebody else may have changed the table'],
      })
      expect(await fault.ask('SELECT COUNT(*) AS n FROM c')).toEqual([{ n: 1 }])
    }))
})
