// One project of the suite: a fresh store, revisions given in code, and the library on top of them.
import type { Godwit } from '../../../src/api.ts'
import type { RunEvent } from '../../../src/engine/event.ts'
import type { RunHooks } from '../../../src/engine/hook.ts'
import { makeGodwit } from '../../../src/library/create.ts'
import { type MemoryRevision, memorySource } from '../../../src/source/memory.ts'
import type { FreshStore, StoreCase } from '../store/store.ts'

export interface ProjectOptions {
  readonly hooks?: RunHooks
  readonly lock?: { readonly waitMs: number; readonly ttlMs: number }
}

/** The library over these revisions, with a dialect value of its own. */
export function open(fresh: FreshStore, revisions: readonly MemoryRevision[], options: ProjectOptions = {}): Godwit {
  return makeGodwit({
    environment: 'test',
    protected: false,
    root: '/',
    ...(options.hooks ? { hooks: options.hooks } : {}),
    databases: [
      {
        name: 'main',
        dialect: fresh.dialect(),
        source: memorySource(revisions),
        naming: 'timestamp',
        timeZone: 'UTC',
        strictSequence: false,
        lock: options.lock ?? { waitMs: 20_000, ttlMs: 30_000 },
      },
    ],
  })
}

/** Runs `use` on a fresh store and disposes of it. */
export async function withStore(store: StoreCase, use: (fresh: FreshStore) => Promise<void>): Promise<void> {
  const fresh = await store.fresh()
  try {
    await use(fresh)
  } finally {
    await fresh.dispose()
  }
}

export const applied = async (godwit: Godwit): Promise<string[]> => {
  const [database] = (await godwit.status()).databases
  if (database?.error) throw database.error
  return database?.applied.map(row => row.id) ?? []
}

/** Events without what differs from run to run. */
export const eventNames = (events: readonly RunEvent[]) =>
  events.map(event => ('revision' in event ? `${event.type} ${event.revision}` : event.type))
