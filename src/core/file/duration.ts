// Durations as people write them in headers: `500ms`, `2s`, `1.5min`, `1h`.

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }

/** Longest time a server setting can hold: PostgreSQL keeps milliseconds in 32 bits (about 24 days). */
const LONGEST = 2_147_483_647

/** Milliseconds, or undefined for text that is no duration between 1 ms and about 24 days. */
export function parseDuration(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/.exec(text)
  if (found === null) return undefined
  const ms = Math.round(Number(found[1]) * (UNITS[found[2] as string] as number))
  return ms >= 1 && ms <= LONGEST ? ms : undefined
}

/** The shortest exact spelling: 120000 → `2min`. */
export function formatDuration(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}min`
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}
