// The package as a new user meets it: installed by npm into an empty project, used from its command line and as a
// library, with a driver and without any.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { record } from '../servers/databases.ts'
import { type Answer, doorsOf, type Manifest, pack, readManifest, temporaryFolder, UserProject } from './project.ts'

vi.setConfig({ testTimeout: 120_000 })

const place = temporaryFolder()
const bare = new UserProject(join(place.folder, 'bare'))
let withLibsql: UserProject
let manifest: Manifest
let nodeVersion: readonly number[]
let reason: string | undefined

beforeAll(async () => {
  bare.writeManifest('module')
  nodeVersion = (await bare.node('-p', 'process.versions.node')).stdout.trim().split('.').map(Number)
  reason = await bare.install((await pack(place.folder)).file)
  if (reason === undefined) {
    withLibsql = bare.copy('with-libsql', 'module')
    reason = await withLibsql.install('libsql@0.5')
  }
  if (reason !== undefined) await record({ subject: 'the installed package', reason })
  else manifest = readManifest(join(bare.folder, 'node_modules/godwit'))
})
afterAll(() => place.dispose())

const test = it.extend<{ installed: undefined }>({
  installed: [
    async ({ skip }, use) => {
      if (reason !== undefined) skip(reason)
      await use(undefined)
    },
    { auto: true },
  ],
})

/** The answer of a command that has to succeed. */
function fine(answer: Answer): Answer {
  expect(answer, answer.stderr).toMatchObject({ code: 0 })
  return answer
}

function json(answer: Answer): Record<string, never> & { databases: Record<string, unknown>[] } {
  return JSON.parse(answer.stdout)
}

const typescriptRevision = (parent: string): string => `import { defineRevision, type RevisionContext } from 'godwit'

interface User {
  readonly id: number
  readonly email: string
}

const users = [{ id: 1, email: 'a@example.com' }] satisfies User[]

async function insert(m: RevisionContext, user: User): Promise<void> {
  await m.sql\`INSERT INTO users VALUES (\${user.id}, \${user.email})\`
}

export default defineRevision({
  parent: '${parent}',
  async up(m) {
    for (const user of users) await insert(m, user)
  },
  async down(m) {
    await m.sql\`DELETE FROM users\`
  },
})
`

describe('the command line, in a project of its own', () => {
  test.for(['commonjs', 'module'] as const)('works from init to verify in a %s project', async type => {
    const project = withLibsql.copy(`journey-${type}`, type)
    // What npx runs, without its own time.
    const godwit = (...args: string[]): Promise<Answer> => project.node('node_modules/.bin/godwit', ...args)

    expect(fine(await project.npx('godwit', '--version')).stdout).toBe(`${manifest.version}\n`)
    expect(fine(await godwit('--help')).stdout).toContain('godwit up')
    expect(fine(await project.npx('godwit', 'init', '--yes')).stdout).toBe('migrations/\ngodwit.config.ts\n')
    expect(project.read('godwit.config.ts')).toContain("import { defineConfig } from 'godwit'")

    const sql = fine(await godwit('new', 'first', 'tables')).stdout.trim()
    expect(sql).toMatch(/^migrations\/\d{14}_first_tables\.sql$/)
    project.write(
      sql,
      project
        .read(sql)
        .replace('-- migrate:up\n', '$&CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL);\n')
        .replace('-- migrate:down\n', '$&DROP TABLE users;\n'),
    )
    const code = fine(await godwit('new', 'first', 'users', '--ts')).stdout.trim()
    expect(project.read(code)).toContain("import { defineRevision } from 'godwit'")
    const [first, second] = [sql, code].map(path => path.replace(/^migrations\/|\.\w+$/g, ''))
    project.write(code, typescriptRevision(String(first)))

    expect(fine(await project.npx('godwit', 'up')).stdout).toContain('main: applied 2 revisions')
    const [current] = json(fine(await godwit('status', '--json'))).databases
    expect(current).toMatchObject({ state: 'current', current: [second], pending: [], url: /^sqlite:.*app\.db$/ })
    expect(fine(await godwit('down')).stdout).toContain('main: undid 1 revision')
    const [behind] = json(fine(await godwit('status', '--json'))).databases
    expect(behind).toMatchObject({ state: 'pending', current: [first], pending: [second] })
    fine(await godwit('up'))
    expect(fine(await godwit('verify')).stdout).toContain('all agree')
  })

  test.for([
    ['godwit.config.ts', 'commonjs'],
    ['godwit.config.ts', 'module'],
    ['godwit.config.js', 'commonjs'],
    ['godwit.config.js', 'module'],
    ['godwit.config.mjs', 'commonjs'],
  ] as const)('loads %s and its own modules in a %s project', async ([config, type], { expect }) => {
    const project = withLibsql.copy(`config-${config}-${type}`, type)
    const typed = config.endsWith('.ts')
    project.write(`place.${typed ? 'ts' : 'mjs'}`, `export const file${typed ? ': string' : ''} = './shop.db'\n`)
    project.write(
      config,
      `import { defineConfig } from 'godwit'
import { sqlite } from 'godwit/sqlite'
import { file } from './place.${typed ? 'ts' : 'mjs'}'
export default defineConfig({ databases: { main: { dialect: sqlite({ url: file }) } } })
`,
    )
    project.write('migrations/001_a.sql', 'CREATE TABLE a (id integer);\n')
    project.write(
      'migrations/002_b.js',
      `import { defineRevision } from 'godwit'
export default defineRevision({ up: m => m.sql\`INSERT INTO a VALUES (\${2})\`, down() {} })
`,
    )
    const answer = await project.node('node_modules/godwit/dist/cli/main.js', 'up')
    expect(fine(answer).stdout).toContain('applied 2 revisions')
    expect(answer.stderr).not.toMatch(/warning/i)
    expect(project.has('shop.db')).toBe(true)
  })
})

