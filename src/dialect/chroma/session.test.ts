import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Scratch } from '../dialect.ts'
import type { ChromaClient } from './client.ts'
import { chroma } from './index.ts'
import { clientOf } from './session.ts'

const url = process.env['GODWIT_TEST_CHROMA']
if (url === undefined) console.warn('SKIPPED: sessions of Chroma were not tested, GODWIT_TEST_CHROMA is not set')
const reason = url === undefined ? ' (skipped: GODWIT_TEST_CHROMA is not set)' : ''

it('says that no server answers', async () => {
  const dialect = chroma({ url: 'chroma://127.0.0.1:1' })
  await expect(dialect.open({ purpose: 'read' })).rejects.toMatchObject({ code: 'CONNECT.REFUSED' })
})

it('takes the errors of others as they are, and masks them', () => {
  const dialect = chroma({ url: 'chroma://h', token: 'tok-secret' })
  expect(dialect.mapError(new Error('bad tok-secret'))).toMatchObject({
    code: 'RUN.STATEMENT_FAILED',
    message: 'bad ***',
  })
  expect(dialect.mapError(new DOMException('x', 'AbortError'))).toMatchObject({ code: 'RUN.ABORTED' })
})

it('refuses a session of another store', () => {
  expect(() => clientOf({ client: {} } as never)).toThrow('another store')
})

describe.skipIf(url === undefined)(`a session on a Chroma server${reason}`, () => {
  it('creates a missing database for a run only', async () => {
    const dialect = chroma({ url: url as string, database: `missing_${randomBytes(4).toString('hex')}` })
    await expect(dialect.open({ purpose: 'read' })).rejects.toMatchObject({ code: 'CONNECT.DATABASE_MISSING' })
    const opened = await Promise.all([dialect.open({ purpose: 'run' }), dialect.open({ purpose: 'run' })])
    for (const session of opened) expect(session.serverVersion).toMatch(/^Chroma \d+\.\d+/)
    await (opened[0].client as ChromaClient).deleteDatabase()
    for (const session of opened) await session.close()
    await opened[0].close()
  })

  it('does not create a missing tenant', async () => {
    const dialect = chroma({ url: url as string, tenant: 'nobody_there' })
    await expect(dialect.open({ purpose: 'run' })).rejects.toMatchObject({ code: 'CONNECT.DATABASE_MISSING' })
  })

  it('gives a throw-away database and takes it away with everything in it', async () => {
    const dialect = chroma({ url: url as string })
    const scratch = await (dialect.scratch as () => Promise<Scratch>)()
    expect(scratch.dialect.target).toMatch(/\/godwit_scratch_[0-9a-f]{12}$/)
    const session = await scratch.dialect.open({ purpose: 'read' })
    await (session.client as ChromaClient).createCollection('inside')
    await session.close()
    await scratch.dispose()
    await scratch.dispose()
    await expect(scratch.dialect.open({ purpose: 'read' })).rejects.toMatchObject({ code: 'CONNECT.DATABASE_MISSING' })
  })

  it('knows the clock and the limits of the server', async () => {
    const session = await chroma({ url: url as string }).open({ purpose: 'read' })
    const client = session.client as ChromaClient
    expect(Math.abs((await client.now()) - Date.now())).toBeLessThan(60_000)
    expect(await client.maxBatchSize()).toBeGreaterThan(99)
    expect(await client.findCollection('no_such_collection')).toBeUndefined()
    await session.close()
  })
})
