// What a run needs only when something is to be done. Loaded then, in one piece: most runs find nothing pending.
export { cancelOnStop } from './cancel.ts'
export { dryRun } from './dry-run.ts'
export { callHook, executePlan, hookContext } from './execute.ts'
export { acquireLease } from './lease.ts'
export { makeJournal } from './make-journal.ts'
export { recover, settlesItself } from './recover.ts'
export { isOneTransaction, prepareWork } from './work.ts'
