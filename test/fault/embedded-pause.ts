// A runner on a file that is stopped between two steps for longer than its lease lives, and then wakes up.
import { existsSync } from 'node:fs'
import { expect } from 'vitest'
import { type EmbeddedStore, withPlace } from './embedded.ts'

/** Waits for a file beside the project, so that a stopped runner meets the moment it wakes, not a time. */
const code = (go: string): string => `import { existsSync } from 'node:fs'
// godwit: transaction=off
export default {
  transaction: 'off',
  async up(m: any) {
    await m.query("INSERT INTO step VALUES (1, 'first')")
    m.log('rests')
    while (!existsSync(${JSON.stringify(go)})) await new Promise(next => setTimeout(next, 10))
    await m.query("INSERT INTO step VALUES (2, 'second')")
  },
}
`

/** Fault 17 on a store that several processes can write. */
export async function pausedBetweenSteps(store: EmbeddedStore): Promise<void> {
  const files = { '001_base.sql': 'CREATE TABLE step (id INTEGER PRIMARY KEY, who TEXT);\n' }
  await withPlace(store, { files, database: { lock: { ttlMs: 700 } } }, async place => {
    const { scene } = place
    await place.patience(1)
    const go = scene.path('go')
    scene.revisions({ '002_code.ts': code(go) })
    const first = scene.start(['up', '--json=stream'])
    await first.saw('"rests"')
    first.kill('SIGSTOP')
    expect(existsSync(go)).toBe(false)
    scene.write('go', '')
    const second = await scene.works(['up', '--lock-wait', '30s', '--json=stream'])
    expect(second.stdout).toContain('"revision":"002_code"')
    first.kill('SIGCONT')
    const answer = await first.ended
    expect(answer.code, answer.stderr + answer.stdout).toBe(6)
    expect(answer.stderr + answer.stdout).toContain('LOCK.LOST')
    expect(await place.number('SELECT count(*) FROM step')).toBe(2)
    expect(await scene.applied()).toEqual(['001_base', '002_code'])
  })
}
