import { describe, expect, it } from 'vitest'
import { checkStatement, mergeHeaders, statementHeader } from './definition.ts'
import { emptyHeader } from './header.ts'

const header = (statement: Record<string, unknown>) => statementHeader(statement, 'a.ts')

describe('statementHeader', () => {
  it('reads strings, lists, numbers and durations', () => {
    expect(
      header({
        parent: 'a, b',
        depends: ['x:y'],
        label: 'l',
        transaction: 'off',
        lockTimeout: 1500,
        statementTimeout: '1min',
        phase: 'contract',
        irreversible: 'r',
      }),
    ).toEqual({
      parents: ['a', 'b'],
      depends: [{ database: 'x', revision: 'y' }],
      labels: ['l'],
      options: {
        transaction: 'off',
        lockTimeoutMs: 1500,
        statementTimeoutMs: 60_000,
        phase: 'contract',
        irreversible: 'r',
      },
    })
    expect(header({ parent: [] }).parents).toEqual([])
    expect(header({})).toEqual(emptyHeader)
  })

  it.each([
    [{ parent: 5 }, 'parent'],
    [{ parent: [5] }, 'parent'],
    [{ depends: 'x' }, 'depends'],
    [{ transaction: false }, 'transaction'],
    [{ lockTimeout: 0 }, 'lockTimeout'],
    [{ phase: 'x' }, 'phase'],
  ])('refuses %j', (statement, key) => {
    expect(() => header(statement)).toThrow(
      expect.objectContaining({ code: 'FILE.MODULE_INVALID', message: `a.ts has a wrong value for ${key}` }),
    )
  })
})

describe('two places of one statement', () => {
  const all = header({
    parent: 'a',
    depends: 'x:y',
    label: 'l',
    lockTimeout: '2s',
    statementTimeout: '3s',
    transaction: 'off',
  })

  it('add up', () => {
    expect(
      mergeHeaders(
        header({ parent: 'a', transaction: 'off' }),
        header({ depends: 'x:y', label: 'l', lockTimeout: '2s', statementTimeout: '3s' }),
        'f',
      ),
    ).toEqual(all)
    expect(mergeHeaders(all, all, 'f')).toEqual(all)
  })

  it('may not contradict', () => {
    expect(() => mergeHeaders(all, header({ label: 'm' }), 'f')).toThrow(
      'f: label is l in the header line but m in the code',
    )
  })

  it('must be borne out by the module', () => {
    expect(() => checkStatement(all, emptyHeader, emptyHeader, 'f')).not.toThrow()
    expect(() => checkStatement(emptyHeader, all, all, 'f')).not.toThrow()
    expect(() => checkStatement(emptyHeader, header({ parent: 'a' }), emptyHeader, 'f')).toThrow(
      'f: parent is a in the text of the file but nothing in the loaded module',
    )
    expect(() => checkStatement(header({ parent: 'a' }), emptyHeader, header({ parent: [] }), 'f')).toThrow(
      'f: parent is a in the text of the file but base in the loaded module',
    )
    expect(() => checkStatement(emptyHeader, emptyHeader, header({ lockTimeout: '2s' }), 'f')).toThrow(
      'f: lock_timeout is nothing in the text of the file but 2s in the loaded module',
    )
  })
})
