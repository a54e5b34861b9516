// Who this process is. While it has the file open no other process can, so that "not this process" is "gone".
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { SessionIdentity } from '../session.ts'

export function processIdentity(): SessionIdentity {
  return { backend: `${hostname()}:${process.pid}`, backendStart: startToken() }
}

/** The process of another lease cannot have the file open, whether it lives or not. */
export function isGone(holder: SessionIdentity, own: SessionIdentity): boolean {
  return holder.backend !== own.backend || holder.backendStart !== own.backendStart
}

/** Tells two processes with the same pid apart: containers start again and again with pid 1. */
function startToken(): string {
  try {
    const facts = readFileSync('/proc/self/stat', 'utf8')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    // The second field is the program's name in parentheses and may hold anything; the start time is field 22.
    return `${boot}/${facts.slice(facts.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`
  } catch {
    return ''
  }
}
