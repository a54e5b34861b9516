// Revisions that are folders: diesel (`<dir>/up.sql`, `down.sql`, `metadata.toml`) and Prisma (`<dir>/migration.sql`,
// with the `down.sql` beside it that Prisma's guide recommends).
import { fileError } from '../header.ts'
import { eachLine } from '../text.ts'

export type FolderPart = 'up' | 'down' | 'metadata'

const PARTS: Readonly<Record<string, FolderPart>> = {
  'up.sql': 'up',
  'migration.sql': 'up',
  'down.sql': 'down',
  'metadata.toml': 'metadata',
}

/** What a file of a revision folder is for, or undefined for any other file. */
export function folderPart(name: string): FolderPart | undefined {
  return PARTS[name]
}

/** diesel's `run_in_transaction`; true when the file does not say. @throws FILE.HEADER_INVALID */
export function runsInTransaction(metadata: string, file: string): boolean {
  for (const line of eachLine(metadata)) {
    const found = /^(\s*run_in_transaction\s*=\s*)([^#]*)/.exec(line.text)
    if (found === null) continue
    const value = (found[2] as string).trim()
    if (value === 'true' || value === 'false') return value === 'true'
    throw fileError(
      'FILE.HEADER_INVALID',
      file,
      line,
      (found[1] as string).length,
      'run_in_transaction is true or false',
    )
  }
  return true
}
