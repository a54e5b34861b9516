// Scratch databases without a server of the user: a private mariadbd on a temporary folder, reached by a socket only,
// which ends with this process, also when that is killed. The folder of an empty server is kept in a cache where there is one.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GodwitError } from '../../core/error.ts'
import type { Dialect, Scratch } from '../dialect.ts'
import { PRIVATE_FOLDER } from './scratch-needs.ts'

export interface PrivateServerOptions {
  /** Folder for the data of an empty server (about 20 MB). Absent: none is kept. */
  readonly cacheFolder?: string
  /** `PATH` of the process: where the programs are looked for. */
  readonly path: string
  /** Makes the dialect of a URL of that server. */
  readonly dialect: (url: string) => Dialect
}

/** The smallest that every version takes; nothing large is written. */
const LOG_SIZE = '4M'

/** Without copying the bytes, where the file system can. */
const COPY = { recursive: true, mode: constants.COPYFILE_FICLONE }

/** One server for all scratch databases of this process. */
let running: Promise<string> | undefined

/** @throws GodwitError SCHEMA.SCRATCH_MISSING when there is no mariadbd or it does not start */
export async function privateScratch(options: PrivateServerOptions): Promise<Scratch> {
  running ??= startServer(options)
  const socket = await running.catch((error: unknown) => {
    running = undefined
    throw error
  })
  const made = await options.dialect(`mysql://root@localhost/mysql?socket=${encodeURIComponent(socket)}`).scratch?.()
  if (made) return made
  throw missing('it gave no database')
}

async function startServer(options: PrivateServerOptions): Promise<string> {
  const server = await findProgram(options.path, 'mariadbd')
  const install = await findProgram(options.path, 'mariadb-install-db', 'mysql_install_db')
  if (server === undefined || install === undefined)
    throw missing('the programs mariadbd and mariadb-install-db were not found')
  const folder = await mkdtemp(join(tmpdir(), PRIVATE_FOLDER))
  const data = join(folder, 'data')
  // A server that starts deletes the temporary tables of all others in its tmpdir.
  const temporary = join(folder, 'tmp')
  await mkdir(temporary)
  await makeData(install, data, temporary, options)
  const socket = join(folder, 'server.sock')
  const settings = [
    '--no-defaults',
    `--datadir=${data}`,
    `--tmpdir=${temporary}`,
    `--socket=${socket}`,
    `--pid-file=${join(folder, 'server.pid')}`,
    '--skip-networking',
    '--skip-log-bin',
    '--character-set-server=utf8mb4',
    '--performance-schema=OFF',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-doublewrite=OFF',
    '--innodb-buffer-pool-size=32M',
    `--innodb-log-file-size=${LOG_SIZE}`,
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ]
  const child = spawnTied(folder, server, settings)
  await untilReady(child, socket, folder)
  return socket
}

/** A shell waits for the end of its input, which is the end of this process, and takes the server down with it. */
function spawnTied(folder: string, program: string, args: readonly string[]): ChildProcess {
  const script =
    'folder=$1; shift; "$@" >"$folder/log" 2>&1 & server=$!; cat >/dev/null; kill -9 $server; wait $server 2>/dev/null; rm -rf "$folder"'
  const child = spawn('sh', ['-c', script, 'sh', folder, program, ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  const input = child.stdin as { unref?(): void; on(event: 'error', listener: () => void): void } | null
  input?.unref?.()
  input?.on('error', () => {})
  return child
}

async function untilReady(child: ChildProcess, socket: string, folder: string): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 25) {
    if (await exists(socket)) {
      const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
      if (log.includes('ready for connections')) return
    }
    if (child.exitCode !== null) break
    await sleep(25)
  }
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
  child.stdin?.end()
  throw missing(`mariadbd did not start: ${log.trim().split('\n').at(-1) ?? 'it said nothing'}`)
}

async function makeData(
  install: string,
  data: string,
  temporary: string,
  { cacheFolder, path }: PrivateServerOptions,
): Promise<void> {
  const kept =
    cacheFolder === undefined ? undefined : join(cacheFolder, `mariadb-${await versionOf(install, path)}-utf8mb4`)
  if (kept !== undefined && (await exists(kept))) {
    await cp(kept, data, COPY)
    return
  }
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    `--tmpdir=${temporary}`,
  ]
  // The default of its own database is what scratch databases get.
  args.push(
    `--innodb-log-file-size=${LOG_SIZE}`,
    '--innodb-flush-log-at-trx-commit=0',
    '--character-set-server=utf8mb4',
  )
  if (process.getuid?.() === 0) args.push('--user=root')
  const failed = await new Promise<string | undefined>(resolve => {
    const env = { PATH: `${path}${delimiter}${dirname(install)}${delimiter}/usr/sbin` }
    execFile(install, args, { env, timeout: 120_000 }, (error, _, stderr) =>
      resolve(error ? `${error.message}\n${stderr}` : undefined),
    )
  })
  if (failed !== undefined) throw missing(`mariadb-install-db failed: ${failed.trim().slice(-400)}`)
  if (kept === undefined) return
  const part = `${kept}.${process.pid}.part`
  // A cache that cannot be written to costs time only; whoever moves first wins.
  await mkdir(dirname(kept), { recursive: true })
    .then(() => cp(data, part, COPY))
    .then(() => rename(part, kept))
    .catch(() => rm(part, { recursive: true, force: true }))
}

async function versionOf(install: string, path: string): Promise<string> {
  const server = (await findProgram(path, 'mariadbd')) ?? install
  return new Promise(resolve => {
    execFile(server, ['--no-defaults', '--version'], (_, stdout) =>
      resolve(/\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown'),
    )
  })
}

async function findProgram(path: string, ...names: readonly string[]): Promise<string | undefined> {
  const folders = [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin']
  for (const name of names) {
    for (const folder of folders) if (folder !== '' && (await exists(join(folder, name)))) return join(folder, name)
  }
  return undefined
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

function missing(why: string): GodwitError {
  return new GodwitError('SCHEMA.SCRATCH_MISSING', `no scratch database for MySQL or MariaDB: ${why}`, {
    why: 'Schemas are loaded into a throw-away database to see what they mean. Nothing was compared.',
    next: [
      'godwit diff --scratch mysql://user:password@host/database (a server on which godwit_scratch_… may be created)',
      'apt-get install mariadb-server (or your system’s package): godwit then starts a private one by itself',
    ],
  })
}
