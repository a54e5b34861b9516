// Loads the configuration file: JSON by itself, JavaScript by Node, TypeScript through jiti (which also steps in where
// Node cannot load a JavaScript file). Nothing is cached: a file loaded twice is evaluated twice.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { GodwitError } from '../core/error.ts'
import { loadsNatively } from '../source/native.ts'
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
    // Node keeps CommonJS modules for good.
    const native = loadsNatively(path) && !path.endsWith('.cjs')
    const module = native ? await importNative(path) : await importThroughJiti(path)
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
  const thrown = error instanceof Error ? error : new Error(String(error))
  const lines = thrown.message.split('\n').map(line => line.trim())
  const message = lines.find(line => line !== '' && line !== 'ParseError:') ?? thrown.name
  // A parser counts columns from 0 and has no name for its errors; a thrown error has both in its stack.
  const parsed = /ParseError/.test(thrown.message) || /\(\d+:\d+\)\s*$/.test(message)
  const name = parsed ? 'SyntaxError' : thrown.name
  const escaped = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const found =
    new RegExp(`${escaped}[^:\n]*:(\\d+)(?::(\\d+))?`).exec(`${thrown.message}\n${thrown.stack ?? ''}`) ??
    /\((\d+):(\d+)\)/.exec(thrown.message)
  const clean = message
    .replaceAll(`${path}: `, '')
    .replaceAll(path, shown)
    .replace(/^ParseError:\s*/, '')
    .replace(/\s*\(\d+:\d+\)\s*$/, '')
    .replace(/\.$/, '')
  const why = `${name}: ${clean}.`
  if (found === null) return failed(shown, why, error)
  const line = Number(found[1])
  const column = found[2] === undefined ? undefined : Number(found[2]) + (parsed ? 1 : 0)
  const text = source.split(/\r?\n/)[line - 1]
  return new GodwitError('CONFIG.FILE_INVALID', `${shown} cannot be loaded.`, {
    why: `${why} No database was touched.`,
    where: { file: shown, line, ...(column === undefined ? {} : { column }), ...(text === undefined ? {} : { text }) },
    cause: error,
  })
}
