// A runner of a round: the built program in a process of its own, in the folder with the revisions, started after a
// pause and perhaps killed (SIGKILL) after another. Says how it ended.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** GODWIT_TEST_PROGRAM names another build to test. */
const program = process.env.GODWIT_TEST_PROGRAM ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Ended {
  readonly killed: boolean
  readonly exit: number | null
  /** Code of the error; undefined when it went well or was killed. */
  readonly code: string | undefined
  readonly error: { readonly message: string; readonly why: string; readonly meta: Record<string, unknown> } | undefined
  readonly ms: number
  readonly output: string
}

/** A folder with a configuration and the revisions; shared by all rounds of a store. */
export function makeProject(
  files: Readonly<Record<string, string>>,
  lock: { readonly waitMs: number; readonly ttlMs: number },
): { readonly folder: string; dispose(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-rounds-'))
  mkdirSync(join(folder, 'migrations'))
  // The repository root ends the search for a configuration file.
  mkdirSync(join(folder, '.git'))
  writeFileSync(join(folder, 'godwit.config.json'), JSON.stringify({ databases: { main: { lock } } }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'migrations', name), text)
  return { folder, dispose: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Longest life of one runner, ms: what takes longer hangs. */
const PATIENCE = 60_000

export interface RunPlan {
  readonly args: readonly string[]
  /** Pause before it is started, ms. */
  readonly after?: number
  /** SIGKILL so long after the start, ms. */
  readonly killAfter?: number | undefined
}

export async function runProgram(folder: string, url: string, plan: RunPlan): Promise<Ended> {
  if (plan.after) await sleep(plan.after)
  const { PATH = '', TMPDIR } = process.env
  const env = { PATH, LANG: 'C.UTF-8', HOME: folder, DATABASE_URL: url, ...(TMPDIR === undefined ? {} : { TMPDIR }) }
  const began = performance.now()
  const child = spawn(process.execPath, [program, ...plan.args, '--json'], { cwd: folder, env })
  let output = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', part => (output += part))
  child.stderr.setEncoding('utf8').on('data', part => (said += part))
  const killer = plan.killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), plan.killAfter)
  let late = false
  const patience = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, PATIENCE)
  const [exit, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, by) => resolve([code, by]))
  })
  clearTimeout(killer)
  clearTimeout(patience)
  const ms = Math.round(performance.now() - began)
  const all = output + said
  if (late) return { killed: false, exit: null, code: 'HANGS', error: undefined, ms, output: all }
  if (signal === 'SIGKILL') return { killed: true, exit: null, code: undefined, error: undefined, ms, output: all }
  const error = errorOf(output)
  const code = exit === 0 ? undefined : (error?.code ?? 'NO ANSWER')
  return { killed: false, exit, code, error, ms, output: all }
}

function errorOf(output: string) {
  try {
    return (JSON.parse(output) as { error?: Ended['error'] & { readonly code: string } }).error
  } catch {
    return undefined
  }
}
