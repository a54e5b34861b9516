// A project on a fresh database whose runner is killed: what the tests wait for, what must be left when a second run
// has ended, and the database of a run that nobody disturbed to compare with.
import pg from 'pg'
import { expect } from 'vitest'
import { type Running, Scene } from '../../bad-input/scene.ts'
import { type FreshDatabase, freshPostgres } from '../../servers/databases.ts'

export type Row = Record<string, unknown>
export type Files = Readonly<Record<string, string>>

/** Life of the lease in these tests, ms: what a runner that came after a kill may have to wait. */
export const LEASE = 1_500

export interface FaultOptions {
  readonly files: Files
  /** Settings of the store. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Of another server than the shared one. */
  readonly url?: string
  readonly ttlMs?: number
}

export class FaultScene {
  readonly scene: Scene
  readonly #clients: pg.Client[] = []
  readonly #options: FaultOptions
  #files: Files = {}
  readonly url: string

  constructor(url: string, options: FaultOptions) {
    this.url = url
    this.#options = options
    this.scene = new Scene(url, ['secret'])
    this.configure(options.settings)
    this.add(options.files)
  }

  /** Adds revisions, or replaces some. */
  add(files: Files): void {
    this.#files = { ...this.#files, ...files }
    this.scene.revisions(files)
  }

  configure(settings: Readonly<Record<string, unknown>> = {}, url = this.url): void {
    const lock = { ttlMs: this.#options.ttlMs ?? LEASE, waitMs: 30_000 }
    this.scene.write('godwit.config.json', JSON.stringify({ databases: { main: { url, lock, settings } } }))
  }

  async client(url = this.url): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url, application_name: 'bystander' })
    client.on('error', () => {})
    await client.connect()
    this.#clients.push(client)
    return client
  }

  async ask<R extends Row = Row>(sql: string): Promise<R[]> {
    const client = await this.client()
    try {
      const result = (await client.query(sql)) as pg.QueryResult | pg.QueryResult[]
      return (Array.isArray(result) ? result.at(-1) : result)?.rows as R[]
    } finally {
      await client.end()
    }
  }

  /** A transaction of somebody else that stays open after `text`. */
  async hold(text: string): Promise<{ release(): Promise<void> }> {
    const client = await this.client()
    await client.query('BEGIN')
    await client.query(text)
    return {
      async release() {
        await client.query('ROLLBACK').catch(() => {})
        await client.end().catch(() => {})
      },
    }
  }

  /** Asks until there is an answer. */
  async until(sql: string): Promise<Row> {
    const client = await this.client()
    try {
      for (const end = Date.now() + 20_000; Date.now() < end; ) {
        const [row] = (await client.query(sql)).rows as Row[]
        if (row !== undefined) return row
        await new Promise(resolve => setTimeout(resolve, 15))
      }
    } finally {
      await client.end()
    }
    throw new Error(`never came true: ${sql}`)
  }

  /** Waits for a server that starts again. */
  async untilThere(): Promise<void> {
    for (const end = Date.now() + 30_000; Date.now() < end; ) {
      if ((await this.ask('SELECT 1').catch(() => [])).length > 0) return
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    throw new Error('the server did not come back')
  }

  /** The runner's backend that runs `text` (LIKE). `waits`: its wait_event_type. */
  busy(text: string, waits?: 'Lock' | 'Timeout'): Promise<Row> {
    const waiting = waits === undefined ? '' : ` AND wait_event_type = '${waits}'`
    return this.until(
      `SELECT pid, query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'godwit'
       AND state = 'active' AND query LIKE '${text.replaceAll("'", "''")}'${waiting}`,
    )
  }

  gone(pid: unknown): Promise<Row> {
    return this.until(`SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ${Number(pid)})`)
  }

  start(args: readonly string[] = ['up']): Running {
    return this.scene.start(args)
  }

  /** SIGKILL, and the process is gone. */
  async kill(run: Running): Promise<void> {
    run.kill('SIGKILL')
    expect((await run.ended).code).toBe(137)
  }

  /** A second run ends well, the database is as after a run that nobody disturbed, and nothing is left. */
  async recovers(args: readonly string[] = ['up']): Promise<string> {
    const answer = await this.scene.works(args)
    await this.sound()
    await this.sameAsClean()
    return answer.stderr + answer.stdout
  }

  /** Nothing is left of any run. */
  async sound(): Promise<void> {
    await this.until(
      `SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'godwit')`,
    )
    expect(await this.ask(`SELECT indexrelid::regclass::text AS invalid FROM pg_index WHERE NOT indisvalid`)).toEqual(
      [],
    )
    expect(
      await this.ask(`SELECT inhrelid::regclass::text AS pending FROM pg_inherits WHERE inhdetachpending`),
    ).toEqual([])
    expect(await this.ask('SELECT owner FROM godwit.godwit_lease WHERE owner IS NOT NULL')).toEqual([])
    expect(await this.ask('SELECT revision, done, running FROM godwit.godwit_step')).toEqual([])
    expect(
      await this.ask(`SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 1735353463
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`),
    ).toEqual([])
    expect(await this.ask('SELECT gid FROM pg_prepared_xacts WHERE database = current_database()')).toEqual([])
  }

  /** `prepare`: what the test itself did to the database, for a run that meets the same. */
  async sameAsClean(prepare?: (clean: FaultScene) => Promise<unknown>): Promise<void> {
    const clean = await freshPostgres()
    const other = new FaultScene(clean.url, { ...this.#options, files: this.#files })
    try {
      await prepare?.(other)
      await other.scene.works(['up'])
      expect(await this.contents()).toEqual(await other.contents())
    } finally {
      await other.dispose()
      await clean.dispose()
    }
  }

  /** Schema, data and applied revisions, without what two equal runs differ in. */
  async contents(): Promise<unknown> {
    const user = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'godwit') AND n.nspname !~ '^pg_t'`
    const tables = await this.ask<{ table: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS "table" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND ${user} ORDER BY 1`,
    )
    const rows: Record<string, unknown> = {}
    for (const { table } of tables)
      rows[table] = await this.ask(
        `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) AS data, count(*)::int AS n FROM ${table} t`,
      )
    return {
      rows,
      relations: await this.ask(
        `SELECT n.nspname, c.relname, c.relkind, c.relispartition, c.relnatts,
           CASE WHEN c.relkind = 'i' THEN pg_get_indexdef(c.oid) END AS index
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${user} ORDER BY 1, 2`,
      ),
      columns: await this.ask(
        `SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default, ordinal_position
         FROM information_schema.columns n WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'godwit') ORDER BY 1, 2, 3`,
      ),
      constraints: await this.ask(
        `SELECT n.nspname, k.conname, pg_get_constraintdef(k.oid) AS definition, k.convalidated FROM pg_constraint k
         JOIN pg_namespace n ON n.oid = k.connamespace WHERE ${user} ORDER BY 1, 2, 3`,
      ),
      triggers: await this.ask(`SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`),
      applied: await this.ask('SELECT id, checksum, sequence::int FROM godwit.godwit_revision ORDER BY sequence'),
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#clients.map(client => client.end().catch(() => {})))
    this.scene.dispose()
  }
}

export async function withFault(options: FaultOptions, use: (fault: FaultScene) => Promise<void>): Promise<void> {
  const fresh: FreshDatabase | undefined = options.url === undefined ? await freshPostgres() : undefined
  const fault = new FaultScene(options.url ?? (fresh as FreshDatabase).url, options)
  try {
    await use(fault)
  } finally {
    await fault.dispose()
    await fresh?.dispose()
  }
}
