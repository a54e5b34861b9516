// What the library does on request only. Loaded in one piece with the first such call, so that `up`, `down` and
// `status`, which run at each start of an application, do not wait for it.
export { breakLock, readLock } from '../engine/lock-verb.ts'
export { databaseHistory, showRevision } from '../engine/read-history.ts'
export { repairDatabase } from '../engine/repair.ts'
export { offlineScript } from '../engine/script.ts'
export { stampDatabase } from '../engine/stamp.ts'
export { verifyDatabase } from '../engine/verify.ts'
export { writeMerge, writeNew, writeRebase } from './author.ts'
