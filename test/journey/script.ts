// Journeys: scripts of command lines with their exact output, run with the built program as child processes.
// A script is text: `-- file PATH` with the lines of a file, `env NAME=VALUE` (empty = unset), and steps. A step is
// `$ godwit …` with `| ` lines for stdout, `! ` lines for stderr and `= CODE` for an exit other than 0.
// Other steps: `$ cat PATH` (`*_end` finds a name), `$ rm PATH`, `$ ls PATH`, `$ crlf PATH` (Windows line ends and a BOM),
// `$ sql PATH 'SQL'` (a statement run by hand on a SQLite file), `$ save PATH godwit …` (stdout into a file).
// What differs from run to run is masked (see `mask`). With GODWIT_UPDATE=1 the outputs are written into the script.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'libsql'
import { version } from '../../src/core/version.ts'

export const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Step {
  /** Number of the line, from 1, where the step's command stands. */
  readonly line: number
  readonly command: string
  readonly expected: readonly string[]
  /** What stands before the step: files and variables, as written. */
  readonly before: readonly string[]
}

export interface Answer {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** Cuts a script into steps; `after` is what follows the last one. */
export function readScript(text: string): { readonly steps: readonly Step[]; readonly after: readonly string[] } {
  const steps: Step[] = []
  let before: string[] = []
  let expected: string[] | undefined
  let inFile = false
  for (const [index, line] of text.split('\n').entries()) {
    if (!inFile && line.startsWith('$ ')) {
      expected = []
      steps.push({ line: index + 1, command: line.slice(2), expected, before })
      before = []
    } else if (!inFile && expected !== undefined && /^[|!=]( |$)/.test(line)) expected.push(line)
    else {
      if (line.startsWith('-- file ')) inFile = true
      else if (line === '-- end') inFile = false
      before.push(line)
    }
  }
  return { steps, after: before }
}

/** Words as a shell cuts them: quotes group, nothing is expanded. */
export function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  )
}

/** Takes out of an output what differs from run to run. */
export function mask(text: string, folder: string): string {
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  return text
    .replaceAll(folder, 'DIR')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'ISO')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'DATE')
    .replace(/(<1|\d+) ms\b|\b\d+\.\d s\b/g, 'TIME')
    .replace(/"(ms|waitedMs)": ?\d+(\.\d+)?/g, '"$1": MS')
    .replaceAll(new RegExp(`${today}\\d{6}`, 'g'), 'STAMP')
    .replace(/\b[0-9a-f]{64}\b/g, 'HASH')
    .replace(/"by": ?"[^"]*"/g, '"by": "WHO"')
    .replaceAll(`${userInfo().username}@${hostname()}`, 'WHO')
    .replace(/\b1[789]\d{11}\b/g, 'EPOCH')
    .replaceAll(`godwit ${version}`, 'godwit VERSION')
    .replaceAll(`'${version}'`, "'VERSION'")
    .replace(/SQLite \d[\d.]*/g, 'SQLite VERSION')
}

/** A temporary folder that looks like a project of somebody. */
export class Project {
  readonly folder: string
  readonly #env: Record<string, string> = {}

  constructor() {
    if (!existsSync(program)) throw new Error('The program is not built: run `npm run build` first.')
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'godwit-journey-')))
    // The repository root ends the search for a configuration file.
    mkdirSync(join(this.folder, '.git'))
  }

  /** Files and variables as a script has them before a step. */
  prepare(lines: readonly string[]): void {
    let path: string | undefined
    let content: string[] = []
    for (const line of lines) {
      if (path !== undefined) {
        if (line === '-- end') {
          this.write(path, content.map(text => `${text}\n`).join(''))
          path = undefined
        } else content.push(line)
      } else if (line.startsWith('-- file ')) {
        path = line.slice(8).trim()
        content = []
      } else if (line.startsWith('env ')) {
        const [, name = '', value = ''] = /^env (\w+)=(.*)$/.exec(line) ?? []
        if (value === '') delete this.#env[name]
        else this.#env[name] = value
      }
    }
    if (path !== undefined) throw new Error(`-- file ${path} has no -- end`)
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true })
    writeFileSync(join(this.folder, path), content)
  }

  run(command: string): Answer {
    const [verb = '', ...args] = words(command)
    const path = join(this.folder, args[0] ?? '')
    switch (verb) {
      case 'godwit':
        return this.godwit(args)
      case 'cat':
        return { stdout: readFileSync(this.#found(path), 'utf8'), stderr: '', code: 0 }
      case 'ls':
        return {
          stdout: readdirSync(path)
            .toSorted()
            .map(name => `${name}\n`)
            .join(''),
          stderr: '',
          code: 0,
        }
      case 'save': {
        const answer = this.godwit(args.slice(2))
        writeFileSync(path, answer.stdout)
        return { ...answer, stdout: '' }
      }
      case 'sql': {
        const database = new Database(path)
        database.exec(args[1] ?? '')
        database.close()
        return { stdout: '', stderr: '', code: 0 }
      }
      case 'rm':
        rmSync(path, { recursive: true })
        return { stdout: '', stderr: '', code: 0 }
      case 'crlf':
        writeFileSync(path, `\uFEFF${readFileSync(path, 'utf8').replace(/\r?\n/g, '\r\n')}`)
        return { stdout: '', stderr: '', code: 0 }
      default:
        throw new Error(`unknown step: ${command}`)
    }
  }

  /** A file whose name begins with the time: `*_users.sql`. */
  #found(path: string): string {
    const [, folder = '', end] = /^(.*\/)\*(.*)$/.exec(path) ?? []
    if (end === undefined) return path
    return folder + (readdirSync(folder).find(name => name.endsWith(end)) ?? `*${end}`)
  }

  godwit(args: readonly string[]): Answer {
    const { PATH = '', TMPDIR } = process.env
    const env = {
      PATH,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      HOME: dirname(this.folder),
      ...(TMPDIR === undefined ? {} : { TMPDIR }),
      ...this.#env,
    }
    const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], {
      cwd: this.folder,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    })
    return { stdout, stderr, code: status ?? -1 }
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The lines a script has for an answer. */
export function answerLines(answer: Answer, folder: string): string[] {
  const lines = (text: string, mark: string): string[] =>
    text === ''
      ? []
      : mask(text.replace(/\n$/, ''), folder)
          .split('\n')
          .map(line => `${mark} ${line}`.trimEnd())
  const unended = answer.stdout !== '' && !answer.stdout.endsWith('\n') ? ['= no line end'] : []
  return [
    ...lines(answer.stdout, '|'),
    ...unended,
    ...lines(answer.stderr, '!'),
    ...(answer.code === 0 ? [] : [`= ${answer.code}`]),
  ]
}
