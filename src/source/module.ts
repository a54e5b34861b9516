// Loads a revision module when it is to run: TypeScript through jiti, JavaScript by Node (through jiti where Node cannot).
// Promises: the module says what its text said, or nothing runs; every failure has the file and, where known, the line.
import { pathToFileURL } from 'node:url'
import { checkStatement, statementHeader } from '../core/file/definition.ts'
import { GodwitError } from '../core/error.ts'
import type { CodeFile } from '../core/file/parse.ts'
import type { CodeBody } from '../core/revision/revision.ts'
import { moduleFailure } from './module-failure.ts'
import { loadsNatively } from './native.ts'

export interface ModuleOptions {
  /** Absolute path of the module. */
  readonly path: string
  /** Import names and the absolute paths they stand for, so that `import 'godwit'` finds the running copy. */
  readonly alias?: Readonly<Record<string, string>>
}

/**
 * The functions of a revision module.
 * @throws FILE.MODULE_FAILED when it cannot be loaded, FILE.MODULE_INVALID when its exports are not a revision's
 */
export async function loadModule(code: CodeFile, options: ModuleOptions): Promise<CodeBody> {
  let exported: Record<string, unknown>
  try {
    exported = asRecord(await importFile(options))
  } catch (error) {
    throw moduleFailure(error, code, options.path)
  }
  const definition = pickDefinition(exported)
  const { up, down } = definition
  if (typeof up !== 'function') throw invalid(code.file, `Its \`up\` is ${describe(up)}, not a function.`)
  if (down !== undefined && typeof down !== 'function')
    throw invalid(code.file, `Its \`down\` is ${describe(down)}, not a function.`)
  const real = statementHeader(definition, code.file)
  checkStatement(code.lines, code.literals, real, code.file)
  return {
    up: context => up.call(definition, context),
    down: down && (context => down.call(definition, context)),
    options: real.options,
  }
}

async function importFile({ path, alias }: ModuleOptions): Promise<unknown> {
  if (loadsNatively(path)) {
    try {
      return await import(pathToFileURL(path).href)
    } catch (error) {
      // `import 'godwit'` without an installation beside the file, or `export` in a CommonJS package: jiti can. It also
      // tells the line of a syntax error, which Node does not.
      if (!(error instanceof SyntaxError) && !isMissing(error)) throw error
    }
  }
  const { createJiti } = await import('jiti')
  const jiti = createJiti(import.meta.url, {
    interopDefault: false,
    ...(alias === undefined ? {} : { alias: { ...alias } }),
  })
  return jiti.import(path)
}

function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}

/** The default export, also through the extra `default` of CommonJS; else the named exports. */
function pickDefinition(exported: Record<string, unknown>): Record<string, unknown> {
  const inner = exported['default']
  if (inner === null || typeof inner !== 'object') return exported
  return pickDefinition(asRecord(inner))
}

function asRecord(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : { default: value }
}

function describe(value: unknown): string {
  return value === undefined ? 'missing' : value === null ? 'null' : `a ${typeof value}`
}

function invalid(file: string, why: string): GodwitError {
  return new GodwitError('FILE.MODULE_INVALID', `${file} does not export a revision`, {
    why: `${why} Expected \`export default defineRevision({ up, down })\` or the named exports \`up\` and \`down\`. Nothing was run.`,
    where: { file },
  })
}
