// Which JavaScript files Node itself loads without a word.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * True for `.mjs`, `.cjs`, and `.js` in a package with `"type": "module"`. Any other `.js` file Node would first try as
 * CommonJS, with a warning on stderr when it holds `export`.
 */
export function loadsNatively(path: string): boolean {
  if (!path.endsWith('.js')) return /\.[cm]js$/.test(path)
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: string }).type === 'module'
    } catch {
      if (folder === dirname(folder)) return false
    }
  }
}
