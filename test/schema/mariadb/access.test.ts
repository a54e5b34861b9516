// What an account may not read is said, never taken for absent; grants of tables, columns and routines are compared.
import { expect, describe, it } from 'vitest'
import { mysql } from '../../../src/dialect/mysql/index.ts'
import { freshMariadb, unavailable } from '../../servers/databases.ts'
import { differences, freshDatabase, runOn, runScript, snapshotOf, statementsBetween } from './round-trip.ts'

const reason = await unavailable('mariadb')

describe.skipIf(reason)('MariaDB', () => {
  it('reads a schema with an account that owns it, and says that grants are not compared', async () => {
    const { url, rootUrl, dispose } = await freshMariadb()
    try {
      const own = { url, dialect: mysql({ url }), dispose }
      await runScript(
        own,
        'CREATE TABLE t (id INT); CREATE VIEW v AS SELECT id FROM t; CREATE PROCEDURE p() SELECT id FROM t',
      )
      const snapshot = await snapshotOf(own)
      expect(snapshot.objects.map(({ key }) => key)).toEqual([
        'column:t.id',
        'database:default',
        'procedure:p',
        'table:t',
        'view:v',
      ])
      if (url !== rootUrl) expect(snapshot.notCompared).toMatchObject([{ kind: 'grant' }])
    } finally {
      await dispose()
    }
  })

  it('refuses when the text of a routine is hidden from the account', async () => {
    const { url, rootUrl, dispose } = await freshMariadb()
    try {
      await runScript({ url: rootUrl, dialect: mysql({ url: rootUrl }), dispose }, 'CREATE PROCEDURE p() SELECT 1')
      const reading = snapshotOf({ url, dialect: mysql({ url }), dispose })
      if (url === rootUrl) await reading
      else await expect(reading).rejects.toMatchObject({ code: 'SCHEMA.PERMISSION_DENIED', message: /the procedure p/ })
    } finally {
      await dispose()
    }
  })

  it('leads from some grants to others', async () => {
    const [database, wanted] = [await freshDatabase(), await freshDatabase()]
    const account = `'godwit_${process.pid}'@'localhost'`
    const schema = 'CREATE TABLE t (id INT, n INT); CREATE FUNCTION f() RETURNS INT RETURN 1;'
    try {
      await runOn(database, [`CREATE USER ${account}`])
      await runScript(database, `${schema} GRANT SELECT, INSERT (n) ON t TO ${account}`)
      await runScript(
        wanted,
        `${schema} GRANT UPDATE (id, n), SELECT ON t TO ${account} WITH GRANT OPTION; GRANT EXECUTE ON FUNCTION f TO ${account};
          CREATE TABLE other (id INT); GRANT ALL ON other TO ${account}`,
      )
      const [from, to] = [await snapshotOf(database), await snapshotOf(wanted)]
      for (const [before, after] of [
        [from, to],
        [to, from],
      ] as const) {
        await runOn(
          database,
          (await statementsBetween(before, after, database.dialect)).map(({ sql }) => sql),
        )
        expect(differences(await snapshotOf(database), after)).toEqual([])
      }
    } finally {
      await runOn(database, [`DROP USER IF EXISTS ${account}`])
      await database.dispose()
      await wanted.dispose()
    }
  })

  it('refuses SQL that leaves a scratch database of a shared server', async () => {
    const database = await freshDatabase()
    const session = await database.dialect.open({ purpose: 'run' })
    try {
      const part = await database.dialect.schema?.()
      const needs = (sql: string) => part?.needs?.(session, [sql])
      for (const sql of [
        'use mysql',
        '/* x */ Create Database y',
        'DROP SCHEMA a',
        '/*!40000 DROP DATABASE IF EXISTS `a`*/',
        'ALTER DATABASE a COLLATE utf8mb4_bin',
        'UPDATE mysql.user SET a = 1',
        'DROP TABLE `mysql`.t',
      ]) {
        await expect(needs(sql)).rejects.toMatchObject({ code: 'SCHEMA.LOAD_FAILED' })
      }
      expect(await needs('ALTER DATABASE COLLATE = utf8mb4_bin')).toEqual([])
      expect(await needs("CREATE TABLE t (a INT DEFAULT 1 COMMENT 'mysql.user')")).toEqual([])
    } finally {
      await session.close()
      await database.dispose()
    }
  })
})
