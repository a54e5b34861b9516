// A folder of revision files. Reads names, then bytes; runs nothing.
// Promises: what is read at load() is what body() parses later, whatever happens to the files in between.
import { readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { GodwitError } from '../core/error.ts'
import { fileRole } from '../core/file/layout/pair.ts'
import { type FolderEntry, parseFolder, showPath } from '../core/file/parse.ts'
import { loadModule } from './module.ts'
import type { RevisionSource } from './source.ts'

export interface DirectoryOptions {
  /** The folder; relative paths are relative to the working directory. */
  readonly path: string
  /** What stands before file names in messages. Default: the folder relative to `root`. */
  readonly displayBase?: string
  /** The project's folder. Default: the working directory. */
  readonly root?: string
  /** See {@link ModuleOptions.alias}. */
  readonly alias?: Readonly<Record<string, string>>
}

/**
 * The revisions of a folder and of the revision folders directly in it (diesel, Prisma).
 * @throws FILE.FOLDER_MISSING when it loads
 */
export function directorySource(options: DirectoryOptions): RevisionSource {
  const path = resolve(options.path)
  const displayBase = options.displayBase ?? shownFolder(path, options.root)
  return {
    description: displayBase,
    async load(lexical) {
      const names = await listNames(path, displayBase)
      const wanted = names.filter(name => fileRole(name, showPath(displayBase, name)) !== undefined)
      const entries = await readAll(path, wanted, displayBase)
      return parseFolder(entries, {
        displayBase,
        lexical,
        load: code =>
          loadModule(code, {
            path: join(path, code.path),
            ...(options.alias === undefined ? {} : { alias: options.alias }),
          }),
      })
    },
  }
}

function shownFolder(path: string, root: string | undefined): string {
  const shown = relative(resolve(root ?? '.'), path)
    .split(sep)
    .join('/')
  return shown === '' ? '.' : shown
}

/** Paths relative to the folder, with `/`; of folders in it only the files directly inside. */
async function listNames(path: string, shown: string): Promise<string[]> {
  const items = await readdir(path, { withFileTypes: true }).catch(error => {
    throw folderError(error, shown)
  })
  const names = await Promise.all(
    items.map(async item => {
      if (item.isFile()) return [item.name]
      if (item.name.startsWith('.') || item.name === 'node_modules') return []
      const isFolder = item.isDirectory() || (item.isSymbolicLink() && (await isDirectory(join(path, item.name))))
      if (!isFolder) return item.isSymbolicLink() ? [item.name] : []
      const inside = await readdir(join(path, item.name)).catch(error => {
        throw readError(error, showPath(shown, item.name))
      })
      return inside.map(name => `${item.name}/${name}`)
    }),
  )
  return names.flat()
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}

/** Files read before others get their turn. */
const AT_ONCE = 256

/** Synchronous: small files from the cache cost a sixth of what the thread pool costs (measured with 5,000 on Node 20). */
async function readAll(path: string, names: readonly string[], shown: string): Promise<FolderEntry[]> {
  const entries: FolderEntry[] = []
  for (const [index, name] of names.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await setImmediate()
    try {
      entries.push({ path: name, bytes: readFileSync(join(path, name)) })
    } catch (error) {
      throw readError(error, showPath(shown, name))
    }
  }
  return entries
}

function folderError(error: unknown, shown: string): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return readError(error, shown)
  return new GodwitError(
    'FILE.FOLDER_MISSING',
    `the folder of the revisions, ${shown}, ${code === 'ENOENT' ? 'does not exist' : 'is a file'}`,
    {
      why: 'Without files godwit cannot know what is pending. No database was touched.',
      next: code === 'ENOENT' ? ['godwit init', `mkdir -p '${shown}'`] : ['godwit status --migrations FOLDER'],
      where: { file: shown },
      cause: error,
    },
  )
}

function readError(error: unknown, file: string): GodwitError {
  const code = (error as NodeJS.ErrnoException).code as string
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'the file does not exist',
    EACCES: 'permission denied',
    EMFILE: 'too many open files',
  }
  return new GodwitError('FILE.READ_FAILED', `${file} cannot be read: ${words[code] ?? code}`, {
    why: 'Without all files godwit cannot know what is pending. No database was touched.',
    next: [code === 'EACCES' ? `chmod u+r '${file}'` : `ls -l '${file}'`],
    where: { file },
    cause: error,
  })
}
