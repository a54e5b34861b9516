import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { isGodwitError } from '../../core/error.ts'
import { ChromaClient } from './client.ts'
import { mask } from './error.ts'
import { type ChromaSettings, resolveTarget } from './settings.ts'

it.each([
  ['chroma://h', 'http://h:8000', 'default_tenant', 'default_database'],
  ['chroma://h:9/docs', 'http://h:9', 'default_tenant', 'docs'],
  ['chroma://h/acme/docs', 'http://h:8000', 'acme', 'docs'],
  ['chroma://h:443/acme/docs?tls=true', 'https://h:443', 'acme', 'docs'],
  ['https://h/acme/docs', 'https://h', 'acme', 'docs'],
  ['http://[::1]:8000/a%20b/c', 'http://[::1]:8000', 'a b', 'c'],
])('reads %s', (url, origin, tenant, database) => {
  expect(resolveTarget({ url })).toMatchObject({ origin, tenant, database })
})

it('lets the settings win over the URL', () => {
  const target = resolveTarget({ url: 'chroma://h/a/b', tenant: 't', database: 'd' })
  expect(target).toMatchObject({ tenant: 't', database: 'd', shown: 'chroma://h/t/d' })
})

it.each<[string, ChromaSettings]>([
  ['CONFIG.URL_MISSING', { url: '' }],
  ['CONFIG.URL_INVALID', { url: 'nonsense' }],
  ['CONFIG.URL_INVALID', { url: 'postgres://h/a' }],
  ['CONFIG.URL_INVALID', { url: 'chroma:///a/b' }],
  ['CONFIG.URL_INVALID', { url: 'chroma://h/a/b/c' }],
  ['CONFIG.URL_INVALID', { url: 'chroma://h/?foo=1' }],
  ['CONFIG.URL_INVALID', { url: 'chroma://h/?tls=perhaps' }],
  ['CONFIG.FILE_INVALID', { url: 'chroma://h', requestTimeoutMs: 0 }],
  ['CONFIG.FILE_INVALID', { url: 'chroma://h', retries: -1 }],
])('refuses with %s %o', (code, settings) => {
  const error = catching(() => resolveTarget(settings))
  expect(isGodwitError(error) && error.code).toBe(code)
})

it('sends the token where it is asked to', () => {
  expect(resolveTarget({ url: 'chroma://h', token: 'tok-1' }).headers).toEqual({ 'x-chroma-token': 'tok-1' })
  const bearer = resolveTarget({ url: 'chroma://h', token: 'tok-1', tokenHeader: 'authorization' })
  expect(bearer.headers).toEqual({ authorization: 'Bearer tok-1' })
  const basic = resolveTarget({ url: 'chroma://me:p%40ss@h' })
  expect(basic.headers).toEqual({ authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` })
})

it('shows no secret in the target, in masked text and in a printed client', () => {
  const target = resolveTarget({
    url: 'https://me:p%40ssword@h/t/d',
    token: 'tok-123',
    headers: { 'X-Key': 'Bearer key-456' },
  })
  expect(target.shown).toBe('https://me:***@h/t/d')
  const text = `p@ssword p%40ssword tok-123 key-456 ${Buffer.from('me:p@ssword').toString('base64')}`
  expect(mask(target, text)).toBe('*** *** *** *** ***')
  const printed = inspect(new ChromaClient(target), { depth: 9, showHidden: true })
  expect(printed).not.toMatch(/ssword|tok-123|key-456/)
})

function catching(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
