import { describe, expect, it } from 'vitest'
import { syntaxPlace } from './syntax-place.ts'

const error = (near: string, line: number): string => `You have an error; … to use near '${near}' at line ${line}`

describe('syntaxPlace', () => {
  it('finds the text in its line', () => {
    const sql = "SELECT 1,\n  'ü😀' FORM t,\n FORM t"
    expect(syntaxPlace(error('FORM t,\n FORM t', 2), sql, '').offset).toBe(sql.indexOf('FORM'))
  })

  it('takes the end of the statement for an empty text', () => {
    expect(syntaxPlace(error('', 3), 'CREATE TABLE x (', ';\nSELECT 1').offset).toBe(16)
  })

  it('says nothing where two places fit, none fits, or the message is of another kind', () => {
    expect(syntaxPlace(error('x', 1), 'x x', '').offset).toBeUndefined()
    expect(syntaxPlace(error('y', 1), 'x x', '').offset).toBeUndefined()
    expect(syntaxPlace(error('x', 9), 'x', '').offset).toBeUndefined()
    expect(syntaxPlace("Unknown column 'x'", 'x', '').offset).toBeUndefined()
  })

  it('does not show what followed the statement', () => {
    const place = syntaxPlace(
      error('VALEUS (1);\nINSERT INTO godwit_st...', 1),
      'INSERT INTO t VALEUS (1)',
      ';\nINSERT INTO godwit_step VALUES (2)',
    )
    expect(place.offset).toBe(14)
    expect(place.message).toMatch(/near 'VALEUS \(1\)' at line 1$/)
  })

  it('keeps dots that are part of the statement', () => {
    expect(syntaxPlace(error('+ ...', 1), 'SELECT 1 + ...', '').offset).toBe(9)
  })
})
