// The process that is killed: the built runner, one database, one act. It is compiled into the folder of the copy of
// `dist` that it runs. At a given call of the driver it kills itself, by the same signal.
import type { Act, Moment } from './store/store.ts'

export interface ChildJob {
  readonly url: string
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  readonly migrations: string
  readonly act: Act
  readonly ttlMs: number
  /** Drivers in the process: count the calls and write their names to this file. */
  readonly record?: string
  /** Drivers in the process: copy the folder of the database to this one before each call, under its number. */
  readonly copies?: { readonly from: string; readonly to: string }
  /** Drivers in the process: die at call `call`, from 1. */
  readonly die?: { readonly call: number; readonly moment: Moment }
  /** Drivers in the process: the package whose calls are watched. */
  readonly driver?: string
}

const job = JSON.parse(process.argv[2] as string) as ChildJob
const die = (): void => void process.kill(process.pid, 'SIGKILL')

if (job.driver) await watchDriver(job.driver)

const door = new URL('./dist/index.js', import.meta.url).href
const { createGodwit } = (await import(door)) as typeof import('../../src/index.ts')
const godwit = await createGodwit({
  databases: {
    main: {
      url: job.url,
      migrations: job.migrations,
      lock: { waitMs: 20_000, ttlMs: job.ttlMs },
      ...(job.settings ? { settings: job.settings } : {}),
    },
  },
})
const { act } = job
const result = act.verb === 'repair' ? await godwit.repair({ inDoubt: act.inDoubt }) : await godwit[act.verb](act)
const error = result.databases.find(database => database.error)?.error
const answer = `${JSON.stringify(error ? { code: error.code, message: error.message, why: error.why } : {})}\n`
process.stdout.write(answer, () => process.exit(error ? 1 : 0))

type Method = (this: unknown, ...args: unknown[]) => unknown

/** Puts a count before and after each call of a driver's classes. */
async function watchDriver(name: string): Promise<void> {
  const { appendFileSync, cpSync } = await import('node:fs')
  let calls = 0
  const watch = (owner: object, label: string, methods: readonly string[]): void => {
    const table = owner as Record<string, Method>
    for (const method of methods) {
      const real = table[method]
      if (!real) continue
      table[method] = function (this: unknown, ...args: unknown[]) {
        const call = ++calls
        const [text] = args
        const what = typeof text === 'string' ? text.replace(/\s+/g, ' ').slice(0, 90) : ''
        if (job.record) appendFileSync(job.record, `${JSON.stringify(`${label}.${method} ${what}`.trim())}\n`)
        if (job.copies) cpSync(job.copies.from, `${job.copies.to}/${call}`, { recursive: true })
        const here = call === job.die?.call
        if (here && job.die?.moment === 'before-call') die()
        if (!here) return real.apply(this, args)
        let result: unknown
        try {
          result = real.apply(this, args)
        } finally {
          if (!(result instanceof Promise)) die()
        }
        return (result as Promise<unknown>).finally(die)
      }
    }
  }
  const loaded = (await import(name)) as Record<string, unknown>
  if (name === '@duckdb/node-api') {
    const { DuckDBInstance, DuckDBConnection } = loaded as { [key: string]: { prototype: object } }
    watch(DuckDBInstance as object, 'DuckDBInstance', ['create', 'fromCache'])
    watch(DuckDBInstance?.prototype as object, 'instance', ['connect', 'closeSync'])
    watch(DuckDBConnection?.prototype as object, 'connection', ['run', 'runAndReadAll', 'closeSync'])
    return
  }
  type Database = new (path: string) => { prepare(sql: string): object; close(): void }
  const Database = (loaded['DatabaseSync'] ?? loaded['default']) as Database
  // The class of statements is exported by none of these packages.
  const probe = new Database(':memory:')
  const statement = Object.getPrototypeOf(probe.prepare('SELECT 1')) as object
  probe.close()
  watch(Database.prototype as object, 'database', ['exec', 'prepare', 'close'])
  watch(statement, 'statement', ['all', 'run', 'get'])
}
