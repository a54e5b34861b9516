#!/usr/bin/env node
// The program. It answers `--version` by itself, because Node's own start is then all that is paid; the rest is
// imported when it is needed. The only place with an exit code and with the process's streams.

/** The same as in core/version.ts, which shares a chunk with the engine; the package's test compares both with package.json. */
const version = '0.1.0'

const argv = process.argv.slice(2)

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) process.stdout.write(`${version}\n`)
else await start()

async function start(): Promise<void> {
  const { enableCompileCache } = (await import('node:module')) as { enableCompileCache?: () => unknown }
  enableCompileCache?.()
  // The SQL parser of PostgreSQL is WebAssembly. V8's optimising compiler would work on it in the background, for longer
  // than most runs take, and the process could not end before it (0.2 to 0.3 s on Node 20 and 22).
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--liftoff-only')
  // As Node 21 and newer have it. Without it `pg` makes a Response to find out where it runs, and Node 20 loads all of
  // fetch for that (30 ms).
  if (!('navigator' in globalThis))
    Object.assign(globalThis, { navigator: { userAgent: `Node.js/${process.versions.node}` } })
  let ours = false
  const end = (status: number): never => {
    ours = true
    return process.exit(status)
  }
  // A reader that went away (`godwit history | head`) is no failure of ours.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'EPIPE' ? 0 : 1))
  const { endedByCode, run } = await import('./start.ts')
  // Code of the user may end the process: the call must not look as if it had succeeded.
  process.on('exit', () => {
    if (!ours) process.exitCode = endedByCode(argv)
  })
  const code = await run(argv, {
    stdout: process.stdout,
    stderr: process.stderr,
    get stdin() {
      return process.stdin
    },
    cwd: process.cwd(),
    exit: end,
    onIdle(listener: () => void) {
      process.on('beforeExit', listener)
      return () => process.off('beforeExit', listener)
    },
    onUncaught(listener: (error: unknown) => void) {
      const events = ['uncaughtException', 'unhandledRejection'] as const
      for (const event of events) process.on(event, listener)
      return () => {
        for (const event of events) process.off(event, listener)
      }
    },
    onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void) {
      const signals = ['SIGINT', 'SIGTERM'] as const
      for (const signal of signals) process.on(signal, listener)
      return () => {
        for (const signal of signals) process.off(signal, listener)
      }
    },
  })
  // A driver may leave a handle behind; what was printed must still arrive whole.
  process.stdout.write('', () => process.stderr.write('', () => end(code)))
}
