// What a statement with CONCURRENTLY may leave behind, and the commands that show and remove it.
import { describe, expect, it } from 'vitest'
import { longWait } from './blocker.ts'

const drop = (sql: string) => longWait(sql, 5)?.next.at(-1)

describe('a statement that is not to be ended by lock_timeout', () => {
  it.each([
    ['CREATE INDEX CONCURRENTLY a_idx ON a (b)', 'psql -c "DROP INDEX CONCURRENTLY IF EXISTS a_idx"'],
    [
      'create unique index concurrently if not exists a_idx on only s.a (b)',
      'psql -c "DROP INDEX CONCURRENTLY IF EXISTS s.a_idx"',
    ],
    ['CREATE INDEX CONCURRENTLY "A b" ON "S".a (b)', `psql -c 'DROP INDEX CONCURRENTLY IF EXISTS "S"."A b"'`],
    [`CREATE INDEX CONCURRENTLY "it's" ON a (b)`, `psql -c 'DROP INDEX CONCURRENTLY IF EXISTS "it'\\''s"'`],
    ['CREATE INDEX CONCURRENTLY ON a (b)', 'psql -c "DROP INDEX CONCURRENTLY <each index that it shows>"'],
    ['REINDEX TABLE CONCURRENTLY a', 'psql -c "DROP INDEX CONCURRENTLY <each index that it shows>"'],
    ['ALTER TABLE a DETACH PARTITION b CONCURRENTLY', 'psql -c "ALTER TABLE … DETACH PARTITION … FINALIZE"'],
    ['/* now */ ALTER TABLE a DETACH PARTITION b CONCURRENTLY', 'psql -c "ALTER TABLE … DETACH PARTITION … FINALIZE"'],
  ])('%s', (sql, command) => {
    expect(drop(sql)).toBe(command)
  })

  it('leaves a materialized view as it was', () => {
    expect(longWait('REFRESH MATERIALIZED VIEW CONCURRENTLY v', 5)).toMatchObject({ waitMs: 5, next: [] })
  })

  it('is no other statement', () => {
    expect(longWait('CREATE INDEX a_idx ON a (b)', 5)).toBeUndefined()
  })
})
