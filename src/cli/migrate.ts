// `up` and `down`: the same steps in two directions. Consent, progress while it runs, one summary at the end.
import type { RunOptions } from '../api.ts'
import type { RunEvent } from '../engine/event.ts'
import { GodwitError } from '../core/error.ts'
import type { Call, Outcome } from './command.ts'
import { consentToEnvironment } from './consent.ts'
import { parseDuration } from './duration.ts'
import { outcomeOf, selection } from './select.ts'
import { makeProgress } from './view/progress.ts'
import { runView } from './view/run.ts'

export async function migrate(call: Call, direction: 'up' | 'down'): Promise<Outcome> {
  if (call.flags.sql) return printScript(call, direction)
  if (call.flags.from !== undefined)
    throw new GodwitError('CLI.USAGE_INVALID', '--from is only for --sql.', {
      why: 'Without --sql the journal of the database says what is applied. Nothing was run.',
      next: [`godwit ${direction} --sql --from ${call.flags.from}`],
    })
  const { godwit, loaded } = await call.open()
  // A dry run changes nothing that stays.
  const confirm = call.flags.dryRun ? undefined : await consentToEnvironment(call, loaded.config)
  const startedAt = Date.now()
  const names = call.flags.database ?? godwit.databases
  const several = names.length > 1
  const progress =
    call.emit !== undefined || call.flags.json || call.flags.quiet
      ? undefined
      : makeProgress({
          stream: call.io.stderr,
          style: call.errStyle,
          root: loaded.config.root,
          live: call.io.stderr.isTTY === true,
          several,
          parallel: several && call.flags.parallel === true,
          nameWidth: Math.max(0, ...names.map(name => name.length)),
          verbose: call.flags.verbose === true,
        })
  call.announceThrough(progress?.print)
  const on = call.emit ?? progress?.handle
  const waitMs = call.flags.lockWait === undefined ? undefined : parseDuration(call.flags.lockWait)
  const [target] = call.args
  const options: RunOptions = {
    ...selection(call),
    ...(target === undefined ? {} : { target }),
    ...(confirm === undefined ? {} : { confirm }),
    ...(call.flags.dryRun ? { dryRun: true } : {}),
    ...(call.flags.parallel ? { parallel: true } : {}),
    ...(waitMs === undefined ? {} : { lockWaitMs: waitMs }),
    // Someone watches: a statement is told when it ends, not when the server sends its answers.
    ...(call.emit !== undefined || call.io.stderr.isTTY ? { live: true } : {}),
    ...(on === undefined ? {} : { on: (event: RunEvent) => on(event) }),
  }
  try {
    const result = await godwit[direction](options)
    progress?.stop()
    const text = call.flags.quiet ? undefined : runView(result, call.style, Date.now() - startedAt)
    return outcomeOf(result, text)
  } finally {
    call.announceThrough(undefined)
    progress?.stop()
  }
}

/** The script goes to stdout as it is, so that it can be piped into a file or a client. */
async function printScript(call: Call, direction: 'up' | 'down'): Promise<Outcome> {
  for (const name of ['dryRun', 'parallel', 'lockWait'] as const) {
    if (!call.flags[name]) continue
    const flag = `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
    throw new GodwitError('CLI.USAGE_INVALID', `--sql and ${flag} do not go together.`, {
      why: '--sql only prints: no database is touched.',
      next: [`godwit ${direction} --sql`],
    })
  }
  const { godwit } = await call.open({ offline: true })
  const [target] = call.args
  const { from } = call.flags
  const scripts = await godwit.script({
    ...selection(call),
    direction,
    ...(target === undefined ? {} : { target }),
    ...(from === undefined ? {} : { from }),
  })
  const several = scripts.length > 1
  const text = scripts
    .map(({ database, sql }) => `${several ? `-- database: ${database}\n` : ''}${sql.trimEnd()}\n`)
    .join('\n')
  return { data: { databases: scripts.map(({ database, sql }) => ({ name: database, sql })) }, text }
}
