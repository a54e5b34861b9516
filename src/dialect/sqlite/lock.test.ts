// Lease and journal of SQLite on real files, with processes that race and processes that are killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Fence, JournalWrite } from '../journal.ts'
import type { DriverName } from './driver/driver.ts'
import { sqlite } from './index.ts'
import { isGone, processIdentity } from './process.ts'
import { installedDrivers, newFile, rejection, sqlOf, statements } from './sqlite.fixture.ts'

const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs')
const runner = fileURLToPath(new URL('./runner.fixture.ts', import.meta.url))

function start(task: string, url: string, owner: string, driver: DriverName): ChildProcess {
  return spawn(process.execPath, [jiti, runner, task, url, owner, driver], { stdio: ['pipe', 'pipe', 'inherit'] })
}

async function firstLine(child: ChildProcess): Promise<unknown> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return JSON.parse(text)
}

const applied = (id: string): JournalWrite => ({
  type: 'applied',
  id,
  checksum: 'd'.repeat(64),
  fileHash: 'e'.repeat(64),
  source: "it's; -- x\n",
  startedAtMs: Date.now() - 50,
  statements: 2,
  kind: 'applied',
  appliedBy: 'me',
  tool: '0',
  run: 'run',
})

describe.each(await installedDrivers())('lease and journal through %s', driver => {
  const request = { owner: 'one', holder: 'me@here pid 1', ttlMs: 60_000 }

  async function prepared(path = newFile()) {
    const dialect = sqlite({ url: path, driver })
    const session = await dialect.open({ purpose: 'run' })
    await dialect.journal.ensure(session)
    return { dialect, session, locker: dialect.locker, journal: dialect.journal }
  }

  async function acquire({ session, locker }: Awaited<ReturnType<typeof prepared>>, owner = 'one'): Promise<Fence> {
    const answer = await locker.acquire(session, { ...request, owner })
    if (!answer.acquired) throw new Error('not acquired')
    return answer.fence
  }

  it('gives the lease to one runner and names it to the other', async () => {
    const path = newFile()
    const first = await prepared(path)
    const second = await prepared(path)
    const fence = await acquire(first)
    expect(fence).toEqual({ owner: 'one', fence: 1 })
    expect(await second.locker.acquire(second.session, { ...request, owner: 'two' })).toMatchObject({
      acquired: false,
      by: { owner: 'one', holder: 'me@here pid 1', fence: 1, expired: false },
    })
    await first.locker.release(first.session, fence)
    expect((await acquire(second, 'two')).fence).toBe(2)
  })

  it('takes an expired lease, and the old holder can neither renew nor write', async () => {
    const state = await prepared()
    const { session, locker, journal } = state
    const old = await locker.acquire(session, { ...request, ttlMs: 1 })
    if (!old.acquired) throw new Error('not acquired')
    await new Promise(resolve => setTimeout(resolve, 10))
    expect((await journal.read(session)).lease?.expired).toBe(true)
    const fence = await acquire(state, 'two')
    expect(await locker.renew(session, old.fence, 1000)).toBe(false)
    expect(await locker.renew(session, fence, 1000)).toBe(true)
    expect(await rejection(journal.write(session, old.fence, [applied('a')]))).toMatchObject({ code: 'LOCK.LOST' })
    await locker.release(session, old.fence)
    expect((await journal.read(session)).lease?.owner).toBe('two')
  })

  it('rolls the work back when the lease was broken meanwhile', async () => {
    const state = await prepared()
    const { session, locker, journal } = state
    const fence = await acquire(state)
    expect((await locker.break(session))?.owner).toBe('one')
    expect(await locker.break(session)).toBeUndefined()
    const work = [{ kind: 'begin' } as const, ...statements('CREATE TABLE a (x)')]
    const error = await rejection(sqlOf(session).run([...work, ...(journal.render?.(fence, [applied('a')]) ?? [])]))
    expect(journal.isFenceViolation(error)).toBe(true)
    await sqlOf(session).rollback()
    expect(await sqlOf(session).query("SELECT name FROM sqlite_schema WHERE name = 'a'")).toEqual([])
    expect((await acquire(state, 'two')).fence).toBe(3)
  })

  it('renews beside the write transaction of its own run', async () => {
    const state = await prepared()
    const fence = await acquire(state)
    const heartbeat = await state.dialect.open({ purpose: 'heartbeat' })
    await sqlOf(state.session).run([{ kind: 'begin' }, ...statements('CREATE TABLE a (x)')])
    expect(await state.locker.renew(heartbeat, fence, 1000)).toBe(true)
    expect(await state.locker.renew(heartbeat, { ...fence, fence: 9 }, 1000)).toBe(false)
    await sqlOf(state.session).run([{ kind: 'commit' }])
    expect(await state.locker.renew(heartbeat, fence, 1000)).toBe(true)
    await heartbeat.close()
  })

  it('writes and reads the journal', async () => {
    const state = await prepared()
    const { session, journal } = state
    const fence = await acquire(state)
    const step = { revision: 'b', direction: 'up', done: 1, running: 2, total: 3, hashes: ['x'], error: null } as const
    await journal.write(session, fence, [
      { type: 'run-start', run: { id: 'run', verb: 'up', by: 'me', tool: '0' } },
      applied('a'),
      applied('b'),
      { type: 'step', step },
      { type: 'run-end', run: 'run', ok: true, applied: ['a'], undone: [], error: undefined },
    ])
    const read = await journal.read(session)
    expect(read).toMatchObject({ initialised: true, format: 2, steps: [step], lease: { owner: 'one' } })
    expect(read.applied).toMatchObject([
      { id: 'a', sequence: 1, statements: 2, appliedBy: 'me' },
      { id: 'b', sequence: 2 },
    ])
    const [first] = read.applied
    expect(first?.ms).toBeGreaterThanOrEqual(50)
    expect(first?.ms).toBeLessThan(5000)
    expect(Math.abs(Date.parse(first?.appliedAt ?? '') - Date.now())).toBeLessThan(5000)
    expect(await journal.source(session, 'a')).toBe("it's; -- x\n")
    expect(await journal.runs(session, 5)).toMatchObject([{ id: 'run', ok: true }])
    await journal.write(session, fence, [{ type: 'undone', id: 'b' }])
    expect(await journal.read(session)).toMatchObject({ applied: [{ id: 'a' }], steps: [] })
  })

  it('replaces at once a holder whose process was killed', async () => {
    const path = newFile()
    const child = start('hold', path, 'dead', driver)
    expect(await firstLine(child)).toMatchObject({ acquired: true })
    const state = await prepared(path)
    const ended = new Promise(resolve => child.once('exit', resolve))
    expect(await state.locker.acquire(state.session, request)).toMatchObject({ acquired: false, by: { owner: 'dead' } })
    child.kill('SIGKILL')
    await ended
    expect((await acquire(state)).fence).toBe(2)
  }, 60_000)

  it('lets two processes create the journal and race for the lease, and no revision is written twice', async () => {
    const path = newFile()
    const children = ['a', 'b'].map(owner => start('race', path, owner, driver))
    const ended = children.map(child => new Promise(resolve => child.once('exit', resolve)))
    await Promise.all(children.map(firstLine))
    for (const child of children) child.stdin?.end('go')
    expect(await Promise.all(ended)).toEqual([0, 0])
    const { journal, session } = await prepared(path)
    const { applied: rows, lease } = await journal.read(session)
    expect(lease).toBeUndefined()
    expect(rows.map(row => row.id)).toEqual(Array.from({ length: 80 }, (_, index) => `r${index + 1}`))
  }, 60_000)
})

it('calls a process gone only when that is proven', () => {
  const own = processIdentity()
  expect(isGone(own)).toBe(false)
  expect(isGone({ ...own, backend: 'another-host:1' })).toBe(false)
  expect(isGone({ ...own, backend: own.backend.replace(/:\d+$/, ':4194303') })).toBe(true)
  expect(isGone({ backend: 'x', backendStart: '' })).toBe(false)
  const reused = own.backendStart.replace(/\d+$/, '1')
  expect(isGone({ ...own, backendStart: reused })).toBe(own.backendStart !== '')
  expect(isGone({ ...own, backendStart: 'ffffffff/1/1' })).toBe(false)
})
