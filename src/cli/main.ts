#!/usr/bin/env node
// The program. It answers `--version` by itself, because Node's own start is then all that is paid; the rest is
// imported when it is needed. The only place with an exit code and with the process's streams.
import { version } from '../core/version.ts'

const argv = process.argv.slice(2)

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) process.stdout.write(`${version}\n`)
else await start()

async function start(): Promise<void> {
  const { enableCompileCache } = (await import('node:module')) as { enableCompileCache?: () => unknown }
  enableCompileCache?.()
  // A reader that went away (`godwit history | head`) is no failure of ours.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const { run } = await import('./run.ts')
  const code = await run(argv, {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    cwd: process.cwd(),
    exit: (status: number) => process.exit(status),
    onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void) {
      const signals = ['SIGINT', 'SIGTERM'] as const
      for (const signal of signals) process.on(signal, listener)
      return () => {
        for (const signal of signals) process.off(signal, listener)
      }
    },
  })
  // A driver may leave a handle behind; what was printed must still arrive whole.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
}
