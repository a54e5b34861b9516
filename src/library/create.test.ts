import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ResolvedConfig, ResolvedDatabase } from '../config/resolved.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { chroma } from '../dialect/chroma/index.ts'
import { sqlite } from '../dialect/sqlite/index.ts'
import { directorySource } from '../source/directory.ts'
import { memorySource } from '../source/memory.ts'
import { createGodwit, makeGodwit } from './create.ts'
import { defineRevision } from './define-revision.ts'

const folder = mkdtempSync(join(tmpdir(), 'godwit-library-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0

function database(name: string, facts: Partial<ResolvedDatabase> = {}): ResolvedDatabase {
  const dialect: Dialect = sqlite({ url: join(folder, `${++count}.db`) })
  const rest = { naming: 'timestamp', timeZone: 'UTC', strictSequence: false, lock: { waitMs: 5_000, ttlMs: 30_000 } }
  return { name, dialect, source: memorySource([{ id: '001_a', up: 'CREATE TABLE a (id int)' }]), ...rest, ...facts }
}

const config = (databases: readonly ResolvedDatabase[], facts: Partial<ResolvedConfig> = {}): ResolvedConfig => ({
  environment: 'development',
  protected: false,
  root: folder,
  databases,
  ...facts,
})

/** A database whose revisions are files in a folder of its own. */
function inFolder(name: string, facts: Partial<ResolvedDatabase> = {}): ResolvedDatabase & { migrationsPath: string } {
  const migrationsPath = join(folder, `files-${++count}`, 'migrations')
  const source = directorySource({ path: migrationsPath, root: folder })
  return { ...database(name), migrationsPath, source, naming: 'sequential', ...facts } as never
}

it('is made from a configuration in code', async () => {
  const revisions = [{ id: '001_a', up: 'CREATE TABLE a (id int)' }]
  const godwit = await createGodwit({ databases: { app: { url: `sqlite:${join(folder, 'made.db')}`, revisions } } })
  expect(godwit.databases).toEqual(['app'])
  expect((await godwit.up()).ok).toBe(true)
})

it('types a revision and returns it as it is', () => {
  const definition = { up: () => undefined }
  expect(defineRevision(definition)).toMatchObject(definition)
})

describe('a protected environment', () => {
  it('is changed by nothing without its name, and everything with it', async () => {
    const godwit = makeGodwit(config([database('main')], { environment: 'production', protected: true }))
    const changes = [
      (confirm?: string) => godwit.up(confirm ? { confirm } : {}),
      (confirm?: string) => godwit.stamp({ target: 'head', ...(confirm ? { confirm } : {}) }),
      (confirm?: string) => godwit.repair(confirm ? { confirm } : undefined),
      (confirm?: string) => godwit.lockBreak(confirm ? { confirm } : undefined),
      (confirm?: string) => godwit.down({ target: 'base', ...(confirm ? { confirm } : {}) }),
    ]
    for (const change of changes) {
      const refusal = expect.objectContaining({ code: 'CONFIG.PROTECTED', exitCode: 3, next: ['--confirm production'] })
      await expect((async () => change())()).rejects.toEqual(refusal)
      await expect((async () => change('staging'))()).rejects.toEqual(refusal)
    }
    expect((await godwit.up({ dryRun: true })).ok).toBe(true)
    for (const change of changes.slice(0, 4)) expect((await change('production')).ok).toBe(true)
  })
})

describe('several databases', () => {
  it('are picked by name, and a wrong name gets the right ones', async () => {
    const godwit = makeGodwit(config([database('app'), database('stats')]))
    expect((await godwit.status({ databases: ['stats'] })).databases.map(({ name }) => name)).toEqual(['stats'])
    expect((await godwit.status({ databases: [] })).databases).toHaveLength(2)
    await expect(godwit.status({ databases: ['stat'] })).rejects.toMatchObject({
      code: 'CONFIG.DATABASE_UNKNOWN',
      why: expect.stringContaining('stats'),
    })
    await expect((async () => godwit.up({ databases: ['zzzzzz'] }))()).rejects.toMatchObject({
      why: 'Configured are: app, stats.',
    })
    await expect((async () => godwit.show('001'))()).rejects.toMatchObject({ code: 'CONFIG.DATABASE_UNKNOWN' })
    expect((await godwit.show('001', { database: 'app' })).database).toBe('app')
    expect((await godwit.verify({ signal: new AbortController().signal })).ok).toBe(true)
    const failed = await godwit.stamp({ target: 'nope' })
    expect(failed).toMatchObject({ ok: false, error: { code: 'GRAPH.TARGET_UNKNOWN' } })
  })
})

describe('writing files', () => {
  it('new: one after the other, with everything it was told', async () => {
    const place = inFolder('main')
    const godwit = makeGodwit(config([place]))
    const first = await godwit.newRevision({ message: 'Users & roles' })
    expect(first.written).toMatchObject([{ id: '001_users_roles', parents: [] }])
    const second = await godwit.newRevision({ message: 'more', labels: ['billing'], depends: ['stats:001_base'] })
    expect(second.written).toMatchObject([{ id: '002_more', parents: ['001_users_roles'] }])
    expect(readFileSync(join(place.migrationsPath, '002_more.sql'), 'utf8')).toMatch(/depends=stats:001_base/)
    const base = await godwit.newRevision({ message: 'side', parents: ['base'], format: 'ts' })
    expect(base.written[0]).toMatchObject({ id: '003_side', parents: [], file: expect.stringMatching(/003_side\.ts$/) })
    expect(readFileSync(join(place.migrationsPath, '003_side.ts'), 'utf8')).toContain("from 'godwit'")
    await expect(godwit.newRevision({ message: 'x' })).rejects.toMatchObject({ code: 'GRAPH.HEADS_MULTIPLE' })
    expect((await godwit.newRevision({ message: 'x', parents: ['002'] })).written[0]?.parents).toEqual(['002_more'])
    await expect(godwit.newRevision({ message: 'x', parents: ['002'], depends: ['nothing'] })).rejects.toMatchObject({
      code: 'CLI.USAGE_INVALID',
    })
  })

  it('new: for a store without SQL, in code, and where no folder can be made', async () => {
    const store = inFolder('vector', { dialect: chroma({ url: 'chroma://localhost:8000' }) })
    const godwit = makeGodwit(config([store]))
    const { written } = await godwit.newRevision({ message: 'docs' })
    expect(written[0]?.file).toMatch(/\.ts$/)
    expect(readFileSync(join(store.migrationsPath, '001_docs.ts'), 'utf8')).toContain("from 'godwit/chroma'")
    await expect(godwit.newRevision({ message: 'x', format: 'sql' })).rejects.toMatchObject({ code: 'SQL.UNSUPPORTED' })
    const inCode = makeGodwit(config([database('main')]))
    await expect(inCode.newRevision({ message: 'x' })).rejects.toMatchObject({ code: 'FILE.FOLDER_MISSING' })
    const blocked = join(folder, `file-${++count}`)
    writeFileSync(blocked, '')
    const nowhere = makeGodwit(config([inFolder('main', { migrationsPath: join(blocked, 'sub') })]))
    await expect(nowhere.newRevision({ message: 'x' })).rejects.toMatchObject({ code: 'FILE.WRITE_FAILED' })
  })

  const branched = async (facts: Partial<ResolvedDatabase> = {}) => {
    const place = inFolder('main', facts)
    const godwit = makeGodwit(config([place]))
    await godwit.newRevision({ message: 'base' })
    await godwit.newRevision({ message: 'mine', parents: ['001'] })
    await godwit.newRevision({ message: 'theirs', parents: ['001'], format: 'ts' })
    return { place, godwit, text: (name: string) => readFileSync(join(place.migrationsPath, name), 'utf8') }
  }

  it('merge: joins the heads', async () => {
    const { godwit, text } = await branched()
    expect((await godwit.merge()).written).toMatchObject([
      { id: '004_merge_mine_and_theirs', parents: ['002_mine', '003_theirs'] },
    ])
    expect(text('004_merge_mine_and_theirs.sql')).toContain('parent=002_mine,003_theirs')
    await expect(godwit.merge({ message: 'again', heads: ['004'] })).rejects.toMatchObject({
      code: 'GRAPH.MERGE_NEEDLESS',
    })
    const place = inFolder('vector', { dialect: chroma({ url: 'chroma://localhost:8000' }) })
    const vector = makeGodwit(config([place]))
    for (const [message, parent] of [
      ['base', 'base'],
      ['mine', '001'],
      ['theirs', '001'],
    ] as const)
      await vector.newRevision({ message, parents: [parent] })
    expect((await vector.merge()).written[0]?.file).toMatch(/004_merge_mine_and_theirs\.ts$/)
  })

  it('rebase: rewrites the files of the branch, and refuses what is applied', async () => {
    const { place, godwit, text } = await branched()
    const { written } = await godwit.rebase({ branch: '002_mine', onto: '003_theirs' })
    expect(written).toMatchObject([{ id: '002_mine', parents: ['003_theirs'] }])
    expect(text('002_mine.sql')).toContain('parent=003_theirs')
    await godwit.newRevision({ message: 'other', parents: ['001'] })
    expect((await godwit.rebase({ branch: '003_theirs', onto: '004_other' })).written.map(({ id }) => id)).toContain(
      '003_theirs',
    )
    expect(text('003_theirs.ts')).toContain('004_other')
    await godwit.stamp({ target: 'heads' })
    await godwit.newRevision({ message: 'late', parents: ['001'] })
    await expect(godwit.rebase({ branch: '002_mine', onto: '005_late' })).rejects.toMatchObject({
      code: 'GRAPH.REBASE_APPLIED',
    })
    const session = await place.dialect.open({ purpose: 'run' })
    await session.sql?.query('UPDATE godwit_lease SET format = 99')
    await session.close()
    await expect(godwit.rebase({ branch: '002_mine', onto: '005_late' })).rejects.toMatchObject({
      code: 'JOURNAL.FORMAT_NEWER',
    })
  })
})
