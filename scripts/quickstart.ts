// Shows the main job on embedded stores with no server: the commands a person would type, each before its real output.
// Builds the program when that is missing, works in a temporary folder, leaves nothing behind, and fails when any
// command fails or changes something else than it should.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'dist/cli/main.js')

const journey: readonly (readonly string[])[] = [
  ['status'],
  ['up'],
  ['status'],
  ['down', '-1'],
  ['up'],
  ['verify'],
  ['history', '--graph', '--database', 'sqlite'],
]

/** The project's own variables must not lead these commands to another database. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^GODWIT_|DATABASE_URL/.test(name) && name !== 'NODE_OPTIONS'),
)

function build(): void {
  if (existsSync(program)) return
  process.stderr.write('building …\n')
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the build failed\n${stdout}${stderr}`)
}

let running: ReturnType<typeof spawn> | undefined

/** Runs one command with this terminal as its own. */
function godwit(args: readonly string[], folder: string): Promise<void> {
  process.stdout.write(
    `${process.stdout.isTTY ? '\u001b[1m' : ''}\n$ godwit ${args.join(' ')}${process.stdout.isTTY ? '\u001b[0m' : ''}\n\n`,
  )
  return new Promise((resolve, reject) => {
    running = spawn(process.execPath, [program, ...args], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
    running.on('error', reject)
    running.on('close', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`godwit ${args.join(' ')} ended with ${signal ?? code}`)),
    )
  })
}

const startedAt = Date.now()
build()
const folder = mkdtempSync(join(tmpdir(), 'godwit-quickstart-'))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => running?.kill(signal))
try {
  cpSync(join(root, 'examples/quickstart'), folder, { recursive: true })
  mkdirSync(join(folder, 'data'))
  for (const args of journey) await godwit(args, folder)
  process.stdout.write(
    `\nDone in ${((Date.now() - startedAt) / 1000).toFixed(1)} s. Nothing was left behind; the files are in examples/quickstart.\n`,
  )
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
