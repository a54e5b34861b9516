// The end of a re-embedding: the new collection takes the name that readers use, the old one is kept under another.
// Chroma renames one collection at a time; the gap between the two renames is stated, not hidden.
import type { ChromaClient } from '../client.ts'
import { exists, missing, refuseOwn, type Scope } from './effect.ts'

export interface SwitchNames {
  /** The name readers use. */
  readonly current: string
  /** The collection that shall have it. */
  readonly next: string
  /** The name the old collection is kept under. Must be free. */
  readonly keepOldAs: string
}

export function switchOperations({ client, step }: Scope) {
  return {
    /**
     * `next` becomes `current`; what was `current` becomes `keepOldAs`. One step, two requests.
     *
     * Between the two requests no collection has the name `current` (a few milliseconds; until the next `godwit up` if
     * the runner dies there). Chroma has no request that swaps names. A reader that looks the name up in this gap gets
     * "does not exist" and must try again. A reader that keeps a collection's id goes on with the old collection until
     * it looks the name up anew. If the second rename fails, the first is undone.
     *
     * @example
     * up: m => m.switchCollection({ current: 'docs', next: 'docs_v2', keepOldAs: 'docs_v1' })
     * down: m => m.switchCollection({ current: 'docs', next: 'docs_v1', keepOldAs: 'docs_v2' })
     * @throws GodwitError CHROMA.COLLECTION_MISSING CHROMA.COLLECTION_EXISTS
     */
    async switchCollection(names: SwitchNames): Promise<void> {
      const { current, next, keepOldAs } = names
      await step(`switch ${current} to ${next}, keep the old as ${keepOldAs}`, again => effect(client, names, again))
    },
  }
}

async function effect(client: ChromaClient, names: SwitchNames, again: boolean): Promise<void> {
  refuseOwn(names.current, names.next, names.keepOldAs)
  const [current, next, old] = await Promise.all(
    [names.current, names.next, names.keepOldAs].map(name => client.findCollection(name)),
  )
  // Both renames were done, and only the record of it is missing.
  if (again && current && !next && old) return
  if (current && next && old) throw exists(names.keepOldAs)
  if (!next) throw missing(names.next)
  if (current) await client.modifyCollection(current.id, { name: names.keepOldAs })
  else if (!(again && old)) throw missing(names.current)
  const kept = current ?? old
  try {
    await client.modifyCollection(next.id, { name: names.current })
  } catch (error) {
    // Readers come first: the name must not stay without a collection. When this fails too, the next attempt ends it.
    if (kept) await client.modifyCollection(kept.id, { name: names.current }).catch(() => undefined)
    throw error
  }
}
