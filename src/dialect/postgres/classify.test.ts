import { describe, expect, it } from 'vitest'
import { classifyByWords, commandOf } from './classify.ts'
import { split } from './split.ts'

async function classOf(sql: string) {
  const [statement] = await split(sql)
  if (statement === undefined) throw new Error(`no statement in ${sql}`)
  return statement.class
}

describe('classify', () => {
  it.each([
    'create index concurrently i on t (a)',
    'create unique index concurrently if not exists i on t (a)',
    'drop index concurrently i',
    'reindex index concurrently i',
    'reindex (concurrently) table t',
    'reindex database d',
    'reindex system d',
    'reindex schema s',
    'vacuum',
    'vacuum (full) t',
    'cluster',
    'create database d',
    'drop database d',
    "create tablespace s location '/x'",
    'drop tablespace s',
    'alter system set work_mem = 1',
    'alter database d set tablespace s',
    "create subscription s connection 'x' publication p",
    'drop subscription s',
    'alter subscription s refresh publication',
    'alter table p detach partition q concurrently',
  ])('does not put into a transaction: %s', async sql => {
    expect((await classOf(sql)).transactional).toBe(false)
  })

  it.each([
    'create index i on t (a)',
    'drop index i',
    'reindex table t',
    'reindex (concurrently false) table t',
    'analyze t',
    'cluster t using i',
    'alter database d set work_mem = 1',
    "create subscription s connection 'x' publication p with (connect = false)",
    "create subscription s connection 'x' publication p with (create_slot = false)",
    'alter table p detach partition q',
    'alter table p detach partition q finalize',
    "alter type e add value 'x'",
    'do $$ begin end $$',
    'call p()',
  ])('puts into a transaction: %s', async sql => {
    expect((await classOf(sql)).transactional).toBe(true)
  })

  it.each([
    ['create table t (a int)', 'ddl', 'CREATE TABLE'],
    ['create temp table t (a int)', 'session', 'CREATE TABLE'],
    ['create table t as select 1', 'ddl', 'CREATE TABLE'],
    ['select 1 into t', 'ddl', 'SELECT'],
    ['insert into t values (1)', 'dml', 'INSERT'],
    ['with x as (select 1) insert into t select * from x', 'dml', 'WITH'],
    ['with x as (delete from t returning *) select * from x', 'dml', 'WITH'],
    ['with x as (select 1) select * from x', 'query', 'WITH'],
    ["copy t from '/x'", 'dml', 'COPY'],
    ["copy t to '/x'", 'query', 'COPY'],
    ['truncate t', 'dml', 'TRUNCATE'],
    ['select 1', 'query', 'SELECT'],
    ["select set_config('a.b', 'c', false)", 'query', 'SELECT'],
    ['set search_path = x', 'session', 'SET'],
    ['set role x', 'session', 'SET'],
    ['reset all', 'session', 'RESET'],
    ['begin', 'control', 'BEGIN'],
    ['commit', 'control', 'COMMIT'],
    ['rollback to s', 'control', 'ROLLBACK'],
    ['savepoint s', 'control', 'SAVEPOINT'],
    ["prepare transaction 'x'", 'control', 'PREPARE'],
    ['do $$ begin end $$', 'other', 'DO'],
    ['vacuum t', 'other', 'VACUUM'],
    ['grant select on t to u', 'ddl', 'GRANT'],
    ['comment on table t is null', 'ddl', 'COMMENT'],
    ['create or replace view v as select 1', 'ddl', 'CREATE VIEW'],
    ['refresh materialized view v', 'ddl', 'REFRESH MATERIALIZED VIEW'],
  ])('calls %s a %s: %s', async (sql, kind, command) => {
    expect(await classOf(sql)).toEqual({ command, kind, transactional: sql !== 'vacuum t', rebuildsTable: false })
  })
})

describe('commandOf', () => {
  it.each([
    ['CREATE /* x */ UNIQUE INDEX CONCURRENTLY i ON t (a)', 'CREATE INDEX'],
    ['create unlogged table t ()', 'CREATE TABLE'],
    ['ALTER TABLE t ADD b int', 'ALTER TABLE'],
    ['drop foreign table t', 'DROP FOREIGN TABLE'],
    ['-- c\nupdate t set a = 1', 'UPDATE'],
    ['(select 1)', 'SELECT'],
  ])('of %j is %s', (sql, command) => {
    expect(commandOf(sql)).toBe(command)
  })
})

describe('classifyByWords', () => {
  it.each([
    ['insert into t', 'dml'],
    ['create function f()', 'ddl'],
    ['begin', 'control'],
    ['set a = b', 'session'],
    ['select 1', 'query'],
  ])('calls %s %s', (sql, kind) => {
    expect(classifyByWords(sql).kind).toBe(kind)
  })
})
