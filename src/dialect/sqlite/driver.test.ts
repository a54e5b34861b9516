// Which SQLite driver is loaded, which is refused, and what a file's rights allow.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import type { BatchFailure } from '../session.ts'
import { crashesNode } from './driver/better-sqlite3.ts'
import { sqlite } from './index.ts'
import { resolveSettings } from './settings.ts'
import { installedDrivers, newFile, rejection, sqlOf, statements } from './sqlite.fixture.ts'

const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs')
const opener = fileURLToPath(new URL('./opener.fixture.ts', import.meta.url))
// Each process compiles the sources anew.
vi.setConfig({ testTimeout: 60_000 })

const old = Number.parseInt(process.versions.node, 10) < 22

/** Opens a database in a process of its own and gives the error's JSON, or whether it has a journal. */
function openElsewhere(folder: string, args: readonly string[], uid?: number): Record<string, unknown> {
  const { stdout, stderr } = spawnSync(process.execPath, [jiti, opener, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE_PATH: folder === '/' ? process.env['NODE_PATH'] : join(folder, 'node_modules'),
      JITI_FS_CACHE: 'false',
    },
    ...(uid === undefined ? {} : { uid }),
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('driver', () => {
  it('knows which better-sqlite3 ends which Node', () => {
    expect(crashesNode('13.2.0', '20.20.2')).toBe(true)
    expect(crashesNode('13.2.0', '22.23.3')).toBe(false)
    expect(crashesNode('12.11.1', '20.20.2')).toBe(false)
  })

  it.runIf(old)('refuses better-sqlite3 13 on this Node before its code is loaded, and names the pin', () => {
    const folder = newFile()
    const own = join(folder, 'node_modules/better-sqlite3')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'package.json'), '{ "name": "better-sqlite3", "version": "13.2.0", "main": "index.js" }')
    writeFileSync(join(own, 'index.js'), 'process.exit(139)')
    expect(openElsewhere(folder, [':memory:', 'better-sqlite3'])).toMatchObject({
      code: 'CONFIG.DRIVER_MISSING',
      next: ['npm install better-sqlite3@12.11.1'],
      why: expect.stringContaining('13.2.0 crashes Node'),
    })
  })

  it('says what to install when the driver that was asked for is not there', async () => {
    if ((await installedDrivers()).includes('better-sqlite3')) return
    expect(
      await rejection(sqlite({ url: ':memory:', driver: 'better-sqlite3' }).open({ purpose: 'run' })),
    ).toMatchObject({
      code: 'CONFIG.DRIVER_MISSING',
      next: [expect.stringContaining('npm install better-sqlite3')],
    })
  })

  it.runIf(process.getuid?.() === 0).each(['delete', 'wal'] as const)(
    'refuses to run on a file in %s mode that the user may not write, and reads it',
    async journalMode => {
      const path = newFile()
      const dialect = sqlite({ url: path, journalMode })
      const session = await dialect.open({ purpose: 'run' })
      await dialect.journal.ensure(session)
      await session.close()
      chmodSync(path, 0o444)
      chmodSync(dirname(path), 0o755)
      const nobody = 65534
      for (const driver of await installedDrivers()) {
        for (const left of ['-wal', '-shm']) rmSync(path + left, { force: true })
        expect(openElsewhere('/', [path, driver, 'run'], nobody)).toMatchObject({
          code: 'CONNECT.READ_ONLY',
          why: 'This user may not write the file; nothing was changed.',
        })
        expect(openElsewhere('/', [path, driver, 'read'], nobody)).toEqual({ initialised: true })
      }
    },
  )

  it('maps a full disk', async () => {
    const dialect = sqlite(newFile())
    const session = await dialect.open({ purpose: 'run' })
    const failure = (await rejection(
      sqlOf(session).run(
        statements('CREATE TABLE a (x)', 'PRAGMA max_page_count = 3', 'INSERT INTO a VALUES (zeroblob(100000))'),
      ),
    )) as BatchFailure
    expect(failure.index).toBe(2)
    expect(dialect.mapError(failure).code).toBe('RUN.DISK_FULL')
    await session.close()
  })
})

describe('settings', () => {
  it.each([
    ['sqlite:./x.db', `${process.cwd()}/x.db`, false],
    ['sqlite://x.db', `${process.cwd()}/x.db`, false],
    ['sqlite:///var/x.db', '/var/x.db', false],
    ['file:///var/a%20b.db', '/var/a b.db', false],
    ['file:x.db?mode=ro', `${process.cwd()}/x.db`, true],
    ['x?y.db', `${process.cwd()}/x?y.db`, false],
    ['sqlite::memory:', ':memory:', false],
    ['file:x?mode=memory', ':memory:', false],
  ])('%s', (url, path, readOnly) => {
    expect(resolveSettings({ url })).toMatchObject({ path, readOnly })
  })

  it('hides query parameters and refuses what is not a file', () => {
    expect(resolveSettings({ url: 'sqlite:x.db?key=secret' }).target).toBe('sqlite:x.db')
    const refused = (settings: Parameters<typeof sqlite>[0]) => expect(() => sqlite(settings))
    refused('libsql://host?authToken=secret').toThrow(expect.objectContaining({ code: 'CONFIG.URL_INVALID' }))
    refused('').toThrow(expect.objectContaining({ code: 'CONFIG.URL_MISSING' }))
    refused('sqlite:').toThrow(expect.objectContaining({ code: 'CONFIG.URL_INVALID' }))
    refused({ url: 'x', journalMode: 'x' as 'wal' }).toThrow(expect.objectContaining({ code: 'CONFIG.FILE_INVALID' }))
    refused({ url: 'x', busyTimeoutMs: -1 }).toThrow(expect.objectContaining({ code: 'CONFIG.FILE_INVALID' }))
  })
})
