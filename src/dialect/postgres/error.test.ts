import { describe, expect, it } from 'vitest'
import { GodwitError } from '../../core/error.ts'
import { BatchFailure } from '../session.ts'
import { isConnectionError, mapError, markCancelled } from './error.ts'

const server = (code: string, fields: object = {}) => Object.assign(new Error('said the server'), { code, ...fields })

describe('mapError', () => {
  it.each([
    ['28P01', 'CONNECT.AUTHENTICATION_FAILED'],
    ['28000', 'CONNECT.AUTHENTICATION_FAILED'],
    ['3D000', 'CONNECT.DATABASE_MISSING'],
    ['53300', 'CONNECT.REFUSED'],
    ['57P01', 'CONNECT.LOST'],
    ['08006', 'CONNECT.LOST'],
    ['ECONNRESET', 'CONNECT.LOST'],
    ['ECONNREFUSED', 'CONNECT.REFUSED'],
    ['ENOTFOUND', 'CONNECT.REFUSED'],
    ['ETIMEDOUT', 'CONNECT.TIMEOUT'],
    ['55P03', 'RUN.LOCK_TIMEOUT'],
    ['57014', 'RUN.STATEMENT_TIMEOUT'],
    ['40P01', 'RUN.DEADLOCK'],
    ['53100', 'RUN.DISK_FULL'],
    ['42501', 'RUN.PERMISSION_DENIED'],
    ['25006', 'CONNECT.READ_ONLY'],
    ['25001', 'SQL.TRANSACTION_FORBIDDEN'],
    ['23505', 'RUN.STATEMENT_FAILED'],
  ])('takes %s for %s', (code, expected) => {
    expect(mapError(server(code), []).code).toBe(expected)
    expect(mapError(new BatchFailure(0, server(code)), []).code).toBe(expected)
  })

  it('tells our own cancel from a time-out', () => {
    const error = server('57014')
    markCancelled(error)
    expect(mapError(error, []).code).toBe('RUN.ABORTED')
  })

  it('keeps what the server explains, and masks the password everywhere', () => {
    const error = server('23505', {
      message: 'for pa55word',
      detail: 'Key (a)=(pa55word) exists',
      hint: 'try',
      table: 't',
    })
    const mapped = mapError(error, ['pa55word'])
    expect(mapped.meta).toMatchObject({ sqlstate: '23505', table: 't', hint: 'try' })
    expect(mapped.why).toContain('Key (a)=(***)')
    expect(JSON.stringify([mapped, mapped.message, String(mapped.cause)])).not.toContain('pa55word')
  })

  it('joins the attempts of several addresses', () => {
    const error = Object.assign(new AggregateError([new Error('connect ::1'), new Error('connect 127.0.0.1')]), {
      code: 'ECONNREFUSED',
    })
    expect(mapError(error, [])).toMatchObject({ code: 'CONNECT.REFUSED', message: 'connect ::1, connect 127.0.0.1' })
  })

  it('leaves a GodwitError as it is', () => {
    const error = new GodwitError('LOCK.LOST', 'x')
    expect(mapError(error, [])).toBe(error)
  })
})

describe('isConnectionError', () => {
  it('knows fatal errors and dead sockets from errors of a statement', () => {
    expect(isConnectionError(server('22012'))).toBe(false)
    expect(isConnectionError(server('22012', { severity: 'FATAL' }))).toBe(true)
    // What pg says without a code of the server or of the network.
    for (const message of [
      'Connection terminated',
      'Connection terminated unexpectedly',
      'Client has encountered a connection error and is not queryable',
      'Client was closed and is not queryable',
    ]) {
      expect(isConnectionError(new Error(message)), message).toBe(true)
      expect(mapError(new Error(message), []).code, message).toBe('CONNECT.LOST')
    }
  })
})
