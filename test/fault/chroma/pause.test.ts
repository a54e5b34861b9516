// A runner on Chroma that is stopped past the expiry of its lease: another one takes over and finishes, and the one that
// wakes up is refused at its next write. The server's clock judges, and nothing of the paused runner is written again.
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withScene } from '../../bad-input/scene.ts'
import { freshChroma, unavailable } from '../../servers/databases.ts'

const reason = await unavailable('chroma')

/** Waits for a file beside the project, so that a stopped runner meets the moment it wakes, not a time. */
const code = (go: string): string => `import { existsSync } from 'node:fs'
export default {
  async up(m: any) {
    await m.createCollection('one')
    m.log('rests')
    while (!existsSync(${JSON.stringify(go)})) await new Promise(next => setTimeout(next, 10))
    await m.createCollection('two', { metadata: { by: process.env.WHO } })
  },
}
`

describe.skipIf(reason)('a paused runner on Chroma', () => {
  it('fault 17: a holder that was stopped past its expiry is replaced, and its next write is refused', async () => {
    const fresh = await freshChroma()
    await withScene(async scene => {
      const go = scene.path('go')
      const database = { url: fresh.url, lock: { ttlMs: 2_000 } }
      scene.write('godwit.config.json', JSON.stringify({ databases: { main: database } }))
      scene.revisions({ '001_code.ts': code(go) })
      const first = scene.start(['up', '--json=stream'], { env: { WHO: 'first' } })
      await first.saw('"rests"')
      first.kill('SIGSTOP')
      expect(existsSync(go)).toBe(false)
      scene.write('go', '')
      await scene.works(['up', '--lock-wait', '60s'], { env: { WHO: 'second' } })
      first.kill('SIGCONT')
      const answer = await first.ended
      expect(answer.code, answer.stderr + answer.stdout).not.toBe(0)
      expect(answer.stderr + answer.stdout).toContain('LOCK.LOST')
      expect(await scene.applied()).toEqual(['001_code'])
      const base = `${fresh.server}/api/v2/tenants/${fresh.tenant}/databases/${fresh.name}/collections`
      const answered = await fetch(base)
      const collections = (await answered.json()) as { name: string; metadata: { by?: string } | null }[]
      const own = collections.filter(one => !one.name.startsWith('godwit_'))
      expect(own.map(one => one.name).toSorted()).toEqual(['one', 'two'])
      expect(own.find(one => one.name === 'two')?.metadata?.by).toBe('second')
      // One lease is left, given back: the next run need not wait.
      expect(collections.filter(one => one.name.startsWith('godwit_lease_'))).toHaveLength(1)
      await scene.works(['up', '--lock-wait', '0'])
    }, fresh.url)
    await fresh.dispose()
  })
})
