// Revisions that use every operation on Chroma.
import type { Scenario } from '../store/store.ts'

const code = (up: string, down: string): string => {
  const body = (text: string): string => text.replace(/^/gm, '  ')
  return `export async function up(m) {\n${body(up)}\n}\nexport async function down(m) {\n${body(down)}\n}\n`
}
const records = `const records = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    id: 'r' + (from + i), embedding: [from + i, 1], document: 'text ' + (from + i), metadata: { n: from + i },
  }))\n`

const collections = {
  '001_make.mjs': code(
    `await m.createCollection('docs', { distance: 'cosine', dimension: 2, metadata: { owner: 'us' } })
await m.createCollection('tags')
await m.createCollection('old')`,
    `await m.deleteCollection('old')
await m.deleteCollection('tags')
await m.deleteCollection('docs')`,
  ),
  '002_change.mjs': code(
    `await m.renameCollection('tags', 'labels')
await m.setMetadata('labels', { stage: 'two' })
await m.modifyCollection('docs', { metadata: { owner: 'them' }, configuration: { ef_search: 50 } })
await m.deleteCollection('old')`,
    `await m.createCollection('old')
await m.setMetadata('docs', { owner: 'us' })
await m.renameCollection('labels', 'tags')`,
  ),
}

const filled =
  records +
  code(
    `await m.addRecords('docs', records(1, 12), { batchSize: 6 })
await m.addRecords('old', records(1, 4))`,
    `await m.deleteRecords('docs', { ids: records(1, 12).map(one => one.id) })
await m.deleteRecords('old', { ids: records(1, 4).map(one => one.id) })`,
  )

const data = {
  '001_make.mjs': code(
    `await m.createCollection('docs', { distance: 'l2' })
await m.createCollection('old')`,
    `await m.deleteCollection('old')
await m.deleteCollection('docs')`,
  ),
  '002_fill.mjs': filled,
  '003_edit.mjs':
    records +
    code(
      `await m.updateRecords('docs', [{ id: 'r1', document: 'changed' }, { id: 'r2', metadata: { n: 22 } }])
await m.upsertRecords('docs', records(12, 15))
await m.deleteRecords('docs', { ids: ['r5', 'r6'] })
await m.deleteRecords('docs', { where: { n: { $gt: 14 } } })`,
      `await m.upsertRecords('docs', records(1, 12))
await m.deleteRecords('docs', { ids: ['r13', 'r14', 'r15'] })`,
    ),
}

const copy = {
  '001_make.mjs': data['001_make.mjs'],
  '002_fill.mjs': filled,
  '003_copy.mjs': code(
    `await m.copyCollection('docs', 'docs_v2', { distance: 'cosine', batchSize: 5, dimension: 3,
  embed: async texts => texts.map(text => [text.length, 1, 2]) })`,
    `await m.deleteCollection('docs_v2')`,
  ),
  '004_switch.mjs': code(
    `await m.switchCollection({ current: 'docs', next: 'docs_v2', keepOldAs: 'docs_v1' })`,
    `await m.switchCollection({ current: 'docs', next: 'docs_v1', keepOldAs: 'docs_v2' })`,
  ),
}

export const histories = { collections, data, copy }

const up = { verb: 'up', target: 'head' } as const
const down = { verb: 'down', target: 'base' } as const
const all: Scenario['prepare'] = async (_, run) => run(up)

export const scenarios: readonly Scenario[] = [
  { name: 'collections-up', history: 'collections', act: up },
  { name: 'collections-down', history: 'collections', prepare: all, act: down },
  { name: 'data-up', history: 'data', act: up },
  { name: 'data-down', history: 'data', prepare: all, act: down },
  {
    name: 'copy-up',
    history: 'copy',
    prepare: async (_, run) => run({ verb: 'up', target: '002_fill' }),
    act: up,
  },
  { name: 'copy-down', history: 'copy', prepare: all, act: { verb: 'down', target: '002_fill' } },
  { name: 'stamp', history: 'data', act: { verb: 'stamp', target: 'head' } },
]
