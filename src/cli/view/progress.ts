// A run while it goes on, on stderr. On a terminal the running line is redrawn in place; in a pipe lines are only added,
// and a statement that takes long says so from time to time.
import { describeBlockers } from '../../dialect/blocker.ts'
import type { RunEvent } from '../../engine/event.ts'
import { formatDuration } from '../duration.ts'
import type { OutStream } from '../io.ts'
import { padTo, shorten, type Style } from '../style.ts'
import { count, shownTarget } from './place.ts'

interface Running {
  readonly revision: string
  readonly startedAt: number
  readonly total: number
  index: number
  text: string
  statementAt: number
  rows: number
  nextNoteMs: number
  /** Whom the statement waits for; empty when for nobody. */
  blocked: string
}

interface Lane {
  revisions: readonly string[]
  direction: 'up' | 'down'
  width: number
  running: Running | undefined
  waiting: string | undefined
}

export interface ProgressOptions {
  readonly stream: OutStream
  readonly style: Style
  readonly root: string
  /** Redraw in place. */
  readonly live: boolean
  /** Several databases are in the run: each has a heading. */
  readonly several: boolean
  /** They run at the same time: each line names its database. */
  readonly parallel: boolean
  /** Columns of the longest database name. */
  readonly nameWidth: number
  /** Also a line for each statement. */
  readonly verbose: boolean
}

export interface Progress {
  handle(event: RunEvent): void
  /** One line that stays, above the running line. */
  print(line: string): void
  /** Takes the running line away. */
  stop(): void
}

const REDRAW_MS = 100
const FIRST_NOTE_MS = 10_000

