// What is shown of other people's sessions.
import { describe, expect, it } from 'vitest'
import { type Blocker, describeBlocker, describeBlockers, shownQuery } from './blocker.ts'

const blocker: Blocker = {
  backend: '12',
  user: 'app',
  application: 'shop',
  since: '2026-11-20T10:00:00.000Z',
  state: 'idle in transaction',
  query: 'UPDATE t SET a = 1',
}
const unseen: Blocker = { backend: '', user: '', application: '', since: '', state: '', query: '' }

describe('a query of another session', () => {
  it.each([
    ["ALTER ROLE app PASSWORD 's3cret' LOGIN", 'ALTER ROLE app PASSWORD *** LOGIN'],
    ["ALTER ROLE app ENCRYPTED PASSWORD E'it\\'s3cret'", 'ALTER ROLE app ENCRYPTED PASSWORD ***'],
    ["alter role app password 'it''s3cret' login", 'alter role app password *** login'],
    ["CREATE ROLE app PASSWORD 's3cret that was cut", 'CREATE ROLE app PASSWORD ***'],
    ['CREATE ROLE app PASSWORD $a$s3cret$a$ LOGIN', 'CREATE ROLE app PASSWORD *** LOGIN'],
    ["CREATE USER u@'%' IDENTIFIED BY 's3cret'", "CREATE USER u@'%' IDENTIFIED BY ***"],
    ['CREATE USER u IDENTIFIED BY "s3cret"', 'CREATE USER u IDENTIFIED BY ***'],
    ["CREATE USER u IDENTIFIED WITH sha2 BY 's3cret'", 'CREATE USER u IDENTIFIED WITH sha2 BY ***'],
    [
      "CREATE USER u IDENTIFIED VIA ed25519 USING PASSWORD('s3cret')",
      'CREATE USER u IDENTIFIED VIA ed25519 USING PASSWORD(***)',
    ],
    ["SET PASSWORD FOR 'u'@'h' = PASSWORD('s3cret')", "SET PASSWORD FOR ***@'h' = PASSWORD(***)"],
    ["SET PASSWORD = 's3cret'", 'SET PASSWORD = ***'],
    ["CHANGE MASTER TO MASTER_PASSWORD='s3cret'", 'CHANGE MASTER TO MASTER_PASSWORD=***'],
    [
      "CREATE USER MAPPING FOR x SERVER y OPTIONS (user 'u', password 's3cret')",
      "CREATE USER MAPPING FOR x SERVER y OPTIONS (user 'u', password ***)",
    ],
    [
      "CREATE SUBSCRIPTION s CONNECTION 'host=h password=s3cret user=u'",
      "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** user=u'",
    ],
    ["SELECT dblink('postgres://u:s3cret@h/d')", "SELECT dblink('postgres://u:***@h/d')"],
    ["SELECT 'hunter22'", "SELECT '***'"],
  ])('hides its passwords: %s', (query, shown) => {
    expect(shownQuery(query, ['hunter22'])).toBe(shown)
  })

  it('is one short line that moves no cursor', () => {
    expect(shownQuery('SELECT 1\n\t  FROM\u001b[2J t', [])).toBe('SELECT 1 FROM [2J t')
    expect(shownQuery(`SELECT ${'x'.repeat(500)}`, [])).toHaveLength(200)
  })

  it('has its passwords hidden before it is cut', () => {
    expect(shownQuery(`ALTER ROLE ${'x'.repeat(170)} PASSWORD 's3cret-and-more'`, [])).not.toContain('s3')
  })
})

describe('a blocker', () => {
  it('is told with all that is known', () => {
    expect(describeBlocker({ ...blocker, waitsFor: ['7', '8'], hint: 'its query is hidden' })).toBe(
      'pid 12 (app, shop), idle in transaction since 2026-11-20T10:00:00.000Z, which waits for pid 7, 8: UPDATE t SET a = 1 [its query is hidden]',
    )
  })

  it('is told where little is known', () => {
    expect(describeBlocker({ ...unseen, backend: '5' })).toBe('pid 5')
    expect(describeBlocker({ ...unseen, hint: 'GRANT PROCESS' })).toBe('a session that cannot be seen [GRANT PROCESS]')
  })

  it('is certain or only possible', () => {
    expect(describeBlockers([{ ...unseen, backend: '5' }])).toBe('waiting for a lock held by pid 5')
    expect(describeBlockers([{ ...unseen, backend: '5', possible: true }])).toBe(
      'waiting for a lock that may be held by pid 5',
    )
  })

  it('is one of many', () => {
    const many = ['1', '2', '3', '4', '5'].map(backend => ({ ...unseen, backend }))
    expect(describeBlockers(many)).toBe('waiting for a lock held by pid 1; pid 2; pid 3; and 2 more')
  })
})
