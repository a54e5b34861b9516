import { describe, expect, it } from 'vitest'
import { isGodwitError } from '../../core/error.ts'
import { BatchFailure } from '../session.ts'
import { errorMapper, mask } from './error.ts'
import { readFlavor } from './flavor.ts'
import { mysql } from './index.ts'
import { literal } from './journal.ts'
import { lockName } from './lock.ts'
import { resolveSettings } from './settings.ts'

describe('settings', () => {
  it('reads URLs of both servers', () => {
    expect(resolveSettings({ url: 'mysql://u%40x:p%2Fw@db.example:3307/shop' })).toMatchObject({
      host: 'db.example',
      port: 3307,
      user: 'u@x',
      password: 'p/w',
      database: 'shop',
      socket: undefined,
      tls: undefined,
      target: 'mysql://u%40x:***@db.example:3307/shop',
    })
    expect(resolveSettings({ url: 'mariadb://[::1]/shop' })).toMatchObject({
      host: '::1',
      port: 3306,
      target: 'mysql://[::1]:3306/shop',
    })
    expect(resolveSettings({ url: 'mysql://u@localhost/shop?socket=/run/my.sock' })).toMatchObject({
      socket: '/run/my.sock',
    })
    expect(resolveSettings({ url: 'mysql://u@%2Frun%2Fmy.sock/shop' })).toMatchObject({ socket: '/run/my.sock' })
  })

  it('lets parts win over the URL and fills in defaults', () => {
    expect(resolveSettings({ url: 'mysql://a@h/x', database: 'y', port: 1 })).toMatchObject({
      database: 'y',
      port: 1,
      connectTimeoutMs: 10_000,
      keepAlive: true,
      poolSize: 10,
    })
    expect(resolveSettings({ database: 'y' })).toMatchObject({ host: 'localhost', port: 3306 })
  })

  it('reads TLS modes', () => {
    const tls = (query: string) => resolveSettings({ url: `mysql://h/x?${query}` }).tls
    expect(tls('ssl-mode=REQUIRED')).toEqual({ rejectUnauthorized: false })
    expect(tls('sslmode=verify-ca')).toEqual({ verifyIdentity: false })
    expect(tls('ssl=true')).toEqual({})
    expect(tls('tls=false')).toBeUndefined()
    expect(() => tls('ssl-mode=SOMETIMES')).toThrow('SOMETIMES')
  })

  it('refuses other URLs without showing their password', () => {
    for (const url of [
      'postgres://a:secret@h/x',
      'mysql://a:sec/ret@h:x/y',
      'mysql://a:secret@h/',
      'nothing',
      'mysql://a:%zz@h/x',
    ]) {
      try {
        mysql({ url })
        throw new Error(`${url} was accepted`)
      } catch (error) {
        if (!isGodwitError(error)) throw error
        expect(error.code).toBe('CONFIG.URL_INVALID')
        expect(JSON.stringify(error)).not.toMatch(/secret|sec\/ret/)
      }
    }
  })
})

describe('flavor', () => {
  it('tells the servers and their versions apart', () => {
    expect(readFlavor('5.5.5-10.11.19-MariaDB-0+deb12u1')).toMatchObject({
      name: 'MariaDB 10.11.19',
      vendor: 'mariadb',
      version: 101_119,
      isolationVariable: 'tx_isolation',
    })
    expect(readFlavor('11.4.2-MariaDB')).toMatchObject({ version: 110_402, isolationVariable: 'transaction_isolation' })
    expect(readFlavor('8.4.3')).toMatchObject({
      name: 'MySQL 8.4.3',
      vendor: 'mysql',
      isolationVariable: 'transaction_isolation',
      statementTimeoutVariable: 'max_execution_time',
    })
    expect(readFlavor('5.7.5-log')).toMatchObject({ name: 'MySQL 5.7.5', statementTimeoutVariable: undefined })
  })

  it('spells statement time-outs', () => {
    expect(readFlavor('10.11.19-MariaDB').statementTimeout(1500)).toBe('max_statement_time = 1.5')
    expect(readFlavor('8.0.36').statementTimeout(1500)).toBe('max_execution_time = 1500')
  })
})

