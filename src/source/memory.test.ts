import { describe, expect, it } from 'vitest'
import { type MemoryRevision, memorySource } from './memory.ts'

const load = async (...revisions: MemoryRevision[]) => memorySource(revisions).load(undefined)

describe('memorySource', () => {
  it('takes SQL texts with and without markers and header', async () => {
    const [a, b] = await load(
      { id: '1_a', parent: [], up: 'SELECT 1', down: 'SELECT 2' },
      {
        id: '2_b',
        label: 'x',
        transaction: 'off',
        up: '-- godwit: parent=1_a\n-- migrate:up\nSELECT 3\n-- migrate:down\nSELECT 4',
      },
    )
    expect(a).toMatchObject({ id: '1_a', file: undefined, parents: [], source: 'SELECT 1' })
    expect(a?.body()).toEqual({
      kind: 'sql',
      up: { file: '1_a', blocks: [{ text: 'SELECT 1', line: 1, whole: false }] },
      down: { file: '1_a', blocks: [{ text: 'SELECT 2', line: 1, whole: false }] },
    })
    expect(b).toMatchObject({ parents: ['1_a'], labels: ['x'], options: { transaction: 'off' } })
    expect(b?.body()).toMatchObject({ up: { blocks: [{ line: 3 }] }, down: { blocks: [{ line: 5 }] } })
    expect(b?.checksum).toMatch(/^[0-9a-f]{64}$/)
    expect(b?.fileHash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('takes functions, without a checksum unless one is given', async () => {
    const up = (m: { n: number }) => m.n + 1
    const [a, b] = await load({ id: '1_a', up }, { id: '2_b', lockTimeout: 5, up, down: up, checksum: 'v1' })
    expect(a).toMatchObject({ checksum: undefined, fileHash: undefined, source: undefined, parents: undefined })
    expect(b?.checksum).toBe('v1')
    const body = b?.body()
    const loaded = body?.kind === 'code' ? await body.load() : undefined
    expect(loaded).toEqual({ up, down: up, options: { lockTimeoutMs: 5 } })
  })

  it('lets a given checksum of SQL stand alone', async () => {
    const [revision] = await load({ id: '1_a', up: 'SELECT 1', checksum: 'v1' })
    expect(revision).toMatchObject({ checksum: 'v1', fileHash: undefined })
  })

  it.each([
    [{ id: '', up: 'x' }, 'Its id is not a text.'],
    [{ id: 5, up: 'x' }, 'Its id is not a text.'],
    [{ id: 'a', up: 'x', down: () => 1 }, 'Its up and down are both SQL texts or both functions.'],
    [{ id: 'a', up: () => 1, down: 'x' }, 'Its up and down are both SQL texts or both functions.'],
    [{ id: 'a' }, 'Its up and down are both SQL texts or both functions.'],
    [{ id: 'a', up: 'x', parent: 5 }, 'parent is a string or a list of strings.'],
  ])('refuses %j', async (revision, why) => {
    await expect(load(revision as never)).rejects.toMatchObject({
      code: 'FILE.MODULE_INVALID',
      why: expect.stringContaining(why),
    })
  })
})
