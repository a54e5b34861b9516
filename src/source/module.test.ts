import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { directorySource } from './directory.ts'

let root = ''
let count = 0
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'godwit-module-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const alias = { godwit: fileURLToPath(new URL('./definition.ts', import.meta.url)) }

/** Loads one module out of a folder of its own. */
async function load(name: string, text: string, others: Record<string, string> = {}) {
  const path = join(root, `case${count++}`)
  for (const [file, content] of Object.entries({ ...others, [name]: text })) {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), content)
  }
  const revisions = await directorySource({ path, displayBase: 'm', alias }).load(undefined)
  const body = revisions.find(revision => revision.file === `m/${name}`)?.body()
  if (body?.kind !== 'code') throw new Error('not a code revision')
  return body.load()
}

const call = (f: ((context: never) => unknown) | undefined) => f?.('m' as never)

describe('modules that load', () => {
  it.each([
    [
      'a.ts',
      "import { defineRevision } from 'godwit'\nexport default defineRevision<string>({ up(m: string): string { return m + 1 }, down: m => m + 2 })",
    ],
    ['a.mts', 'export default { up: (m: string) => m + 1, down: (m: string) => m + 2 }'],
    ['a.ts', 'export const up = (m: string) => m + 1\nexport function down(m: string) { return m + 2 }'],
    ['a.mjs', 'export const up = m => m + 1\nexport const down = m => m + 2'],
    [
      'a.mjs',
      "import { defineRevision } from 'godwit'\nexport default defineRevision({ up: m => m + 1, down: m => m + 2 })",
    ],
    ['a.cjs', 'module.exports = { up: m => m + 1, down: m => m + 2 }'],
    ['a.cjs', 'exports.up = m => m + 1\nexports.down = m => m + 2'],
    ['a.js', 'export const up = m => m + 1\nexport const down = m => m + 2'],
    ['a.ts', "import { one } from './lib/one.ts'\nexport const up = m => m + one\nexport const down = m => m + 2"],
    ['a.ts', 'export default { n: 1, up(m) { return m + this.n }, down(m) { return m + this.n * 2 } }'],
  ])('%s: %s', async (name, text) => {
    const body = await load(name, text, { 'lib/one.ts': 'export const one: number = 1' })
    expect([call(body.up), call(body.down)]).toEqual(['m1', 'm2'])
  })

  it('may lack a down and may have options', async () => {
    const body = await load(
      'a.ts',
      "// godwit: label=x\nexport default { parent: 'a', lockTimeout: 1500, transaction: 'off', up() {} }",
    )
    expect(body.down).toBeUndefined()
    expect(body.options).toEqual({ lockTimeoutMs: 1500, transaction: 'off' })
  })
})

describe('modules that do not load', () => {
  it.each([
    [
      'a.ts',
      "\nimport x from 'nope-pkg/deep'\nexport const up = () => x",
      'm/a.ts needs nope-pkg/deep, which cannot be found',
      ['npm install nope-pkg'],
      2,
      15,
    ],
    [
      'a.ts',
      "import x from '@nope/pkg'\nexport const up = () => x",
      'm/a.ts needs @nope/pkg, which cannot be found',
      ['npm install @nope/pkg'],
      1,
      15,
    ],
    [
      'a.mjs',
      "import x from 'nope-pkg'\nexport const up = () => x",
      'm/a.mjs needs nope-pkg, which cannot be found',
      ['npm install nope-pkg'],
      1,
      15,
    ],
    [
      'a.cjs',
      "const x = require('nope-pkg')",
      'm/a.cjs needs nope-pkg, which cannot be found',
      ['npm install nope-pkg'],
      1,
      19,
    ],
    [
      'a.ts',
      "import x from './gone.ts'\nexport const up = () => x",
      'm/a.ts needs ./gone.ts, which cannot be found',
      ['mend the path in m/a.ts, then: godwit status'],
      1,
      15,
    ],
    [
      'a.ts',
      'export const up = () => {\n  const a: number = ;\n}',
      'm/a.ts cannot be loaded: Unexpected token',
      ['mend the file, then: godwit status'],
      2,
      21,
    ],
    [
      'a.ts',
      "export const up = 1\nthrow new Error('boom')",
      'm/a.ts cannot be loaded: boom',
      ['mend the file, then: godwit status'],
      2,
      7,
    ],
  ])('%s: %s', async (name, text, message, next, line, column) => {
    await expect(load(name, text)).rejects.toMatchObject({
      code: 'FILE.MODULE_FAILED',
      message,
      next,
      where: { file: `m/${name}`, line, column, text: text.split('\n')[line - 1] },
    })
  })

  it('says that JavaScript does not parse', async () => {
    const failed = load('a.mjs', 'export const up = () => {\n  const a = ;\n}')
    await expect(failed).rejects.toMatchObject({
      code: 'FILE.MODULE_FAILED',
      message: expect.stringContaining('Unexpected token'),
    })
  })

  it('says which file is missing further in, without a place of its own', async () => {
    const failed = load('a.ts', "import './b.mjs'", { 'b.mjs': "import 'nope-pkg'" })
    await expect(failed).rejects.toMatchObject({
      code: 'FILE.MODULE_FAILED',
      next: ['npm install nope-pkg'],
      where: { file: 'm/a.ts' },
    })
  })

  it('says what was thrown when that is no error', async () => {
    await expect(load('a.ts', "throw 'words'")).rejects.toMatchObject({
      code: 'FILE.MODULE_FAILED',
      message: 'm/a.ts cannot be loaded: words',
    })
  })
})

describe('modules that are no revisions', () => {
  it.each([
    ['export default 5', 'Its `up` is missing, not a function.'],
    ['export default { up: null }', 'Its `up` is null, not a function.'],
    ["export default { up: 'SELECT 1' }", 'Its `up` is a string, not a function.'],
    ['export const up = () => 1; export const down = 5', 'Its `down` is a number, not a function.'],
    ['module.exports = () => 1', 'Its `up` is missing, not a function.'],
  ])('%s', async (text, why) => {
    const name = text.startsWith('module') ? 'a.cjs' : 'a.ts'
    await expect(load(name, text)).rejects.toMatchObject({
      code: 'FILE.MODULE_INVALID',
      why: expect.stringContaining(why),
      where: { file: `m/${name}` },
    })
  })

  it.each([
    [
      "const more = { label: 'x' }\nexport default { ...more, up() {} }",
      'm/a.ts: label is nothing in the text of the file but x in the loaded module',
    ],
    [
      "// godwit: parent=a\nconst p = 'b'\nexport default { parent: p, up() {} }",
      'm/a.ts: parent is a in the text of the file but b in the loaded module',
    ],
    [
      "const more = { parent: undefined }\nexport default { parent: 'a', ...more, up() {} }",
      'm/a.ts: parent is a in the text of the file but nothing in the loaded module',
    ],
    ["const more = { phase: 'x' }\nexport default { ...more, up() {} }", 'm/a.ts has a wrong value for phase'],
  ])('%s', async (text, message) => {
    await expect(load('a.ts', text)).rejects.toMatchObject({ code: 'FILE.MODULE_INVALID', message })
  })
})
