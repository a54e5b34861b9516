// What a guard is: a check of one source file, with samples that it must refuse and samples that it must accept.
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import ts from 'typescript'

/** A file of the project: its path from the root with `/`, and its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface Finding {
  readonly line: number
  readonly message: string
}

export interface Guard {
  /** The rule as a sentence. */
  readonly name: string
  check(file: SourceFile): Finding[]
  readonly red: readonly SourceFile[]
  readonly green: readonly SourceFile[]
}

export const root = join(import.meta.dirname, '../..')

/** All TypeScript files below a folder of the project. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.[cm]?ts$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(file => !file.includes(`${sep}node_modules${sep}`))
    .map(file => ({ path: relative(root, file).split(sep).join('/'), text: readFileSync(file, 'utf8') }))
    .sort((one, two) => (one.path < two.path ? -1 : 1))
}

/** Calls `visit` for every node of the syntax tree; what it returns is a finding at that node. */
export function findInTree(file: SourceFile, visit: (node: ts.Node) => string | undefined): Finding[] {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
  const findings: Finding[] = []
  const walk = (node: ts.Node): void => {
    const message = visit(node)
    if (message !== undefined) {
      findings.push({ line: tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1, message })
    }
    ts.forEachChild(node, walk)
  }
  walk(tree)
  return findings
}

/** Tests, and the programs and data that only tests use. */
export const isTest = (path: string): boolean => /\.(test|fixture)\.ts$/.test(path)

/** `src/dialect/postgres/` and the like: what a pattern of places allows. */
export const isIn = (path: string, places: readonly string[]): boolean =>
  places.some(place => (place.endsWith('/') ? path.startsWith(place) : path === place))
