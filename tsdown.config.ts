// The build: one entry for each door of package.json and one for the program; what they share is split into chunks, so
// that a dialect is loaded only when it is used. Drivers and parsers stay outside, everything else is bundled.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'tsdown'

const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  exports: Record<string, string | { default: string }>
}

/** `./dist/dialect/postgres/index.js` is built from `src/dialect/postgres/index.ts`. */
const doors = Object.values(manifest.exports)
  .flatMap(target => (typeof target === 'string' ? [] : [target.default]))
  .map(target => target.replace(/^\.\/dist\/(.*)\.js$/, '$1'))

const external = [
  'pg',
  'mysql2',
  'mysql2/promise',
  'better-sqlite3',
  'libsql',
  '@duckdb/node-api',
  '@electric-sql/pglite',
  /^@electric-sql\//,
  'libpg-query',
  'sqlite3-parser',
  'jiti',
]

/** Name, version and licence text of the packages that these modules belong to, as their licences ask for. */
function thirdParty(modules: readonly string[]): string {
  const folders = modules.map(id => /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id)?.[1])
  const notices = [...new Set(folders)].flatMap(folder => {
    if (folder === undefined) return []
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
      'name' | 'version' | 'license',
      string
    >
    const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry))
    if (file === undefined) throw new Error(`${name} is bundled and has no licence file`)
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return `Parts of these packages are in the files of this folder.\n\n${notices.toSorted().join(`\n${'-'.repeat(80)}\n\n`)}`
}

const entries = (names: readonly string[]) => Object.fromEntries(names.map(name => [name, `src/${name}.ts`]))

interface Bundling {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null
}

let atStart: Set<string> | undefined

/** Whether each call of the program needs this module: `cli/start.ts` reaches it without any `import()`. */
function isAtStart(id: string, bundling: Bundling): boolean {
  if (atStart === undefined) {
    atStart = new Set([join(import.meta.dirname, 'src/cli/start.ts')])
    for (const found of atStart)
      for (const imported of bundling.getModuleInfo(found)?.importedIds ?? []) atStart.add(imported)
  }
  return atStart.has(id)
}

/** What the program and the types are built with alike. */
const shared = {
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  outDir: 'dist',
  fixedExtension: false,
  hash: false,
  sourcemap: false,
  report: false,
} as const

const program = defineConfig({
  ...shared,
  entry: entries([...doors, 'cli/main']),
  clean: true,
  minify: true,
  dts: false,
  deps: { neverBundle: external, alwaysBundle: ['commander', 'picocolors', 'std-env', '@clack/prompts', 'diff'] },
  plugins: [
    {
      name: 'third-party-licences',
      generateBundle(_options, bundle) {
        if (bundle['cli/main.js'] === undefined) return
        const modules = Object.values(bundle).flatMap(file => (file.type === 'chunk' ? file.moduleIds : []))
        this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY.txt', source: thirdParty(modules) })
      },
    },
  ],
  outputOptions: {
    chunkFileNames: 'chunk/[name].js',
    // Few files: each module costs about a millisecond at every start. What every call needs is together; stores, rarely
    // used verbs and their libraries stay apart.
    codeSplitting: {
      groups: [
        {
          // Rolldown asks for each module; what the first call's imports do not reach goes to the groups below.
          // What belongs to the program looks at the terminal when it is loaded, which the library must not do.
          name: (id, context) => {
            if (!isAtStart(id, context)) return null
            return /[\\/](?:src[\\/]cli|node_modules)[\\/]/.test(id) ? 'start' : 'library'
          },
          priority: 3,
        },
        { name: 'schema', test: /src\/(schema|engine\/schema)\//, priority: 2 },
        { name: 'engine', test: /src\/(core\/(?!version)|source|engine|library|config|api)/, priority: 1 },
        { name: 'command', test: /src\/cli\/(?!main)|node_modules\/commander/, priority: 1 },
        { name: 'sql', test: /src\/dialect\/(sql\/|[a-z-]+\.ts)/, priority: 2 },
        ...['postgres', 'mysql', 'sqlite', 'duckdb', 'chroma'].map(name => ({
          name,
          test: new RegExp(`src/dialect/${name}/`),
        })),
      ],
    },
  },
})

/** One after the other, and with chunks of its own: types share other parts than the code does. */
const types = defineConfig({
  ...shared,
  entry: entries(doors),
  clean: false,
  deps: { neverBundle: external },
  dts: { emitDtsOnly: true },
  outputOptions: { chunkFileNames: 'chunk/[name].js' },
})

export default [program, types].flat()
