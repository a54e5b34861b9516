// Files against the journal: edited, deleted, mended; and the journal itself.
import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../../src/dialect/dialect.ts'
import type { Session } from '../../../src/dialect/session.ts'
import type { StoreCase } from '../store/store.ts'
import { applied, open, withStore } from './project.ts'

export function truthSuite(store: StoreCase): void {
  const { words } = store
  const one = { id: '001_one', ...words.make('one') }
  const two = { id: '002_two', ...words.make('two') }

  describe('truth', () => {
    it('finds an edited revision, and takes the edit when told to', () =>
      withStore(store, async fresh => {
        await open(fresh, [{ ...one, checksum: 'then' }, two]).up()
        const edited = open(fresh, [{ ...one, checksum: 'now' }, two, { id: '003_three', ...words.make('three') }])
        expect((await edited.up()).error).toMatchObject({
          code: 'JOURNAL.CHECKSUM_CHANGED',
          message: expect.stringContaining('001_one'),
        })
        expect(await fresh.things()).toEqual(['one', 'two'])
        expect((await edited.status()).databases[0]).toMatchObject({ state: 'drifted' })
        expect((await edited.verify()).databases[0]?.findings[0]?.code).toBe('JOURNAL.CHECKSUM_CHANGED')
        await edited.repair({ acceptChecksums: true })
        expect((await edited.up()).error).toBeUndefined()
        expect(await applied(edited)).toEqual(['001_one', '002_two', '003_three'])
      }))

    it('finds a deleted file, shows it from the journal where it has text, and forgets it when told to', () =>
      withStore(store, async fresh => {
        await open(fresh, [one, two]).up()
        const without = open(fresh, [one])
        expect((await without.up()).error).toMatchObject({
          code: 'JOURNAL.FILE_MISSING',
          message: expect.stringContaining('002_two'),
        })
        const shown = await without.show('002_two')
        expect(shown.revision).toMatchObject({ missing: true, applied: { id: '002_two' } })
        if (typeof two.up === 'string') expect(shown.source).toContain('two')
        await without.repair({ forgetMissing: true })
        expect((await without.up()).error).toBeUndefined()
        expect(await applied(without)).toEqual(['001_one'])
      }))

    it('verifies what agrees', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, [one, two])
        await godwit.up()
        expect(await godwit.verify()).toMatchObject({ ok: true, databases: [{ ok: true, findings: [] }] })
      }))

    it('reads a step in doubt, refuses to guess, and goes on as told', () =>
      withStore(store, async fresh => {
        const dialect = fresh.dialect()
        const session: Session = await dialect.open({ purpose: 'run' })
        try {
          await dialect.journal.ensure(session)
          const answer = await dialect.locker.acquire(session, {
            owner: 'dead',
            holder: 'dead@host pid 1',
            ttlMs: 30_000,
          })
          if (!answer.acquired) throw new Error('the lock is free and was not given')
          const step = {
            revision: '001_one',
            direction: 'up',
            done: 0,
            running: 1,
            total: 1,
            hashes: [],
            error: null,
          } as const
          await dialect.journal.write(session, answer.fence, [{ type: 'step', step }])
          await dialect.locker.release(session, answer.fence)
        } finally {
          await session.close()
        }
        const godwit = open(fresh, [one])
        expect((await godwit.status()).databases[0]).toMatchObject({ state: 'partial', partial: [{ inDoubt: true }] })
        if (!dialect.capabilities.idempotentOperations) {
          expect((await godwit.up()).error).toMatchObject({
            code: 'JOURNAL.STEP_IN_DOUBT',
            next: expect.arrayContaining(['godwit repair --retry']),
          })
        }
        expect((await godwit.repair()).databases[0]?.actions).toHaveLength(1)
        await godwit.repair({ inDoubt: 'retry' })
        expect((await godwit.up()).error).toBeUndefined()
        expect(await fresh.things()).toEqual(['one'])
        expect((await godwit.status()).databases[0]?.state).toBe('current')
      }))

    it('reads the journal of an older godwit, and upgrades it when told to', () =>
      withStore(store, async fresh => {
        await open(fresh, [one]).up()
        await makeOlder(fresh.dialect())
        const godwit = open(fresh, [one, two])
        expect((await godwit.up()).error?.code).toBe('JOURNAL.FORMAT_OLDER')
        expect((await godwit.status()).databases[0]).toMatchObject({
          applied: [{ id: '001_one' }],
          pending: ['002_two'],
          error: { code: 'JOURNAL.FORMAT_OLDER' },
        })
        for (const done of ['it has format 2 now', 'nothing']) {
          expect((await godwit.repair({ upgradeJournal: true })).databases[0]?.actions).toMatchObject([{ done }])
        }
        expect((await godwit.up()).error).toBeUndefined()
        expect(await fresh.things()).toEqual(['one', 'two'])
      }))

    it('keeps texts with quotes, backslashes, line ends and letters of other scripts', () =>
      withStore(store, async fresh => {
        const dialect = fresh.dialect()
        const session = await dialect.open({ purpose: 'run' })
        const source = `it's "quoted" \\back\\ \r\n\ttab; -- 你好 — ñ 🐦 $$x$$ \${y} %s ?`
        try {
          await dialect.journal.ensure(session)
          const answer = await dialect.locker.acquire(session, { owner: `o'wner`, holder: `a\\b'@host`, ttlMs: 30_000 })
          if (!answer.acquired) throw new Error('the lock is free and was not given')
          const facts = {
            checksum: 'c',
            fileHash: undefined,
            startedAtMs: Date.now(),
            statements: 1,
            kind: 'applied',
            appliedBy: `o'x@y\\`,
            tool: '1',
            run: 'r',
          } as const
          await dialect.journal.write(session, answer.fence, [{ type: 'applied', id: `001_it's`, source, ...facts }])
          const journal = await dialect.journal.read(session)
          expect(journal.applied).toMatchObject([
            { id: `001_it's`, checksum: 'c', fileHash: null, appliedBy: `o'x@y\\`, sequence: 1 },
          ])
          expect(await dialect.journal.source(session, `001_it's`)).toBe(source)
          expect(journal.lease).toMatchObject({ owner: `o'wner`, holder: `a\\b'@host` })
          await dialect.journal.write(session, answer.fence, [{ type: 'undone', id: `001_it's` }])
          expect((await dialect.journal.read(session)).applied).toEqual([])
          await dialect.locker.release(session, answer.fence)
        } finally {
          await session.close()
        }
      }))

    it('keeps an audit trail of the runs', () =>
      withStore(store, async fresh => {
        const godwit = open(fresh, [one])
        await godwit.up()
        await godwit.down()
        const dialect = fresh.dialect()
        const session = await dialect.open({ purpose: 'read' })
        try {
          const runs = await dialect.journal.runs(session, 10)
          expect(runs.map(run => [run.verb, run.ok])).toEqual([
            ['down', true],
            ['up', true],
          ])
        } finally {
          await session.close()
        }
      }))
  })
}

interface Collections {
  findCollection(name: string): Promise<{ readonly id: string } | undefined>
  modifyCollection(id: string, change: { readonly metadata: { readonly format: number } }): Promise<void>
}

/** The journal as format 1 had it. */
async function makeOlder(dialect: Dialect): Promise<void> {
  const session = await dialect.open({ purpose: 'run' })
  try {
    const [item] = dialect.journal.render?.({ owner: '', fence: 0 }, [{ type: 'step-end', revision: 'x' }]) ?? []
    const step = item?.kind === 'journal' ? /INTO (\S+)/.exec(item.sql)?.[1] : undefined
    if (session.sql && step) {
      for (const column of ['observed', 'backend', 'backend_start'])
        await session.sql.query(`ALTER TABLE ${step} DROP COLUMN ${column}`)
      await session.sql.query(`UPDATE ${step.replace('godwit_step', 'godwit_lease')} SET format = 1`)
    } else {
      const client = session.client as Collections
      const journal = await client.findCollection('godwit_journal')
      await client.modifyCollection(journal?.id ?? '', { metadata: { format: 1 } })
    }
  } finally {
    await session.close()
  }
}
