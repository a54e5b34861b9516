// Starts a server process that cannot outlive the process that started it: a watchdog holds a pipe to us,
// and when that breaks, whatever the cause, it stops the server and removes its folder.
import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { type Account, serverAccount } from './account.ts'

export interface ServerProcess {
  readonly pid: number
  /** Resolves with the exit code, or null after a signal. */
  readonly exited: Promise<number | null>
  running(): boolean
  /** The last output, for error messages. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** Asks politely, after five seconds firmly; resolves when it is gone. */
  stop(): Promise<void>
}

export interface StartOptions {
  readonly command: string
  readonly args: readonly string[]
  /** Removed by the watchdog when this process dies. */
  readonly folder: string
  /** The polite way to end this server. */
  readonly stopSignal: NodeJS.Signals
  readonly env?: Readonly<Record<string, string>>
  readonly account?: Account | undefined
}

const watchdogScript = `
trap '' INT TERM HUP
cat >/dev/null
kill -s "$3" "$1" 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" 2>/dev/null || break; sleep 0.2; done
kill -s KILL "$1" 2>/dev/null
rm -rf "$2" || { sleep 1; rm -rf "$2"; }
`

/** @throws when the program cannot be started at all */
export async function startProcess(options: StartOptions): Promise<ServerProcess> {
  const account = options.account ?? serverAccount()
  const child = spawn(options.command, options.args, {
    cwd: options.folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...account,
  })
  let output = ''
  const add = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-4000))
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  let running = true
  const exited = new Promise<number | null>(resolve =>
    child.once('exit', code => {
      running = false
      resolve(code)
    }),
  )
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const pid = child.pid as number
  const signalName = options.stopSignal.replace('SIG', '')
  const watchdog = spawn('sh', ['-c', watchdogScript, 'watchdog', String(pid), options.folder, signalName], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  for (const one of [child, watchdog]) release(one)
  return {
    pid,
    exited,
    running: () => running,
    output: () => output,
    kill(signal) {
      child.ref()
      if (running) process.kill(pid, signal)
    },
    async stop() {
      watchdog.kill('SIGKILL')
      if (!running) return
      child.ref()
      process.kill(pid, options.stopSignal)
      const late = setTimeout(() => running && process.kill(pid, 'SIGKILL'), 5000)
      await exited
      clearTimeout(late)
    },
  }
}

/** A child must not keep this process alive. */
function release(child: ChildProcess): void {
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if (stream && 'unref' in stream) (stream as { unref(): void }).unref()
  }
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

/** A TCP port of the loopback address that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** Asks `ready` until it answers true. @throws when the server ends before, or after 60 seconds */
export async function untilReady(name: string, server: ServerProcess, ready: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000
  while (!(await ready())) {
    if (!server.running() || Date.now() > end) {
      await server.stop()
      throw new Error(`${name} did not start: ${server.output().trim()}`)
    }
    await new Promise(resolve => setTimeout(resolve, 25))
  }
}