export function makeProgress(options: ProgressOptions): Progress {
  const { stream, style, live, verbose } = options
  const lanes = new Map<string, Lane>()
  let drawn = 0
  let printed = 0
  let frame = 0

  const erase = (): void => {
    if (drawn > 0) stream.write(`\u001b[${drawn}A\u001b[0J`)
    drawn = 0
  }
  const print = (line: string): void => {
    erase()
    stream.write(`${line.trimEnd()}\n`)
    printed++
    draw()
  }
  const prefix = (database: string): string =>
    options.parallel ? `${style.bold(padTo(database, options.nameWidth))}  ` : ''

  function draw(): void {
    if (!live) return
    const lines: string[] = []
    for (const [name, lane] of lanes) {
      const spin = style.cyan(style.symbols.spinner[frame % style.symbols.spinner.length] ?? '')
      if (lane.running !== undefined) lines.push(`  ${spin} ${prefix(name)}${runningText(lane, lane.running)}`)
      else if (lane.waiting !== undefined) lines.push(`  ${spin} ${prefix(name)}${lane.waiting}`)
    }
    erase()
    for (const line of lines) stream.write(`${line}\n`)
    drawn = lines.length
  }

  function runningText(lane: Lane, running: Running): string {
    const position = `${lane.revisions.indexOf(running.revision) + 1}/${lane.revisions.length}`
    const step = running.total > 1 ? `${Math.min(running.index + 1, running.total)}/${running.total}  ` : ''
    const rows = running.rows > 0 ? `  ${count(running.rows, 'row')}` : ''
    const time = formatDuration(Math.floor((Date.now() - running.startedAt) / 100) * 100)
    const name = padTo(running.revision, lane.width)
    const head = `${position}  ${name}  ${step}`
    const room =
      style.width - head.length - rows.length - time.length - 8 - (options.parallel ? options.nameWidth + 2 : 0)
    const text = running.blocked || running.text
    return `${head}${style.dim(`${room > 8 && text !== '' ? `${shorten(text, room, style)}  ` : ''}${time}${rows}`)}`
  }

  function noteSlow(): void {
    for (const [name, lane] of lanes) {
      const running = lane.running
      if (running === undefined) continue
      const ms = Date.now() - running.statementAt
      if (ms < running.nextNoteMs) continue
      running.nextNoteMs *= 2
      print(
        `  ${style.symbols.pending} ${prefix(name)}${running.revision}  still running after ${formatDuration(ms)}: ${shorten(running.text, 60, style)}`,
      )
    }
  }

  const timer = setInterval(
    () => {
      frame++
      if (live) draw()
      else noteSlow()
    },
    live ? REDRAW_MS : 1000,
  )
  timer.unref()

  function handle(event: RunEvent): void {
    const lane = lanes.get(event.database) ?? {
      revisions: [],
      direction: 'up' as const,
      width: 0,
      running: undefined,
      waiting: undefined,
    }
    lanes.set(event.database, lane)
    switch (event.type) {
      case 'connected':
        if (!verbose && !options.several) return
        if (printed > 0 && !options.parallel) print('')
        print(`${style.bold(event.database)}  ${style.dim(`${shownTarget(event.url, options.root)}  ${event.server}`)}`)
        return
      case 'planned':
        lane.revisions = event.revisions
        lane.direction = event.direction
        lane.width = Math.max(0, ...event.revisions.map(id => id.length))
        return
      case 'lock-waiting': {
        const holder = event.by === undefined ? 'another runner' : event.by.holder
        lane.waiting = `waiting for ${holder}, ${formatDuration(event.waitedMs)}`
        if (live) draw()
        else print(`  ${style.symbols.pending} ${prefix(event.database)}${lane.waiting}`)
        return
      }
      case 'survivor': {
        const doing = event.ending ? 'ending' : 'waiting for'
        lane.waiting = `${doing} a former run's connection that is still at work (${event.holder}), ${formatDuration(event.waitedMs)}${
          event.statement === undefined ? '' : `: ${shorten(event.statement, 60, style)}`
        }`
        if (live) draw()
        else print(`  ${style.symbols.pending} ${prefix(event.database)}${lane.waiting}`)
        return
      }
      case 'recovered': {
        lane.waiting = undefined
        const step = event.step === 0 ? '' : ` step ${event.step}`
        const words = {
          done: `${step} of an earlier run is done`,
          'not-done': `${step} of an earlier run is not done`,
          cleaned: `${step}: removed what an earlier run left`,
        }[event.outcome]
        print(`  ${style.symbols.partial} ${prefix(event.database)}${event.revision} ${words}`)
        for (const sentence of event.evidence) print(style.dim(`      ${sentence}`))
        return
      }
      case 'lock-acquired':
        lane.waiting = undefined
        return
      case 'waiting-for':
        lane.waiting = `${event.revision} waits for ${event.depends.join(', ')}`
        if (live) draw()
        else print(`  ${style.symbols.pending} ${prefix(event.database)}${lane.waiting}`)
        return
      case 'revision-start':
        lane.waiting = undefined
        lane.running = {
          revision: event.revision,
          startedAt: Date.now(),
          total: event.statements,
          index: event.resumedAt ?? 0,
          text: '',
          statementAt: Date.now(),
          rows: 0,
          nextNoteMs: FIRST_NOTE_MS,
          blocked: '',
        }
        if (event.resumedAt !== undefined && event.resumedAt > 0)
          print(
            `  ${style.symbols.partial} ${prefix(event.database)}${event.revision}  goes on after ${count(event.resumedAt, 'statement')} of an earlier run`,
          )
        return
      case 'statement-start':
        if (lane.running === undefined) return
        Object.assign(lane.running, {
          index: event.index,
          text: event.text,
          statementAt: Date.now(),
          nextNoteMs: FIRST_NOTE_MS,
          blocked: '',
        })
        return
      case 'statement-end':
        if (lane.running === undefined) return
        lane.running.index = event.index + 1
        lane.running.rows += event.rows ?? 0
        if (verbose)
          print(
            style.dim(
              `      ${shorten(lane.running.text, 70, style)}  ${formatDuration(event.ms)}${event.rows ? `  ${count(event.rows, 'row')}` : ''}`,
            ),
          )
        return
      case 'blocked': {
        const text = event.by.length === 0 ? '' : describeBlockers(event.by)
        // In one line of a terminal there is no room for all of it.
        if (text !== '' && text !== lane.running?.blocked)
          print(`  ${style.symbols.pending} ${prefix(event.database)}${event.revision}  ${text}`)
        if (lane.running !== undefined) lane.running.blocked = text
        return
      }
      case 'revision-end': {
        const running = lane.running
        lane.running = undefined
        print(endLine(event, lane, running))
        return
      }
      case 'revision-failed': {
        lane.running = undefined
        const words = {
          'rolled-back': 'failed and was rolled back',
          partial: 'failed half way',
          'in-doubt': 'stopped, in doubt',
        }[event.state]
        print(
          `  ${style.red(style.symbols.failed)} ${prefix(event.database)}${positionOf(event.revision, lane)}${padTo(event.revision, lane.width)}  ${style.red(words)}  ${style.dim(formatDuration(event.ms))}`,
        )
        return
      }
      case 'retry':
        print(
          `  ${style.yellow(style.symbols.warning)} ${prefix(event.database)}${event.revision}  ${event.reason}; try ${event.attempt + 1} in ${formatDuration(event.delayMs)}`,
        )
        return
      case 'log':
        print(`    ${prefix(event.database)}${style.dim(`${event.revision}:`)} ${event.message}`)
        return
      case 'done':
        lane.running = undefined
        lane.waiting = undefined
        if (live) draw()
        return
    }
  }

  function endLine(
    event: Extract<RunEvent, { type: 'revision-end' }>,
    lane: Lane,
    running: Running | undefined,
  ): string {
    const symbol = {
      applied: style.symbols.applied,
      undone: style.symbols.undone,
      tried: style.symbols.tried,
      stamped: style.symbols.applied,
    }[event.state]
    const paint = event.state === 'undone' ? style.yellow : style.green
    const word = { applied: '', undone: 'undone', tried: 'tried', stamped: 'stamped' }[event.state]
    const facts = [
      word,
      running === undefined || running.total === 0 ? '' : count(running.total, 'statement'),
      running === undefined || running.rows === 0 ? '' : count(running.rows, 'row'),
      event.state === 'stamped' ? '' : formatDuration(event.ms),
    ]
    return `  ${paint(symbol)} ${prefix(event.database)}${positionOf(event.revision, lane)}${padTo(event.revision, lane.width)}  ${style.dim(facts.filter(fact => fact !== '').join('  '))}`
  }

  function positionOf(revision: string, lane: Lane): string {
    const total = String(lane.revisions.length)
    const at = lane.revisions.indexOf(revision)
    return at < 0 ? '' : `${String(at + 1).padStart(total.length)}/${total}  `
  }

  return {
    handle,
    print,
    stop() {
      clearInterval(timer)
      erase()
      if (printed > 0) stream.write('\n')
      printed = 0
    },
  }
}
