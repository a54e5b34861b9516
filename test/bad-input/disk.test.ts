// A disk that is full, and a file of 50 MB.
import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { withScene } from './scene.ts'
import { type BadStore, askDuckdb, askSqlite, postgresStore, sqliteStore, withDatabase } from './store.ts'

const system = (command: string, ...args: readonly string[]): boolean => spawnSync(command, [...args]).status === 0

/** Why no small disk can be made here. */
function noDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux may mount a small disk'
  let reason: string | undefined
  void withScene(async scene => {
    mkdirSync(scene.path('disk'))
    if (!system('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', scene.path('disk')))
      reason = 'mounting is not allowed here'
    else system('umount', scene.path('disk'))
  })
  return reason
}
const reason = noDisk()
if (reason !== undefined) console.warn(`full disk: NOT TESTED, ${reason}`)

describe.each([
  [
    'SQLite',
    'sqlite',
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO two SELECT i, hex(randomblob(50000)) FROM n`,
    askSqlite,
  ],
  [
    'DuckDB',
    'duckdb',
    `INSERT INTO two SELECT i, repeat(md5(random()::text), 1000) || md5(random()::text) || (SELECT string_agg(md5(random()::text), '') FROM range(1000)) FROM range(600) t(i)`,
    askDuckdb,
  ],
] as const)('full disk under %s', (_, scheme, fill, ask) => {
  it.skipIf(reason)('is told, and the run finishes when there is room', () =>
    withScene(async scene => {
      const disk = scene.path('disk')
      mkdirSync(disk)
      expect(system('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk)).toBe(true)
      try {
        scene.url = `${scheme}:disk/app.db`
        scene.revisions({
          '001_one.sql': 'CREATE TABLE one (id int);\n',
          '002_two.sql': `CREATE TABLE two (id int, data text);\n${fill};\n`,
          '003_three.sql': 'CREATE TABLE three (id int);\n',
        })
        const failed = await scene.fails(['up'], {
          code: 'RUN.DISK_FULL',
          says: ['002_two was rolled back', 'make room'],
        })
        // DuckDB writes its file when it commits.
        if (scheme === 'sqlite') expect(failed.error?.where?.file).toBe('migrations/002_two.sql')
        expect(await scene.applied()).toEqual(['001_one'])
        expect(system('mount', '-o', 'remount,size=256m', disk)).toBe(true)
        await scene.works(['up', '--lock-wait', '0'])
        const rows = await ask(`${disk}/app.db`, 'SELECT count(*) AS n FROM two')
        expect(Number(rows[0]?.['n'])).toBeGreaterThan(0)
        expect(await scene.applied()).toEqual(['001_one', '002_two', '003_three'])
      } finally {
        system('umount', '-l', disk)
      }
    }),
  )
})

const LINE = 1_000
const LINES = 50_000
const LIMIT_MB = 1_500

describe.each([
  ['SQLite', sqliteStore],
  ['PostgreSQL', postgresStore],
] as const)('a file of 50 MB on %s', (_, store: BadStore) => {
  it.skipIf(store.unavailable)('is applied within bounds of memory', { timeout: 120_000 }, () =>
    withDatabase(store, database =>
      withScene(async scene => {
        const out = createWriteStream(scene.path('migrations', '001_big.sql'))
        out.write('CREATE TABLE big (id int, data text);\n')
        for (let n = 0; n < LINES; n++) {
          const line = `INSERT INTO big VALUES (${n}, '`
          if (!out.write(`${line}${'x'.repeat(LINE - line.length - 4)}');\n`)) await once(out, 'drain')
        }
        out.end()
        await once(out, 'close')
        const run = scene.start(['up'])
        let peak = 0
        const timer = setInterval(() => {
          peak = Math.max(peak, peakMemory(run.pid))
        }, 50)
        const answer = await run.ended
        clearInterval(timer)
        console.log(
          `${store.name}: 50 MB of SQL in ${(answer.ms / 1000).toFixed(1)} s, at most ${Math.round(peak)} MB of memory`,
        )
        expect(answer.code, answer.stderr).toBe(0)
        expect(Number((await database.query('SELECT count(*) AS n FROM big'))[0]?.['n'])).toBe(LINES)
        if (peak > 0) expect(peak).toBeLessThan(LIMIT_MB)
        const began = performance.now()
        await scene.works(['status', '--check'])
        expect(performance.now() - began).toBeLessThan(30_000)
      }, database.url),
    ),
  )
})

/** Peak resident memory so far, MB; 0 where the system does not tell. */
function peakMemory(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
