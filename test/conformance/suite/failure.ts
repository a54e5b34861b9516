// What stays after a failure, what is said about it, and how the next run goes on.
import { describe, expect, it } from 'vitest'
import type { StoreCase } from '../store/store.ts'
import { applied, open, withStore } from './project.ts'

export function failureSuite(store: StoreCase): void {
  const { words } = store
  const one = { id: '001_one', ...words.make('one') }

  describe('failure', () => {
    it('keeps what was applied, takes back or records the failed revision, and goes on when it is mended', () =>
      withStore(store, async fresh => {
        const { up, mended, down } = words.broken('part_one', 'part_two')
        const last = { id: '003_last', ...words.make('last') }
        const failed = await open(fresh, [one, { id: '002_broken', up, down }, last]).up()
        expect(failed.ok).toBe(false)
        const [database] = failed.databases
        const { transactionalDdl } = fresh.dialect().capabilities
        expect(database?.steps.map(step => step.state)).toEqual([
          'applied',
          transactionalDdl ? 'rolled-back' : 'partial',
          'pending',
        ])
        expect(failed.error?.code).toMatch(
          transactionalDdl ? /^(RUN\.STATEMENT_FAILED|RUN\.CODE_FAILED)$/ : /_PARTIAL$/,
        )
        expect(failed.error?.why).toContain('001_one')
        expect(failed.error?.why).toContain('003_last')
        expect(failed.error?.next.length).toBeGreaterThan(0)
        expect(await fresh.things()).toEqual(transactionalDdl ? ['one'] : ['one', 'part_one'])
        expect(await applied(open(fresh, [one]))).toEqual(['001_one'])
        const again = await open(fresh, [one, { id: '002_broken', up: mended, down }, last]).up()
        expect(again.error).toBeUndefined()
        expect(await fresh.things()).toEqual(['last', 'one', 'part_one', 'part_two'])
        expect(
          (await open(fresh, [one, { id: '002_broken', up: mended, down }, last]).down({ target: 'base' })).ok,
        ).toBe(true)
        expect(await fresh.things()).toEqual([])
      }))

    it('fails in the same way again while nothing is mended', () =>
      withStore(store, async fresh => {
        const { up, down } = words.broken('part_one', 'part_two')
        const revisions = [one, { id: '002_broken', up, down }]
        const first = await open(fresh, revisions).up()
        const second = await open(fresh, revisions).up()
        expect(second.error?.code).toBe(first.error?.code)
        expect(second.error?.message).toBe(first.error?.message)
        expect(await applied(open(fresh, [one]))).toEqual(['001_one'])
      }))

    it('says that a revision is half done, and refuses to go elsewhere', { skip: false }, context =>
      withStore(store, async fresh => {
        if (fresh.dialect().capabilities.transactionalDdl)
          return context.skip('transactionalDdl: nothing is ever half done')
        const { up, down } = words.broken('part_one', 'part_two')
        const revisions = [one, { id: '002_broken', up, down }]
        await open(fresh, revisions).up()
        const [status] = (await open(fresh, revisions).status()).databases
        expect(status).toMatchObject({
          state: 'partial',
          partial: [{ revision: '002_broken', direction: 'up', done: 1 }],
        })
        expect((await open(fresh, revisions).down()).error?.code).toBe('JOURNAL.PARTIAL')
        const repaired = await open(fresh, revisions).repair({ restartPartial: true })
        expect(repaired.databases[0]?.actions).toHaveLength(1)
        expect((await open(fresh, revisions).status()).databases[0]?.state).toBe('pending')
      }),
    )

    it('rolls back code that throws, and says where', () =>
      withStore(store, async fresh => {
        const code = words.code('made', new Error('the price list is empty'))
        const failed = await open(fresh, [one, { id: '002_code', up: code.up, down: code.down }]).up()
        const { transactionalDdl } = fresh.dialect().capabilities
        expect(failed.error).toMatchObject({
          code: transactionalDdl ? 'RUN.CODE_FAILED' : 'RUN.CODE_FAILED_PARTIAL',
          message: expect.stringContaining('the price list is empty'),
        })
        expect(await fresh.things()).toEqual(transactionalDdl ? ['one'] : ['made', 'one'])
        const mended = words.code('made')
        const again = await open(fresh, [one, { id: '002_code', up: mended.up, down: mended.down }]).up()
        expect(again.error).toBeUndefined()
        expect(await fresh.things()).toEqual(['made', 'one'])
        expect((await open(fresh, [one, { id: '002_code', up: mended.up, down: mended.down }]).down()).ok).toBe(true)
        expect(await fresh.things()).toEqual(['one'])
      }))

    it('finds a call of code that was not awaited', () =>
      withStore(store, async fresh => {
        const { up } = words.forgetful('forgotten')
        const failed = await open(fresh, [one, { id: '002_code', up }]).up()
        expect(failed.ok).toBe(false)
        const said = `${failed.error?.code} ${failed.error?.meta['reason']}`
        expect(said).toContain('RUN.CODE_NOT_AWAITED')
        expect(await applied(open(fresh, [one]))).toEqual(['001_one'])
      }))

    it('stops when it is asked to, and leaves no lock', () =>
      withStore(store, async fresh => {
        const stop = new AbortController()
        const revisions = [one, { id: '002_two', ...words.make('two') }]
        const on = (event: { type: string }) => {
          if (event.type === 'revision-end') stop.abort()
        }
        const result = await open(fresh, revisions, { hooks: { afterRevision: () => {} } }).up({
          signal: stop.signal,
          on,
        })
        expect(result.error?.code).toBe('RUN.ABORTED')
        expect(result.databases[0]?.steps.map(step => step.state)).toEqual(['applied', 'pending'])
        expect((await open(fresh, revisions).lockStatus()).databases[0]?.lock).toBeNull()
        expect((await open(fresh, revisions).up()).ok).toBe(true)
      }))
  })
}
