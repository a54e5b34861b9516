// Where the configuration file is: beside the work or above it, never beyond the repository or the home folder.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { GodwitError } from '../core/error.ts'

/** In order of preference; a folder with several uses the first. */
export const configNames = [
  'godwit.config.ts',
  'godwit.config.mts',
  'godwit.config.js',
  'godwit.config.mjs',
  'godwit.config.json',
] as const

/**
 * The configuration file for `cwd`, or undefined when there is none.
 * @param given path of `--config`, which must exist
 * @throws GodwitError CONFIG.FILE_MISSING
 */
export function findConfigFile(cwd: string, given?: string): string | undefined {
  if (given !== undefined) {
    const path = isAbsolute(given) ? given : resolve(cwd, given)
    if (!existsSync(path))
      throw new GodwitError('CONFIG.FILE_MISSING', `The configuration file ${given} does not exist.`, {
        why: 'It was named by --config or GODWIT_CONFIG. No database was touched.',
        next: ['godwit init'],
        where: { file: given },
      })
    return path
  }
  const home = homedir()
  for (let folder = resolve(cwd); ; ) {
    for (const name of configNames) {
      const path = join(folder, name)
      if (existsSync(path)) return path
    }
    const parent = dirname(folder)
    if (parent === folder || folder === home || existsSync(join(folder, '.git'))) return undefined
    folder = parent
  }
}
