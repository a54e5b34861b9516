// A project of somebody in a temporary folder, and the built command line run in it as a child process.
// Every answer is held to what all answers owe: no stack trace, no secret, one JSON object with --json.
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import { parseCommandLine } from '../../src/cli/program.ts'
import { type ErrorCode, errorCodes } from '../../src/core/error-codes.ts'

// Several programs share the machine with other tests.
vi.setConfig({ testTimeout: 120_000 })

/** GODWIT_TEST_PROGRAM names another build to test. */
export const program =
  process.env.GODWIT_TEST_PROGRAM ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface ErrorObject {
  readonly code: ErrorCode
  readonly message: string
  readonly why: string
  readonly next: readonly string[]
  readonly where?: { readonly file: string; readonly line?: number; readonly column?: number; readonly text?: string }
  readonly meta: Readonly<Record<string, unknown>>
}

export interface JsonAnswer {
  readonly ok: boolean
  readonly command: string
  readonly error?: ErrorObject
  readonly databases?: readonly {
    readonly name: string
    readonly ok?: boolean
    readonly state?: string
    readonly to?: readonly string[]
    readonly steps?: readonly { readonly revision: string; readonly state: string }[]
    readonly applied?: readonly { readonly id: string }[]
    readonly pending?: readonly string[]
    readonly error?: ErrorObject
  }[]
}

export interface Answer {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
  readonly ms: number
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Run as this account: root may do everything, whatever a file's mode says. */
  readonly uid?: number
  readonly cwd?: string
  readonly program?: string
}

export interface Running {
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** Resolves when stderr or stdout holds `text`; rejects when the program ends before. */
  saw(text: string | RegExp): Promise<void>
  readonly ended: Promise<Answer>
}

export interface Failure {
  readonly code: ErrorCode
  /** Default: the one that belongs to the code. */
  readonly exit?: number
  /** Words that a person must find in the text on stderr. */
  readonly says?: readonly (string | RegExp)[]
  /** Errors whose remedy is no command have none. Default: there is one. */
  readonly next?: boolean
}

export class Scene {
  readonly folder: string
  readonly #secrets: readonly string[]
  url: string | undefined

