// Why a module could not be loaded, in the words of the user's file: missing imports, syntax errors, errors thrown at load.
import { GodwitError, isGodwitError } from '../core/error.ts'
import type { CodeFile } from '../core/file/parse.ts'

interface Place {
  readonly line: number
  readonly column: number
}

/** @param path absolute path of the module, as loaders print it */
export function moduleFailure(error: unknown, code: CodeFile, path: string): GodwitError {
  if (isGodwitError(error)) return error
  const { file, text } = code
  const message = error instanceof Error ? error.message : String(error)
  const missing = missingSpecifier(message)
  if (missing !== undefined) return missingImport(missing, error, code)
  const place = placeOf(error, message, path)
  const said = plainMessage(message, path, file)
  return new GodwitError('FILE.MODULE_FAILED', `${file} cannot be loaded: ${said}`, {
    why: 'The error came while the file was loaded, before any of its functions ran. Nothing of it was run.',
    where: { file, ...(place && within(place, text)) },
    cause: error,
  })
}

/** A loader that compiles puts text of its own into the first line: a column beyond the user's line is none. */
function within({ line, column }: Place, text: string): { line: number; column?: number; text: string } {
  const written = text.split(/\r\n|\n|\r/)[line - 1] ?? ''
  return { line, ...(column <= written.length ? { column } : {}), text: written }
}

function missingSpecifier(message: string): string | undefined {
  return /Cannot find (?:module|package) '([^']+)'/.exec(message)?.[1]
}

function missingImport(specifier: string, cause: unknown, { file, text }: CodeFile): GodwitError {
  const isPath = /^(?:\.{0,2}\/|[A-Za-z]:[\\/]|file:)/.test(specifier)
  const packageName = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier
  const place = findImport(text, specifier, isPath)
  return new GodwitError('FILE.MODULE_FAILED', `${file} needs ${specifier}, which cannot be found`, {
    why: `${isPath ? 'No file is at that path.' : `The package ${packageName} is not installed.`} Nothing of the revision was run.`,
    next: [isPath ? `mend the path in ${file}, then: godwit status` : `npm install ${packageName}`],
    where: { file, ...place },
    meta: { missing: specifier },
    cause,
  })
}

/** Where the text imports it. Node names a missing file by its full path, of which the text has the end. */
function findImport(text: string, specifier: string, isPath: boolean): (Place & { text: string }) | undefined {
  const wanted = isPath ? (specifier.split(/[\\/]/).at(-1) as string) : specifier
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    for (const found of line.matchAll(/(['"])((?:(?!\1).)*)\1/g)) {
      const name = found[2] as string
      if (name === specifier || (isPath && name.split('/').at(-1) === wanted)) {
        return { line: index + 1, column: (found.index as number) + 1, text: line }
      }
    }
  }
  return undefined
}

/** From a syntax error's message (`path:2:20`, column from 0) or the first stack line of the file (from 1). */
function placeOf(error: unknown, message: string, path: string): Place | undefined {
  const at = new RegExp(`${escape(path)}:(\\d+):(\\d+)`)
  const inMessage = at.exec(message)
  if (inMessage !== null) return { line: Number(inMessage[1]), column: Number(inMessage[2]) + 1 }
  const inStack = at.exec(error instanceof Error ? (error.stack ?? '') : '')
  return inStack === null ? undefined : { line: Number(inStack[1]), column: Number(inStack[2]) }
}

function plainMessage(message: string, path: string, file: string): string {
  return message
    .replace(new RegExp(`\\s*${escape(path)}:\\d+:\\d+\\s*$`), '')
    .replaceAll(path, file)
    .replace(/^ParseError: /, '')
    .trim()
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
