// The servers that the tests bring with them: each gives empty databases that do not know of each other.
import mysql from 'mysql2/promise'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { betterSqlite3, freshChroma, freshMariadb, freshPostgres, freshSqlite, unavailable } from './databases.ts'

describe('test servers', () => {
  it('gives two PostgreSQL databases apart from each other', async context => {
    const reason = await unavailable('postgres')
    if (reason) return context.skip(reason)
    const [one, two] = await Promise.all([freshPostgres(), freshPostgres()])
    const client = new pg.Client(one.url)
    await client.connect()
    await client.query('CREATE TABLE t (id int)')
    await client.end()
    const other = new pg.Client(two.url)
    await other.connect()
    await expect(other.query('SELECT * FROM t')).rejects.toThrow('does not exist')
    await other.end()
    await Promise.all([one.dispose(), two.dispose()])
    await expect(new pg.Client(one.url).connect()).rejects.toThrow('does not exist')
  })

  it('gives a MariaDB database to an account without privileges on the server', async context => {
    const reason = await unavailable('mariadb')
    if (reason) return context.skip(reason)
    const fresh = await freshMariadb()
    const connection = await mysql.createConnection(fresh.url)
    await connection.query('CREATE TABLE t (id int)')
    await expect(connection.query('CREATE USER other')).rejects.toThrow('Access denied')
    await connection.end()
    await fresh.dispose()
  })

  it('gives a Chroma database without collections', async context => {
    const reason = await unavailable('chroma')
    if (reason) return context.skip(reason)
    const fresh = await freshChroma()
    const path = `${fresh.server}/api/v2/tenants/${fresh.tenant}/databases/${fresh.name}`
    expect(await (await fetch(`${path}/collections`)).json()).toEqual([])
    await fresh.dispose()
    expect((await fetch(path)).ok).toBe(false)
  })

  it('gives a SQLite path in a folder of its own', async () => {
    const fresh = await freshSqlite()
    expect(fresh.url).toBe(`sqlite:${fresh.file}`)
    await fresh.dispose()
  })

  it('loads the better-sqlite3 of this Node', async context => {
    const answer = await betterSqlite3()
    if ('unavailable' in answer) return context.skip(answer.unavailable)
    expect(answer.folder).toContain('better-sqlite3')
  }, 600_000)
})