  constructor(url?: string, secrets: readonly string[] = []) {
    if (!existsSync(program)) throw new Error('The program is not built: run `npm run build` first.')
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'godwit-bad-')))
    chmodSync(this.folder, 0o755)
    mkdirSync(join(this.folder, 'migrations'))
    // The repository root ends the search for a configuration file.
    mkdirSync(join(this.folder, '.git'))
    this.url = url
    this.#secrets = secrets
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts)
  }

  write(path: string, content: string | Uint8Array): this {
    mkdirSync(dirname(this.path(path)), { recursive: true })
    writeFileSync(this.path(path), content)
    return this
  }

  /** Revision files: name to text. */
  revisions(files: Readonly<Record<string, string | Uint8Array>>): this {
    for (const [name, content] of Object.entries(files)) this.write(`migrations/${name}`, content)
    return this
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8')
  }

  remove(path: string): void {
    unlinkSync(this.path(path))
  }

  rename(from: string, to: string): void {
    renameSync(this.path(from), this.path(to))
  }

  start(args: readonly string[], options: RunOptions = {}): Running {
    const { PATH = '', TMPDIR } = process.env
    const began = performance.now()
    const child = spawn(process.execPath, [options.program ?? program, ...args], {
      cwd: options.cwd ?? this.folder,
      env: {
        PATH,
        LANG: 'C.UTF-8',
        HOME: this.folder,
        ...(TMPDIR === undefined ? {} : { TMPDIR }),
        ...(this.url === undefined ? {} : { DATABASE_URL: this.url }),
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    })
    let stdout = ''
    let stderr = ''
    let over = false
    const watchers = new Set<() => void>()
    const look = (): void => {
      for (const watcher of watchers) watcher()
    }
    child.stdout.setEncoding('utf8').on('data', part => {
      stdout += part
      look()
    })
    child.stderr.setEncoding('utf8').on('data', part => {
      stderr += part
      look()
    })
    const late = setTimeout(() => child.kill('SIGKILL'), 100_000)
    const ended = new Promise<Answer>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        clearTimeout(late)
        over = true
        look()
        const answer = {
          stdout,
          stderr,
          code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
          ms: performance.now() - began,
        }
        try {
          // A signal before the program could listen ends it without a word.
          if (signal === null) this.#owed(answer, args, options.env?.['GODWIT_DEBUG'] === '1')
          resolve(answer)
        } catch (error) {
          reject(error)
        }
      })
    })
    return {
      pid: child.pid ?? -1,
      kill: signal => void child.kill(signal),
      ended,
      saw: text =>
        new Promise((resolve, reject) => {
          const watcher = (): void => {
            const all = stderr + stdout
            const found = typeof text === 'string' ? all.includes(text) : text.test(all)
            if (!found && !over) return
            watchers.delete(watcher)
            if (found) resolve()
            else reject(new Error(`godwit ended before it said ${String(text)}:\n${stderr}${stdout}`))
          }
          watchers.add(watcher)
          watcher()
        }),
    }
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Answer> {
    return this.start(args, options).ended
  }

  async json(args: readonly string[], options: RunOptions = {}): Promise<JsonAnswer> {
    return JSON.parse((await this.run([...args, '--json'], options)).stdout) as JsonAnswer
  }

  /** Runs and expects success. */
  async works(args: readonly string[], options: RunOptions = {}): Promise<Answer> {
    const answer = await this.run(args, options)
    expect(answer.code, answer.stderr + answer.stdout).toBe(0)
    return answer
  }

  /** Runs twice, for a person and for a machine; both must fail in the same way. Gives the JSON object. */
  async fails(args: readonly string[], failure: Failure, options: RunOptions = {}): Promise<JsonAnswer> {
    const faults: string[] = []
    const text = await this.run(args, options)
    show(args, text)
    // Long sentences are broken into lines.
    const flat = text.stderr.replace(/\s+/g, ' ')
    for (const words of [failure.code, ...(failure.says ?? [])]) {
      const found = typeof words === 'string' ? flat.includes(words) : words.test(flat)
      if (!found) faults.push(`the text does not say ${String(words)}`)
    }
    const exit = failure.exit ?? errorCodes[failure.code].exit
    if (text.code !== exit) faults.push(`exit ${text.code} instead of ${exit}`)
    const machine = await this.run([...args, '--json'], options)
    if (machine.code !== exit) faults.push(`with --json exit ${machine.code} instead of ${exit}`)
    const answer = JSON.parse(machine.stdout) as JsonAnswer
    if (answer.error?.code !== failure.code) faults.push(`the JSON object says ${answer.error?.code}`)
    if (failure.next !== false && (answer.error?.next ?? []).length === 0) faults.push('no next command')
    for (const next of answer.error?.next ?? []) {
      const fault = await notRunnable(next)
      if (fault !== undefined) faults.push(`the next command "${next}" is none: ${fault}`)
    }
    if (faults.length > 0)
      expect.fail(`godwit ${args.join(' ')}: ${faults.join('; ')}\n${text.stderr}\n${machine.stdout}`)
    return answer
  }

  /** What is applied, by `status --json`. */
  async applied(options: RunOptions = {}): Promise<readonly string[]> {
    const status = await this.json(['status'], options)
    return status.databases?.[0]?.applied?.map(row => row.id) ?? []
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #owed({ stdout, stderr, code }: Answer, args: readonly string[], debug: boolean): void {
    const all = `${stdout}\n${stderr}`
    const faults: string[] = []
    if (!debug && /^\s*at .*[:(]\S*:\d+:\d+\)?$/m.test(all)) faults.push('a stack trace')
    if (!debug && /node:internal|node_modules\/|^Node\.js v/m.test(all)) faults.push('a file of Node itself')
    if (all.includes('INTERNAL.BUG')) faults.push('INTERNAL.BUG')
    if (this.#secrets.some(secret => all.includes(secret))) faults.push('a secret')
    if (args.includes('--json')) {
      const parsed = JSON.parse(stdout) as JsonAnswer
      const { error } = parsed
      if (parsed.ok !== (code === 0)) faults.push(`ok: ${parsed.ok} with exit ${code}`)
      if (code !== 0 && error === undefined) faults.push('no error object')
      if (error && !Object.hasOwn(errorCodes, error.code)) faults.push(`the unknown code ${error.code}`)
      if (error && (!error.message || !error.why)) faults.push('an error without message or reason')
    }
    if (faults.length > 0) expect.fail(`godwit ${args.join(' ')} printed ${faults.join(', ')}:\n${all}`)
  }
}

/** A proposed `godwit …` must be one that godwit understands. Gives what it says otherwise. */
async function notRunnable(next: string): Promise<string | undefined> {
  const command = /(?:^|then: )godwit (.+)$/.exec(next)?.[1]
  if (command === undefined) return undefined
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  return parseCommandLine(words, '0.0.0', {}).then(
    () => undefined,
    (error: Error) => error.message,
  )
}

/** With GODWIT_TEST_SHOW=1 every failing call is printed as a person sees it. */
function show(args: readonly string[], answer: Answer): void {
  if (!process.env.GODWIT_TEST_SHOW) return
  process.stdout.write(`\n$ godwit ${args.join(' ')}   (exit ${answer.code})\n${answer.stdout}${answer.stderr}`)
}

/** Runs `use` with a scene and removes it. */
export async function withScene(
  use: (scene: Scene) => Promise<void>,
  url?: string,
  secrets: readonly string[] = [],
): Promise<void> {
  const scene = new Scene(url, secrets)
  try {
    await use(scene)
  } finally {
    scene.dispose()
  }
}

/** True when a program of the system answers; for tests that need root's tools. */
export const canRun = (command: string, args: readonly string[]): boolean => spawnSync(command, [...args]).status === 0
