// A real PgBouncer in front of a PostgreSQL server, from the packages of the system. It refuses to run as root.
import { existsSync, chownSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { makeFolder, serverAccount } from './account.ts'
import { freePort, removeFolder, startProcess, untilReady } from './process.ts'

export interface Pooler {
  readonly port: number
  /** The same database as `url` through the pooler. */
  through(url: string): string
  stop(): Promise<void>
}

const PLACES = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer']

const find = (): string | undefined => PLACES.find(place => existsSync(place))

/** Why no PgBouncer can run here; undefined = it can. Root installs it from Debian's packages when it is missing. */
export function pgbouncerUnavailable(): string | undefined {
  if (find() !== undefined) return undefined
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return 'pgbouncer is not installed'
  const options = { stdio: 'ignore', timeout: 120_000 } as const
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'pgbouncer'], options)
  return find() === undefined ? 'pgbouncer is not installed, and apt-get could not install it' : undefined
}

/** @throws with the reason when it cannot run here */
export async function startPgbouncer(
  server: string,
  mode: 'transaction' | 'session',
  /** `more`: further lines of the section [pgbouncer]. */
  { size = 2, more = '' }: { readonly size?: number; readonly more?: string } = {},
): Promise<Pooler> {
  const command = find()
  if (command === undefined) throw new Error(pgbouncerUnavailable())
  const { hostname, port: serverPort, username, password } = new URL(server)
  const folder = makeFolder('pgbouncer')
  const port = await freePort()
  const account = serverAccount()
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text, { mode: 0o600 })
    if (account) chownSync(file, account.uid, account.gid)
    return file
  }
  const users = write('users.txt', `"${username}" "${password}"\n`)
  const config = write(
    'pgbouncer.ini',
    `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = ${size}
${more}
`,
  )
  const running = await startProcess({ command, args: [config], folder, stopSignal: 'SIGINT' })
  await untilReady('PgBouncer', running, () => listens(port))
  return {
    port,
    through(url) {
      const pooled = new URL(url)
      pooled.port = String(port)
      return pooled.href
    },
    async stop() {
      await running.stop()
      removeFolder(folder)
    },
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1')
    const answer = (is: boolean) => () => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', answer(true)).once('error', answer(false))
  })
