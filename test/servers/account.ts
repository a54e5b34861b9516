// Under which account servers run and where their files are. Database servers refuse to run as root,
// so root starts them as `nobody` on folders that belong to it.
import { chownSync, existsSync, mkdtempSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface Account {
  readonly uid: number
  readonly gid: number
}

/** The account for servers when this process is root; undefined = the own account. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : []
  const fields = lines.find(line => line.startsWith('nobody:'))?.split(':')
  return { uid: Number(fields?.[2] ?? 65534), gid: Number(fields?.[3] ?? 65534) }
}

/** Whether every account can reach what is in the folder. */
export function reachable(folder: string): boolean {
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}

/** A new empty folder that belongs to the servers' account. */
export function makeFolder(name: string): string {
  const account = serverAccount()
  const base = account && !reachable(tmpdir()) ? '/tmp' : tmpdir()
  const folder = mkdtempSync(join(base, `godwit-${name}-`))
  if (account) chownSync(folder, account.uid, account.gid)
  return folder
}
