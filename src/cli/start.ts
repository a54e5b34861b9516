// What main.ts loads unless it can answer by itself: in one piece, because each further file costs every start.
export { endedByCode } from './ended.ts'
export { run } from './run.ts'
