// Who this process is, in a way that another process on the same machine can prove to be gone.
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { SessionIdentity } from '../session.ts'

/** `host:pid`, and a token that another process with the same pid cannot have. */
export function processIdentity(): SessionIdentity {
  return { backend: `${hostname()}:${process.pid}`, backendStart: startToken(process.pid) }
}

/**
 * True only when it is proven: the same machine since the same boot, the same space of process ids (containers
 * share a host name more often than one thinks), and no process of that pid and start time.
 */
export function isGone(holder: SessionIdentity): boolean {
  const at = holder.backend.lastIndexOf(':')
  const pid = Number(holder.backend.slice(at + 1))
  if (at < 0 || holder.backend.slice(0, at) !== hostname() || !Number.isInteger(pid) || pid <= 0) return false
  if (!exists(pid)) return sameSpace(holder.backendStart, startToken(process.pid))
  const now = startToken(pid)
  return now !== '' && sameSpace(holder.backendStart, now) && holder.backendStart !== now
}

/** `boot/pid-space/start` on Linux (proc(5)); elsewhere empty, and only the pid counts. */
function startToken(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    const space = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
    const facts = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses and may hold anything; the start time is field 22.
    const start = facts.slice(facts.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    return `${boot}/${space}/${start}`
  } catch {
    return ''
  }
}

function sameSpace(left: string, right: string): boolean {
  const space = (token: string): string => token.slice(0, token.lastIndexOf('/'))
  return space(left) === space(right)
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: unknown }).code !== 'ESRCH'
  }
}
