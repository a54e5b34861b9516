// A database as a round looks at it, by its own driver and not through godwit: everything that a clean run leaves
// (schema, rows, journal), which locks are left, who is connected, and whether a step in doubt was done.
import {
  type BadDatabase,
  type BadStore,
  duckdbStore,
  mariadbStore,
  postgresStore,
  sqliteStore,
} from '../bad-input/store.ts'
import { chromaRound } from './round-chroma.ts'

export type RoundKind = 'postgres' | 'mariadb' | 'sqlite' | 'duckdb' | 'chroma'

export interface Journal {
  readonly applied: readonly { readonly id: string; readonly sequence: number }[]
  readonly steps: readonly { readonly revision: string; readonly running: number | null }[]
  /** Who has the lease. */
  readonly holder: string | null
}

export interface RoundDatabase {
  readonly url: string
  journal(): Promise<Journal>
  /** What must be equal after every round. */
  snapshot(): Promise<unknown>
  /** Locks of the server that nobody ought to have any more, and connections of runners that are at work still. */
  leftovers(): Promise<readonly string[]>
  /** Was step n of the revision done? Looks as a person would, and clears what a half-done one left. */
  wasDone(revision: string, step: number): Promise<boolean>
  /** Restarts a server that a killed client has broken, where that happens. True when it was. */
  heal?(): Promise<boolean>
  dispose(): Promise<void>
}

export interface RoundStore {
  readonly kind: RoundKind
  readonly name: string
  readonly unavailable: string | undefined
  fresh(): Promise<RoundDatabase>
  /** Ends servers of its own. */
  stop?(): Promise<void>
}

type Row = Record<string, unknown>
type Query = (sql: string) => Promise<Row[]>

/** Driver values as JSON shows them; whole numbers alike whatever their type. */
const plain = (rows: readonly Row[]): unknown =>
  JSON.parse(JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? Number(value) : value)))

interface SqlWords {
  readonly store: BadStore
  /** Queries whose rows describe the schema of the user. */
  readonly schema: readonly string[]
  leftovers(query: Query): Promise<readonly string[]>
  /** Steps of 003_off that share no transaction with the journal. */
  off?(query: Query, step: number): Promise<boolean | undefined>
}