describe('errors', () => {
  const map = errorMapper(resolveSettings({ url: 'mysql://app:hunter2@h/x' }))
  const error = (errno: number | undefined, code: string, message = 'message') =>
    Object.assign(new Error(message), { errno, code })

  it.each([
    [1045, 'ER_ACCESS_DENIED_ERROR', 'CONNECT.AUTHENTICATION_FAILED'],
    [1049, 'ER_BAD_DB_ERROR', 'CONNECT.DATABASE_MISSING'],
    [-111, 'ECONNREFUSED', 'CONNECT.REFUSED'],
    [-2, 'ENOENT', 'CONNECT.REFUSED'],
    [undefined, 'ETIMEDOUT', 'CONNECT.TIMEOUT'],
    [1205, 'ER_LOCK_WAIT_TIMEOUT', 'RUN.LOCK_TIMEOUT'],
    [3572, 'ER_LOCK_NOWAIT', 'RUN.LOCK_TIMEOUT'],
    [1213, 'ER_LOCK_DEADLOCK', 'RUN.DEADLOCK'],
    [1969, 'ER_STATEMENT_TIMEOUT', 'RUN.STATEMENT_TIMEOUT'],
    [3024, 'ER_QUERY_TIMEOUT', 'RUN.STATEMENT_TIMEOUT'],
    [1317, 'ER_QUERY_INTERRUPTED', 'RUN.ABORTED'],
    [1114, 'ER_RECORD_FILE_FULL', 'RUN.DISK_FULL'],
    [1142, 'ER_TABLEACCESS_DENIED_ERROR', 'RUN.PERMISSION_DENIED'],
    [1290, 'ER_OPTION_PREVENTS_STATEMENT', 'CONNECT.READ_ONLY'],
    [undefined, 'PROTOCOL_CONNECTION_LOST', 'CONNECT.LOST'],
    [-104, 'ECONNRESET', 'CONNECT.LOST'],
    [1064, 'ER_PARSE_ERROR', 'SQL.SYNTAX_INVALID'],
    [1146, 'ER_NO_SUCH_TABLE', 'RUN.STATEMENT_FAILED'],
  ])('%s %s', (errno, code, expected) => {
    expect(map(new BatchFailure(0, error(errno, code))).code).toBe(expected)
    expect(map(error(errno, code)).code).toBe(expected)
  })

  it('sees a full disk in a file error', () => {
    expect(
      map(error(3, 'ER_ERROR_ON_WRITE', `Error writing file '/tmp/x' (Errcode: 28 "No space left on device")`)).code,
    ).toBe('RUN.DISK_FULL')
  })

  it('lets nothing secret through, not in message, cause or stack', () => {
    const mapped = map(
      error(1064, 'ER_PARSE_ERROR', `near 'IDENTIFIED BY 'wh at''s' and hunter2 and mysql://app:hunter2@h/x`),
    )
    const all = JSON.stringify(mapped) + mapped.message + String((mapped.cause as Error).stack) + String(mapped.stack)
    expect(all).not.toMatch(/hunter2|wh at/)
  })

  it('masks what SQL sets as a password', () => {
    for (const text of [
      "CREATE USER a IDENTIFIED BY 'top-secret'",
      'ALTER USER a IDENTIFIED WITH x BY "top-secret"',
      "SET PASSWORD FOR a@b = PASSWORD('top-secret')",
      "CHANGE MASTER TO MASTER_PASSWORD='top-secret', x",
      'mariadb://u:top-secret@h/x',
    ]) {
      expect(mask(text)).not.toContain('top-secret')
    }
    expect(mask('grant a to b', 'a')).toBe('grant *** to b')
  })
})

describe('text of the journal', () => {
  it('is ASCII without backslashes, whatever it says', () => {
    expect(literal("it's\n1")).toBe("'it''s\n1'")
    expect(literal('ü')).toBe("_utf8mb4 X'c3bc'")
    expect(literal('a\\b')).toBe("_utf8mb4 X'615c62'")
    expect([literal(null), literal(true), literal(7)]).toEqual(['NULL', '1', '7'])
    expect(() => literal('\0')).toThrow('NUL')
  })

  it('keeps lock names within 64 characters', () => {
    expect(lockName('shop')).toBe('godwit:shop')
    expect(lockName('x'.repeat(64)).length).toBeLessThanOrEqual(64)
    expect(lockName('x'.repeat(64))).not.toBe(lockName('x'.repeat(63)))
  })

  it('frames bodies with DELIMITER in scripts', () => {
    const terminate = mysql({ database: 'x' }).sql?.script.terminate as (text: string) => string
    expect(terminate("INSERT INTO a VALUES (';')")).toBe("INSERT INTO a VALUES (';');")
    expect(terminate('CREATE PROCEDURE p() BEGIN SELECT 1; END')).toBe(
      'DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END\n//\nDELIMITER ;',
    )
  })
})
