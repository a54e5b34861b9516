// For applications: migrate at start, tell health checks, refuse requests while revisions are pending.
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Godwit, RunOptions } from '../api.ts'
import type { GodwitConfig } from '../config/config.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import { GodwitError } from '../core/error.ts'
import { version } from '../core/version.ts'
import { makeFromSchema } from '../engine/from-schema.ts'
import type { DatabaseResult, RunResult } from '../engine/result.ts'
import { makeGodwit } from './create.ts'

export interface StartOptions extends Omit<RunOptions, 'dryRun' | 'target'> {
  /** Run in a protected environment too. Default false: START.REFUSED when anything is pending there. */
  readonly allowProtected?: boolean
  /**
   * Development only: database name → SQL file of the wanted schema. A database without any history is made from it
   * and stamped at the heads, instead of replaying every revision. Ignored where a history exists.
   */
  readonly fromSchema?: Readonly<Record<string, string>>
  /** One line of text per event worth telling. Default: silent. */
  readonly log?: (line: string) => void
}

/**
 * Detects pending work, locks, applies and verifies. Several instances may start at once: one applies, the others wait.
 *
 * @throws START.REFUSED in a protected environment with pending revisions, unless allowed
 * @throws the error of the run when it failed: an application must not start on half a schema
 * @example
 * await migrateOnStart({ databases: { main: { url: 'sqlite:./app.db' } } }, { log: console.log })
 */
export async function migrateOnStart(
  given: GodwitConfig | ResolvedConfig,
  options: StartOptions = {},
): Promise<RunResult> {
  const config = isResolved(given) ? given : await (await import('../config/load.ts')).resolveConfig(given)
  const log = options.log ?? (() => {})
  const godwit = makeGodwit(config)
  if (config.protected && !options.allowProtected) {
    const { databases } = await godwit.status(options)
    const waiting = databases.filter(database => database.state !== 'current')
    if (waiting.length === 0) return nothingToDo(databases)
    throw new GodwitError('START.REFUSED', `revisions are pending in the protected environment ${config.environment}`, {
      why: `${waiting.map(({ name, state }) => `${name} is ${state}`).join(', ')}. Nothing was changed.`,
      next: [
        `godwit up --env ${config.environment} --confirm ${config.environment}`,
        'migrateOnStart(config, { allowProtected: true })',
      ],
    })
  }
  const made = options.fromSchema ? await makeSchemas(config, options.fromSchema, options.signal) : []
  const broken = made.find(result => result.error)
  if (broken?.error) throw broken.error
  for (const result of made)
    log(`godwit: ${result.name} was made from the wanted schema and stamped at ${result.to.join(', ')}`)
  const result = await godwit.up({ ...options, confirm: options.confirm ?? config.environment })
  for (const database of result.databases) {
    const count = database.steps.filter(step => step.state === 'applied').length
    log(
      `godwit: ${database.name} ${count === 0 ? 'is current' : `applied ${count} ${count === 1 ? 'revision' : 'revisions'}`} at ${database.to.join(', ') || 'base'}`,
    )
  }
  if (result.error) throw result.error
  return result
}

const isResolved = (config: GodwitConfig | ResolvedConfig): config is ResolvedConfig => Array.isArray(config.databases)

function nothingToDo(
  databases: readonly {
    readonly name: string
    readonly dialect: string
    readonly url: string
    readonly current: readonly string[]
  }[],
): RunResult {
  const results = databases.map(({ name, dialect, url, current }) => {
    return {
      name,
      dialect,
      url,
      ok: true,
      from: current,
      to: current,
      steps: [],
      verified: true,
      dryRun: false,
      report: null,
    }
  })
  return { ok: true, command: 'up', databases: results }
}

async function makeSchemas(
  config: ResolvedConfig,
  files: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<DatabaseResult[]> {
  if (config.environment !== 'development' && config.environment !== 'test') {
    throw new GodwitError(
      'START.REFUSED',
      `a database is made from a schema in development only, not in ${config.environment}`,
      {
        why: 'Elsewhere the history must be run, since the data depends on it. Nothing was changed.',
        next: ['remove fromSchema'],
      },
    )
  }
  const results: DatabaseResult[] = []
  for (const database of config.databases) {
    const file = files[database.name]
    if (file === undefined) continue
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new GodwitError('FILE.FOLDER_MISSING', `the schema file ${file} cannot be read`, {
        next: ['look at fromSchema'],
        cause,
      })
    })
    const operator = { by: `start@${hostname()}`, pid: process.pid, tool: version }
    const scope = { operator, hooks: {}, signal: signal ?? new AbortController().signal, emit: () => {} }
    const result = await makeFromSchema(database, { file, blocks: [{ text, line: 1, whole: false }] }, scope)
    if (result) results.push(result)
  }
  return results
}

interface ResponseLike {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

/**
 * Middleware for node:http, connect and express: answers 503 with the pending revisions while there are any.
 * Asks the databases at most once per `everyMs` while pending, and never again once all are current.
 *
 * @example
 * app.use(pendingCheck(await createGodwit(config)))
 */
export function pendingCheck(godwit: Godwit, options: { readonly everyMs?: number } = {}) {
  const every = options.everyMs ?? 1_000
  let current = false
  let asked = Number.NEGATIVE_INFINITY
  let answer: Promise<string | undefined> = Promise.resolve(undefined)
  const ask = async (): Promise<string | undefined> => {
    const { databases } = await godwit.status()
    const behind = databases.filter(database => database.state !== 'current')
    current = behind.length === 0
    if (current) return undefined
    return JSON.stringify({
      ok: false,
      pending: behind.map(({ name, state, pending }) => ({ name, state, pending })),
      next: ['godwit up'],
    })
  }
  return async (_request: unknown, response: ResponseLike, next: (error?: unknown) => void): Promise<void> => {
    if (current) return next()
    if (Date.now() - asked >= every) {
      asked = Date.now()
      answer = ask()
    }
    try {
      const body = await answer
      if (body === undefined) return next()
      response.statusCode = 503
      response.setHeader('content-type', 'application/json')
      response.setHeader('retry-after', String(Math.ceil(every / 1_000)))
      response.end(body)
    } catch (error) {
      next(error)
    }
  }
}
