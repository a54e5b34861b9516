import { describe, expect, it } from 'vitest'
import { answersOnce, classify } from './classify.ts'

const short = (text: string): string => {
  const { command, kind, transactional } = classify(text)
  return `${command}: ${kind}${transactional ? '' : ', commits'}`
}

describe('classify', () => {
  it.each([
    ['create table t (a int)', 'CREATE TABLE: ddl, commits'],
    ['CREATE TEMPORARY TABLE t (a int)', 'CREATE TABLE: ddl'],
    ['CREATE OR REPLACE TEMPORARY TABLE t (a int)', 'CREATE TABLE: ddl'],
    ['DROP TEMPORARY TABLE t', 'DROP TABLE: ddl'],
    ['DROP TABLE t', 'DROP TABLE: ddl, commits'],
    ['CREATE UNIQUE INDEX i ON t (a)', 'CREATE INDEX: ddl, commits'],
    ['CREATE DEFINER=`a b`@`%` PROCEDURE p() BEGIN END', 'CREATE PROCEDURE: ddl, commits'],
    [
      'CREATE DEFINER = CURRENT_USER() TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @a = 1',
      'CREATE TRIGGER: ddl, commits',
    ],
    ['CREATE DEFINER=root@localhost SQL SECURITY INVOKER VIEW v AS SELECT 1', 'CREATE VIEW: ddl, commits'],
    ['ALTER TABLE t ADD a int', 'ALTER TABLE: ddl, commits'],
    ['RENAME TABLE a TO b', 'RENAME TABLE: ddl, commits'],
    ['TRUNCATE t', 'TRUNCATE T: ddl, commits'],
    ['GRANT SELECT ON t TO a', 'GRANT: ddl, commits'],
    ['SET PASSWORD FOR a = "x"', 'SET PASSWORD: ddl, commits'],
    ['ANALYZE TABLE t', 'ANALYZE TABLE: other, commits'],
    ['ANALYZE SELECT 1', 'ANALYZE SELECT: query'],
    ['OPTIMIZE TABLE t', 'OPTIMIZE TABLE: other, commits'],
    ['LOAD INDEX INTO CACHE t', 'LOAD INDEX: other, commits'],
    ['LOAD DATA INFILE "x" INTO TABLE t', 'LOAD DATA: dml'],
    ['FLUSH TABLES', 'FLUSH: other, commits'],
    ['FLUSH TABLES WITH READ LOCK', 'FLUSH: control, commits'],
    ['LOCK TABLES t WRITE', 'LOCK TABLES: control, commits'],
    ['UNLOCK TABLES', 'UNLOCK TABLES: other, commits'],
    ['INSERT INTO t VALUES (1)', 'INSERT: dml'],
    ['/* c */ -- d\n(SELECT 1) UNION (SELECT 2)', 'SELECT: query'],
    ['WITH a AS (SELECT 1) SELECT * FROM a', 'WITH: query'],
    ['WITH a AS (SELECT 1) DELETE FROM t', 'WITH: dml'],
    ['CALL p()', 'CALL: other, commits'],
    ['EXECUTE s', 'EXECUTE: other, commits'],
    ['PREPARE s FROM "x"', 'PREPARE: session'],
    ['DROP PREPARE s', 'DROP PREPARE: session'],
    ['DO SLEEP(1)', 'DO: other'],
    ['SET @a = 1', 'SET: session'],
    ['SET NAMES utf8', 'SET NAMES: session'],
    ['SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'SET SESSION: session'],
    ['SET TRANSACTION READ ONLY', 'SET TRANSACTION: session'],
    ['SET autocommit = 0', 'SET AUTOCOMMIT: control, commits'],
    ['SET @a = 1, @@session.AutoCommit = 0', 'SET: control, commits'],
    ['SET STATEMENT max_statement_time = 1 FOR ALTER TABLE t ADD a int', 'SET STATEMENT: ddl, commits'],
    ['START TRANSACTION READ ONLY', 'START TRANSACTION: control, commits'],
    ['START SLAVE', 'START SLAVE: other, commits'],
    ['BEGIN', 'BEGIN: control, commits'],
    ['BEGIN WORK', 'BEGIN: control, commits'],
    ['BEGIN NOT ATOMIC SELECT 1; END', 'BEGIN: other, commits'],
    ['COMMIT', 'COMMIT: control, commits'],
    ['ROLLBACK TO SAVEPOINT a', 'ROLLBACK: control, commits'],
    ['SAVEPOINT a', 'SAVEPOINT: control, commits'],
    ['RELEASE SAVEPOINT a', 'RELEASE: control, commits'],
    ['XA START "x"', 'XA: control, commits'],
    ['/*!40101 SET NAMES utf8 */', 'SET NAMES: session'],
    ['/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50001 VIEW v AS SELECT 1 */', 'CREATE VIEW: ddl, commits'],
    ['USE other', 'USE: session'],
    ['frobnicate', 'FROBNICATE: other, commits'],
    ['toString', 'TOSTRING: other, commits'],
    ['', ': other, commits'],
  ])('%s', (text, expected) => {
    expect(short(text)).toBe(expected)
  })
})

describe('answersOnce', () => {
  it('is true only where the server answers with one result without rows', () => {
    for (const text of [
      'INSERT INTO t VALUES (1)',
      'CREATE TABLE t (a int)',
      'SET @a = 1',
      'DROP VIEW v',
      '/*!40101 SET @a = 1 */',
    ]) {
      expect(answersOnce(text), text).toBe(true)
    }
    for (const text of [
      'SELECT 1',
      'CALL p()',
      'INSERT INTO t VALUES (1) RETURNING a',
      'ALTER TABLE t CHECK PARTITION p',
      'SHOW TABLES',
      'EXECUTE s',
      'SET NAMES latin1',
      'SET character_set_client = latin1',
      'SET STATEMENT max_statement_time = 1 FOR SELECT 1',
      'BEGIN NOT ATOMIC SELECT 1; END',
    ]) {
      expect(answersOnce(text), text).toBe(false)
    }
  })
})
