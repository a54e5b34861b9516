// Points in time at system calls, by strace: it writes down those on the files of a database, and ends a process at the
// entry of the n-th. Its counters are kept per thread and per system call (strace(1), "Tampering").
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'

/** Whatever changes a file or makes the change lasting. */
const CALLS =
  'write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,ftruncate,fallocate,openat,unlink,unlinkat,rename,renameat,renameat2,mkdir,rmdir'

export interface SystemCall {
  readonly call: string
  /** From 1, among the calls of this name of one thread. */
  readonly nth: number
  /** Its arguments, shortened. */
  readonly shown: string
}

/** Why system calls cannot be watched here, or undefined. Installs strace where that is allowed. */
export function straceUnavailable(): string | undefined {
  const works = (): boolean => spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' }).status === 0
  if (works()) return undefined
  if (process.platform !== 'linux') return `strace does not exist on ${process.platform}`
  const present = spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0
  if (present) return 'strace is not allowed to trace processes here'
  if (process.getuid?.() !== 0) return 'strace is not installed: apt-get install strace'
  spawnSync('apt-get', ['install', '-y', 'strace'], { stdio: 'ignore', timeout: 120_000 })
  return works() ? undefined : 'strace could not be installed'
}

const watching = (files: readonly string[]): string[] => [
  // Not with --seccomp-bpf: strace 6.1 then counts no injection for calls that are chosen by path.
  'strace',
  '-f',
  '-qq',
  ...files.flatMap(file => ['-P', file]),
  '-e',
  `trace=${CALLS}`,
  '-e',
  'signal=none',
]

/** A command line prefix that writes all such calls to `log`. */
export const recording = (files: readonly string[], log: string): string[] => [...watching(files), '-o', log]

/** A command line prefix that ends the process at this call. */
export const killing = (files: readonly string[], { call, nth }: SystemCall): string[] => [
  ...watching(files),
  '-o',
  '/dev/null',
  '-e',
  `inject=${call}:signal=KILL:when=${nth}`,
]

/** The calls of a recording in order; of several threads that come to the same number only the first is kept. */
export function readRecording(log: string): SystemCall[] {
  if (!existsSync(log)) return []
  const counts = new Map<string, number>()
  const seen = new Set<string>()
  const calls: SystemCall[] = []
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const found = /^(\d+)\s+(\w+)\((.*)$/.exec(line)
    if (!found) continue
    const [, thread, call = '', rest = ''] = found
    const nth = (counts.get(`${thread} ${call}`) ?? 0) + 1
    counts.set(`${thread} ${call}`, nth)
    if (seen.has(`${call} ${nth}`)) continue
    seen.add(`${call} ${nth}`)
    calls.push({ call, nth, shown: rest.replace(/"(?:[^"\\]|\\.)*"\.*/g, text => (text.includes('/') ? text : '…')) })
  }
  rmSync(log, { force: true })
  return calls
}
