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
    ['ANALYZE UPDATE t SET a = 1', 'ANALYZE UPDATE: dml'],
    ['ANALYZE FORMAT=JSON DELETE FROM t', 'ANALYZE FORMAT: dml'],
    ['ANALYZE FORMAT=JSON SELECT 1', 'ANALYZE FORMAT: query'],
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

describe('statements that commit what was before them', () => {
  // "SQL statements That Cause an Implicit Commit", MariaDB Knowledge Base, and the statement kinds it names in general.
  it.each(
    [
      'ALTER DATABASE d COMMENT "x"; ALTER EVENT e DISABLE; ALTER FUNCTION f COMMENT "x"; ALTER PROCEDURE p COMMENT "x"',
      'ALTER SEQUENCE s RESTART; ALTER SERVER s OPTIONS (HOST "h"); ALTER TABLE t FORCE; ALTER USER u ACCOUNT LOCK',
      'ALTER VIEW v AS SELECT 1; ANALYZE TABLE t; BACKUP STAGE START; CACHE INDEX t IN k; CHANGE MASTER TO MASTER_PORT=1',
      'CHECK TABLE t; CHECKSUM TABLE t; CREATE DATABASE d; CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t',
      'CREATE FUNCTION f() RETURNS int RETURN 1; CREATE INDEX i ON t (a); CREATE PROCEDURE p() SELECT 1; CREATE ROLE r',
      'CREATE SEQUENCE s; CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST "h"); CREATE TABLE t (a int)',
      'CREATE TABLE t AS SELECT 1; CREATE TABLE t LIKE u; CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW DELETE FROM u',
      'CREATE USER u; CREATE VIEW v AS SELECT 1; DROP DATABASE d; DROP EVENT e; DROP FUNCTION f; DROP INDEX i ON t',
      'DROP PROCEDURE p; DROP ROLE r; DROP SEQUENCE s; DROP SERVER s; DROP TABLE t; DROP TRIGGER g; DROP USER u',
      'DROP VIEW v; FLUSH PRIVILEGES; FLUSH TABLES; GRANT SELECT ON t TO u; INSTALL PLUGIN p SONAME "s"; KILL 5',
      'INSTALL SONAME "s"; LOAD INDEX INTO CACHE t; LOCK TABLES t READ; OPTIMIZE TABLE t; PURGE BINARY LOGS TO "x"',
      'RENAME TABLE a TO b; RENAME USER a TO b; REPAIR TABLE t; RESET QUERY CACHE; REVOKE SELECT ON t FROM u',
      'SET autocommit = 1; SET PASSWORD = "x"; SET DEFAULT ROLE r; SHUTDOWN; START SLAVE; START TRANSACTION; STOP SLAVE',
      'TRUNCATE TABLE t; UNINSTALL PLUGIN p; UNLOCK TABLES; BEGIN; XA START "x"; CALL p(); EXECUTE s',
      'EXECUTE IMMEDIATE "ALTER TABLE t FORCE"; BEGIN NOT ATOMIC ALTER TABLE t FORCE END; IF 1 THEN DROP TABLE t END IF',
    ].flatMap(line => line.split('; ')),
  )('%s', text => {
    expect(classify(text).transactional).toBe(false)
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
