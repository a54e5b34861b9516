// The doors of this very copy of the package as absolute paths, so that `import 'godwit'` in a configuration or a
// revision works without an installation beside the file, and never loads a second copy.
import { fileURLToPath } from 'node:url'

const doors = [
  'godwit',
  ...['postgres', 'mysql', 'sqlite', 'duckdb', 'chroma', 'dialect'].map(name => `godwit/${name}`),
]

let found: Readonly<Record<string, string>> | undefined

/** Import name → file. Empty when the package is not built. */
export function ownDoors(): Readonly<Record<string, string>> {
  if (found !== undefined) return found
  const paths: Record<string, string> = {}
  for (const name of doors) {
    try {
      paths[name] = fileURLToPath(import.meta.resolve(name))
    } catch {
      // Not built: files then find their own installation.
    }
  }
  found = paths
  return paths
}
