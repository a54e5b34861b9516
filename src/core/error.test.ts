import { describe, expect, it } from 'vitest'
import { GodwitError, isGodwitError } from './error.ts'

describe('GodwitError', () => {
  it('exits as its code says, and as rolled back where that is known', () => {
    expect(new GodwitError('CONNECT.LOST', 'gone').exitCode).toBe(7)
    expect(new GodwitError('CONNECT.LOST', 'gone', { meta: { state: 'rolled-back' } }).exitCode).toBe(6)
    expect(new GodwitError('LOCK.HELD', 'held', { meta: { state: 'rolled-back' } }).exitCode).toBe(5)
  })

  it('prints its summary where nothing better is known, and whole sentences', () => {
    expect(new GodwitError('LOCK.HELD', 'held').toJSON()).toMatchObject({
      code: 'LOCK.HELD',
      why: 'Another runner holds the lock.',
    })
    expect(new GodwitError('LOCK.HELD', 'held', { why: 'it waits' }).why).toBe('It waits.')
  })

  it('is known by its shape', () => {
    const other = Object.assign(new Error('x'), { name: 'GodwitError', code: 'LOCK.HELD', next: [] })
    expect(isGodwitError(other)).toBe(true)
    expect(isGodwitError(new Error('x'))).toBe(false)
  })
})
