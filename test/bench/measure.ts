// Times whole processes, contender by contender in turn, so that noise of the machine meets all of them alike.
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

export interface Contender {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Fed to stdin. */
  readonly input?: string
  /** Called before each round, not timed. */
  readonly prepare?: () => Promise<void>
}

export interface Timing {
  readonly name: string
  readonly min: number
  readonly median: number
}

function once(contender: Contender): Promise<number> {
  const [program, ...args] = contender.command
  const input = contender.input === undefined ? 'ignore' : openSync(contender.input, 'r')
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: [input, 'ignore', 'pipe'],
      cwd: contender.cwd,
      env: { ...process.env, NO_COLOR: '1', ...contender.env },
    })
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)))
    child.on('error', reject)
    child.on('close', code => {
      if (typeof input === 'number') closeSync(input)
      if (code === 0) resolve(performance.now() - began)
      else reject(new Error(`${contender.name} ended with ${code}: ${said}`))
    })
  })
}

/** @param rounds each contender runs that often, after one run that does not count */
export async function race(contenders: readonly Contender[], rounds: number, warm = true): Promise<Timing[]> {
  const times = new Map<string, number[]>(contenders.map(contender => [contender.name, []]))
  for (let round = warm ? -1 : 0; round < rounds; round++) {
    for (const contender of contenders) {
      await contender.prepare?.()
      const ms = await once(contender)
      if (round >= 0) times.get(contender.name)?.push(ms)
    }
  }
  return [...times].map(([name, list]) => {
    const sorted = list.toSorted((a, b) => a - b)
    return { name, min: sorted[0] as number, median: sorted[Math.floor(sorted.length / 2)] as number }
  })
}

/** One table: each contender beside the first of them. @param measure what the absolute figures are in */
export function print(title: string, timings: readonly Timing[], measure: 'ms' | 'µs' = 'ms'): void {
  const base = timings[0] as Timing
  process.stdout.write(`\n${title}   (× ${base.name})\n`)
  const width = Math.max(...timings.map(timing => timing.name.length))
  for (const { name, min, median } of timings) {
    const ratio = (median / base.median).toFixed(2).padStart(7)
    const best = (min / base.min).toFixed(2).padStart(7)
    process.stdout.write(
      `  ${name.padEnd(width)}  ${ratio} ×  (best of each ${best} ×)  median ${median.toFixed(0).padStart(6)} ${measure}\n`,
    )
  }
}
