// The revisions of a race. Each of them fails or shows when it is run twice.
import type { ChromaContext } from '../../src/dialect/chroma/index.ts'
import type { MemoryRevision } from '../../src/source/memory.ts'

const sql: readonly MemoryRevision[] = [
  { id: '001_one', up: 'CREATE TABLE one (id int)' },
  { id: '002_rows', up: 'INSERT INTO one VALUES (1);\nINSERT INTO one VALUES (2)' },
  { id: '003_two', up: 'CREATE TABLE two (id int)' },
]

const operations: readonly MemoryRevision<ChromaContext>[] = [
  { id: '001_one', up: async m => void (await m.createCollection('one')) },
  {
    id: '002_rows',
    up: async m =>
      void (await m.addRecords(
        'one',
        ['1', '2'].map(id => ({ id, embedding: [1] })),
      )),
  },
  { id: '003_two', up: async m => void (await m.createCollection('two')) },
]

export const historyFor = (kind: string): readonly MemoryRevision[] =>
  kind === 'chroma' ? (operations as readonly MemoryRevision[]) : sql
