import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'
import { parseHeader } from './header.ts'

const failure = (text: string) => {
  try {
    parseHeader(text, 'm/a.sql')
  } catch (error) {
    const { code, message, why, where } = error as never as {
      code: string
      message: string
      why: string
      where: object
    }
    return { code, message, why, where }
  }
  throw new Error('nothing was refused')
}

describe('parseHeader', () => {
  it('reads every key', () => {
    const text = `\r
-- about\r
/* a block
   of words */
-- godwit: parent=a,b depends=analytics:20261101_base,x:y label=billing\r
`
    expect(
      parseHeader(
        `${text}  --godwit: transaction=off lock_timeout=2s statement_timeout=1.5min phase=expand irreversible="no \\"way\\" \\\\ back"\nSELECT 1`,
        'f',
      ),
    ).toEqual({
      parents: ['a', 'b'],
      depends: [
        { database: 'analytics', revision: '20261101_base' },
        { database: 'x', revision: 'y' },
      ],
      labels: ['billing'],
      options: {
        transaction: 'off',
        lockTimeoutMs: 2000,
        statementTimeoutMs: 90_000,
        phase: 'expand',
        irreversible: 'no "way" \\ back',
      },
    })
  })

  it('adds up lists over several lines', () => {
    expect(
      parseHeader('-- godwit: parent=a\n-- godwit: parent="b c" label=x,\n-- godwit:\n-- godwit: label=y', 'f'),
    ).toMatchObject({
      parents: ['a', 'b c'],
      labels: ['x', 'y'],
    })
  })

  it('knows a base from nothing said', () => {
    expect(parseHeader('-- godwit: parent=base', 'f').parents).toEqual([])
    expect(parseHeader('-- godwit: parent=', 'f').parents).toEqual([])
    expect(parseHeader('-- godwit: label=x', 'f').parents).toBeUndefined()
    expect(parseHeader('SELECT 1', 'f').parents).toBeUndefined()
  })

  it('reads code, after a first line for the shell', () => {
    expect(parseHeader('#!/usr/bin/env node\n/* x */\n// godwit: parent=a\nimport x', 'f').parents).toEqual(['a'])
  })

  it.each([
    ['SELECT 1;\n-- godwit: parent=a', 'a statement'],
    ['/* x */ SELECT 1;\n-- godwit: parent=a', 'a statement after a comment'],
    ['/* x\n */ SELECT 1;\n-- godwit: parent=a', 'a statement after a block comment'],
    ['/*! SET x */\n-- godwit: parent=a', 'a versioned comment'],
    ['/* x\n-- godwit: parent=a', 'an open comment'],
    ['a\n#!x\n-- godwit: parent=a', 'other text'],
  ])('ends the header at %j (%s)', text => {
    expect(parseHeader(text, 'f').parents).toBeUndefined()
  })

  it.each([
    ['-- x\n-- godwit: parent=a colour=red', 2, 21, 'unknown header key `colour`'],
    ['-- godwit: transaction=maybe', 1, 24, '`maybe` is no value for transaction'],
    ['-- godwit: phase=later', 1, 18, '`later` is no value for phase'],
    ['-- godwit: lock_timeout=0s', 1, 25, '`0s` is no value for lock_timeout'],
    ['-- godwit: statement_timeout=5', 1, 30, '`5` is no value for statement_timeout'],
    ['-- godwit: irreversible=" "', 1, 25, '` ` is no value for irreversible'],
    ['-- godwit: depends=base', 1, 20, '`base` names no revision of another database'],
    ['-- godwit: phase=expand\n-- godwit: phase=expand', 2, 12, 'the header gives phase twice'],
    ['-- godwit: parent=a and more', 1, 21, '`and` is not of the form key=value'],
    ['-- godwit: irreversible="open', 1, 12, '`irreversible="open` is not of the form key=value'],
  ])('refuses %j', (text, line, column, message) => {
    const found = failure(text)
    expect(found).toMatchObject({ code: 'FILE.HEADER_INVALID', message, where: { file: 'm/a.sql', line, column } })
    expect((found.where as { text: string }).text).toBe(text.split('\n')[line - 1])
  })

  it('lists the valid keys', () => {
    expect(failure('-- godwit: colour=red').why).toBe(
      'Valid keys: parent, depends, label, transaction, lock_timeout, statement_timeout, phase, irreversible. Nothing was run.',
    )
    expect(failure('-- godwit: parant=red').why).toContain('Did you mean parent?')
  })
})

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2000],
    ['1.5min', 90_000],
    ['1h', 3_600_000],
    ['0ms', undefined],
    ['0.1ms', undefined],
    ['700h', undefined],
    ['2', undefined],
    ['2m', undefined],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it('writes what it reads', () => {
    expect([120_000, 2000, 1500].map(formatDuration)).toEqual(['2min', '2s', '1500ms'])
  })
})
