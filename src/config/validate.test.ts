import { describe, expect, it } from 'vitest'
import type { GodwitError } from '../core/error.ts'
import { validateConfig } from './validate.ts'

function refusal(value: unknown, source = JSON.stringify(value)): GodwitError {
  try {
    validateConfig(value, 'godwit.config.json', source)
  } catch (error) {
    return error as GodwitError
  }
  throw new Error('it was accepted')
}

describe('validateConfig', () => {
  it('accepts everything the types allow', () => {
    const config = {
      databases: {
        main: {
          dialect: 'mariadb',
          url: 'x',
          migrations: 'm',
          naming: 'sequential',
          timeZone: 'Europe/Berlin',
          strictSequence: true,
          lock: { waitMs: 0, ttlMs: 1 },
          settings: { busyTimeoutMs: 5 },
          revisions: [],
        },
      },
      environments: { live: { protected: true, envFiles: false, databases: { main: { url: 'y' } } } },
      defaultEnvironment: 'live',
      hooks: { beforeRun() {} },
    }
    expect(validateConfig(config, undefined, '')).toBe(config)
    expect(
      validateConfig({ databases: { main: { dialect: { name: 'own' }, url: undefined } } }, undefined, ''),
    ).toBeDefined()
  })

  it.each([
    [[], 'the configuration is a list, not an object'],
    [{ databases: [] }, 'databases is a list'],
    [{ databases: { 'a b': {} } }, '"a b" cannot be a name'],
    [{ databases: { main: { url: '' } } }, 'databases.main.url is empty'],
    [{ databases: { main: { timeZone: 'Mars/Base' } } }, 'no time zone'],
    [{ databases: { main: { lock: { waitMs: -1 } } } }, 'milliseconds'],
    [{ environments: { live: { protect: true } } }, 'Did you mean "protected"?'],
    [{ hooks: { beforeRun: 'x' } }, 'not a function'],
    [{ databases: { main: { dialect: 7 } } }, 'one of postgres'],
  ])('refuses %j', (value, message) => {
    const error = refusal(value)
    expect(error.code).toBe('CONFIG.FILE_INVALID')
    expect(error.message).toContain(message)
  })

  it('never quotes the value of a URL', () => {
    expect(JSON.stringify(refusal({ databases: { main: { url: 5, settings: 'hunter2' } } }, ''))).not.toContain(
      'hunter2',
    )
  })

  it('names line and column of the fault', () => {
    expect(refusal({ hook: 1 }, '{\n  "hook": 1\n}').where).toEqual({
      file: 'godwit.config.json',
      line: 2,
      column: 3,
      text: '  "hook": 1',
    })
  })
})
