import { describe, expect, it } from 'vitest'
import { GodwitError } from '../core/error.ts'
import { readUrl } from './url.ts'

describe('readUrl', () => {
  it.each([
    ['postgresql://a@b/c', 'postgres', 'postgresql://a@b/c'],
    ['mariadb://a@b/c', 'mysql', 'mariadb://a@b/c'],
    ['sqlite:app.db', 'sqlite', 'sqlite:/base/app.db'],
    ['sqlite:./app.db?mode=ro', 'sqlite', 'sqlite:/base/app.db?mode=ro'],
    ['sqlite:///var/app.db', 'sqlite', 'sqlite:/var/app.db'],
    ['sqlite://./app.db', 'sqlite', 'sqlite:/base/app.db'],
    ['sqlite::memory:', 'sqlite', 'sqlite::memory:'],
    ['file:app.db', 'sqlite', 'sqlite:/base/app.db'],
    ['app.sqlite3', 'sqlite', 'sqlite:/base/app.sqlite3'],
    ['duckdb:../x.duckdb', 'duckdb', 'duckdb:/x.duckdb'],
    ['stats.duckdb', 'duckdb', 'duckdb:/base/stats.duckdb'],
    ['pglite:', 'pglite', 'pglite:'],
    ['pglite:data', 'pglite', 'pglite:/base/data'],
    ['chroma://host:8000/t/d', 'chroma', 'chroma://host:8000/t/d'],
  ])('reads %s', (url, kind, whole) => expect(readUrl(url, '/base', '--url')).toEqual({ kind, url: whole }))

  it('leaves the store to the configuration where it names one', () => {
    expect(readUrl('https://host/t/d', '/base', '--url', 'chroma')).toEqual({ kind: 'chroma', url: 'https://host/t/d' })
  })

  it('never quotes a URL it refuses', () => {
    for (const url of ['oracle://scott:tiger@host/db', 'scott:tiger', 'tiger']) {
      let error: unknown
      try {
        readUrl(url, '/base', 'DATABASE_URL')
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(GodwitError)
      expect((error as GodwitError).code).toBe('CONFIG.URL_INVALID')
      expect(JSON.stringify(error)).not.toContain('tiger')
    }
  })
})
