// Writes revision files. Promises: a new file never replaces one that exists, not even one that appears meanwhile;
// a changed file is replaced in one step, so that nobody ever reads half of it.
import { chmod, link, mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { GodwitError } from '../core/error.ts'
import { setParents } from '../core/file/rewrite.ts'
import { decodeText } from '../core/file/text.ts'

/**
 * Writes a file that must not exist; folders on the way are made.
 * @param shown the path for people
 * @throws FILE.EXISTS FILE.WRITE_FAILED
 */
export async function writeNewFile(path: string, text: string, shown: string): Promise<void> {
  const temporary = temporaryPath(path)
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeDurably(temporary, text, 0o666)
    // A hard link, unlike a rename, refuses a name that is taken.
    await link(temporary, path).catch(error =>
      isTaken(error) ? Promise.reject(error) : writeDurably(path, text, 0o666),
    )
  } catch (error) {
    throw isTaken(error) ? existsError(error, shown) : writeError(error, shown)
  } finally {
    await unlink(temporary).catch(() => undefined)
  }
}

/**
 * Replaces a file's text in one step, keeping its mode and, for a link, the link.
 * @throws FILE.WRITE_FAILED the file is as before
 */
export async function replaceFile(path: string, text: string, shown: string): Promise<void> {
  let temporary: string | undefined
  try {
    const target = await realpath(path)
    const { mode } = await stat(target)
    temporary = temporaryPath(target)
    await writeDurably(temporary, text, mode)
    // The umask may have taken bits away at creation.
    await chmod(temporary, mode)
    await rename(temporary, target)
  } catch (error) {
    if (temporary !== undefined) await unlink(temporary).catch(() => undefined)
    throw writeError(error, shown)
  }
}

/**
 * Puts other parents into a revision file (see {@link setParents}).
 * @throws FILE.ENCODING_INVALID FILE.HEADER_INVALID FILE.MODULE_INVALID FILE.WRITE_FAILED
 */
export async function rewriteParents(path: string, parents: readonly string[], shown: string): Promise<void> {
  const bytes = await readFile(path).catch(error => {
    throw writeError(error, shown)
  })
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? '\uFEFF' : ''
  const text = bom + decodeText(bytes, shown)
  const changed = setParents(text, parents, extname(path).toLowerCase() === '.sql' ? 'sql' : 'ts', shown)
  if (changed !== text) await replaceFile(path, changed, shown)
}

/** Hidden, so that no source ever takes it for a revision. */
function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${process.hrtime.bigint()}.tmp`)
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST'
}

function existsError(cause: unknown, shown: string): GodwitError {
  return new GodwitError('FILE.EXISTS', `${shown} exists already`, {
    why: 'godwit overwrites no revision file. Nothing was written.',
    next: ['godwit new MESSAGE'],
    where: { file: shown },
    cause,
  })
}

function writeError(cause: unknown, shown: string): GodwitError {
  return new GodwitError('FILE.WRITE_FAILED', `${shown} cannot be written: ${(cause as Error).message}`, {
    why: 'The file is as it was before.',
    where: { file: shown },
    cause,
  })
}
