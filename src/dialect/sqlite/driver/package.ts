// Finds a driver package beside godwit, else in the project that runs it (a global godwit, a linked one).
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The default export of a package. Throws what the loader throws. */
export async function importPackage(name: string): Promise<unknown> {
  const path = locate(name)
  let module: { default?: unknown }
  try {
    // Both drivers are CommonJS, which `import` would first have to search for the names it exports.
    module = createRequire(import.meta.url)(path) as { default?: unknown }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_REQUIRE_ESM') throw error
    module = (await import(pathToFileURL(path).href)) as { default?: unknown }
  }
  return module.default ?? module
}

/** The version in the package.json of the package that `importPackage` would load; undefined when there is none. */
export function installedVersion(name: string): string | undefined {
  let folder: string
  try {
    folder = dirname(locate(name))
  } catch {
    return undefined
  }
  // Packages may hide their package.json from `require`, so the folders above the entry file are read.
  for (;;) {
    try {
      const facts = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
      if (facts['name'] === name) return typeof facts['version'] === 'string' ? facts['version'] : undefined
    } catch {
      // no package.json in this folder
    }
    const above = dirname(folder)
    if (above === folder) return undefined
    folder = above
  }
}

function locate(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch (error) {
    try {
      return createRequire(join(process.cwd(), 'package.json')).resolve(name)
    } catch {
      throw error
    }
  }
}
