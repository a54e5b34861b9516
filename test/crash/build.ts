// A copy of the built package to kill: somebody may build anew while thousands of children run. It lies below
// node_modules, so that it finds the drivers, and holds the compiled child beside it.
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import typescript from 'typescript'
import type { ChildJob } from './child.ts'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')

export interface Build {
  readonly folder: string
  /** Starts the child. `before` is put in front of its command line. */
  spawn(job: ChildJob, before?: readonly string[], env?: Readonly<Record<string, string>>): Child
  remove(): void
}

export interface Child {
  readonly process: ChildProcess
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** What it said. */
  output(): string
}

/** @throws when the package is not built */
export function copyBuild(dist = join(root, 'dist')): Build {
  if (!existsSync(join(dist, 'index.js'))) throw new Error('the package is not built: npm run build')
  const folder = join(root, 'node_modules', '.cache', `godwit-crash-${process.pid}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(dist, join(folder, 'dist'), { recursive: true, filter: path => !path.endsWith('.d.ts') })
  const { transpileModule, ModuleKind, ScriptTarget } = typescript
  const { outputText } = transpileModule(readFileSync(join(here, 'child.ts'), 'utf8'), {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, verbatimModuleSyntax: true },
  })
  const program = join(folder, 'child.mjs')
  writeFileSync(program, outputText)
  return {
    folder,
    spawn(job, before = [], env = {}) {
      const [command = '', ...args] = [...before, process.execPath, program, JSON.stringify(job)]
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
      let said = ''
      child.stdout.on('data', chunk => (said += chunk))
      child.stderr.on('data', chunk => (said += chunk))
      const ended = new Promise<number | string>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing'))
      })
      return { process: child, ended, output: () => said }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
