// A project on a fresh MariaDB database whose runner is killed: what the tests wait for, what must be left when a
// second run has ended, and the database of a run that nobody disturbed to compare with.
import mysql, { type Connection } from 'mysql2/promise'
import { expect } from 'vitest'
import { type Answer, type Running, Scene } from '../../bad-input/scene.ts'
import { type FreshMariadb, freshMariadb } from '../../servers/databases.ts'

export type Row = Record<string, unknown>
export type Files = Readonly<Record<string, string>>

/** Life of the lease in these tests, ms: what a runner that came after a kill may have to wait. */
export const LEASE = 1_500

/** Calls of it wait for as long as the gate of the database is held; see {@link FaultScene.gate}. */
export const gated = `CREATE FUNCTION gated(value int) RETURNS int NO SQL
BEGIN
  WHILE IS_USED_LOCK(CONCAT('gate_', DATABASE())) IS NOT NULL DO DO SLEEP(0.02); END WHILE;
  RETURN value;
END;
`

export interface FaultOptions {
  readonly files: Files
  /** Settings of the store. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Another server than the shared one: its database, as root. */
  readonly url?: string
  readonly ttlMs?: number
}

export class FaultScene {
  readonly scene: Scene
  readonly name: string
  readonly #options: FaultOptions
  readonly rootUrl: string
  readonly url: string
  #files: Files = {}
  #root: Connection | undefined
  readonly #others: Connection[] = []

  constructor(url: string, rootUrl: string, options: FaultOptions) {
    this.#options = options
    this.url = url
    this.rootUrl = rootUrl
    this.name = new URL(url).pathname.slice(1)
    this.scene = new Scene(url, ['secret'])
    this.configure(options.settings)
    this.add(options.files)
  }

  add(files: Files): void {
    this.#files = { ...this.#files, ...files }
    this.scene.revisions(files)
  }

