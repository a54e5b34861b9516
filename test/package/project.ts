// Projects of users: the tarball as it would be published, installed by npm into an empty folder. The commands run on
// this Node, or on the one that GODWIT_TEST_NODE names: 22 and 24 (the binaries of the set node-newer), or a path.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, packageFolder } from '../servers/install.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Manifest {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

/** The names of the doors as they are imported: `godwit`, `godwit/postgres` … */
export const doorsOf = (manifest: Manifest): readonly string[] =>
  Object.keys(manifest.exports)
    .filter(name => name !== './package.json')
    .map(name => `godwit${name.slice(1)}`)

export interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The program `node` to test with. @throws when GODWIT_TEST_NODE names one that is not here */
async function nodePath(): Promise<string> {
  const wanted = process.env['GODWIT_TEST_NODE']
  if (wanted === undefined || wanted === '') return process.execPath
  if (!/^\d+$/.test(wanted)) return wanted
  const failed = await install('node-newer')
  const path = join(packageFolder('node-newer', `node-${wanted}`), 'bin/node')
  if (failed !== undefined || !existsSync(path)) throw new Error(`Node ${wanted} is not here: ${failed ?? path}`)
  return path
}

export const node = await nodePath()

/** What a shell of a user has: nothing of this test run, and no variable that godwit reads. */
function userEnvironment(): Record<string, string> {
  const ours =
    /^(?:npm_(?:package|lifecycle|config_local_prefix|command)|GODWIT_|VITEST|NODE_|DATABASE_URL|CI$|FORCE_COLOR)/
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !ours.test(name))
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`,
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    NO_COLOR: '1',
  }
}

export function run(command: string, args: readonly string[], cwd: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: userEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString()))
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? -1, stdout, stderr: stderr + (signal ?? '') }))
  })
}

export interface Packed {
  readonly file: string
  /** Bytes of the tarball, and of what is in it. */
  readonly size: number
  readonly unpackedSize: number
  readonly paths: readonly string[]
}

/** The tarball of what is built now. */
export async function pack(folder: string): Promise<Packed> {
  const answer = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root)
  if (answer.code !== 0) throw new Error(`npm pack failed\n${answer.stderr}`)
  const [packed] = JSON.parse(answer.stdout) as {
    filename: string
    size: number
    unpackedSize: number
    files: { path: string }[]
  }[]
  if (packed === undefined) throw new Error(`npm pack printed nothing\n${answer.stderr}`)
  const { filename, size, unpackedSize } = packed
  return { file: join(folder, filename), size, unpackedSize, paths: packed.files.map(file => file.path).toSorted() }
}

export class UserProject {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true })
    writeFileSync(join(this.folder, path), text)
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8')
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path))
  }

  /** As `npm init -y` writes it. */
  writeManifest(type: 'commonjs' | 'module'): void {
    this.write('package.json', `${JSON.stringify({ name: 'shop', version: '1.0.0', type }, null, 2)}\n`)
  }

  /** Why nothing could be installed here, when only the network is to blame; else undefined. @throws npm's own words */
  async install(...packages: readonly string[]): Promise<string | undefined> {
    const args = ['install', ...packages, '--ignore-scripts', '--prefer-offline', '--loglevel=error']
    const answer = await run('npm', args, this.folder)
    if (answer.code === 0) return undefined
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(answer.stderr)) return 'no package registry'
    throw new Error(`npm ${args.join(' ')}\n${answer.stderr}`)
  }

  /** A project beside this one with the same packages. */
  copy(name: string, type: 'commonjs' | 'module'): UserProject {
    const project = new UserProject(join(dirname(this.folder), name))
    cpSync(this.folder, project.folder, { recursive: true, verbatimSymlinks: true })
    const manifest = JSON.parse(this.read('package.json')) as object
    project.write('package.json', `${JSON.stringify({ ...manifest, type }, null, 2)}\n`)
    return project
  }

  npx(...args: readonly string[]): Promise<Answer> {
    return run('npx', ['--no', '--', ...args], this.folder)
  }

  node(...args: readonly string[]): Promise<Answer> {
    return run(node, args, this.folder)
  }
}

/** A temporary folder, and what removes it. */
export function temporaryFolder(): { readonly folder: string; dispose(): void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'godwit-package-')))
  return { folder, dispose: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }) }
}
