// The conformance suite: what makes a store a store. A store that cannot run here is skipped with its reason.
import { describe } from 'vitest'
import { record } from '../../servers/databases.ts'
import type { StoreCase } from '../store/store.ts'
import { failureSuite } from './failure.ts'
import { lockSuite } from './lock.ts'
import { runSuite } from './run.ts'
import { sqlSuite } from './sql.ts'
import { truthSuite } from './truth.ts'

export async function conformance(store: StoreCase, options: { readonly sql: boolean }): Promise<void> {
  await record({ subject: store.name, ...(store.unavailable === undefined ? {} : { reason: store.unavailable }) })
  const title = store.unavailable === undefined ? store.name : `${store.name} (not tested: ${store.unavailable})`
  describe.skipIf(store.unavailable !== undefined)(title, () => {
    runSuite(store)
    failureSuite(store)
    lockSuite(store)
    truthSuite(store)
    describe.skipIf(!options.sql)(options.sql ? 'with SQL' : 'with SQL (capability sql: absent)', () => sqlSuite(store))
  })
}
