// The import ranks of .dependency-cruiser.cjs hold, and each of its rules refuses a sample that breaks it.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
const rules = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: { name: string }[] }

interface Violation {
  readonly rule: { readonly name: string }
  readonly from: string
  readonly to: string
}

function violations(folder: string): Violation[] {
  const args = [program, 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json']
  const done = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1e9 })
  if (!done.stdout.startsWith('{')) throw new Error(`${done.stdout}${done.stderr}`)
  return (JSON.parse(done.stdout) as { summary: { violations: Violation[] } }).summary.violations
}

/** For each rule: files that break it, and the path from which the forbidden import goes out. */
const samples: Record<string, { from: string; files: Record<string, string> }> = {
  'no-cycle': { from: 'core/a.ts', files: { 'core/a.ts': "import './b.ts'", 'core/b.ts': "import './a.ts'" } },
  'rank-core': { from: 'core/c.ts', files: { 'core/c.ts': "import '../schema/c.ts'", 'schema/c.ts': '' } },
  'rank-schema': { from: 'schema/d.ts', files: { 'schema/d.ts': "import '../source/d.ts'", 'source/d.ts': '' } },
  'rank-source': {
    from: 'dialect/session.ts',
    files: { 'dialect/session.ts': "import type { E } from '../engine/e.ts'", 'engine/e.ts': 'export type E = 1' },
  },
  'rank-dialect-sql': {
    from: 'dialect/sql/f.ts',
    files: { 'dialect/sql/f.ts': "import '../mysql/f.ts'", 'dialect/mysql/f.ts': '' },
  },
  'rank-engine': { from: 'engine/g.ts', files: { 'engine/g.ts': "import '../lint/g.ts'", 'lint/g.ts': '' } },
  'rank-lint': { from: 'health/h.ts', files: { 'health/h.ts': "import '../fleet/h.ts'", 'fleet/h.ts': '' } },
  'rank-report': { from: 'report/i.ts', files: { 'report/i.ts': "import '../config/i.ts'", 'config/i.ts': '' } },
  'rank-config': { from: 'index.ts', files: { 'index.ts': "import './cli/i.ts'", 'cli/i.ts': '' } },
  'strangers-engine': {
    from: 'dialect/sqlite/j.ts',
    files: { 'dialect/sqlite/j.ts': "import '../duckdb/j.ts'", 'dialect/duckdb/j.ts': '' },
  },
  'strangers-lint': { from: 'seed/k.ts', files: { 'seed/k.ts': "import '../backup/k.ts'", 'backup/k.ts': '' } },
  'strangers-cli': { from: 'testing/l.ts', files: { 'testing/l.ts': "import '../server/l.ts'", 'server/l.ts': '' } },
  'driver-postgres': { from: 'engine/m.ts', files: { 'engine/m.ts': "await import('pg')" } },
  'driver-mysql': { from: 'dialect/mysql/lock.ts', files: { 'dialect/mysql/lock.ts': "import 'mysql2/promise'" } },
  'driver-sqlite': {
    from: 'dialect/sqlite/lock.ts',
    files: { 'dialect/sqlite/lock.ts': "await import('node:sqlite')" },
  },
  'driver-duckdb': { from: 'cli/n.ts', files: { 'cli/n.ts': "await import('@duckdb/node-api')" } },
  'pure-core': { from: 'core/o.ts', files: { 'core/o.ts': "import 'node:fs'" } },
  'engine-without-files': { from: 'engine/p.ts', files: { 'engine/p.ts': "import 'node:fs/promises'" } },
  'cli-through-the-door': { from: 'cli/q.ts', files: { 'cli/q.ts': "import '../engine/q.ts'", 'engine/q.ts': '' } },
  'no-test-in-source': { from: 'core/r.ts', files: { 'core/r.ts': "import './s.test.ts'", 'core/s.test.ts': '' } },
  resolvable: { from: 'core/t.ts', files: { 'core/t.ts': "import './nowhere.ts'" } },
}

describe('guard/layers', () => {
  it('finds no import against the ranks', () => {
    const found = violations(root).map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)
    expect(found).toEqual([])
  })

  it('refuses a sample for each rule', () => {
    expect(Object.keys(samples).sort()).toEqual(rules.forbidden.map(rule => rule.name).sort())
    const folder = mkdtempSync(join(tmpdir(), 'godwit-layers-'))
    for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json']) copyFileSync(join(root, name), join(folder, name))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    for (const { files } of Object.values(samples)) {
      for (const [name, text] of Object.entries(files)) {
        const file = join(folder, 'src', name)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, text)
      }
    }
    const found = violations(folder)
    rmSync(folder, { recursive: true })
    const missed = Object.entries(samples).filter(
      ([name, { from }]) => !found.some(one => one.rule.name === name && one.from === `src/${from}`),
    )
    expect(missed.map(([name]) => name)).toEqual([])
  })

  it('lets a store load its driver in its session file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'godwit-layers-'))
    for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json']) copyFileSync(join(root, name), join(folder, name))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    mkdirSync(join(folder, 'src/dialect/sqlite'), { recursive: true })
    writeFileSync(join(folder, 'src/dialect/sqlite/session.ts'), "await import('node:sqlite')")
    const found = violations(folder)
    rmSync(folder, { recursive: true })
    expect(found).toEqual([])
  })
})
