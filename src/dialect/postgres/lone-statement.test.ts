import { describe, expect, it } from 'vitest'
import { loneStatement, sessionBound } from './lone-statement.ts'

const table = { schema: undefined, name: 't' }

describe('loneStatement', () => {
  it('reads every part of CREATE INDEX CONCURRENTLY', () => {
    const text = `/* by /* who */ */ CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "By ""Total""" -- why
      ON ONLY Shop."Order" USING hash (lower(name), total DESC, "Id" text_ops) INCLUDE (a, b) WHERE (x > 'where')`
    expect(loneStatement(text)).toEqual({
      kind: 'create-index',
      unique: true,
      ifNotExists: true,
      name: 'By "Total"',
      table: { schema: 'shop', name: 'Order' },
      method: 'hash',
      keys: [
        { column: undefined, descending: false },
        { column: 'total', descending: true },
        { column: 'Id', descending: false },
      ],
      included: 2,
      partial: true,
    })
  })

  it('reads an index without a name', () => {
    expect(loneStatement('create index concurrently on t (a)')).toMatchObject({
      kind: 'create-index',
      name: undefined,
      table,
      method: 'btree',
      keys: [{ column: 'a', descending: false }],
      included: 0,
      partial: false,
    })
  })

  it.each([
    [
      'DROP INDEX CONCURRENTLY IF EXISTS a.b',
      { kind: 'drop-index', index: { schema: 'a', name: 'b' }, ifExists: true },
    ],
    ['REINDEX INDEX CONCURRENTLY a', { kind: 'reindex', scope: 'index', name: { schema: undefined, name: 'a' } }],
    ['REINDEX (VERBOSE, CONCURRENTLY true) TABLE t', { kind: 'reindex', scope: 'table', name: table }],
    ['REINDEX DATABASE CONCURRENTLY', { kind: 'reindex', scope: 'database', name: undefined }],
    [
      'ALTER TABLE IF EXISTS ONLY t DETACH PARTITION p CONCURRENTLY',
      { kind: 'detach', table, partition: { schema: undefined, name: 'p' } },
    ],
    ['CREATE DATABASE "New" OWNER app', { kind: 'shared', what: 'database', verb: 'create', name: 'New' }],
    ['DROP DATABASE IF EXISTS old WITH (FORCE)', { kind: 'shared', what: 'database', verb: 'drop', name: 'old' }],
    ["CREATE TABLESPACE fast LOCATION '/x'", { kind: 'shared', what: 'tablespace', verb: 'create', name: 'fast' }],
    ['DROP SUBSCRIPTION s', { kind: 'shared', what: 'subscription', verb: 'drop', name: 's' }],
    ['ALTER SUBSCRIPTION s ADD PUBLICATION p', { kind: 'publications', subscription: 's' }],
  ])('reads %s', (text, expected) => {
    expect(loneStatement(text)).toEqual(expected)
  })

  it.each([
    'VACUUM t',
    'ANALYZE',
    'CLUSTER',
    'CHECKPOINT',
    "ALTER SYSTEM SET work_mem = '8MB'",
    'ALTER DATABASE d SET TABLESPACE x',
    'ALTER SUBSCRIPTION s REFRESH PUBLICATION',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY v',
    'SET search_path = a',
    'CREATE TEMP TABLE x (id int)',
    'EXPLAIN SELECT 1',
  ])('takes %s as repeatable', text => {
    expect(loneStatement(text).kind).toBe('repeatable')
  })

  it.each([
    'CALL work()',
    'DO $$ BEGIN COMMIT; END $$',
    'EXPLAIN ANALYZE DELETE FROM t',
    'CREATE INDEX i ON t (a)',
    'ALTER TABLE t DETACH PARTITION p FINALIZE',
    'VACUUM t; DROP TABLE t',
    'DROP INDEX CONCURRENTLY U&"x"',
    '',
  ])('does not pretend to know %s', text => {
    expect(loneStatement(text).kind).toBe('other')
  })
})

describe('sessionBound', () => {
  it.each([
    ['CREATE TEMP TABLE draft (id int)', 'the temporary table draft'],
    ['create local temporary view if not exists "My View" as select 1', 'the temporary view My View'],
    ['CREATE TABLE pg_temp.draft AS SELECT 1', 'the temporary table draft'],
    ['SELECT 1 AS a INTO TEMP TABLE draft FROM t', 'the temporary table draft'],
    ['DECLARE c CURSOR WITH HOLD FOR SELECT 1', 'the cursor c'],
  ])('names what %s makes', (text, expected) => {
    expect(sessionBound(text)).toBe(expected)
  })

  it.each(['CREATE TABLE t (id int)', 'SET search_path = temp', "SELECT 'into temp x'", 'INSERT INTO temp SELECT 1'])(
    'finds nothing in %s',
    text => expect(sessionBound(text)).toBeUndefined(),
  )
})
