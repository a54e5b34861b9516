// One DuckDB instance per file and process. DuckDB's file lock does not hold within a process, so that two
// instances of one file would damage it; and a file that stays open keeps every other process out, so that the
// instance is closed with its last session.
import { accessSync, constants, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { GodwitError } from '../../core/error.ts'
import type { OpenOptions } from '../dialect.ts'
import { type DuckDBInstance, loadDuckdb } from './driver.ts'
import { mapDuckdbError } from './error.ts'
import type { ResolvedSettings } from './settings.ts'

export interface HeldInstance {
  readonly instance: DuckDBInstance
  /** Gives it back; the last one closes the file. */
  release(): void
}

interface Entry {
  readonly opening: Promise<DuckDBInstance>
  readonly readOnly: boolean
  users: number
}

// Two copies of the package in one process must agree on who has the file open.
const key = Symbol.for('godwit.duckdb.instances')
const entries: Map<string, Entry> = ((globalThis as Record<symbol, unknown>)[key] ??= new Map()) as Map<string, Entry>

/** @throws GodwitError LOCK.HELD, CONNECT.*, CONFIG.*, RUN.ABORTED */
export async function holdInstance(settings: ResolvedSettings, options: OpenOptions): Promise<HeldInstance> {
  const { path } = settings
  const readOnly = settings.readOnly || (options.purpose === 'read' && !writable(path))
  if (!readOnly && options.purpose !== 'read') refuseFolder(settings)
  if (settings.readOnly && options.purpose !== 'read') {
    throw new GodwitError('CONNECT.READ_ONLY', `${settings.target} can only be read`, {
      why: 'it is configured with readOnly; nothing was changed',
    })
  }
  let entry = entries.get(path)
  if (entry === undefined) {
    const lockWaitMs = options.lockWaitMs ?? settings.lockWaitMs
    entry = { opening: waitForFile(settings, readOnly, lockWaitMs, options.signal), readOnly, users: 0 }
    entries.set(path, entry)
  } else if (entry.readOnly && !readOnly) {
    throw new GodwitError('CONNECT.READ_ONLY', `${settings.target} is open for reading only in this process`, {
      why: 'DuckDB opens a file once in a process; close the other session first',
    })
  }
  const held = entry
  held.users++
  try {
    const instance = await held.opening
    let released = false
    return {
      instance,
      release() {
        if (released) return
        released = true
        if (--held.users > 0) return
        entries.delete(path)
        instance.closeSync()
      },
    }
  } catch (error) {
    held.users--
    if (entries.get(path) === held) entries.delete(path)
    throw error
  }
}

async function waitForFile(
  settings: ResolvedSettings,
  readOnly: boolean,
  lockWaitMs: number,
  signal: AbortSignal | undefined,
): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await loadDuckdb()
  const config = { ...settings.config, ...(readOnly ? { access_mode: 'READ_ONLY' } : {}) }
  const end = performance.now() + lockWaitMs
  for (let pause = 20; ; pause = Math.min(pause * 2, 250)) {
    if (signal?.aborted) throw new GodwitError('RUN.ABORTED', 'stopped while waiting for the database file')
    try {
      if (!readOnly) await makeWhole(settings)
      // The driver's own cache shares the file with an application in this process that uses it too.
      return await DuckDBInstance.fromCache(settings.path, config)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (!message.includes(LOCKED)) throw openingError(settings, error)
      if (performance.now() >= end) throw heldError(settings, lockWaitMs, message, error)
    }
    await new Promise<void>(resolve => {
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, pause * (0.5 + Math.random()))
      signal?.addEventListener('abort', done)
    })
  }
}

/**
 * DuckDB writes a new file in several blocks, and opens a file that ends between them never again (1.5, killed after
 * the second of three blocks): a missing file is made under another name and takes its own when it is whole.
 */
async function makeWhole({ path, config }: ResolvedSettings): Promise<void> {
  if (path === ':memory:') return
  const part = `${path}.godwit-new`
  const clear = () => {
    for (const left of [part, `${part}.wal`]) rmSync(left, { force: true })
  }
  if (existsSync(path) || existsSync(`${path}.wal`)) {
    // Whoever was killed after it gave the name left the other one.
    if (existsSync(part)) clear()
    return
  }
  const { DuckDBInstance } = await loadDuckdb()
  const make = async () => (await DuckDBInstance.create(part, config)).closeSync()
  const unlessMade = (error: unknown) => {
    if (!existsSync(path)) throw error
  }
  await make().catch(async (error: unknown) => {
    // Another process has made it meanwhile, or is making it at this moment: then the caller waits.
    if (existsSync(path)) return
    if (String(error).includes(LOCKED)) throw error
    // What a killed process began opens never again, and nothing is in it.
    clear()
    await make().catch(unlessMade)
  })
  // A link never replaces what another process has made meanwhile.
  try {
    linkSync(part, path)
  } catch {
    if (!existsSync(path)) renameSync(part, path)
  }
  clear()
}

const LOCKED = 'Could not set lock on file'

function heldError(settings: ResolvedSettings, lockWaitMs: number, message: string, cause: unknown): GodwitError {
  const [, program, pid] = /held in (.*?) \(PID (\d+)\)/.exec(message) ?? []
  const who = pid === undefined ? 'another process' : `process ${pid} (${program})`
  return new GodwitError('LOCK.HELD', `${settings.target} is open in ${who}`, {
    why: `DuckDB lets one process at a time write a file; waited ${lockWaitMs} ms. Nothing was changed`,
    next: [...(pid === undefined ? [] : [`ps -p ${pid}`]), 'godwit up --lock-wait 5min'],
    meta: pid === undefined ? {} : { pid: Number(pid) },
    cause,
  })
}

function openingError(settings: ResolvedSettings, error: unknown): GodwitError {
  const mapped = mapDuckdbError(error)
  const { message } = mapped
  if (message.includes('options were not recognized')) {
    return new GodwitError('CONFIG.FILE_INVALID', `${settings.target}: ${message}`, { cause: error })
  }
  const readOnly = message.includes('Permission denied') || message.includes('Read-only file system')
  return new GodwitError(readOnly ? 'CONNECT.READ_ONLY' : 'CONNECT.FILE_INVALID', `${settings.target}: ${message}`, {
    why: 'DuckDB cannot open the file; nothing was changed',
    cause: error,
  })
}

function refuseFolder(settings: ResolvedSettings): void {
  if (settings.path === ':memory:') return
  const folder = dirname(settings.path)
  if (!existsSync(folder)) {
    throw new GodwitError('CONNECT.FILE_INVALID', `${settings.target} cannot be opened`, {
      why: `the folder ${folder} does not exist`,
      next: [`mkdir -p ${folder}`],
    })
  }
  if (statSync(settings.path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new GodwitError('CONNECT.FILE_INVALID', `${settings.target} cannot be opened`, { why: 'it is a folder' })
  }
  for (const path of [existsSync(settings.path) ? settings.path : folder, folder]) {
    if (writable(path)) continue
    throw new GodwitError('CONNECT.READ_ONLY', `${settings.target} can only be read`, {
      why: `this user may not write the ${path === folder ? 'folder' : 'file'} ${path}; nothing was changed`,
    })
  }
}

/** Asks for the right only: a file that this process opened and closed would lose DuckDB's lock on it. */
function writable(path: string): boolean {
  if (path === ':memory:') return true
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
