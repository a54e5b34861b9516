// Applying, undoing, going to a revision: the same on every store.
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../../src/engine/event.ts'
import type { StoreCase } from '../store/store.ts'
import { applied, eventNames, open, withStore } from './project.ts'

export function runSuite(store: StoreCase): void {
  const { words } = store
  const history = () => [
    { id: '001_one', ...words.make('one') },
    { id: '002_two', ...words.make('two') },
    { id: '003_rows', ...words.fill('one', 3) },
  ]

  describe('run', () => {
    it('applies everything, says nothing is left, undoes everything and applies it again', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, history())
        const before = await godwit.status()
        expect(before.databases[0]).toMatchObject({
          state: 'uninitialised',
          pending: ['001_one', '002_two', '003_rows'],
        })
        const up = await godwit.up()
        expect(up.error).toBeUndefined()
        expect(up).toMatchObject({ ok: true, databases: [{ verified: true, from: [], to: ['003_rows'] }] })
        expect(up.databases[0]?.steps.map(step => [step.revision, step.state])).toEqual([
          ['001_one', 'applied'],
          ['002_two', 'applied'],
          ['003_rows', 'applied'],
        ])
        expect(await fresh.things()).toEqual(['one', 'two'])
        expect(await fresh.rows('one')).toBe(3)
        expect((await godwit.up()).databases[0]).toMatchObject({
          ok: true,
          steps: [],
          verified: true,
          to: ['003_rows'],
        })
        const down = await godwit.down({ target: 'base' })
        expect(down.error).toBeUndefined()
        expect(down.databases[0]?.steps.map(step => step.revision)).toEqual(['003_rows', '002_two', '001_one'])
        expect(await fresh.things()).toEqual([])
        expect((await godwit.up()).ok).toBe(true)
        expect(await fresh.rows('one')).toBe(3)
      }))

    it('goes to a revision, by steps, and back by one', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, history())
        expect((await godwit.up({ target: '+1' })).databases[0]?.to).toEqual(['001_one'])
        expect((await godwit.up({ target: '002' })).databases[0]?.to).toEqual(['002_two'])
        expect((await godwit.down()).databases[0]?.to).toEqual(['001_one'])
        expect(await fresh.things()).toEqual(['one'])
        expect((await godwit.up()).databases[0]?.to).toEqual(['003_rows'])
        expect((await godwit.down({ target: '001_one' })).databases[0]?.to).toEqual(['001_one'])
        expect(await applied(godwit)).toEqual(['001_one'])
      }))

    it('applies work of a branch that arrives late', () =>
      withStore(store, async fresh => {
        const [one, two, rows] = history() as [never, never, never]
        expect((await open(fresh, [one, rows]).up()).ok).toBe(true)
        const late = await open(fresh, [one, two, rows]).up()
        expect(late.databases[0]?.steps.map(step => step.revision)).toEqual(['002_two'])
        expect(await fresh.things()).toEqual(['one', 'two'])
      }))

    it('refuses two heads and merges what a merge revision joins', () =>
      withStore(store, async fresh => {
        const revisions = [
          { id: '001_one', parent: [], ...words.make('one') },
          { id: '002_mine', parent: '001_one', ...words.make('mine') },
          { id: '003_theirs', parent: '001_one', ...words.make('theirs') },
        ]
        const refused = await open(fresh, revisions).up()
        expect(refused.error?.code).toBe('GRAPH.HEADS_MULTIPLE')
        expect(await fresh.things()).toEqual([])
        const merge = { id: '004_merge', parent: ['002_mine', '003_theirs'], ...words.make('merged') }
        expect((await open(fresh, [...revisions, merge]).up()).databases[0]?.to).toEqual(['004_merge'])
        expect(await fresh.things()).toEqual(['merged', 'mine', 'one', 'theirs'])
      }))

    it('records who, when, how and with which checksum', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, history())
        await godwit.up()
        const [database] = (await godwit.status()).databases
        expect(database).toMatchObject({ state: 'current', current: ['003_rows'], heads: ['003_rows'] })
        for (const row of database?.applied ?? []) {
          expect(row.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
          expect(Math.abs(Date.parse(row.at) - Date.now())).toBeLessThan(120_000)
          expect(row).toMatchObject({ kind: 'applied', by: expect.stringMatching(/^.+@.+$/) })
          expect(row.ms).toBeGreaterThanOrEqual(0)
        }
        expect(database?.lock).toBeUndefined()
      }))

    it('tells what it does while it does it', () =>
      withStore(store, async fresh => {
        const events: RunEvent[] = []
        await open(fresh, history().slice(0, 2)).up({ on: event => events.push(event) })
        const names = eventNames(events).filter(name => !name.startsWith('statement'))
        expect(names).toEqual([
          'connected',
          'planned',
          'lock-acquired',
          'revision-start 001_one',
          'revision-end 001_one',
          'revision-start 002_two',
          'revision-end 002_two',
          'done',
        ])
        expect(JSON.stringify(events)).not.toContain('secret')
      }))

    it('stamps without running, forwards and back', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, history())
        const stamped = await godwit.stamp({ target: '002_two' })
        expect(stamped.error).toBeUndefined()
        expect(await applied(godwit)).toEqual(['001_one', '002_two'])
        expect(await fresh.things()).toEqual([])
        await godwit.stamp({ target: 'base' })
        expect(await applied(godwit)).toEqual([])
      }))

    it('tries a run and leaves nothing', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, history())
        await godwit.up({ target: '001_one' })
        const tried = await godwit.up({ dryRun: true })
        expect(tried.error).toBeUndefined()
        expect(tried.databases[0]).toMatchObject({ ok: true, dryRun: true, to: ['001_one'] })
        expect(tried.databases[0]?.dryRunIn).toMatch(/^(transaction|scratch)$/)
        expect(tried.databases[0]?.steps.map(step => [step.revision, step.state])).toEqual([
          ['002_two', 'tried'],
          ['003_rows', 'tried'],
        ])
        expect(await fresh.things()).toEqual(['one'])
        expect(await applied(godwit)).toEqual(['001_one'])
        const back = await godwit.down({ dryRun: true, target: 'base' })
        expect(back.databases[0]?.steps).toMatchObject([{ revision: '001_one', state: 'tried' }])
        expect(await fresh.things()).toEqual(['one'])
      }))

    it('tells the fault of a revision by a dry run', () =>
      withStore(store, async fresh => {
        const { up, down } = words.broken('part_one', 'part_two')
        const tried = await open(fresh, [...history(), { id: '004_broken', up, down }]).up({ dryRun: true })
        expect(tried.ok).toBe(false)
        expect(tried.databases[0]?.steps.at(-1)?.state).not.toBe('tried')
        expect(await fresh.things()).toEqual([])
      }))

    it('refuses to undo what has no down, and undoes nothing before it', () =>
      withStore(store, async fresh => {
        const { up } = words.make('kept')
        const godwit = open(fresh, [...history(), { id: '004_kept', up }, { id: '005_last', ...words.make('last') }])
        await godwit.up()
        const down = await godwit.down({ target: 'base' })
        expect(down.error?.code).toBe('RUN.DOWN_MISSING')
        expect(await applied(godwit)).toHaveLength(5)
        expect(await fresh.things()).toEqual(['kept', 'last', 'one', 'two'])
      }))

    it('calls the hooks around a run and each revision, in order', () =>
      withStore(store, async fresh => {
        const calls: string[] = []
        const hooks = {
          beforeRun: (c: { revisions: readonly string[] }) => calls.push(`before ${c.revisions.length}`),
          beforeRevision: (c: { revision: string }) => calls.push(`> ${c.revision}`),
          afterRevision: (c: { revision: string }) => calls.push(`< ${c.revision}`),
          afterRun: (c: { result: { ok: boolean } }) => calls.push(`after ${c.result.ok}`),
        }
        await open(fresh, history().slice(0, 2), { hooks }).up()
        expect(calls).toEqual(['before 2', '> 001_one', '< 001_one', '> 002_two', '< 002_two', 'after true'])
        await open(fresh, history().slice(0, 2), { hooks }).up()
        expect(calls).toHaveLength(6)
      }))

    it('stops at a hook that throws, and says what stays', () =>
      withStore(store, async fresh => {
        const hooks = {
          beforeRevision: ({ revision }: { revision: string }) => {
            if (revision === '002_two') throw new Error('not today')
          },
        }
        const result = await open(fresh, history(), { hooks }).up()
        expect(result.error).toMatchObject({ code: 'RUN.HOOK_FAILED', message: expect.stringContaining('not today') })
        expect(result.databases[0]).toMatchObject({ ok: false, to: ['001_one'] })
        expect(result.databases[0]?.steps.map(step => step.state)).toEqual(['applied', 'pending', 'pending'])
        expect(await fresh.things()).toEqual(['one'])
      }))
  })
}
