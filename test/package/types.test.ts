// The types of the installed package in the projects of others: strict, without the types of Node, without any driver.
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { record } from '../servers/databases.ts'
import { pack, temporaryFolder, UserProject } from './project.ts'

const place = temporaryFolder()
const project = new UserProject(join(place.folder, 'typed'))
let reason: string | undefined

beforeAll(async () => {
  project.writeManifest('module')
  reason = await project.install((await pack(place.folder)).file)
  if (reason !== undefined) await record({ subject: 'types of the package', reason })
})
afterAll(() => place.dispose())

const source = `
import {
  createGodwit, defineConfig, defineRevision, GodwitError, isGodwitError, loadConfig, migrateOnStart, pendingCheck,
  type DatabaseResult, type ErrorCode, type GodwitConfig, type RevisionContext, type RunEvent, type RunResult,
} from 'godwit'
import { chroma, defineChromaRevision, type ChromaContext } from 'godwit/chroma'
import type { Dialect } from 'godwit/dialect'
import { duckdb } from 'godwit/duckdb'
import { mysql } from 'godwit/mysql'
import { pglite, postgres } from 'godwit/postgres'
import { sqlite } from 'godwit/sqlite'

const dialects: readonly Dialect[] = [
  postgres({ url: 'postgres://localhost/shop' }),
  pglite({ url: 'pglite:' }),
  mysql({ url: 'mysql://localhost/shop' }),
  sqlite('./app.db'),
  duckdb('./app.duckdb'),
  chroma({ url: 'chroma://localhost:8000' }),
]

export const revision = defineRevision({
  parent: '001_users',
  async up(m) {
    const rows = await m.sql<{ id: number }>\`SELECT id FROM users WHERE id > \${1}\`
    const first: number | undefined = rows[0]?.id
    m.log(String(first))
  },
  async down(m: RevisionContext) {
    await m.run('DELETE FROM users')
  },
})

export const collections = defineChromaRevision({
  async up(m) {
    await m.createCollection('docs', { distance: 'cosine' })
  },
  async down(m: ChromaContext) {
    await m.deleteCollection('docs')
  },
})

const config: GodwitConfig = defineConfig({
  databases: {
    main: {
      dialect: sqlite('./app.db'),
      revisions: [
        { id: '001_users', up: 'CREATE TABLE users (id integer)', down: 'DROP TABLE users' },
        { id: '002_fill', up: async m => { await m.sql\`INSERT INTO users VALUES (\${1})\` } },
        { id: '003_trim', async up(m: RevisionContext) { await m.run('DELETE FROM users') } },
        { id: '004_typed', ...revision },
      ],
    },
    vectors: { url: 'chroma://localhost:8000', revisions: [{ id: '001_docs', ...collections }] },
    files: { dialect: 'duckdb', url: 'duckdb:./app.duckdb', migrations: './migrations', lock: { waitMs: 0 } },
  },
  environments: { production: { protected: true, databases: { main: { url: 'sqlite:./live.db' } } } },
})

export async function main(): Promise<string> {
  const godwit = await createGodwit(config)
  const result: RunResult = await godwit.up({ on: (event: RunEvent) => void event, signal: new AbortController().signal })
  const states: readonly string[] = result.databases.flatMap((database: DatabaseResult) =>
    database.steps.map(step => step.state),
  )
  const { databases } = await godwit.status()
  const pending: readonly string[] = databases[0]?.pending ?? []
  await migrateOnStart(await loadConfig(), { log: line => void line })
  void pendingCheck(godwit)
  void dialects
  try {
    await godwit.verify()
  } catch (error) {
    if (!isGodwitError(error)) throw error
    const code: ErrorCode = error.code
    return [code, error.message, error.why ?? '', ...error.next, error.where?.file ?? ''].join()
  }
  return new GodwitError('CONFIG.URL_MISSING', 'x').code + states.join() + pending.join()
}
`

/** Each line has one mistake; that it is one proves that the types are not `any`. */
const mistakes = `
import { createGodwit, defineConfig, defineRevision } from 'godwit'
import { defineChromaRevision } from 'godwit/chroma'
import { sqlite } from 'godwit/sqlite'
// @ts-expect-error: a misspelt key
defineConfig({ databses: {} })
// @ts-expect-error: a number is no URL
defineConfig({ databases: { main: { url: 1 } } })
// @ts-expect-error: no such call
defineRevision({ up: m => m.sqll\`SELECT 1\` })
// @ts-expect-error: no such call on collections
defineChromaRevision({ up: m => m.sql\`SELECT 1\` })
// @ts-expect-error: no such call in a revision given in code
defineConfig({ databases: { main: { revisions: [{ id: '1', up: m => m.sqll\`SELECT 1\` }] } } })
// @ts-expect-error: no such verb
void createGodwit({}).then(godwit => godwit.upp())
// @ts-expect-error: no such setting
sqlite({ url: './app.db', busyTimeout: 1 })
`

const strict: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  // The type files of the package are checked, those of TypeScript itself not.
  skipLibCheck: false,
  skipDefaultLibCheck: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  types: [],
}

const nodenext = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }
const compilers = {
  nodenext: { extension: 'ts', options: nodenext },
  bundler: {
    extension: 'ts',
    options: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  },
  'nodenext, from CommonJS': { extension: 'cts', options: nodenext },
}

/** The libraries of TypeScript are read once for all compilers. */
const libraries = new Map<string, ts.SourceFile | undefined>()

function compile(files: readonly string[], options: ts.CompilerOptions): string[] {
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getCurrentDirectory = () => project.folder
  host.getSourceFile = (path, ...rest) => {
    if (!/\/lib\.[a-z0-9.]+\.d\.ts$/.test(path)) return getSourceFile(path, ...rest)
    if (!libraries.has(path)) libraries.set(path, getSourceFile(path, ...rest))
    return libraries.get(path)
  }
  const program = ts.createProgram(files, options, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line =
      file === undefined ? '' : `${file.fileName}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1} `
    return line + ts.flattenDiagnosticMessageText(messageText, ' ')
  })
}

describe(`a strict project with TypeScript ${ts.versionMajorMinor}`, () => {
  it.for(Object.entries(compilers))('compiles with %s', { timeout: 60_000 }, ([, { extension, options }], context) => {
    if (reason !== undefined) return context.skip(reason)
    const files = Object.entries({ app: source, mistakes }).map(([name, text]) => {
      project.write(`${name}.${extension}`, text)
      return join(project.folder, `${name}.${extension}`)
    })
    expect(compile(files, { ...strict, ...options })).toEqual([])
  })
})
