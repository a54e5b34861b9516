import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { directorySource } from './directory.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'godwit-source-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function put(files: Record<string, string | Uint8Array>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

const plain = {
  hashComments: false,
  dashNeedsSpace: false,
  nestedComments: true,
  dollarQuotes: true,
  backslashEscapes: false,
  escapeStrings: true,
  versionedComments: false,
  backticks: false,
  brackets: false,
}

const load = (options = {}) => directorySource({ path: folder, displayBase: 'migrations', ...options }).load(plain)

describe('directorySource', () => {
  it('sums the bytes of a file, whatever they say', async () => {
    const files = {
      '1_mark.sql': Buffer.from('\ufeffSELECT 1;\r\n'),
      '2_replaced.sql': Buffer.from("SELECT '\ufffd ä';\n"),
    }
    put(files)
    const revisions = await load()
    expect(revisions.map(revision => revision.fileHash)).toEqual(
      Object.values(files).map(bytes => createHash('sha256').update(bytes).digest('hex')),
    )
    expect(revisions[0]?.source).toBe('SELECT 1;\r\n')
    put({ '3_wrong.sql': Buffer.from([0x53, 0xff]) })
    await expect(load()).rejects.toMatchObject({ code: 'FILE.ENCODING_INVALID', meta: { byteOffset: 1 } })
    put({ '3_wrong.sql': Buffer.from([0x53, 0]) })
    await expect(load()).rejects.toMatchObject({ code: 'FILE.ENCODING_INVALID', meta: { byteOffset: 1 } })
  })

  it('refuses a missing folder and a file in its place', async () => {
    const missing = directorySource({ path: join(folder, 'none'), displayBase: 'none' })
    await expect(missing.load(plain)).rejects.toMatchObject({ code: 'FILE.FOLDER_MISSING', where: { file: 'none' } })
    put({ file: 'x' })
    await expect(directorySource({ path: join(folder, 'file'), root: folder }).load(plain)).rejects.toMatchObject({
      code: 'FILE.FOLDER_MISSING',
      message: 'the folder of the revisions, file, is a file',
    })
  })

  it('reads an empty folder as no revisions', async () => {
    expect(await load()).toEqual([])
  })

  it('reads files and the folders directly inside, also through links', async () => {
    put({
      '1_a.sql': '',
      '2_b/migration.sql': '',
      '3_c/up.sql': '',
      '3_c/deep/up.sql': '',
      '.git/up.sql': '',
      'node_modules/up.sql': '',
      'other/notes.sql': '',
    })
    symlinkSync(join(folder, '1_a.sql'), join(folder, '4_d.sql'))
    symlinkSync(join(folder, '2_b'), join(folder, '5_e'))
    const found = await load()
    expect(found.map(revision => [revision.id, revision.file])).toEqual([
      ['1_a', 'migrations/1_a.sql'],
      ['2_b', 'migrations/2_b/migration.sql'],
      ['3_c', 'migrations/3_c/up.sql'],
      ['4_d', 'migrations/4_d.sql'],
      ['5_e', 'migrations/5_e/migration.sql'],
    ])
  })

  it('shows paths relative to the project', () => {
    expect(directorySource({ path: join(folder, 'db', 'migrations'), root: folder }).description).toBe('db/migrations')
    expect(directorySource({ path: folder, root: folder }).description).toBe('.')
    expect(directorySource({ path: 'migrations' }).description).toBe('migrations')
  })

  it('names a file that cannot be read', async () => {
    symlinkSync(join(folder, 'nowhere'), join(folder, '1_a.sql'))
    await expect(load()).rejects.toMatchObject({
      code: 'FILE.READ_FAILED',
      message: 'migrations/1_a.sql cannot be read: the file does not exist',
      where: { file: 'migrations/1_a.sql' },
    })
    rmSync(join(folder, '1_a.sql'))
    mkdirSync(join(folder, '1_a', 'up.sql'), { recursive: true })
    await expect(load()).rejects.toMatchObject({
      code: 'FILE.READ_FAILED',
      message: 'migrations/1_a/up.sql cannot be read: EISDIR',
    })
  })

  it('loads the code of a revision from where the folder is', async () => {
    put({
      '1_a.ts': "import { mark } from 'godwit'\nexport const up = (): number => mark",
      'godwit.ts': 'export const mark = 5',
    })
    const [revision] = await load({ alias: { godwit: join(folder, 'godwit.ts') } })
    const body = revision?.body()
    expect(body?.kind === 'code' && (await body.load()).up(undefined as never)).toBe(5)
  })

  it('keeps what it read when the file changes afterwards', async () => {
    put({ '1_a.sql': 'SELECT 1' })
    const [revision] = await load()
    put({ '1_a.sql': 'SELECT 2' })
    expect(revision?.body()).toMatchObject({ up: { blocks: [{ text: 'SELECT 1' }] } })
  })
})

describe('size', () => {
  it('loads 5,000 files at once', async () => {
    for (let n = 0; n < 5000; n++) {
      writeFileSync(
        join(folder, `${20260000000000 + n}_t.sql`),
        `-- migrate:up\nCREATE TABLE t${n} (id int);\n-- migrate:down\nDROP TABLE t${n};\n`,
      )
    }
    await load()
    const began = performance.now()
    const revisions = await load()
    const ms = performance.now() - began
    expect(revisions).toHaveLength(5000)
    expect(new Set(revisions.map(revision => revision.fileHash)).size).toBe(5000)
    if (process.env['GODWIT_TIMES']) process.stderr.write(`5,000 files: ${ms.toFixed(0)} ms\n`)
    expect(ms).toBeLessThan(5000)
  }, 60_000)

  it('loads a file of 50 MB', async () => {
    const block = "INSERT INTO t VALUES (1, 'some text that is longer', 2.5); -- migrated\n".repeat(1000)
    const text = `-- migrate:up\n${block.repeat(725)}-- migrate:down\nDELETE FROM t;\n`
    put({ '1_a.sql': text })
    const before = process.memoryUsage().rss
    const began = performance.now()
    const [revision] = await load()
    const body = revision?.body()
    const sum = revision?.checksum
    const ms = performance.now() - began
    if (process.env['GODWIT_TIMES']) {
      const grown = (process.memoryUsage().rss - before) / 1e6
      process.stderr.write(`${(text.length / 1e6).toFixed(0)} MB: ${ms.toFixed(0)} ms, ${grown.toFixed(0)} MB more\n`)
    }
    expect(sum).toMatch(/^[0-9a-f]{64}$/)
    expect(body?.kind === 'sql' && body.down?.blocks[0]?.line).toBe(725_003)
    expect(ms).toBeLessThan(20_000)
  }, 60_000)
})
