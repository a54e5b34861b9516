// What the stores behind a TCP protocol share: points are the messages of the run's connection, in a proxy's sight.
import type { Build } from '../build.ts'
import type { ChildJob } from '../child.ts'
import type { Splitter } from '../../../src/dialect/split.ts'
import type { Reader } from '../proxy/protocol.ts'
import { type CountedFrame, openTcpProxy, type TcpPlan } from '../proxy/tcp.ts'
import type { CrashStore, Glimpse, Moment, Place, Point, Scenario } from './store.ts'

/** A connection that outlives its client makes the next run wait for the lease: every n-th message is tried. */
const SURVIVOR_EVERY = 6

interface At {
  /** Number of the message. */
  readonly frame: number
  /** For `cut-short`: characters. */
  readonly length?: number
}

interface Found {
  readonly what: string
  readonly moment: Moment
  readonly at: At
}

async function messagePoints(frames: readonly CountedFrame[], split: Splitter): Promise<Found[]> {
  const found: Found[] = []
  for (const [frame, { text, asks, sql }] of frames.entries()) {
    const moments: Moment[] = ['before-send', 'half-sent', 'after-send']
    if (asks) moments.push('after-done', 'after-answer')
    if (asks && frame % SURVIVOR_EVERY === SURVIVOR_EVERY - 1) moments.push('survivor')
    for (const moment of moments) found.push({ what: text, moment, at: { frame } })
    if (sql === undefined) continue
    const [, ...rest] = await split(sql).catch(() => [])
    for (const { offset } of rest) found.push({ what: text, moment: 'cut-short', at: { frame, length: offset } })
  }
  return found
}

export function throughProxy(
  build: Build,
  reader: () => Reader,
  split: Splitter,
): Pick<CrashStore, 'learn' | 'messageOf' | 'strike'> {
  const open = (job: ChildJob, extra: { plan?: TcpPlan; before?: () => Promise<void> }) => {
    const { hostname: host, port } = new URL(job.url)
    return openTcpProxy({ host, port: Number(port), reader, ...extra })
  }
  const start = (job: ChildJob, port: number) => {
    const url = new URL(job.url)
    url.port = String(port)
    return build.spawn({ ...job, url: url.href })
  }
  return {
    async learn(_scenario: Scenario, place: Place, job: ChildJob, glimpse: Glimpse) {
      const proxy = await open(job, { before: () => glimpse(place) })
      try {
        const child = start(job, proxy.port)
        const ended = await child.ended
        if (ended !== 0) throw new Error(`the undisturbed run ended with ${ended}: ${child.output()}`)
        return await messagePoints(proxy.frames, split)
      } finally {
        await proxy.close()
      }
    },
    messageOf: ({ at }) => String((at as At).frame),
    async strike(point: Point, _place: Place, job: ChildJob) {
      let kill: () => Promise<unknown> = async () => undefined
      const { frame, length } = point.at as At
      const cut = length === undefined ? {} : { length }
      const plan = { at: frame, moment: point.moment, ...cut, kill: () => kill() }
      const proxy = await open(job, { plan })
      const child = start(job, proxy.port)
      kill = () => {
        child.process.kill('SIGKILL')
        return child.ended
      }
      const ended = await child.ended
      const hit = proxy.hit()
      const release = (): Promise<void> => proxy.close()
      if (hit === undefined) return { hit: false, instead: `the child ended with ${ended}: ${child.output()}`, release }
      if (hit !== point.what) return { hit: false, instead: `there was ${hit.slice(0, 200)}`, release }
      return { hit: true, release }
    },
  }
}
