// Empty databases to load schemas into. One that is still empty afterwards can be used again.
import type { Dialect, Scratch } from '../../dialect/dialect.ts'

export interface ScratchSource {
  /** An empty database of the kind that is compared. @throws GodwitError SCHEMA.SCRATCH_MISSING and what its making throws */
  take(): Promise<Scratch>
  /** Gives it back. `clean`: everything that was done in it was rolled back. Never throws. */
  give(scratch: Scratch, clean: boolean): Promise<void>
  /** Ends what is kept for another use. Never throws. */
  dispose(): Promise<void>
}

/** Scratch databases made by `make`, each used again while it is clean. */
export function scratchSource(make: () => Promise<Scratch>): ScratchSource {
  const clean: Scratch[] = []
  return {
    take: async () => clean.pop() ?? make(),
    async give(scratch, isClean) {
      if (isClean) clean.push(scratch)
      else await scratch.dispose()
    },
    async dispose() {
      for (const scratch of clean.splice(0)) await scratch.dispose()
    },
  }
}

/** Uses a scratch database and gives it back, whatever happens. `use` answers whether it left it clean. */
export async function withScratch<Result>(
  source: ScratchSource,
  use: (dialect: Dialect) => Promise<{ readonly result: Result; readonly clean: boolean }>,
): Promise<Result> {
  const scratch = await source.take()
  let clean = false
  try {
    const done = await use(scratch.dialect)
    clean = done.clean
    return done.result
  } finally {
    await source.give(scratch, clean)
  }
}
