// What is done to both stores that live in a file: SIGKILL at each phase. The names of the tests are in the files of
// the stores.
import { expect } from 'vitest'
import { type EmbeddedStore, recovers, wait } from './embedded.ts'

const base = `CREATE TABLE item (id INTEGER PRIMARY KEY, old TEXT, n INTEGER);
INSERT INTO item WITH RECURSIVE i(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM i WHERE id < 20) SELECT id, 'x' || id, 0 FROM i;
`

/** Fault 1: the hook holds the run when it has the lock and has run nothing. */
export async function killedWithTheLock(store: EmbeddedStore): Promise<void> {
  await recovers(store, { files: { '001_base.sql': base } }, async place => {
    const { scene } = place
    scene.remove('godwit.config.json')
    scene.write(
      'godwit.config.mjs',
      `export default { databases: { main: { url: '${scene.url}' } }, hooks: { async beforeRun() {
        console.log('has the lock'); await new Promise(go => setTimeout(go, 60_000)) } } }`,
    )
    await place.killedAt('has the lock')
    expect(await place.ask(place.store.tables)).toMatchObject([{ name: 'patience' }])
    const lock = (await scene.json(['lock', 'status'])) as unknown as { databases: { lock: unknown }[] }
    expect(lock.databases[0]?.lock).not.toBeNull()
    scene.remove('godwit.config.mjs')
    place.configure({})
  })
}

/** Fault 2: nothing of a revision that is one transaction stays. */
export async function killedInDdl(store: EmbeddedStore): Promise<void> {
  const two = `CREATE TABLE two (id INTEGER);
INSERT INTO two VALUES (1);
CREATE INDEX item_old ON item (old);
ALTER TABLE two ADD COLUMN y INTEGER;
${wait('half of it')};
CREATE TABLE three (id INTEGER);
`
  await recovers(store, { files: { '001_base.sql': base, '002_two.sql': two } }, async place => {
    await place.killedAt('half of it')
    expect(await place.scene.applied()).toEqual(['001_base'])
    expect((await place.ask(place.store.tables)).map(row => row['name'])).toEqual(['item', 'patience'])
    expect(JSON.stringify(await place.ask(place.store.schema))).not.toContain('item_old')
  })
}

/** Fault 3: what stands alone shares no transaction with its journal row. It is done, and nothing says so: it only tidies, and is run again. */
export async function killedAfterLoneStatement(store: EmbeddedStore): Promise<void> {
  const tidy = store.scheme === 'sqlite' ? 'VACUUM' : 'CHECKPOINT'
  const two = `-- godwit: transaction=off
CREATE TABLE two (id INTEGER);
INSERT INTO two VALUES (1);
${tidy};
${wait('tidied up')};
INSERT INTO two VALUES (2);
`
  await recovers(store, { files: { '001_base.sql': base, '002_two.sql': two } }, async place => {
    await place.killedAt('tidied up')
    const steps = store.scheme === 'sqlite' ? 'godwit_step' : 'godwit.godwit_step'
    expect(await place.ask(`SELECT done, running FROM ${steps}`)).toMatchObject([rowOf(store, { done: 2, running: 3 })])
    expect(await place.number('SELECT count(*) FROM two')).toBe(1)
  })
}

/** Counts are bigints through one driver and numbers through the other. */
function rowOf(store: EmbeddedStore, row: Record<string, number>): Record<string, number | bigint> {
  if (store.scheme === 'sqlite') return row
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, BigInt(value)]))
}

const batch = (n: number, more = ''): string =>
  `UPDATE item SET n = n + 1 WHERE id > ${(n - 1) * 5} AND id <= ${n * 5}${more};`

