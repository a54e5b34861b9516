// A private MariaDB server on a temporary folder and a random port, tuned for tests. The server program is the
// machine's; when it is missing and the rights allow, the Debian package is installed without starting its service.
// Accounts: `root` / `root-secret` may do everything; `app` / `secret` owns databases whose name starts with godwit_.
import { execFile, spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { makeFolder, serverAccount } from './account.ts'
import { serve, type Server } from './postgres.ts'
import { freePort, startProcess, untilReady } from './process.ts'

function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin']
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(existsSync)
}

/** Why MariaDB cannot run here, or undefined. Installs the Debian package when root may. */
export async function mariadbUnavailable(): Promise<string | undefined> {
  if (findProgram('mariadbd')) return undefined
  if (process.getuid?.() !== 0) return 'mariadbd is not installed (apt-get install mariadb-server)'
  const failed = await installPackages(['mariadb-server'], () => findProgram('mariadbd') !== undefined)
  return failed && `mariadbd is not installed, and installing it failed: ${failed}`
}

/**
 * Installs Debian packages without starting any service.
 *
 * @returns undefined when `there` answers true afterwards, else the reason
 */
export async function installPackages(names: readonly string[], there: () => boolean): Promise<string | undefined> {
  if (there()) return undefined
  if (process.getuid?.() !== 0) return `install ${names.join(', ')}`
  if (!findProgram('apt-get')) return 'there is no apt-get'
  process.stderr.write(`[test servers] installing ${names.join(', ')} with apt-get\n`)
  const policy = '/usr/sbin/policy-rc.d'
  const isOurs = !existsSync(policy)
  if (isOurs) {
    // Debian asks this file before a package may start its service: invoke-rc.d(8); 101 = forbidden.
    writeFileSync(policy, '#!/bin/sh\nexit 101\n')
    chmodSync(policy, 0o755)
  }
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const script = `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${names.join(' ')}`
    const output = await new Promise<string>(resolve => {
      execFile('sh', ['-c', script], { env, timeout: 300_000 }, (_, out, err) => resolve(`${out}\n${err}`.trim()))
    })
    return there() ? undefined : output.slice(-600)
  } finally {
    if (isOurs) rmSync(policy, { force: true })
  }
}

const accounts = `
DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED BY 'root-secret';
CREATE USER IF NOT EXISTS root@'%' IDENTIFIED BY 'root-secret';
GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS app@'%' IDENTIFIED BY 'secret';
GRANT ALL PRIVILEGES ON \`godwit\\_%\`.* TO app@'%';
`

/** @throws with the reason when the server cannot run here */
export async function startMariadb(): Promise<Server> {
  const reason = await mariadbUnavailable()
  if (reason) throw new Error(reason)
  const folder = makeFolder('mariadb')
  const data = join(folder, 'data')
  await initialise(data, folder)
  const port = await freePort()
  const accountFile = join(folder, 'accounts.sql')
  writeFileSync(accountFile, accounts, { mode: 0o644 })
  const settings = {
    datadir: data,
    port,
    'bind-address': '127.0.0.1',
    socket: join(folder, 'server.sock'),
    // A server that starts deletes the temporary tables of all others in the folder it shares with them.
    tmpdir: folder,
    'pid-file': join(folder, 'server.pid'),
    'init-file': accountFile,
    'skip-name-resolve': 'ON',
    'skip-log-bin': undefined,
    'max-connections': 200,
    'character-set-server': 'utf8mb4',
    'performance-schema': 'OFF',
    'innodb-flush-log-at-trx-commit': 0,
    'innodb-flush-method': 'fsync',
    'innodb-doublewrite': 'OFF',
    'innodb-buffer-pool-size': '64M',
    'innodb-log-file-size': '32M',
    'sync-frm': 'OFF',
  }
  const pairs = Object.entries(settings).map(([key, value]) => (value === undefined ? `--${key}` : `--${key}=${value}`))
  const args = ['--no-defaults', ...pairs]
  const url = `mysql://root:root-secret@127.0.0.1:${port}/mysql`
  return serve('MariaDB', { url, port, folder }, async () => {
    const command = findProgram('mariadbd') as string
    rmSync(join(folder, 'server.pid'), { force: true })
    const server = await startProcess({ command, args, folder, stopSignal: 'SIGTERM' })
    // The init file ran and the port is open before the server says so in its log.
    await untilReady('MariaDB', server, async () => server.output().includes('ready for connections'))
    return server
  })
}

async function initialise(data: string, folder: string): Promise<void> {
  const program = findProgram('mariadb-install-db', 'mysql_install_db')
  if (!program) throw new Error('mariadb-install-db is not installed beside mariadbd')
  const args = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db']
  args.push('--innodb-log-file-size=32M', '--innodb-flush-log-at-trx-commit=0', '--aria-log-purge-type=immediate')
  const log = join(folder, 'install.log')
  const code = await new Promise<number>((resolve, reject) => {
    const script = '"$@" >"$0" 2>&1'
    const env = { ...process.env, PATH: `${process.env.PATH}${delimiter}${dirname(program)}${delimiter}/usr/sbin` }
    const child = spawn('sh', ['-c', script, log, program, ...args], { cwd: folder, env, ...serverAccount() })
    child.on('error', reject)
    child.on('close', code => resolve(code ?? 1))
  })
  if (code !== 0) throw new Error(`mariadb-install-db failed: ${readFileSync(log, 'utf8').slice(-1000)}`)
}
