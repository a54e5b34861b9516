import { describe, expect, it } from 'vitest'
import { isGodwitError } from '../../core/error.ts'
import { resolveSettings, setStatements, startupOptions } from './settings.ts'

describe('resolveSettings', () => {
  it.each([
    ['postgres://u:p@h:5433/d', { host: 'h', port: 5433, user: 'u', password: 'p', database: 'd' }],
    ['postgresql://h/d', { host: 'h', port: undefined, user: undefined, database: 'd' }],
    ['postgres://u:p%40%2F%3A@h/d%20b', { password: 'p@/:', database: 'd b' }],
    ['postgres://u:a@b@h/d', { password: 'a@b', host: 'h' }],
    ['postgres://u:100%@h/d', { password: '100%' }],
    ['postgresql:///d?host=/run/pg&port=5440', { host: '/run/pg', port: 5440, database: 'd' }],
    ['postgres://%2Frun%2Fpg:5441/d', { host: '/run/pg', port: 5441 }],
    ['postgres://[::1]:5432/d', { host: '::1', port: 5432, tlsMode: 'disable' }],
    ['postgres://h/d?connect_timeout=3', { connectTimeoutMs: 3000, tlsMode: 'prefer' }],
    ['postgres://h/d?sslmode=verify-full', { tlsMode: 'verify-full' }],
    ['postgres://h/d?sslmode=no-verify', { tlsMode: 'require' }],
    ['postgres://localhost/d', { tlsMode: 'disable', connectTimeoutMs: 10_000, applicationName: 'godwit' }],
  ])('reads %s', (url, expected) => {
    expect(resolveSettings({ url })).toMatchObject(expected)
  })

  it('lets fields overrule the URL', () => {
    const settings = resolveSettings({ url: 'postgres://u:p@h/d', database: 'other', tls: false, password: 'q' })
    expect(settings).toMatchObject({ database: 'other', tlsMode: 'disable', password: 'q', user: 'u' })
    expect(settings.target).toBe('postgres://u:***@h/other')
  })

  it('never shows a password', () => {
    const secret = 's3cr3t!'
    for (const url of [`postgres://u:${secret}@h/d`, `postgres://h/d?password=${secret}`]) {
      expect(resolveSettings({ url }).target).not.toContain(secret)
    }
    expect(resolveSettings({ user: 'u', password: secret }).target).not.toContain(secret)
    for (const url of [`mysql://u:${secret}@h/d`, `postgres://u:${secret}@h:99x/d`, `postgres://u:${secret}@a,b/d`]) {
      try {
        resolveSettings({ url })
        expect.unreachable(url)
      } catch (error) {
        expect(isGodwitError(error) && error.code).toBe('CONFIG.URL_INVALID')
        expect(JSON.stringify(error)).not.toContain(secret)
      }
    }
  })

  it('refuses an unknown sslmode', () => {
    expect(() => resolveSettings({ url: 'postgres://h/d?sslmode=maybe' })).toThrow('sslmode=maybe')
  })
})

describe('startupOptions', () => {
  it('escapes blanks and backslashes and puts the text of the user last', () => {
    const settings = resolveSettings({
      searchPath: ['my schema', 'a\\b'],
      options: '-c work_mem=1MB',
      lockTimeoutMs: 7,
    })
    expect(startupOptions(settings, true)).toBe(
      '-c lock_timeout=7 -c search_path="my\\ schema",\\ "a\\\\b" -c client_connection_check_interval=500 -c work_mem=1MB',
    )
    expect(startupOptions(settings, false)).not.toContain('client_connection_check_interval')
  })

  it('says the same as SET statements', () => {
    const settings = resolveSettings({ searchPath: 'x', role: "o'r", options: '-c work_mem=1MB --a.b=c\\ d' })
    expect(setStatements(settings)).toEqual([
      "SET lock_timeout = '5000'",
      'SET search_path = "x"',
      "SET role = 'o''r'",
      "SELECT set_config('work_mem', '1MB', false)",
      "SELECT set_config('a.b', 'c d', false)",
    ])
  })
})
