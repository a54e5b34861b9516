// A scratch database without a server of the user: started by itself, reached by nobody else, gone with the process.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'

const reason = await unavailable('mariadb')
const cache = mkdtempSync(join(tmpdir(), 'godwit-cache-'))
const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs')
const fixture = join(import.meta.dirname, 'private-server.fixture.ts')
const children: ChildProcess[] = []

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(cache, { recursive: true, force: true })
})

interface Facts {
  readonly folder: string
  readonly collation: string
  readonly alone: number
}

function start(): Promise<{ readonly child: ChildProcess; readonly facts: Facts }> {
  const child = spawn(process.execPath, [jiti, fixture, cache], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (data: Buffer) => resolve({ child, facts: JSON.parse(String(data)) as Facts }))
    child.on('exit', code => reject(new Error(`the process ended with ${code}`)))
  })
}

async function isGone(folder: string): Promise<boolean> {
  for (let waited = 0; waited < 15_000; waited += 100) {
    if (!existsSync(folder)) return true
    await sleep(100)
  }
  return false
}

describe.skipIf(reason)('a private server', () => {
  it('starts without one of the user, from its cache the second time, and ends when the process is killed', {
    timeout: 120_000,
  }, async () => {
    const first = await start()
    expect(first.facts).toMatchObject({ collation: expect.stringMatching(/^utf8mb4_/), alone: 1 })
    expect(readdirSync(cache)).toEqual([expect.stringMatching(/^mariadb-\d+\.\d+\.\d+-utf8mb4$/)])
    const second = await start()
    expect(second.facts.folder).not.toBe(first.facts.folder)
    for (const { child, facts } of [first, second]) {
      expect(existsSync(facts.folder)).toBe(true)
      child.kill('SIGKILL')
      expect(await isGone(dirname(facts.folder))).toBe(true)
    }
  })
})
