// A store without transactions whose operations find out by themselves what an interrupted attempt did.
import { describe, expect, it } from 'vitest'
import { chroma, type ChromaContext } from '../../src/dialect/chroma/index.ts'
import type { Operations } from '../../src/dialect/operations.ts'
import { freshChroma, unavailable } from '../servers/databases.ts'
import { type Call, faulty } from './faulty.ts'
import { single, states } from './project.ts'

const reason = await unavailable('chroma')

/** Two collections; `at` says after how many of them the code throws. */
const revision = (at?: number) => ({
  id: '001_code',
  up: (async (m: ChromaContext) => {
    for (const [n, name] of ['first', 'second'].entries()) {
      if (n === at) throw new Error('stopped here')
      await m.createCollection(name)
    }
  }) as never,
  down: (async (m: ChromaContext) => {
    await m.deleteCollection('second')
    await m.deleteCollection('first')
  }) as never,
})

describe.skipIf(reason !== undefined)('a real Chroma', () => {
  const withStore = async (use: (url: string, names: () => Promise<string[]>) => Promise<void>) => {
    const fresh = await freshChroma()
    const names = async () => {
      const answer = await fetch(`${fresh.server}/api/v2/tenants/${fresh.tenant}/databases/${fresh.name}/collections`)
      const all = (await answer.json()) as { name: string }[]
      return all
        .map(one => one.name)
        .filter(name => !name.startsWith('godwit_'))
        .sort()
    }
    await use(fresh.url, names).finally(() => fresh.dispose())
  }
  const partial = async (url: string) => (await single(chroma({ url }), []).status()).databases[0]?.partial

  it('leaves nothing of code that threw before its first step', () =>
    withStore(async (url, names) => {
      const failed = await single(chroma({ url }), [revision(0)]).up()
      expect(failed.error).toMatchObject({ code: 'RUN.CODE_FAILED', message: 'stopped here' })
      expect(states(failed.databases[0])).toEqual(['001_code rolled-back'])
      expect(await partial(url)).toEqual([])
      expect(await names()).toEqual([])
    }))

  it('keeps what it knows of a begun step when a later attempt does not get there', () =>
    withStore(async (url, names) => {
      // The second collection is made, and the run dies before that is recorded.
      let dead = false
      const before = (call: Call) => {
        if (call.writes?.some(write => write.type === 'step' && write.step.done === 2)) dead = true
        if (dead && call.what === 'write') throw new Error('dead')
      }
      await single(faulty(chroma({ url }), { before }), [revision()]).up()
      expect(await names()).toEqual(['first', 'second'])
      expect(await partial(url)).toMatchObject([{ done: 1, inDoubt: true }])
      const again = await single(chroma({ url }), [revision(0)]).up()
      expect(again.error).toMatchObject({ code: 'RUN.CODE_FAILED_PARTIAL', message: 'stopped here' })
      expect(await partial(url)).toMatchObject([{ done: 1, inDoubt: true }])
      expect((await single(chroma({ url }), [revision()]).up()).error).toBeUndefined()
      expect(await names()).toEqual(['first', 'second'])
      expect((await single(chroma({ url }), [revision()]).down()).error).toBeUndefined()
      expect(await names()).toEqual([])
    }))

  it('keeps an operation that was refused as not begun', () =>
    withStore(async url => {
      const refused = async (m: ChromaContext) => {
        await m.createCollection('first')
        await m.deleteCollection('nowhere')
      }
      const { error } = await single(chroma({ url }), [{ ...revision(), up: refused as never }]).up()
      expect(error).toMatchObject({ code: 'RUN.CODE_FAILED_PARTIAL' })
      expect(await partial(url)).toMatchObject([{ done: 1, inDoubt: false }])
      expect((await single(chroma({ url }), [revision()]).up()).error).toBeUndefined()
    }))

  it('keeps an operation that failed after it may have done its work as begun', () =>
    withStore(async (url, names) => {
      for (const fault of [new Error('cut'), 'a text']) {
        const real = chroma({ url })
        const operations: Operations = context =>
          (real.operations as Operations)({
            ...context,
            step: (description, effect) =>
              context.step(description, async again => {
                await effect(again)
                throw fault
              }),
          })
        const { error } = await single({ ...real, operations }, [revision()]).up()
        expect(error).toMatchObject({ code: 'RUN.CODE_FAILED_PARTIAL', meta: { state: 'partial' } })
        expect(await partial(url)).toMatchObject([{ done: 0, inDoubt: true }])
        expect(await names()).toEqual(['first'])
      }
      expect((await single(chroma({ url }), [revision()]).up()).error).toBeUndefined()
    }))
})
