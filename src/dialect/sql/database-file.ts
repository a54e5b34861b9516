// Is there a database file? "Not there" and "this user cannot see" are different answers: the one means that nothing is
// applied yet, the other that nobody knows.
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { GodwitError } from '../../core/error.ts'

/**
 * False: the file does not exist.
 *
 * @param target as people see it
 * @throws GodwitError CONNECT.FILE_INVALID for a path this user may not look at
 */
export function databaseFileExists(path: string, target: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new GodwitError('CONNECT.FILE_INVALID', `${target} cannot be opened`, {
      why:
        code === 'EACCES' || code === 'EPERM'
          ? `this user may not enter the folder ${dirname(path)}, so that nobody knows whether the file exists; nothing was changed`
          : `the path cannot be looked at (${code}); nothing was changed`,
      next: [`ls -ld '${dirname(path)}'`],
      cause: error,
    })
  }
}
