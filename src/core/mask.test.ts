import { describe, expect, it } from 'vitest'
import { maskSecrets, maskUrl, urlSecrets } from './mask.ts'

describe('maskUrl', () => {
  it.each([
    ['postgres://app:s3cret@db:5432/shop', 'postgres://app:***@db:5432/shop'],
    ['postgres://app@db/shop', 'postgres://app@db/shop'],
    ['postgres://:pw@db/shop', 'postgres://:***@db/shop'],
    ['postgres://db:5432/shop', 'postgres://db:5432/shop'],
    ['postgres://db:5432?user=a@b.c', 'postgres://db:5432?user=a@b.c'],
    ['postgres://db:5432', 'postgres://db:5432'],
    ['mysql://u:p@ss/w@rd@db/x', 'mysql://u:***@db/x'],
    ['mysql://u:p?w@db/x', 'mysql://u:***@db/x'],
    ['postgres://db/x?password=p&sslkey=k&user=u', 'postgres://db/x?password=***&sslkey=***&user=u'],
    ['libsql://h/x?authToken=abc#f', 'libsql://h/x?authToken=***#f'],
    ['chroma://h:8000?apiKey=a&api_key=b&api-key=c', 'chroma://h:8000?apiKey=***&api_key=***&api-key=***'],
    ["host=db user=u password='a b' dbname=x", 'host=db user=u password=*** dbname=x'],
    ['Server=db;Pwd="a b";Database=x', 'Server=db;Pwd=***;Database=x'],
    ['./app.db', './app.db'],
    ['http://[::1]', 'http://[::1]'],
  ])('masks %s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked)
  })
})

describe('urlSecrets', () => {
  it('gives passwords and secret parameters, raw and decoded', () => {
    expect(urlSecrets('postgres://u:a%40b@db/x?sslpassword=c%zz&user=u')).toEqual(['a%40b', 'a@b', 'c%zz'])
    expect(urlSecrets("password='a b' token=t")).toEqual(['a b', 't'])
    expect(urlSecrets('postgres://u:@db/x')).toEqual([])
  })
})

describe('maskSecrets', () => {
  it('masks every occurrence, longest first and URL-encoded', () => {
    expect(maskSecrets('no s3cret+ nor s3cret nor s3cret%2B', ['s3cret', 's3cret+', ''])).toBe('no *** nor *** nor ***')
  })

  it('masks short secrets only where they stand alone', () => {
    expect(maskSecrets('password "a" failed for admin', ['a'])).toBe('password "***" failed for admin')
  })

  it('masks URLs even without known secrets', () => {
    expect(maskSecrets("cannot reach 'mysql://u:pw@h/d'", [])).toBe("cannot reach 'mysql://u:***@h/d'")
  })

  it('takes secrets that no URL could hold', () => {
    expect(maskSecrets('x ab\uD800cd y', ['ab\uD800cd'])).toContain(' y')
    expect(maskSecrets('a.*[b]c', ['.*[b]'])).toBe('a***c')
  })
})