const words: Readonly<Record<Exclude<RoundKind, 'chroma'>, SqlWords>> = {
  postgres: {
    store: postgresStore,
    schema: [
      `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2`,
      `SELECT c.relname, pg_get_indexdef(i.indexrelid) AS definition, indisvalid, indisready FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1`,
    ],
    async leftovers(query) {
      const advisory = await query(
        `SELECT 'advisory lock of ' || l.pid AS what FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory' AND datname = current_database()`,
      )
      const busy = await query(
        `SELECT 'connection ' || pid || ' ' || coalesce(state, '') AS what FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
      )
      return [...advisory, ...busy].map(row => String(row['what']))
    },
    async off(query, step) {
      if (step !== 4) return undefined
      const [index] = await query(`SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('item_label')`)
      if (index?.['indisvalid'] === false) await query('DROP INDEX CONCURRENTLY item_label')
      return index?.['indisvalid'] === true
    },
  },
  mariadb: {
    store: mariadbStore,
    schema: [
      `SELECT table_name AS t, column_name AS c, column_type AS y, is_nullable AS n FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name NOT LIKE 'godwit%' ORDER BY 1, 2`,
      `SELECT table_name AS t, index_name AS i, column_name AS c, non_unique AS u FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name NOT LIKE 'godwit%' ORDER BY 1, 2, 3`,
    ],
    async leftovers(query) {
      const named = await query(`SELECT IS_USED_LOCK(CONCAT('godwit:', DATABASE())) AS id`)
      const busy = await query(
        `SELECT CONCAT('connection ', id, ' ', coalesce(info, command)) AS what FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()`,
      )
      const locks = named[0]?.['id'] ? [`named lock of ${String(named[0]['id'])}`] : []
      return [...locks, ...busy.map(row => String(row['what']))]
    },
  },
  sqlite: {
    store: sqliteStore,
    schema: [
      `SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '%godwit%' AND tbl_name NOT LIKE 'godwit%' ORDER BY 1, 2`,
    ],
    leftovers: async () => [],
  },
  duckdb: {
    store: duckdbStore,
    schema: [
      `SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal ORDER BY 1, 2`,
      `SELECT table_name, index_name, sql FROM duckdb_indexes() WHERE schema_name = 'main' ORDER BY 1, 2`,
    ],
    leftovers: async () => [],
  },
}

const tables = ['counter', 'item', 'off_table', 'last_table']

async function sqlJournal(database: BadDatabase, store: BadStore): Promise<Journal> {
  const [applied, steps, lease] = [
    await database.query(`SELECT id, sequence FROM ${store.journal('revision')} ORDER BY sequence, id`),
    await database.query(`SELECT revision, running FROM ${store.journal('step')}`),
    await database.query(`SELECT holder FROM ${store.journal('lease')} WHERE owner IS NOT NULL`),
  ]
  return {
    applied: applied.map(row => ({ id: String(row['id']), sequence: Number(row['sequence']) })),
    steps: steps.map(row => ({
      revision: String(row['revision']),
      running: row['running'] === null ? null : Number(row['running']),
    })),
    holder: lease[0] === undefined ? null : String(lease[0]['holder']),
  }
}

/** Steps of the code revisions: count, insert, count. */
async function codeDone(query: Query, revision: string, step: number): Promise<boolean> {
  const [name, id] = revision === '004_code' ? ['code', 4] : ['code off', 6]
  if (step === 2) return (await query(`SELECT id FROM item WHERE id = ${id}`)).length > 0
  const [row] = await query(`SELECT n FROM counter WHERE name = '${name}'`)
  return Number(row?.['n']) >= (step === 1 ? 1 : 2)
}

/** DDL of MariaDB, by what the catalog shows of it. */
async function ddlDone(query: Query, revision: string, step: number): Promise<boolean | undefined> {
  const column = (table: string, name: string): string =>
    `SELECT 1 AS one FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '${table}' AND column_name = '${name}'`
  const index = (table: string, name: string): string =>
    `SELECT 1 AS one FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '${table}' AND index_name = '${name}'`
  const asked = new Map([
    ['001_tables 1', column('counter', 'n')],
    ['001_tables 2', column('item', 'id')],
    ['003_off 3', column('off_table', 'id')],
    ['003_off 4', index('item', 'item_label')],
    ['005_mixed 1', column('off_table', 'note')],
    ['005_mixed 3', index('off_table', 'off_word')],
    ['007_last 1', column('last_table', 'id')],
  ]).get(`${revision} ${step}`)
  return asked === undefined ? undefined : (await query(asked)).length > 0
}

function sqlRound(kind: Exclude<RoundKind, 'chroma'>): RoundStore {
  const { store, schema, leftovers, off } = words[kind]
  return {
    kind,
    name: store.name,
    unavailable: store.unavailable,
    async fresh() {
      const database = await store.fresh()
      const { query } = database
      return {
        url: database.url,
        journal: () => sqlJournal(database, store),
        async snapshot() {
          const described: unknown[] = []
          for (const sql of schema) described.push(plain(await query(sql)))
          const rows: Record<string, unknown> = {}
          for (const table of tables) rows[table] = plain(await query(`SELECT * FROM ${table} ORDER BY 1`))
          const journal = await query(
            `SELECT id, checksum, file_hash, statements, kind, sequence FROM ${store.journal('revision')} ORDER BY sequence, id`,
          )
          return { schema: described, rows, journal: plain(journal) }
        },
        leftovers: () => leftovers(query),
        async wasDone(revision, step) {
          if (revision.includes('code')) return codeDone(query, revision, step)
          const done =
            (await off?.(query, step)) ?? (kind === 'mariadb' ? await ddlDone(query, revision, step) : undefined)
          if (done === undefined) throw new Error(`step ${step} of ${revision} was never to be in doubt`)
          return done
        },
        dispose: () => database.dispose(),
      }
    },
  }
}

export const roundStores: readonly RoundStore[] = [
  ...(['postgres', 'mariadb', 'sqlite', 'duckdb'] as const).map(sqlRound),
  chromaRound,
]
