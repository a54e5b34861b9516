// What is published: every file that is needed, none that is not, and no import that an installation cannot satisfy.
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/core/error-codes.ts'
import { version } from '../../src/core/version.ts'
import { doorsOf, type Packed, pack, readManifest, root, run, temporaryFolder } from './project.ts'

const place = temporaryFolder()
const manifest = readManifest(root)
let packed: Packed
let unpacked: string

beforeAll(async () => {
  packed = await pack(place.folder)
  const answer = await run('tar', ['xzf', packed.file, '-C', place.folder], place.folder)
  if (answer.code !== 0) throw new Error(answer.stderr)
  unpacked = join(place.folder, 'package')
})
afterAll(() => place.dispose())

const single = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'FORMATS.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
]

/** Files that belong into the tarball. */
const allowed = [
  /^dist\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.(?:d\.ts|js)$/,
  /^dist\/THIRD-PARTY\.txt$/,
  /^docs\/errors\/(?:[A-Z0-9_.]+)\.md$/,
  /^docs\/(?:guide|decisions)\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.md$/,
  /^examples\/quickstart\/(?:[a-z0-9_-]+\/)*[A-Za-z0-9_]+(?:\.config)?\.(?:md|ts|sql)$/,
]

const isAllowed = (path: string): boolean => single.includes(path) || allowed.some(form => form.test(path))

/** What a built file imports, also lazily; for type files with `.js` names read as the type files beside them. */
function importsOf(path: string, text: string): string[] {
  const names: string[] = []
  const visit = (node: ts.Node): void => {
    const lazy = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
    const named = ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
    const name = lazy ? node.arguments[0] : named ? node.moduleSpecifier : undefined
    if (name !== undefined && ts.isStringLiteralLike(name)) names.push(name.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
  return path.endsWith('.d.ts') ? names.map(name => name.replace(/\.js$/, '.d.ts')) : names
}

const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

describe('the tarball', () => {
  it('holds only what it must', () => {
    const { size, unpackedSize, paths } = packed
    process.stderr.write(
      `the package: ${(size / 1024).toFixed(0)} kB packed, ${(unpackedSize / 1024).toFixed(0)} kB in ${paths.length} files\n`,
    )
    expect(paths.filter(path => !isAllowed(path))).toEqual([])
  })

  it.each(single)('holds %s', path => {
    expect(packed.paths).toContain(path)
  })

  it('knows a test, a source map, a fixture and a source when it sees one', () => {
    const wrong = [
      'dist/core/error.test.js',
      'dist/index.js.map',
      'dist/dialect/sqlite/opener.fixture.js',
      'src/index.ts',
      'test/run.ts',
      'docs/guide/library.txt',
      '.npmrc',
      'dist/.cache',
    ]
    expect(wrong.filter(isAllowed)).toEqual([])
  })

  it('points to no source map', () => {
    const pointing = packed.paths.filter(
      path => path.endsWith('.js') && /sourceMappingURL=/.test(readFileSync(join(unpacked, path), 'utf8')),
    )
    expect(pointing).toEqual([])
  })

  it('has the file behind each door and behind the program', () => {
    const doors = Object.values(manifest.exports).flatMap(door =>
      typeof door === 'string' ? [door] : [door.types, door.default],
    )
    const wanted = [...doors, ...Object.values(manifest.bin)].map(path => posix.normalize(path))
    expect(wanted.filter(path => !packed.paths.includes(path))).toEqual([])
    expect(doorsOf(manifest)).toContain('godwit')
    expect(readFileSync(join(unpacked, 'dist/cli/main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it('has the page of each error code', () => {
    const missing = Object.keys(errorCodes).filter(code => !packed.paths.includes(`docs/errors/${code}.md`))
    expect(missing).toEqual([])
  })

  it('is of the version that the program says', () => {
    expect(readManifest(unpacked).version).toBe(version)
  })
})

describe('the imports of the built files', () => {
  let imports: readonly { readonly path: string; readonly name: string }[]

  beforeAll(() => {
    imports = packed.paths
      .filter(path => /\.(?:js|d\.ts)$/.test(path))
      .flatMap(path => importsOf(path, readFileSync(join(unpacked, path), 'utf8')).map(name => ({ path, name })))
  })

  it('reads the forms a bundler writes', () => {
    const text =
      'import"./a.js";import{b}from"b";export*from\'c\';const d="from x",e=await import(`@d/e/f`);import{g}from"node:fs"'
    expect(importsOf('a.js', text)).toEqual(['./a.js', 'b', 'c', '@d/e/f', 'node:fs'])
  })

  it('lead to files of the tarball', () => {
    const dangling = imports
      .filter(({ name }) => name.startsWith('.'))
      .filter(({ path, name }) => !packed.paths.includes(posix.join(dirname(path), name)))
    expect(dangling).toEqual([])
  })

  it('name only dependencies, optional peers and Node itself, and every dependency', () => {
    const outside = imports
      .map(({ name }) => name)
      .filter(name => !name.startsWith('.') && !name.startsWith('node:') && !builtinModules.includes(name))
    const named = new Set(outside.map(packageOf))
    const known = { ...manifest.dependencies, ...manifest.peerDependencies }
    expect([...named].filter(name => !(name in known))).toEqual([])
    expect(Object.keys(manifest.dependencies).filter(name => !named.has(name))).toEqual([])
  })

  it('are no driver in a type file: types work without any driver', () => {
    const typed = imports.filter(({ path, name }) => path.endsWith('.d.ts') && !name.startsWith('.'))
    expect(typed).toEqual([])
  })
})

describe('the drivers', () => {
  it('are optional', () => {
    const forced = Object.keys(manifest.peerDependencies).filter(
      name => manifest.peerDependenciesMeta[name]?.optional !== true,
    )
    expect(forced).toEqual([])
    expect(Object.keys(manifest.peerDependencies).filter(name => name in manifest.dependencies)).toEqual([])
  })
})
