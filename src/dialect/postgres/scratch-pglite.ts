// Scratch databases without a server: PGlite in memory. Making one from nothing takes seconds (initdb), so its first
// image is kept in a cache folder where there is one; a broken or foreign image is made anew.
import { readFileSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { GodwitError } from '../../core/error.ts'
import type { Scratch } from '../dialect.ts'
import { pgliteScratch } from './pglite.ts'

export interface PgliteScratchOptions {
  /** Folder for the image of an empty database (about 40 MB). Absent: none is kept. */
  readonly cacheFolder?: string
  /** SQL that will be loaded: the extensions it creates are made ready. */
  readonly texts?: readonly string[]
}

/** @throws GodwitError CONFIG.DRIVER_MISSING CONNECT.FILE_INVALID SCHEMA.EXTENSION_MISSING */
export async function memoryScratch(options: PgliteScratchOptions = {}): Promise<Scratch> {
  const extensions = await extensionsOf((options.texts ?? []).flatMap(wantedExtensions))
  const installed = version()
  const { cacheFolder } = options
  const file = cacheFolder && installed ? join(cacheFolder, `pglite-${installed}.tar`) : undefined
  const image = file === undefined ? undefined : await readFile(file).catch(() => undefined)
  if (image !== undefined) {
    const made = pgliteScratch({ extensions, loadDataDir: new Blob([image]) })
    // An image that another version wrote, or half of one, is not worth an error.
    const session = await made.dialect.open({ purpose: 'run' }).catch(() => undefined)
    if (session !== undefined) {
      await session.close()
      return made
    }
    await made.dispose()
  }
  const made = pgliteScratch({ extensions })
  if (file !== undefined) await keepImage(made, file)
  return made
}

/** Written beside and moved, so that nobody reads half an image. A folder that cannot be written to costs time only. */
async function keepImage(scratch: Scratch, file: string): Promise<void> {
  try {
    const session = await scratch.dialect.open({ purpose: 'run' })
    const instance = session.client as { dumpDataDir(compression: 'none'): Promise<Blob> }
    const image = await instance.dumpDataDir('none')
    await session.close()
    await mkdir(join(file, '..'), { recursive: true })
    const part = `${file}.${process.pid}.part`
    await writeFile(part, Buffer.from(await image.arrayBuffer()))
    await rename(part, file)
  } catch {
    // The next call makes it from nothing again.
  }
}

/** Of the installed package, which does not export its manifest: an image belongs to one version. Undefined: none is kept. */
function version(): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve('@electric-sql/pglite')
    const manifest = JSON.parse(readFileSync(join(dirname(main), '../package.json'), 'utf8')) as { version?: string }
    return manifest.version
  } catch {
    return undefined
  }
}

/** Names after CREATE EXTENSION; a name in a comment or a string does no harm, only costs its loading. */
function wantedExtensions(text: string): string[] {
  const found = text.matchAll(/\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?("[^"]+"|[a-z_][\w-]*)/gi)
  return [...found].map(([, name = '']) => name.replaceAll('"', '').toLowerCase())
}

/** Those of PostgreSQL's own server. */
const BUILT_IN = new Set(['plpgsql'])

async function extensionsOf(names: readonly string[]): Promise<Record<string, unknown>> {
  const extensions: Record<string, unknown> = {}
  for (const name of new Set(names)) {
    if (BUILT_IN.has(name)) continue
    const key = name.replaceAll('-', '_')
    const module = await load(key)
    const extension = module?.[key] ?? Object.values(module ?? {}).find(value => typeof value === 'object')
    if (extension === undefined) throw extensionMissing(name)
    extensions[key] = extension
  }
  return extensions
}

async function load(key: string): Promise<Record<string, unknown> | undefined> {
  const places = [
    `@electric-sql/pglite/contrib/${key}`,
    `@electric-sql/pglite/${key}`,
    `@electric-sql/pglite-${key === 'vector' ? 'pgvector' : key}`,
  ]
  for (const place of places) {
    const module = (await import(place).catch(() => undefined)) as Record<string, unknown> | undefined
    if (module !== undefined) return module
  }
  return undefined
}

export function extensionMissing(name: string): GodwitError {
  return new GodwitError('SCHEMA.EXTENSION_MISSING', `the scratch database has no extension ${name}`, {
    why: 'Schemas are compared in a throw-away database in this process (PGlite), which does not have it. Nothing was compared and nothing changed.',
    next: ['godwit diff --scratch postgres://user@host/database (a server that has it)'],
    meta: { extension: name },
  })
}
