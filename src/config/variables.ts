// The only reader of the process environment. Everything else is given a plain record of variables.
// Consent never comes from a file: `.env` files cannot set the variables in `neverFromFiles`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GodwitError } from '../core/error.ts'

export type Variables = Readonly<Record<string, string | undefined>>

/** The variables of this process, as they are now. */
export function processVariables(): Variables {
  return process.env
}

const neverFromFiles: ReadonlySet<string> = new Set(['GODWIT_CONFIRM', 'GODWIT_YES', 'GODWIT_ENV', 'NODE_OPTIONS'])

/**
 * Reads `.env.NAME` and `.env` of `folder` and puts what is not set yet into the process environment, because
 * configuration files read it there. Returns a function that takes the additions back.
 * @throws GodwitError CONFIG.FILE_INVALID when a file exists but cannot be read
 */
export function loadEnvFiles(folder: string, environment: string): { readonly files: readonly string[]; undo(): void } {
  const files: string[] = []
  const added: string[] = []
  for (const name of [`.env.${environment}`, '.env']) {
    const text = readIfThere(join(folder, name), name)
    if (text === undefined) continue
    files.push(name)
    // Asked for here: importing node:util loads all it has, for a file that most projects do not have.
    const { parseEnv } = process.getBuiltinModule('node:util')
    for (const [key, value] of Object.entries(parseEnv(text))) {
      if (value === undefined || neverFromFiles.has(key) || process.env[key] !== undefined) continue
      process.env[key] = value
      added.push(key)
    }
  }
  return {
    files,
    undo() {
      for (const key of added) delete process.env[key]
    },
  }
}

function readIfThere(path: string, name: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'EISDIR') return undefined
    throw new GodwitError('CONFIG.FILE_INVALID', `${name} cannot be read: ${code ?? String(error)}.`, {
      why: 'Its variables may hold the database URL, so godwit does not go on without them. No database was touched.',
      where: { file: name },
      cause: error,
    })
  }
}

/** A database URL found in the environment, and the variable that held it. */
export interface FoundUrl {
  readonly url: string
  readonly variable: string
  /** Set when the variable's name is an old one that should be moved away from. */
  readonly notice?: string
}

const upper = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')

/** Variables that can hold the URL of a database, strongest first. `main`: it is the only one, or called `main`. */
export function urlVariables(database: string, environment: string, main: boolean): readonly string[] {
  const env = upper(environment)
  return [
    `GODWIT_DATABASE_URL_${upper(database)}`,
    ...(main
      ? ['GODWIT_DATABASE_URL', `${env}_DATABASE_URL`, `DATABASE_URL_${env}`, 'DATABASE_URL', 'DB_DATABASE_URL']
      : []),
  ]
}

/** The first variable of `names` that holds something. */
export function findUrl(variables: Variables, names: readonly string[]): FoundUrl | undefined {
  for (const variable of names) {
    const url = variables[variable]?.trim()
    if (!url) continue
    if (variable !== 'DB_DATABASE_URL') return { url, variable }
    return { url, variable, notice: 'DB_DATABASE_URL is an old name. Move its value to DATABASE_URL.' }
  }
  return undefined
}
