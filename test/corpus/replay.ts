// Replays one history twice, with the plain client and with godwit's command line: all up, down as far as the plain
// client comes, all up again. After each the two schemas must be equal.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { downText, type History, isOutsideTransaction, layOut, type Migration } from './history.ts'
import { differences, type Fingerprint, fingerprint, freshTarget, runPlain, type Target } from './plain-client.ts'

/** `ok`, or what is wrong; undefined where the stage does not exist. */
export interface Result {
  readonly name: string
  readonly dialect: string
  readonly revisions: number
  up?: string
  down?: string
  again?: string
  /** How many revisions were undone. */
  undone?: number
  /** What godwit took for the first `up`. */
  milliseconds?: number
}

const root = join(import.meta.dirname, '../..')

export function godwit(args: readonly string[]): Promise<{ code: number; output: string }> {
  const program = process.env.GODWIT_TEST_CLI ?? join(root, 'dist/cli/main.js')
  if (!existsSync(program)) throw new Error('dist/cli/main.js is missing: npm run build')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', chunk => (output += chunk))
    child.stderr.on('data', chunk => (output += chunk))
    child.on('error', reject)
    child.on('close', code => resolve({ code: code ?? 1, output }))
  })
}

interface Reference {
  readonly up: Fingerprint
  readonly down?: Fingerprint
  readonly again?: Fingerprint
  /** Index of the last migration that stays; -1 = base. */
  readonly stays: number
  /** What the plain client itself said when it failed to go up again. */
  readonly againFailed?: string | undefined
}

/** Everything with the plain client. @throws when it cannot apply the ups */
export async function replayPlain(history: History): Promise<Reference> {
  const target = await freshTarget(history.dialect)
  const run = (migrations: readonly Migration[], text: (one: Migration) => string): Promise<string | undefined> =>
    runPlain(
      history,
      target,
      migrations.map(one => ({ sql: text(one), isAlone: isOutsideTransaction(one) })),
    )
  const apply = (from: number): Promise<string | undefined> => run(history.migrations.slice(from), one => one.up)
  try {
    await runPrelude(history, target)
    const failed = await apply(0)
    if (failed) throw new Error(`the plain client fails at ${failed}`)
    const up = await fingerprint(target)
    if (history.migrations.every(migration => migration.down === null))
      return { up, stays: history.migrations.length - 1 }
    const stays = history.migrations.findLastIndex(
      one => downText(one) === undefined || one.id === history.chain?.failed_at,
    )
    const refused = await run(history.migrations.slice(stays + 1).reverse(), one => downText(one) ?? '')
    if (refused) throw new Error(`the plain client fails to go down: ${refused}`)
    const down = await fingerprint(target)
    const againFailed = await apply(stays + 1)
    return { up, down, again: await fingerprint(target), stays, againFailed }
  } finally {
    await target.dispose()
  }
}

async function runPrelude(history: History, target: Target): Promise<void> {
  if (history.prelude) await runPlain(history, target, [{ sql: history.prelude, isAlone: true }])
}

async function judge(wanted: Fingerprint, target: Target): Promise<string> {
  const found = await differences(wanted, await fingerprint(target))
  if (found.length === 0) return 'ok'
  const rows = found.slice(0, 5).map(({ key, a, b }) => `  ${key}\n    plain:  ${a}\n    godwit: ${b}`)
  return `${found.length} differences\n${rows.join('\n')}`
}

/** @throws only when the reference itself fails */
export async function replay(history: History): Promise<Result> {
  const result: Result = { name: history.name, dialect: history.dialect, revisions: history.migrations.length }
  const reference = await replayPlain(history)
  const folder = mkdtempSync(join(tmpdir(), 'godwit-history-'))
  const target = await freshTarget(history.dialect)
  const place = ['--url', target.url, '--migrations', folder, '--yes']
  try {
    const ids = layOut(history, folder)
    await runPrelude(history, target)
    const began = performance.now()
    const up = await godwit(['up', ...place])
    result.milliseconds = Math.round(performance.now() - began)
    result.up = up.code === 0 ? await judge(reference.up, target) : `exit ${up.code}\n${up.output}`
    if (result.up !== 'ok' || !reference.down || !reference.again) return result
    const goal = reference.stays < 0 ? 'base' : (ids[reference.stays] as string)
    const down = await godwit(['down', goal, ...place])
    result.undone = history.migrations.length - 1 - reference.stays
    result.down = down.code === 0 ? await judge(reference.down, target) : `exit ${down.code}\n${down.output}`
    if (result.down !== 'ok') return result
    const again = await godwit(['up', ...place])
    if (reference.againFailed) {
      // The history itself cannot go up again: godwit must say so too, not pretend.
      result.again = again.code === 0 ? `exit 0, but the plain client fails at ${reference.againFailed}` : 'ok'
    } else {
      result.again = again.code === 0 ? await judge(reference.again, target) : `exit ${again.code}\n${again.output}`
    }
    return result
  } finally {
    await target.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
}
