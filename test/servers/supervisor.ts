// Holds the servers of one test run. Each is started when the first test asks for it (or all at once), and serves
// all test processes, which ask over a local socket. Also keeps the record of what was tested and what was not.
import { rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChroma } from './chroma.ts'
import { startMariadb } from './mariadb.ts'
import { type PostgresVersion, type Server, startPostgres } from './postgres.ts'

/** `postgres` is version 18, the others name theirs. */
export type ServerName = 'postgres' | `postgres-${PostgresVersion}` | 'mariadb' | 'chroma'

export type Answer = { readonly url: string } | { readonly unavailable: string }

/** One row of the table at the end of a run. */
export interface Coverage {
  /** What was tested: `PostgreSQL 18`, `SQLite (libsql)`. */
  readonly subject: string
  /** Why not; absent = it was tested. */
  readonly reason?: string
}

type Request = { readonly ask: ServerName } | { readonly record: Coverage }

/** Where the supervisor of this run listens. */
export const socketVariable = 'GODWIT_TEST_SUPERVISOR'

/** A server that is already there is used instead of an own one. */
const variables: Partial<Record<ServerName, string>> = {
  postgres: 'GODWIT_TEST_POSTGRES',
  mariadb: 'GODWIT_TEST_MARIADB',
  chroma: 'GODWIT_TEST_CHROMA',
}

const labels: Readonly<Record<string, string>> = { mariadb: 'MariaDB', chroma: 'Chroma', postgres: 'PostgreSQL 18' }
const subjectOf = (name: ServerName): string => labels[name] ?? `PostgreSQL ${name.slice('postgres-'.length)}`

export interface Supervisor {
  /** Starts the server at the first call; the same answer after that. */
  server(name: ServerName): Promise<Answer>
  readonly coverage: ReadonlyMap<string, Coverage>
  stop(): Promise<void>
}

export async function startSupervisor(): Promise<Supervisor> {
  const answers = new Map<ServerName, Promise<Answer>>()
  const servers: Server[] = []
  const coverage = new Map<string, Coverage>()
  const record = (row: Coverage): void => {
    if (!coverage.has(row.subject) || row.reason === undefined) coverage.set(row.subject, row)
  }
  const begin = async (name: ServerName): Promise<Answer> => {
    const given = process.env[variables[name] ?? '']
    const subject = subjectOf(name)
    try {
      if (given) return { url: given }
      const server = await start(name)
      servers.push(server)
      return { url: server.url }
    } catch (error) {
      const unavailable = error instanceof Error ? error.message : String(error)
      record({ subject, reason: unavailable })
      process.stderr.write(`\n[test servers] NOT TESTED: ${subject}: ${unavailable}\n\n`)
      return { unavailable }
    }
  }
  const server = (name: ServerName): Promise<Answer> => {
    const answer = answers.get(name) ?? begin(name)
    answers.set(name, answer)
    return answer
  }
  const respond = async (request: Request): Promise<Answer | null> => {
    if ('ask' in request) {
      const answer = await server(request.ask)
      if ('url' in answer) record({ subject: subjectOf(request.ask) })
      return answer
    }
    record(request.record)
    return null
  }
  const path = join(tmpdir(), `godwit-test-${process.pid}-${Date.now().toString(36)}.sock`)
  const listener = createServer({ allowHalfOpen: true }, socket => serveOne(socket, respond))
  await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(path, resolve))
  listener.unref()
  process.env[socketVariable] = path
  const forget = (): void => rmSync(path, { force: true })
  process.once('exit', forget)
  return {
    server,
    coverage,
    async stop() {
      delete process.env[socketVariable]
      listener.close()
      process.off('exit', forget)
      forget()
      await Promise.allSettled(answers.values())
      await Promise.allSettled(servers.map(one => one.stop()))
    },
  }
}

function start(name: ServerName): Promise<Server> {
  if (name === 'mariadb') return startMariadb()
  if (name === 'chroma') return startChroma()
  return startPostgres(name === 'postgres' ? '18' : (name.slice('postgres-'.length) as PostgresVersion))
}

function serveOne(socket: Socket, respond: (request: Request) => Promise<Answer | null>): void {
  socket.on('error', () => socket.destroy())
  let text = ''
  socket.setEncoding('utf8').on('data', async (chunk: string) => {
    text += chunk
    if (text.endsWith('\n')) socket.end(JSON.stringify(await respond(JSON.parse(text) as Request)))
  })
}

/** Sends one request to the supervisor of this run. @throws outside a run */
export async function ask(request: Request): Promise<Answer | null> {
  const path = process.env[socketVariable]
  if (!path) throw new Error('no test servers: run this through vitest, whose configuration starts them')
  const socket = createConnection(path)
  socket.write(`${JSON.stringify(request)}\n`)
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk
  return JSON.parse(text) as Answer | null
}
