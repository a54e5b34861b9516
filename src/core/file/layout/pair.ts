// Revisions in two files (golang-migrate, sqlx: `N_x.up.sql` and `N_x.down.sql`) and the names of files generally:
// which part of which revision a file is, decided by its name alone.
import { GodwitError } from '../../error.ts'
import { folderPart, type FolderPart } from './folder.ts'

export interface FileRole {
  readonly id: string
  /** `both`: a SQL file that may hold an up and a down. `code`: TypeScript or JavaScript. */
  readonly part: FolderPart | 'both' | 'code'
  readonly inFolder: boolean
}

/**
 * The role of a path relative to the revision folder, or undefined for files that are no revisions: hidden ones,
 * other extensions, `schema.sql`, declarations and tests.
 * @throws FILE.NAME_INVALID for a SQL file whose name can be no revision id
 */
export function fileRole(path: string, shown: string): FileRole | undefined {
  const slash = path.indexOf('/')
  if (slash >= 0) {
    const part = folderPart(path.slice(slash + 1))
    if (part === undefined || path.startsWith('.')) return undefined
    return { id: checkId(path.slice(0, slash), shown), part, inFolder: true }
  }
  const sql = /^(.*?)(?:\.(up|down))?\.sql$/i.exec(path)
  if (sql !== null) {
    const id = sql[1] as string
    if (path === 'schema.sql' || (id !== '' && path.startsWith('.'))) return undefined
    return {
      id: checkId(id, shown),
      part: (sql[2]?.toLowerCase() as FolderPart | undefined) ?? 'both',
      inFolder: false,
    }
  }
  const code = /^([^.].*?)\.(?:ts|mts|js|mjs|cjs)$/.exec(path)
  if (code === null || /\.(?:d|test|spec)$/.test(code[1] as string)) return undefined
  return { id: checkId(code[1] as string, shown), part: 'code', inFolder: false }
}

/** The number at the start of a name, which is all that golang-migrate compares. */
export function versionOf(id: string): string | undefined {
  return /^(\d+)_/.exec(id)?.[1]
}

function checkId(id: string, shown: string): string {
  const wrong = id === '' ? 'nothing' : /[\p{Cc},"\\]/u.exec(id)?.[0]
  if (wrong === undefined && id === id.trim()) return id
  throw new GodwitError('FILE.NAME_INVALID', `${shown} has a name that can be no revision id`, {
    why:
      id === ''
        ? 'Nothing is left of the name without its extension. Nothing was run.'
        : 'An id holds no comma, double quote, backslash or control character and no blank at its ends. Nothing was run.',
    next: [`rename ${shown}, then: godwit status`],
    where: { file: shown },
  })
}