  configure(settings: Readonly<Record<string, unknown>> = {}, url = this.url): void {
    const lock = { ttlMs: this.#options.ttlMs ?? LEASE, waitMs: 30_000 }
    this.scene.write('godwit.config.json', JSON.stringify({ databases: { main: { url, lock, settings } } }))
  }

  /** A connection of somebody else, as root. */
  async client(): Promise<Connection> {
    const connection = await mysql.createConnection({ uri: this.rootUrl, multipleStatements: true, dateStrings: true })
    connection.on('error', () => {})
    this.#others.push(connection)
    return connection
  }

  async ask(sql: string): Promise<Row[]> {
    this.#root ??= await this.client()
    const [rows] = await this.#root.query(sql)
    return Array.isArray(rows) ? (rows as Row[]) : []
  }

  /** After a restart of the server. */
  forgetConnection(): void {
    this.#root?.destroy()
    this.#root = undefined
  }

  /** A transaction of somebody else that stays open after `sql`, and keeps the metadata locks of its tables. */
  async hold(sql: string): Promise<{ readonly thread: number; release(): Promise<void> }> {
    const client = await this.client()
    await client.query('START TRANSACTION')
    await client.query(sql)
    return {
      thread: client.threadId,
      release: async () => {
        await client.query('ROLLBACK').catch(() => {})
        await client.query('UNLOCK TABLES').catch(() => {})
        await client.end().catch(() => {})
      },
    }
  }

  /** Asks until there is an answer. */
  async until(sql: string, patienceMs = 20_000): Promise<Row> {
    for (const end = Date.now() + patienceMs; Date.now() < end; ) {
      const [row] = await this.ask(sql)
      if (row !== undefined) return row
      await new Promise(resolve => setTimeout(resolve, 15))
    }
    throw new Error(`never came true: ${sql}\n${JSON.stringify(await this.ask('SHOW FULL PROCESSLIST'))}`)
  }

  /** The runner's thread that runs `text` (LIKE), in a state like `state`. */
  async busy(text: string, state = '%'): Promise<number> {
    const row = await this.until(
      `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = '${this.name}' AND ID <> CONNECTION_ID() ` +
        `AND COMMAND <> 'Sleep' AND INFO LIKE '${text.replaceAll("'", "''")}' AND STATE LIKE '${state}'`,
    )
    return Number(row['id'])
  }

  /** The runner's thread that waits at the gate; the list may show what the function runs instead of its caller. */
  async atGate(): Promise<number> {
    const row = await this.until(
      `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = '${this.name}' AND ID <> CONNECTION_ID() ` +
        "AND COMMAND <> 'Sleep' AND (INFO LIKE '%gated(%' OR INFO LIKE 'DO SLEEP(0.02)%') AND INFO NOT LIKE 'CREATE FUNCTION%'",
    )
    return Number(row['id'])
  }

  waitsForTable(text: string): Promise<number> {
    return this.busy(text, 'Waiting for table metadata lock%')
  }

  gone(thread: number): Promise<Row> {
    return this.until(
      `SELECT 1 AS gone WHERE NOT EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ${thread})`,
    )
  }

  async lives(thread: number): Promise<boolean> {
    return (await this.ask(`SELECT 1 AS x FROM information_schema.PROCESSLIST WHERE ID = ${thread}`)).length > 0
  }

  start(args: readonly string[] = ['up']): Running {
    return this.scene.start(args)
  }

  /** SIGKILL, and the process is gone. */
  async kill(run: Running): Promise<void> {
    run.kill('SIGKILL')
    expect((await run.ended).code).toBe(137)
  }

  /**
   * A gate that statements calling `gated(…)` wait at, for as long as it is held; they compute meanwhile, so that the
   * server does not look for its client.
   */
  async gate(): Promise<{ release(): Promise<void> }> {
    const client = await this.client()
    await client.query(`SELECT GET_LOCK('gate_${this.name}', 0)`)
    return { release: () => client.end().catch(() => {}) }
  }

  /**
   * Starts a run and kills it when the server has carried out the statement `text` and not yet written its journal
   * row. `hold`: what keeps the statement waiting until everything is prepared.
   */
  async killBeforeRow(text: string, hold: string): Promise<void> {
    const table = await this.hold(hold)
    const run = this.start()
    const thread = await this.waitsForTable(text)
    const lease = await this.hold('SELECT * FROM godwit_lease WHERE id = 1 FOR UPDATE')
    await table.release()
    // It cannot get past this: the row of the journal reads the lease. (INNODB_TRX shows nothing new to whoever asks often.)
    await this.busy(`INSERT INTO%godwit\\_lease%`)
    await this.kill(run)
    // The thread would write the row when the lock is free; a server that looks for its client ends it, as is done here.
    await this.ask(`KILL ${thread}`)
    await this.gone(thread)
    await lease.release()
  }

  async step(): Promise<Row | undefined> {
    const [row] = await this.ask('SELECT done, running, total FROM godwit_step')
    return row
  }

  /** A second run ends well, the database is as after a run that nobody disturbed, and nothing is left. */
  async recovers(args: readonly string[] = ['up']): Promise<Answer> {
    const answer = await this.scene.works(args)
    await this.sound()
    await this.sameAsClean()
    return answer
  }

  /** Nothing is left of any run. */
  async sound(): Promise<void> {
    await this.until(
      `SELECT 1 AS none WHERE IS_USED_LOCK('godwit:${this.name}') IS NULL AND NOT EXISTS (SELECT 1 FROM ` +
        `information_schema.PROCESSLIST WHERE DB = '${this.name}' AND USER = 'app')`,
    )
    // The thread of a dead runner may finish a whole file: then nobody has to take the lease over, and it expires.
    await this.until('SELECT 1 AS none FROM godwit_lease WHERE owner IS NULL OR expires_at <= UTC_TIMESTAMP(6)')
    expect(await this.ask('SELECT revision, done, running FROM godwit_step')).toEqual([])
    expect(
      await this.ask(
        `SELECT table_name AS t FROM information_schema.tables WHERE table_schema = '${this.name}' AND table_name LIKE '#%'`,
      ),
    ).toEqual([])
  }

  /** `prepare`: what the test itself did to the database, for a run that meets the same. */
  async sameAsClean(prepare?: (clean: FaultScene) => Promise<unknown>): Promise<void> {
    const fresh = await freshMariadb()
    const { ttlMs } = this.#options
    const clean = new FaultScene(fresh.url, fresh.rootUrl, { files: this.#files, ...(ttlMs ? { ttlMs } : {}) })
    try {
      await prepare?.(clean)
      await clean.scene.works(['up'])
      expect(await this.contents()).toEqual(await clean.contents())
    } finally {
      await clean.dispose()
      await fresh.dispose()
    }
  }

  /** Schema, data and applied revisions, without what two equal runs differ in. */
  async contents(): Promise<unknown> {
    const mine = (column: string) => `${column} = '${this.name}'`
    const tables = await this.ask(
      `SELECT table_name AS name, table_type AS type FROM information_schema.tables WHERE ${mine('table_schema')} ` +
        "AND table_name NOT LIKE 'godwit\\_%' ORDER BY 1",
    )
    const created: Record<string, unknown> = {}
    const data: Record<string, unknown> = {}
    for (const { name, type } of tables) {
      const [row] = await this.ask(`SHOW CREATE TABLE \`${String(name)}\``)
      created[String(name)] = String(Object.values(row ?? {})[1]).replace(/ AUTO_INCREMENT=\d+/, '')
      if (type !== 'BASE TABLE') continue
      const rows = await this.ask(`SELECT * FROM \`${String(name)}\``)
      data[String(name)] = rows.map(one => JSON.stringify(Object.values(one))).toSorted()
    }
    return {
      created,
      data,
      triggers: await this.ask(
        `SELECT trigger_name AS n, action_statement AS s FROM information_schema.triggers WHERE ${mine('trigger_schema')} ORDER BY 1`,
      ),
      routines: await this.ask(
        `SELECT routine_name AS n, routine_definition AS s FROM information_schema.routines WHERE ${mine('routine_schema')} ORDER BY 1`,
      ),
      applied: await this.ask('SELECT id, checksum, sequence FROM godwit_revision ORDER BY sequence'),
    }
  }

  async dispose(): Promise<void> {
    for (const connection of this.#others) connection.destroy()
    this.scene.dispose()
  }
}

export async function withFault(options: FaultOptions, use: (fault: FaultScene) => Promise<void>): Promise<void> {
  const fresh: FreshMariadb | undefined = options.url === undefined ? await freshMariadb() : undefined
  const url = options.url ?? (fresh as FreshMariadb).url
  const fault = new FaultScene(url, fresh?.rootUrl ?? url, options)
  try {
    await use(fault)
  } finally {
    await fault.dispose()
    await fresh?.dispose()
  }
}
