import { describe, expect, it } from 'vitest'
import { resolveEnvironment } from './environment.ts'

describe('resolveEnvironment', () => {
  it('is development, unprotected, with .env files, when nothing is said', () => {
    expect(resolveEnvironment(undefined, undefined)).toEqual({
      name: 'development',
      protected: false,
      envFiles: true,
      config: {},
    })
  })

  it('protects production, and reads no .env files there', () => {
    expect(resolveEnvironment('production', undefined)).toMatchObject({ protected: true, envFiles: false })
  })

  it('does as the configuration says', () => {
    const config = {
      defaultEnvironment: 'live',
      environments: { live: { protected: true, envFiles: true }, production: { protected: false } },
    }
    expect(resolveEnvironment(undefined, config)).toMatchObject({ name: 'live', protected: true, envFiles: true })
    expect(resolveEnvironment('production', config)).toMatchObject({ protected: false, envFiles: true })
  })

  it('refuses a name that nobody configured', () => {
    expect(() => resolveEnvironment('prodution', {})).toThrow('Did you mean "production"?')
    expect(() => resolveEnvironment('constructor', {})).toThrow('There is no environment')
  })
})
