// Loads the configuration file: JSON by itself, JavaScript by Node, TypeScript through jiti (which also steps in where
// Node cannot load a JavaScript file). Nothing is cached: a file loaded twice is evaluated twice.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { GodwitError } from '../core/error.ts'
import { positionAt } from './json-position.ts'
import { ownDoors } from './own-doors.ts'

export interface LoadedFile {
  readonly value: unknown
  readonly source: string
}

/**
 * @param shown path as people see it
 * @throws GodwitError CONFIG.FILE_INVALID
 */
export async function loadConfigFile(path: string, shown: string): Promise<LoadedFile> {
  let source: string
  try {
    source = readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw failed(shown, `It cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`, error)
  }
  if (path.endsWith('.json')) return { value: parseJson(source, shown), source }
  try {
    const module = /\.m?js$/.test(path) ? await importNative(path) : await importThroughJiti(path)
    const value = await settle(module)
    if (value !== undefined) return { value, source }
  } catch (error) {
    throw moduleFailed(path, shown, source, error)
  }
  throw new GodwitError('CONFIG.FILE_INVALID', `${shown} has no default export.`, {
    why: 'Expected `export default defineConfig({ … })`. No database was touched.',
    where: { file: shown },
  })
}

/** The default export; a promise or a function of no arguments is followed to its value. */
async function settle(module: unknown): Promise<unknown> {
  const exported = (module as { default?: unknown } | null)?.default
  return typeof exported === 'function' ? await (exported as () => unknown)() : await exported
}

async function importNative(path: string): Promise<unknown> {
  try {
    return await import(`${pathToFileURL(path).href}?t=${process.hrtime.bigint()}`)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // A package in CommonJS mode cannot load `export`, and one without godwit installed cannot find it: jiti can.
    if (error instanceof SyntaxError || code === 'ERR_MODULE_NOT_FOUND') return importThroughJiti(path)
    throw error
  }
}

async function importThroughJiti(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  const jiti = createJiti(import.meta.url, { moduleCache: false, alias: { ...ownDoors() }, interopDefault: false })
  return jiti.import(path)
}

function parseJson(source: string, shown: string): unknown {
  try {
    return JSON.parse(source)
  } catch (error) {
    const message = (error as Error).message
    const offset = /position (\d+)/.exec(message)?.[1]
    const end = /end of JSON/i.test(message) ? source.length : undefined
    const at = offset === undefined ? end : Number(offset)
    const position = at === undefined ? undefined : positionAt(source, at)
    const line = position === undefined ? undefined : source.split(/\r?\n/)[position.line - 1]
    throw new GodwitError('CONFIG.FILE_INVALID', `${shown} is not valid JSON.`, {
      why: `${message.replace(/ \(line.*$/, '')}. No database was touched.`,
      where: { file: shown, ...position, ...(line === undefined ? {} : { text: line }) },
      cause: error,
    })
  }
}

function failed(shown: string, why: string, cause: unknown): GodwitError {
  return new GodwitError('CONFIG.FILE_INVALID', `${shown} cannot be loaded.`, {
    why: `${why} No database was touched.`,
    where: { file: shown },
    cause,
  })
}

function moduleFailed(path: string, shown: string, source: string, error: unknown): GodwitError {
  if (error instanceof GodwitError) return error
  const text = error instanceof Error ? error : new Error(String(error))
  const place = new RegExp(`${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[^:\n]*:(\\d+)(?::(\\d+))?`).exec(
    `${text.message}\n${text.stack ?? ''}`,
  )
  const first = text.message.split('\n').find(line => line.trim() !== '') ?? text.name
  const message = first
    .replaceAll(`${path}: `, '')
    .replaceAll(path, shown)
    .replace(/\s*\(\d+:\d+\)$/, '')
    .trim()
  if (place === null) {
    const inMessage = /\((\d+):(\d+)\)/.exec(text.message)
    if (inMessage === null) return failed(shown, `${text.name}: ${message}.`, error)
    return located(shown, source, `${text.name}: ${message}`, Number(inMessage[1]), Number(inMessage[2]) + 1, error)
  }
  const column = place[2] === undefined ? undefined : Number(place[2])
  return located(shown, source, `${text.name}: ${message}`, Number(place[1]), column, error)
}

function located(
  shown: string,
  source: string,
  why: string,
  line: number,
  column: number | undefined,
  cause: unknown,
): GodwitError {
  const text = source.split(/\r?\n/)[line - 1]
  return new GodwitError('CONFIG.FILE_INVALID', `${shown} cannot be loaded.`, {
    why: `${why.replace(/^(\w+): \1: /, '$1: ').replace(/\.$/, '')}. No database was touched.`,
    where: {
      file: shown,
      line,
      ...(column === undefined ? {} : { column }),
      ...(text === undefined ? {} : { text }),
    },
    cause,
  })
}
