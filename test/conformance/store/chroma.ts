// The suite's vocabulary in operations on collections.
import { type ChromaContext, chroma } from '../../../src/dialect/chroma/index.ts'
import { freshChroma, unavailable } from '../../servers/databases.ts'
import type { StoreCase, Words } from './store.ts'

type Step = (m: ChromaContext) => Promise<void>
const step = (run: Step) => run as never

const words: Words = {
  make: thing => ({
    up: step(async m => void (await m.createCollection(thing))),
    down: step(async m => void (await m.deleteCollection(thing))),
  }),
  fill: (thing, count) => {
    const ids = Array.from({ length: count }, (_, n) => `row-${n}`)
    return {
      up: step(
        async m =>
          void (await m.addRecords(
            thing,
            ids.map(id => ({ id, embedding: [1] })),
          )),
      ),
      down: step(async m => void (await m.deleteRecords(thing, { ids }))),
    }
  },
  broken: (before, after) => {
    const up = (missing: string) =>
      step(async m => {
        await m.createCollection(before)
        await m.setMetadata(missing, { note: 'x' })
        await m.createCollection(after)
      })
    return {
      up: up('no_such_collection'),
      mended: up(before),
      down: step(async m => {
        await m.deleteCollection(after)
        await m.deleteCollection(before)
      }),
    }
  },
  code: (thing, fault) => ({
    up: step(async m => {
      await m.createCollection(thing)
      if (fault) throw fault
    }),
    down: step(async m => void (await m.deleteCollection(thing))),
  }),
  forgetful: thing => ({
    up: step(async m => {
      void m.createCollection(thing)
    }),
  }),
}

export async function chromaCase(name: string): Promise<StoreCase> {
  return {
    name,
    unavailable: await unavailable('chroma'),
    words,
    async fresh() {
      const fresh = await freshChroma()
      const ask = async (path: string): Promise<unknown> => {
        const base = `${fresh.server}/api/v2/tenants/${fresh.tenant}/databases/${fresh.name}`
        const answer = await fetch(`${base}/${path}`)
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
        return answer.json()
      }
      return {
        dialect: () => chroma({ url: fresh.url }),
        async things() {
          const all = (await ask('collections')) as { name: string }[]
          return all
            .map(one => one.name)
            .filter(one => !one.startsWith('godwit_'))
            .sort()
        },
        async rows(thing) {
          const { id } = (await ask(`collections/${thing}`)) as { id: string }
          return Number(await ask(`collections/${id}/count`))
        },
        dispose: () => fresh.dispose(),
      }
    },
  }
}
