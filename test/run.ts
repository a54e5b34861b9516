// `npm test`: builds, checks, then runs every test against the servers that the project brings with it, and says at the
// very end how many tests passed, failed and were skipped, and which stores were tested. `--full` adds the older
// PostgreSQL servers and the newer Node releases. Exits 1 when anything failed or when no test ran.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, packageFolder } from './servers/install.ts'
import type { Coverage } from './servers/supervisor.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const work = join(root, 'node_modules/.cache/godwit-test')
const isFull = process.argv.includes('--full')
const more = process.argv.slice(2).filter(argument => argument !== '--full')

interface Totals {
  passed: number
  failed: number
  skipped: number
}

interface Step {
  readonly name: string
  readonly ok: boolean
  readonly seconds: number
}

const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
const steps: Step[] = []
const coverage = new Map<string, Coverage>()

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<boolean> {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
    // Ctrl-C reaches the child through the terminal; it stops its servers, and we wait for that.
    const wait = (): void => {}
    process.on('SIGINT', wait)
    const stop = (): void => void child.kill('SIGTERM')
    process.on('SIGTERM', stop)
    const end = (ok: boolean): void => {
      process.off('SIGINT', wait)
      process.off('SIGTERM', stop)
      resolve(ok)
    }
    child.on('error', () => end(false))
    child.on('close', code => end(code === 0))
  })
}

async function step(name: string, action: () => Promise<boolean>): Promise<void> {
  process.stderr.write(`\n== ${name}\n`)
  const began = Date.now()
  const ok = await action()
  steps.push({ name, ok, seconds: Math.round((Date.now() - began) / 1000) })
}

/** One run of vitest; its counts are added to the totals. */
async function vitest(
  args: readonly string[],
  options: { node?: string; env?: Record<string, string> } = {},
): Promise<boolean> {
  const summary = join(work, 'summary.json')
  const record = join(work, 'coverage.json')
  for (const file of [summary, record]) rmSync(file, { force: true })
  const env = {
    GODWIT_TEST_SUMMARY_FILE: summary,
    GODWIT_TEST_COVERAGE_FILE: record,
    ...options.env,
  }
  const reporters = ['--reporter=default', '--reporter=./test/summary-reporter.ts', '--allowOnly=false']
  const program = join(root, 'node_modules/vitest/vitest.mjs')
  const ok = await run(options.node ?? process.execPath, [program, 'run', ...reporters, ...args], env)
  const counted = existsSync(summary) ? (JSON.parse(readFileSync(summary, 'utf8')) as Totals) : undefined
  if (counted) for (const key of ['passed', 'failed', 'skipped'] as const) totals[key] += counted[key]
  const rows = existsSync(record) ? (JSON.parse(readFileSync(record, 'utf8')) as Coverage[]) : []
  for (const row of rows) if (!coverage.get(row.subject) || row.reason === undefined) coverage.set(row.subject, row)
  const isEmpty = !counted || counted.passed + counted.failed === 0
  if (isEmpty) process.stderr.write('No test ran.\n')
  return ok && !isEmpty
}

async function full(): Promise<void> {
  for (const version of ['14', '15', '16', '17']) {
    await step(`conformance on PostgreSQL ${version}`, () =>
      vitest(['test/conformance/postgres'], { env: { GODWIT_TEST_POSTGRES_VERSION: version } }),
    )
  }
  for (const major of ['22', '24']) {
    const failed = await install('node-newer')
    const node = join(packageFolder('node-newer', `node-${major}`), 'bin/node')
    if (failed || process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(node)) {
      coverage.set(`Node ${major}`, { subject: `Node ${major}`, reason: failed ?? 'no binary for this platform' })
      continue
    }
    await step(`conformance on Node ${major}`, () => vitest(['test/conformance', 'test/package'], { node }))
    coverage.set(`Node ${major}`, { subject: `Node ${major}` })
  }
}

function report(): void {
  const tested = [...coverage.values()].sort((one, two) => one.subject.localeCompare(two.subject))
  const width = Math.max(0, ...tested.map(row => row.subject.length))
  const line = (text: string): void => void process.stdout.write(`${text}\n`)
  line('')
  for (const { name, ok, seconds } of steps) line(`${ok ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)`)
  line('')
  for (const { subject, reason } of tested) {
    line(`${subject.padEnd(width)}  ${reason === undefined ? 'tested' : `NOT TESTED: ${reason.split('\n')[0]}`}`)
  }
  line('')
  line(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
}

mkdirSync(work, { recursive: true })
coverage.set(`Node ${process.versions.node.split('.')[0]}`, { subject: `Node ${process.versions.node.split('.')[0]}` })
const isPart = more.some(argument => !argument.startsWith('-'))
if (manifest.scripts.build) await step('build', () => run('npm', ['run', '--silent', 'build']))
if (!isPart) await step('check', () => run('npm', ['run', '--silent', 'check']))
// Installed before the tests, so that no test waits for a download.
for (const set of ['postgres', 'chroma', 'better-sqlite3'] as const) {
  const failed = await install(set)
  if (failed) process.stderr.write(`\nNOT INSTALLED: ${set}: ${failed}\n`)
}
const measure = isPart ? [] : ['--coverage']
await step('tests', () => vitest([...measure, ...more], { env: { GODWIT_TEST_SERVERS: isPart ? 'lazy' : 'all' } }))
if (isFull) await full()
report()
process.exit(steps.every(one => one.ok) && totals.failed === 0 && totals.passed > 0 ? 0 : 1)