const stores = [
  ['postgres://app@127.0.0.1:1/shop', 'pg'],
  ['mysql://app@127.0.0.1:1/shop', 'mysql2'],
  ['duckdb:./shop.duckdb', '@duckdb/node-api'],
  ['pglite:./pgdata', '@electric-sql/pglite'],
  ['sqlite:./shop.db', 'libsql'],
] as const

describe('without a driver', () => {
  test.for(stores)(
    '%s: says what to install, exits 2 and names a page that is there',
    async ([url, name], { skip }) => {
      const [major = 0, minor = 0] = nodeVersion
      if (name === 'libsql' && (major > 22 || (major === 22 && minor >= 13))) skip('this Node has a driver built in')
      bare.write('migrations/001_a.sql', 'CREATE TABLE a (id integer);\n')
      const answer = await bare.node('node_modules/godwit/dist/cli/main.js', 'up', '--url', url)
      expect(answer.code).toBe(2)
      expect(answer.stderr).toContain('CONFIG.DRIVER_MISSING')
      expect(answer.stderr).toContain(`npm install ${name}\n`)
      const page = /Docs +(\S+)/.exec(answer.stderr)?.[1]
      expect(bare.has(`node_modules/godwit/${page}`), page).toBe(true)
      expect(manifest.peerDependencies).toHaveProperty([name])
    },
  )

  test('loads every door, silently, and the process ends by itself', async () => {
    for (const door of doorsOf(manifest)) {
      const script = `
        // Node 22 opens the standard streams for this module alone.
        await import('node:util')
        const open = () => process.getActiveResourcesInfo().toSorted().join()
        const listeners = () => process.eventNames().map(String).toSorted().join()
        const before = [open(), listeners()]
        if (Object.keys(await import('${door}')).length === 0) throw new Error('nothing exported')
        // The loader itself may still be closing a file.
        await new Promise(done => setTimeout(done, 50))
        const after = [open(), listeners()]
        if (String(after) !== String(before)) throw new Error('before: ' + before + ' after: ' + after)
      `
      const answer = await bare.node('--input-type=module', '-e', script)
      expect({ door, ...answer }).toEqual({ door, code: 0, stdout: '', stderr: '' })
    }
  })

  test('makes dialects, and refuses first when they are opened', async () => {
    const script = `
      import { mysql } from 'godwit/mysql'
      import { pglite, postgres } from 'godwit/postgres'
      import { duckdb } from 'godwit/duckdb'
      const dialects = [
        postgres({ url: 'postgres://127.0.0.1:1/a' }), pglite({}), mysql({ url: 'mysql://127.0.0.1:1/a' }), duckdb('a.duckdb')
      ]
      for (const dialect of dialects)
        await dialect.open({ purpose: 'read' }).then(() => console.log('opened'), error => console.log(error.code, error.next[0]))
    `
    expect(
      fine(await bare.node('--input-type=module', '-e', script))
        .stdout.trim()
        .split('\n'),
    ).toEqual([
      'CONFIG.DRIVER_MISSING npm install pg',
      'CONFIG.DRIVER_MISSING npm install @electric-sql/pglite',
      'CONFIG.DRIVER_MISSING npm install mysql2',
      'CONFIG.DRIVER_MISSING npm install @duckdb/node-api',
    ])
  })
})

const application = `
  const revisions = [
    { id: '001_users', up: 'CREATE TABLE users (id integer)', down: 'DROP TABLE users' },
    { id: '002_rows', up: async m => { await m.sql\`INSERT INTO users VALUES (\${1})\` }, down: m => m.run('DELETE FROM users') },
  ]
  const main = async ({ createGodwit, isGodwitError }) => {
    const godwit = await createGodwit({ databases: { main: { url: 'sqlite:./library.db', revisions } } })
    const before = await godwit.isReady()
    const up = await godwit.up()
    const down = await godwit.down()
    const { databases } = await godwit.status()
    const wrong = await godwit.up({ target: '009' }).then(({ error }) => error, error => error)
    console.log(JSON.stringify({
      before, up: up.databases[0].to, down: down.databases[0].to, pending: databases[0].pending,
      wrong: isGodwitError(wrong) && wrong.code,
    }))
  }
`

describe('the library, with revisions given as objects', () => {
  test.for([
    ['import', 'library.mjs', `import * as godwit from 'godwit'\n${application}\nawait main(godwit)\n`],
    ['require', 'library.cjs', `const godwit = require('godwit')\n${application}\nmain(godwit)\n`],
  ] as const)('migrates an application that uses %s', async ([, file, text]) => {
    const project = withLibsql.copy(file.replace('.', '-'), 'module')
    project.write(file, text)
    const answer = fine(await project.node(file))
    expect(JSON.parse(answer.stdout)).toEqual({
      before: false,
      up: ['002_rows'],
      down: ['001_users'],
      pending: ['002_rows'],
      wrong: 'GRAPH.TARGET_UNKNOWN',
    })
    expect(answer.stderr).toBe('')
  })
})
