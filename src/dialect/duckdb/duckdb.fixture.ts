// Temporary database files for the tests of this folder.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { BatchItem, Session, SqlSession } from '../session.ts'

const folder = mkdtempSync(join(tmpdir(), 'godwit-duckdb-'))
let files = 0

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Path of a file that does not exist yet. */
export function newFile(name = `d${++files}.duckdb`): string {
  return join(folder, name)
}

export function sqlOf(session: Session): SqlSession {
  if (session.sql === undefined) throw new Error('no SQL')
  return session.sql
}

export function statements(...texts: string[]): BatchItem[] {
  return texts.map(sql => ({ kind: 'statement', sql }))
}

/** The error a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}