/** Fault 7: the batch rolls back together with the row that counts it. */
export async function killedInBatch(store: EmbeddedStore): Promise<void> {
  const fill = `-- godwit: transaction=off
${batch(1)}
${batch(2)}
${batch(3, ` AND (${wait('third batch')}) > 0`)}
${batch(4)}
`
  await recovers(store, { files: { '001_base.sql': base, '002_fill.sql': fill } }, async place => {
    await place.killedAt('third batch')
    expect(await place.number('SELECT sum(n) FROM item')).toBe(10)
    expect(await place.number('SELECT max(id) FROM item WHERE n = 1')).toBe(10)
  })
}

/** Fault 8: goes on at the next batch; no row is counted twice. */
export async function killedBetweenBatches(store: EmbeddedStore): Promise<void> {
  const fill = `-- godwit: transaction=off
${batch(1)}
${batch(2)}
${wait('between')};
${batch(3)}
${batch(4)}
`
  await recovers(store, { files: { '001_base.sql': base, '002_fill.sql': fill } }, async place => {
    await place.killedAt('between')
    expect(await place.number('SELECT sum(n) FROM item')).toBe(10)
    await place.patience(1)
    const run = await place.scene.works(['up', '--json=stream', '--lock-wait', '0'])
    expect(run.stdout).toContain('"resumedAt":2')
    expect(await place.number('SELECT count(*) FROM item WHERE n = 1')).toBe(20)
  })
}

/** Fault 9: the old shape is whole again. */
export async function killedInContract(store: EmbeddedStore): Promise<void> {
  const expand = `ALTER TABLE item ADD COLUMN fresh TEXT;
UPDATE item SET fresh = old;
CREATE TABLE legacy (id INTEGER);
INSERT INTO legacy VALUES (7);
`
  const contract = `-- godwit: phase=contract
DROP TABLE legacy;
ALTER TABLE item DROP COLUMN old;
${wait('half removed')};
ALTER TABLE item RENAME COLUMN fresh TO name;
`
  const files = { '001_base.sql': base, '002_expand.sql': expand, '003_contract.sql': contract }
  await recovers(store, { files }, async place => {
    await place.killedAt('half removed')
    expect(await place.number('SELECT count(*) FROM item WHERE old = fresh')).toBe(20)
    expect(await place.number('SELECT id FROM legacy')).toBe(7)
  })
}

/** Fault 22, one half: the part that is done was edited. */
export async function editedAfterPartialRun(store: EmbeddedStore): Promise<void> {
  const fill = `-- godwit: transaction=off\n${batch(1)}\n${batch(2)}\n${wait('stops here')};\n${batch(3)}\n${batch(4)}\n`
  await recovers(store, { files: { '001_base.sql': base, '002_fill.sql': fill } }, async place => {
    await place.killedAt('stops here')
    await place.patience(1)
    place.scene.revisions({ '002_fill.sql': fill.replace('n = n + 1', 'n = n + 100') })
    const refused = await place.scene.fails(['up'], { code: 'JOURNAL.PARTIAL_EDITED', says: ['002_fill'] })
    expect(refused.error?.next.join(' ')).toContain('godwit repair')
    expect(await place.number('SELECT sum(n) FROM item')).toBe(10)
    place.scene.revisions({ '002_fill.sql': fill })
  })
}

/** Fault 22, other half: an older copy of the file brings its own journal back, and the rest is done again. */
export async function restoredToOlderPoint(store: EmbeddedStore, copy: (from: string, to: string) => void) {
  const fill = `-- godwit: transaction=off\n${batch(1)}\n${batch(2)}\n${wait('stops here')};\n${batch(3)}\n${batch(4)}\n`
  const files = { '001_base.sql': base, '002_fill.sql': fill, '003_last.sql': 'CREATE TABLE last (id INTEGER);\n' }
  await recovers(store, { files }, async place => {
    await place.killedAt('stops here')
    await place.patience(1)
    copy(place.file, `${place.file}.copy`)
    await place.scene.works(['up', '--lock-wait', '0'])
    copy(`${place.file}.copy`, place.file)
    expect(await place.scene.applied()).toEqual(['001_base'])
    expect(await place.number('SELECT sum(n) FROM item')).toBe(10)
  })
}
