// A real Chroma server from the npm package chromadb, whose native binding holds the server itself.
// Version 3.0.3 is the last one whose binding loads on glibc 2.34 (Debian 12 has 2.36).
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, reachable, serverAccount } from './account.ts'
import { install, packageFolder } from './install.ts'
import { serve, type Server } from './postgres.ts'
import { freePort, startProcess, untilReady } from './process.ts'

const bindings: Readonly<Record<string, string>> = {
  'darwin arm64': 'chromadb-js-bindings-darwin-arm64',
  'darwin x64': 'chromadb-js-bindings-darwin-x64',
  'linux arm64': 'chromadb-js-bindings-linux-arm64-gnu',
  'linux x64': 'chromadb-js-bindings-linux-x64-gnu',
}

const bindingFolder = (): string => packageFolder('chroma', bindings[`${process.platform} ${process.arch}`] ?? 'none')

/** Why Chroma cannot run here, or undefined. Installs it when it is missing. */
export async function chromaUnavailable(): Promise<string | undefined> {
  const failed = await install('chroma')
  if (failed) return failed
  return existsSync(bindingFolder()) ? undefined : `chromadb has no server for ${process.platform} ${process.arch}`
}

/** @throws with the reason when the server cannot run here */
export async function startChroma(): Promise<Server> {
  const reason = await chromaUnavailable()
  if (reason) throw new Error(reason)
  const folder = makeFolder('chroma')
  const port = await freePort()
  const binding = bindingFolder()
  // Chroma has no objection to root; an account that cannot read the binding has.
  const account = serverAccount() && !reachable(binding) ? { uid: 0, gid: 0 } : undefined
  const code = 'require(process.argv[1]).cli(["chroma", ...process.argv.slice(2)])'
  const args = ['-e', code, binding, 'run', '--path', join(folder, 'data'), '--host', '127.0.0.1']
  args.push('--port', String(port))
  const url = `http://127.0.0.1:${port}`
  return serve('Chroma', { url, port, folder }, async () => {
    const env = { ANONYMIZED_TELEMETRY: 'False', HOME: folder }
    const command = process.execPath
    const server = await startProcess({ command, args, folder, stopSignal: 'SIGTERM', env, account })
    const ready = (): Promise<boolean> =>
      fetch(`${url}/api/v2/heartbeat`).then(
        answer => answer.ok,
        () => false,
      )
    await untilReady('Chroma', server, ready)
    return server
  })
}
