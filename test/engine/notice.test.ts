// What a store says beside its answers, told as part of the revision it belongs to.
import { expect, it } from 'vitest'
import type { RunEvent } from '../../src/engine/event.ts'
import { code, newSqlite, single } from './project.ts'

it('is told with its revision, of SQL and of code; of no statement at all there is nothing to tell', async () => {
  const timed = { statementTimeout: '1s' } as never
  const events: RunEvent[] = []
  const revisions = [
    { id: '001_sql', up: '-- godwit: statement_timeout=1s\nCREATE TABLE a (id int)' },
    code('002_code', m => m.query('CREATE TABLE b (id int)'), timed),
    { id: '003_empty', up: '-- godwit: statement_timeout=1s\n-- nothing yet' },
  ]
  for (const target of ['001', '002', '003']) {
    const { error } = await single(file(), revisions).up({ target, on: event => events.push(event) })
    expect(error).toBeUndefined()
  }
  expect(events.flatMap(event => (event.type === 'log' ? [`${event.revision}: ${event.message}`] : []))).toEqual([
    expect.stringMatching(/^001_sql: .*statement_timeout/),
    expect.stringMatching(/^002_code: .*statement_timeout/),
  ])
})

const file = newSqlite()
