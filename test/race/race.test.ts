// Two processes started at once, twenty times, on each store: every revision is applied once.
import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { GodwitError } from '../../src/core/error.ts'
import { makeDialect } from '../../src/config/store.ts'
import type { StoreKind } from '../../src/config/url.ts'
import { chooseDriver, driverNames } from '../../src/dialect/sqlite/driver/choose.ts'
import {
  betterSqlite3,
  freshChroma,
  type FreshDatabase,
  type FreshFile,
  freshDuckdb,
  freshMariadb,
  freshPostgres,
  freshSqlite,
  record,
  unavailable,
} from '../servers/databases.ts'

const ROUNDS = 20

const folder = dirname(fileURLToPath(import.meta.url))
const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs')

interface Racer {
  readonly process: ChildProcess
  readonly ready: Promise<void>
  readonly done: Promise<{ readonly exit: number | null; readonly applied: readonly string[]; readonly said: string }>
}

function racer(kind: StoreKind, settings: object): Racer {
  const args = [jiti, join(folder, 'runner.ts'), kind, JSON.stringify(settings)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let out = ''
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', chunk => {
      out += chunk
      if (out.includes('ready\n')) resolve()
    })
    void ended.then(() => reject(new Error(`the process ended before it was ready: ${said}`)))
  })
  const done = ended.then(exit => {
    const answer = out.split('\n')[1] ?? ''
    const { applied = [], error = '' } = answer === '' ? {} : JSON.parse(answer)
    return { exit, applied, said: `${error}${said}` }
  })
  return { process: child, ready, done }
}

/** What is in the database after the race: the journal, and how often each revision took effect. */
async function found(kind: StoreKind, settings: object, fresh: FreshDatabase & { readonly server?: string }) {
  const dialect = await makeDialect(kind, settings as never)
  const session = await dialect.open({ purpose: 'read' })
  try {
    const journal = await dialect.journal.read(session)
    const rows = session.sql
      ? Number((await session.sql.query<{ n: unknown }>('SELECT count(*) AS n FROM one'))[0]?.n)
      : await records(fresh)
    if (session.sql) await session.sql.query('SELECT * FROM two')
    return {
      applied: journal.applied.map(row => row.id),
      sequence: journal.applied.map(row => row.sequence),
      rows,
      lease: journal.lease,
      steps: journal.steps,
    }
  } finally {
    await session.close()
  }
}

async function records({ server, name }: { readonly server?: string; readonly name: string }): Promise<number> {
  const base = `${server}/api/v2/tenants/default_tenant/databases/${name}/collections`
  const all = (await (await fetch(base)).json()) as { name: string }[]
  expect(
    all
      .map(one => one.name)
      .filter(one => !one.startsWith('godwit_'))
      .sort(),
  ).toEqual(['one', 'two'])
  const { id } = (await (await fetch(`${base}/one`)).json()) as { id: string }
  return Number(await (await fetch(`${base}/${id}/count`)).json())
}

async function race({ kind, settings: settingsOf }: Store, fresh: FreshDatabase): Promise<readonly number[]> {
  const settings = settingsOf?.(fresh) ?? { url: fresh.url }
  const racers = [racer(kind, settings), racer(kind, settings)]
  try {
    await Promise.all(racers.map(({ ready }) => ready))
    for (const one of racers) one.process.stdin?.write('go\n')
    const results = await Promise.all(racers.map(({ done }) => done))
    expect(results.map(({ exit, said }) => ({ exit, said }))).toEqual([
      { exit: 0, said: '' },
      { exit: 0, said: '' },
    ])
    const ids = ['001_one', '002_rows', '003_two']
    expect(results.flatMap(({ applied }) => applied).sort()).toEqual(ids)
    expect(await found(kind, { url: fresh.url }, fresh)).toEqual({
      applied: ids,
      sequence: [1, 2, 3],
      rows: 2,
      lease: undefined,
      steps: [],
    })
    return results.map(({ applied }) => applied.length)
  } finally {
    for (const one of racers) one.process.kill('SIGKILL')
    await fresh.dispose()
  }
}

interface Store {
  readonly name: string
  readonly kind: StoreKind
  readonly fresh: () => Promise<FreshDatabase>
  /** Default: its URL. */
  readonly settings?: (fresh: FreshDatabase) => object
  readonly reason: string | undefined
}

const stores: Store[] = []
for (const driver of driverNames) {
  const store = { name: `SQLite (${driver})`, kind: 'sqlite', fresh: freshSqlite } as const
  const missing = await chooseDriver(driver).then(
    () => undefined,
    (error: GodwitError) => error.why,
  )
  const apart = driver === 'better-sqlite3' && missing !== undefined ? await betterSqlite3() : undefined
  if (apart && 'folder' in apart) {
    const settings = (fresh: FreshDatabase) => ({ live: { driver: apart.folder, file: (fresh as FreshFile).file } })
    stores.push({ ...store, settings, reason: undefined })
  } else {
    stores.push({ ...store, settings: ({ url }) => ({ url, driver }), reason: missing })
  }
}
stores.push(
  { name: 'PostgreSQL', kind: 'postgres', fresh: freshPostgres, reason: await unavailable('postgres') },
  { name: 'MariaDB', kind: 'mysql', fresh: freshMariadb, reason: await unavailable('mariadb') },
  { name: 'DuckDB', kind: 'duckdb', fresh: freshDuckdb, reason: undefined },
  { name: 'Chroma', kind: 'chroma', fresh: freshChroma, reason: await unavailable('chroma') },
  {
    name: 'PGlite',
    kind: 'pglite',
    fresh: freshPostgres,
    reason: 'capability multiProcess: absent, a folder belongs to one process',
  },
)

describe('two processes started at once', () => {
  for (const store of stores) {
    const { name, fresh, reason } = store
    const title = reason === undefined ? name : `${name} (not tested: ${reason})`
    it.skipIf(reason !== undefined)(`apply every revision once on ${title}`, { timeout: 120_000 }, async () => {
      let both = 0
      for (let round = 0; round < ROUNDS; round++) {
        const shares = await race(store, await fresh())
        if (shares.every(share => share > 0)) both++
      }
      await record({ subject: `two processes, ${name}: ${ROUNDS} rounds, each revision once (${both} shared)` })
      process.stderr.write(`two processes, ${name}: ${ROUNDS} rounds, each revision once\n`)
    })
  }
})
