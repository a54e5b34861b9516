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
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { parseCommandLine } from '../../src/cli/program.ts'
import { type ErrorCode, errorCodes } from '../../src/core/error-codes.ts'

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
        const answer = { stdout, stderr, code: code ?? -1, ms: performance.now() - began }
        try {
          if (signal !== 'SIGKILL') this.#owed(answer, args)
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
    const text = await this.run(args, options)
    show(args, text)
    expect.soft(text.stderr, args.join(' ')).toContain(failure.code)
    for (const words of failure.says ?? []) {
      // Long sentences are broken into lines.
      const flat = text.stderr.replace(/\s+/g, ' ')
      if (typeof words === 'string') expect.soft(flat).toContain(words)
      else expect.soft(flat).toMatch(words)
    }
    const exit = failure.exit ?? errorCodes[failure.code].exit
    expect.soft(text.code, text.stderr).toBe(exit)
    const machine = await this.run([...args, '--json'], options)
    expect.soft(machine.code, machine.stderr).toBe(exit)
    const answer = JSON.parse(machine.stdout) as JsonAnswer
    expect(answer.error?.code, machine.stdout).toBe(failure.code)
    if (failure.next !== false) expect.soft(answer.error?.next, answer.error?.message).not.toEqual([])
    for (const next of answer.error?.next ?? []) await expectRunnable(next)
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

  #owed(answer: Answer, args: readonly string[]): void {
    const { stdout, stderr } = answer
    const all = `${stdout}\n${stderr}`
    expect.soft(all, 'no stack trace').not.toMatch(/^\s*at .*[:(]\S*:\d+:\d+\)?$/m)
    expect.soft(all, 'no file of Node itself').not.toMatch(/node:internal|node_modules\/|^Node\.js v/m)
    expect.soft(all, 'no bug of godwit').not.toContain('INTERNAL.BUG')
    for (const secret of this.#secrets)
      if (secret !== '') expect.soft(all.includes(secret), `the secret ${secret} is in:\n${all}`).toBe(false)
    if (!args.includes('--json')) return
    const parsed = JSON.parse(stdout) as JsonAnswer
    expect.soft(parsed.ok, stdout).toBe(answer.code === 0)
    if (parsed.error !== undefined) {
      expect.soft(Object.keys(errorCodes)).toContain(parsed.error.code)
      expect.soft(parsed.error.message).not.toBe('')
      expect.soft(parsed.error.why).not.toBe('')
    } else expect.soft(answer.code, stdout).toBe(0)
  }
}

/** A proposed `godwit …` must be one that godwit understands. */
async function expectRunnable(next: string): Promise<void> {
  const command = /(?:^|then: )godwit (.+)$/.exec(next)?.[1]
  if (command === undefined) return
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  await expect
    .soft(
      parseCommandLine(words, '0.0.0', {}).then(
        parsed => parsed.kind,
        (error: Error) => error.message,
      ),
      next,
    )
    .resolves.toMatch(/^(verb|text)$/)
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
