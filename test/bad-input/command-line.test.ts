// Words, flags, URLs and configuration files that are wrong. No database is touched.
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { program, type Scene, withScene } from './scene.ts'

const one = { '001_one.sql': 'CREATE TABLE one (id int);\n' }
const withProject = (use: (scene: Scene) => Promise<void>): Promise<void> =>
  withScene(async scene => {
    scene.revisions(one)
    await use(scene)
  }, 'sqlite:app.db')

describe('command line', () => {
  it.concurrent.each([
    [['upp'], ['Did you mean "up"']],
    [['up', '--dryrun'], ['Did you mean "--dry-run"']],
    [['--nonsense'], ['--nonsense']],
    [['up', '--lock-wait'], ['--lock-wait needs a value']],
    [
      ['up', '--lock-wait', 'soon'],
      ['soon', '30s'],
    ],
    [['new'], ['<message>']],
    [['stamp'], ['<target>']],
    [['up', 'a', 'b'], ['too many words']],
    [['lock'], ['status or break']],
    [['up', '--sql', '--dry-run'], ['--sql and --dry-run']],
    [['up', '--from', 'x'], ['--from is only for --sql']],
    [['completion', 'basic'], ['basic']],
  ])('%j', (args, says) =>
    withProject(async scene => {
      await scene.fails(args, { code: 'CLI.USAGE_INVALID', says })
    }),
  )

  it.concurrent('refuses URLs of unknown kind without quoting their secrets', () =>
    withScene(
      async scene => {
        scene.revisions(one)
        const at = (url: string) => ({ env: { DATABASE_URL: url } })
        await scene.fails(
          ['up'],
          { code: 'CONFIG.URL_INVALID', says: ['oracle:'] },
          at('oracle://scott:tiger-secret@host/db'),
        )
        await scene.fails(
          ['up'],
          { code: 'CONFIG.URL_INVALID', says: ['postgres'] },
          at('postgers://scott:tiger-secret@host/db'),
        )
        await scene.fails(['up'], { code: 'CONFIG.URL_INVALID' }, at('tiger-secret'))
        await scene.fails(['up', '--url', 'postgres://scott:tiger-secret@host:port/db'], { code: 'CONFIG.URL_INVALID' })
        await scene.fails(['up', '--url', 'mysql://scott:tiger-secret@host:99999/db'], { code: 'CONFIG.URL_INVALID' })
        await scene.fails(['up'], { code: 'CONFIG.URL_MISSING', says: ['DATABASE_URL'] }, { env: {} })
        await scene.fails(['up'], { code: 'CONFIG.URL_MISSING' }, at(''))
      },
      undefined,
      ['tiger-secret'],
    ))

  it.concurrent('names databases and environments that are not configured', () =>
    withProject(async scene => {
      scene.write(
        'godwit.config.json',
        '{ "databases": { "main": { "url": "sqlite:app.db" }, "stats": { "url": "sqlite:stats.db" } } }',
      )
      await scene.fails(['up', '--database', 'mian'], {
        code: 'CONFIG.DATABASE_UNKNOWN',
        says: ['Did you mean "main"', 'stats'],
      })
      await scene.fails(['up', '--env', 'prodution'], { code: 'CONFIG.ENVIRONMENT_UNKNOWN', says: ['prodution'] })
      await scene.fails(['up', '--config', 'absent.json'], { code: 'CONFIG.FILE_MISSING', says: ['absent.json'] })
    }))
})

describe('configuration file', () => {
  it.concurrent.each([
    [
      'is no JSON',
      'godwit.config.json',
      '{ "databases": { "main": { "url": "sqlite:app.db" }, }',
      /godwit\.config\.json:1:\d+/,
    ],
    ['is empty', 'godwit.config.json', '', 'godwit.config.json'],
    ['is a list', 'godwit.config.json', '[]', 'godwit.config.json'],
    ['has a misspelt key', 'godwit.config.json', '{\n  "databses": {}\n}', 'Did you mean "databases"'],
    [
      'has an unknown key of a database',
      'godwit.config.json',
      '{ "databases": { "main": { "uri": "sqlite:app.db" } } }',
      'uri',
    ],
    ['has a wrong type', 'godwit.config.json', '{ "databases": { "main": { "url": 42 } } }', 'databases.main.url'],
    ['has databases as a list', 'godwit.config.json', '{ "databases": [] }', 'databases'],
    [
      'names an unknown dialect',
      'godwit.config.json',
      '{ "databases": { "main": { "dialect": "oracle", "url": "sqlite:app.db" } } }',
      'oracle',
    ],
    [
      'has a negative time',
      'godwit.config.json',
      '{ "databases": { "main": { "url": "sqlite:app.db", "lock": { "waitMs": -1 } } } }',
      'waitMs',
    ],
    [
      'has an unknown setting',
      'godwit.config.json',
      '{ "databases": { "main": { "url": "sqlite:app.db", "settings": { "bussyTimeoutMs": 5 } } } }',
      'bussyTimeoutMs',
    ],
    ['throws', 'godwit.config.ts', "throw new Error('no secrets file')\n", 'no secrets file'],
    ['does not parse', 'godwit.config.ts', 'export default {\n  databases: {,\n}\n', /godwit\.config\.ts:2/],
    [
      'imports what is not there',
      'godwit.config.ts',
      "import 'no-such-package'\nexport default {}\n",
      'no-such-package',
    ],
    ['exports nothing', 'godwit.config.ts', 'const x = 1\nvoid x\n', 'export'],
  ])('%s', (_, file, text, says) =>
    withProject(async scene => {
      scene.write(file, text)
      for (const verb of ['up', 'status']) {
        const answer = await scene.fails([verb], { code: 'CONFIG.FILE_INVALID', says: [says] })
        expect(answer.error?.where?.file).toBe(file)
      }
    }),
  )
})

describe('without the driver package', () => {
  it.concurrent.each([
    ['postgres://app:tiger-secret@127.0.0.1:1/db', 'npm install pg'],
    ['mysql://app:tiger-secret@127.0.0.1:1/db', 'npm install mysql2'],
    ['duckdb:app.duckdb', 'npm install @duckdb/node-api'],
    ['pglite:data', 'npm install @electric-sql/pglite'],
    ['sqlite:app.db', /npm install (libsql|better-sqlite3)/],
  ] as const)('%s says how to install it', async (url, command) => {
    // The program as it is packed, in a folder with its own dependencies and no driver.
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'godwit-packed-')))
    const dist = dirname(dirname(program))
    const root = fileURLToPath(new URL('../..', import.meta.url))
    try {
      const inside = join(folder, 'node_modules/godwit')
      mkdirSync(inside, { recursive: true })
      cpSync(dist, join(inside, 'dist'), { recursive: true })
      cpSync(join(root, 'package.json'), join(inside, 'package.json'))
      for (const name of ['jiti', 'libpg-query', 'sqlite3-parser', '@pgsql'])
        symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
      await withScene(
        async scene => {
          scene.revisions(one)
          const options = { program: join(inside, 'dist/cli/main.js') }
          if (url.startsWith('sqlite') && Number.parseInt(process.versions.node, 10) >= 22) return
          const answer = await scene.fails(['up'], { code: 'CONFIG.DRIVER_MISSING', says: [command] }, options)
          expect(answer.error?.next[0]).toMatch(command)
          await scene.fails(['status'], { code: 'CONFIG.DRIVER_MISSING' }, options)
        },
        url,
        ['tiger-secret'],
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
