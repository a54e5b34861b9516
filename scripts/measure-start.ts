// Prints how long `godwit --version` takes beside a Node process that does nothing: the least and the median of 20 runs
// of each, taken in turn so that a busy machine slows both alike. Run it after a build: npx jiti scripts/measure-start.ts
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const RUNS = 20
const subjects = { 'node -e 0': ['-e', '0'], 'godwit --version': [program, '--version'] }
const times: Record<string, number[]> = {}

for (let run = -2; run < RUNS; run++) {
  for (const [name, args] of Object.entries(subjects)) {
    const start = process.hrtime.bigint()
    const { status } = spawnSync(process.execPath, args)
    const ms = Number(process.hrtime.bigint() - start) / 1e6
    if (status !== 0) throw new Error(`${name} ended with ${status}`)
    // The first two of each only warm the file cache.
    if (run >= 0) (times[name] ??= []).push(ms)
  }
}

const facts = Object.entries(times).map(([name, list]) => {
  const sorted = list.toSorted((a, b) => a - b)
  return { name, min: sorted[0] ?? 0, median: sorted[RUNS / 2] ?? 0 }
})
const [bare, ours] = facts
if (bare === undefined || ours === undefined) throw new Error('nothing was measured')
for (const { name, min, median } of facts)
  console.log(`${name.padEnd(18)} min ${min.toFixed(1)} ms  median ${median.toFixed(1)} ms`)
console.log(
  `${'ratio'.padEnd(18)} min ${(ours.min / bare.min).toFixed(2)}     median ${(ours.median / bare.median).toFixed(2)}`,
)
