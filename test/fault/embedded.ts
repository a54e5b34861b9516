// Faults on a store that lives in a file: a project in a folder, the built program as a child, killed at facts that it
// tells itself. A statement waits for as long as the table `patience` says, so that a killed run and the one after
// it have the same text. What the next run ends with is compared with an undisturbed run of the same files.
import { spawnSync } from 'node:child_process'
import { expect } from 'vitest'
import { type Answer, Scene } from '../bad-input/scene.ts'
import { askDuckdb, askSqlite } from '../bad-input/store.ts'

type Row = Record<string, unknown>

export interface EmbeddedStore {
  readonly scheme: 'sqlite' | 'duckdb'
  ask(file: string, sql: string): Promise<Row[]>
  /** Definitions of the user's tables, indexes, views and triggers, in order. */
  readonly schema: string
  readonly tables: string
}

export const sqliteFile: EmbeddedStore = {
  scheme: 'sqlite',
  ask: async (file, sql) => askSqlite(file, sql),
  schema: `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'godwit%' ORDER BY type, name`,
  tables: `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'godwit%' AND name NOT LIKE 'sqlite%' ORDER BY name`,
}

export const duckdbFile: EmbeddedStore = {
  scheme: 'duckdb',
  ask: askDuckdb,
  schema: `SELECT sql FROM (SELECT 1 AS kind, table_name AS name, sql FROM duckdb_tables() WHERE schema_name = 'main'
    UNION ALL SELECT 2, index_name, sql FROM duckdb_indexes() WHERE schema_name = 'main') ORDER BY kind, name`,
  tables: `SELECT table_name AS name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY name`,
}

/** A query that waits for patience; `mark` is seen in the event of its start. */
export const wait = (mark: string): string =>
  `SELECT count(*) /* ${mark} */ FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT n FROM patience)) SELECT i FROM n)`

const FOR_EVER = 2_000_000_000

export interface PlaceOptions {
  readonly files: Readonly<Record<string, string>>
  /** Of the database in the configuration: `lock`, `settings`. */
  readonly database?: object
  /** Where the database file is, from the folder of the project. Default `app.db`. */
  readonly file?: string
}

/** One project and its database file, with table `patience` in it. */
export class Place {
  readonly scene: Scene
  readonly store: EmbeddedStore
  readonly file: string

  private constructor(store: EmbeddedStore, { files, database, file = 'app.db' }: PlaceOptions) {
    this.store = store
    this.scene = new Scene(`${store.scheme}:./${file}`)
    this.file = this.scene.path(file)
    this.scene.revisions(files)
    this.configure(database ?? {})
  }

  static async make(store: EmbeddedStore, options: PlaceOptions): Promise<Place> {
    const place = new Place(store, options)
    await place.ask('CREATE TABLE patience (n INTEGER)')
    await place.ask(`INSERT INTO patience VALUES (${FOR_EVER})`)
    return place
  }

  configure(database: object): void {
    const config = { databases: { main: { url: this.scene.url, ...database } } }
    this.scene.write('godwit.config.json', JSON.stringify(config))
  }

  ask(sql: string): Promise<Row[]> {
    return this.store.ask(this.file, sql)
  }

  async number(sql: string): Promise<number> {
    return Number(Object.values((await this.ask(sql))[0] ?? {})[0])
  }

  async patience(n: number): Promise<void> {
    await this.ask(`UPDATE patience SET n = ${n}`)
  }

  /** Runs `up` and kills it when it has said `fact`. */
  async killedAt(fact: string): Promise<Answer> {
    const run = this.scene.start(['up', '--json=stream'])
    await run.saw(fact)
    run.kill('SIGKILL')
    const answer = await run.ended
    expect(answer.code, answer.stderr + answer.stdout).toBe(137)
    return answer
  }

  /** Schema and all rows of the user. */
  async content(): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = { schema: (await this.ask(this.store.schema)).map(row => row['sql']) }
    for (const { name } of await this.ask(this.store.tables)) {
      const rows = await this.ask(`SELECT * FROM "${String(name)}"`)
      found[String(name)] = rows.map(plain).toSorted()
    }
    return found
  }

  /** The next run does not wait, finishes, and ends where an undisturbed run does. */
  async finishes(args: readonly string[] = []): Promise<void> {
    await this.patience(1)
    await this.scene.works(['up', '--lock-wait', '0', ...args])
    const lock = (await this.scene.json(['lock', 'status'])) as unknown as {
      databases: { lock: { holder: string } | null }[]
    }
    // A run that finds nothing to do takes no lease, so that of a dead runner stays until the next one that needs it.
    const pid = /\bpid (\d+)$/.exec(lock.databases[0]?.lock?.holder ?? '')?.[1]
    if (pid !== undefined) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
    await this.scene.works(['verify'])
  }

  dispose(): void {
    this.scene.dispose()
  }
}

function plain(row: Row): string {
  const entries = Object.entries(row).filter(([name]) => name !== '_metadata')
  return JSON.stringify(entries, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}

/** Runs `use`, has the next run finish, and compares with an undisturbed run of the same files. */
export async function recovers(
  store: EmbeddedStore,
  options: PlaceOptions,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  const [place, clean] = [await Place.make(store, options), await Place.make(store, options)]
  try {
    await use(place)
    await place.finishes()
    await clean.finishes()
    expect(await place.content()).toEqual(await clean.content())
    expect(await place.scene.applied()).toEqual(await clean.scene.applied())
  } finally {
    place.dispose()
    clean.dispose()
  }
}

export async function withPlace(
  store: EmbeddedStore,
  options: PlaceOptions,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  const place = await Place.make(store, options)
  try {
    await use(place)
  } finally {
    place.dispose()
  }
}

/** Why writes cannot be cut with strace here. */
export function noStrace(): string | undefined {
  if (process.platform !== 'linux') return 'strace is of Linux'
  const tried = spawnSync('strace', ['-f', '-o', '/dev/null', process.execPath, '-e', '0'], { encoding: 'utf8' })
  if (tried.error) return 'strace is not installed'
  return tried.status === 0 ? undefined : `strace is not allowed: ${tried.stderr.trim().split('\n', 1)[0]}`
}

/** Why no small disk can be made here. */
export function noDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux may mount a small disk'
  const scene = new Scene()
  try {
    scene.write('disk/.keep', '')
    if (!system('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', scene.path('disk'))) return 'mounting is not allowed'
    system('umount', scene.path('disk'))
    return undefined
  } finally {
    scene.dispose()
  }
}

export const system = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, [...args], { stdio: 'ignore' }).status === 0
