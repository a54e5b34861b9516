// What may have been renamed: a thing that is gone and a thing that is new, of the same kind, in the same place, alike.
// Only ever a question: the answer is the user's.
import type { Change } from '../change/change.ts'
import type { SchemaObject } from '../model/object.ts'
import { canonicalJson, indexSnapshot, type Snapshot, type SnapshotIndex } from '../model/snapshot.ts'

export interface RenameCandidate {
  readonly before: SchemaObject
  readonly after: SchemaObject
  /** 0 … 1: how alike they are, names included. */
  readonly likeness: number
}

/** Kinds for which a rename keeps something that drop and create would lose. */
export const RENAMABLE: ReadonlySet<string> = new Set(['table', 'column'])

/** Beneath it the two have too little in common to ask. */
const ALIKE = 0.5

/** The likeliest pairs, each object in at most one. */
export function renameCandidates(
  changes: readonly Change[],
  before: Snapshot,
  after: Snapshot,
  kinds: ReadonlySet<string> = RENAMABLE,
): RenameCandidate[] {
  const old = indexSnapshot(before)
  const wanted = indexSnapshot(after)
  const gone = changes.flatMap(change =>
    change.type === 'drop' && kinds.has(change.before.kind) ? [change.before] : [],
  )
  const added = changes.flatMap(change =>
    change.type === 'create' && kinds.has(change.after.kind) ? [change.after] : [],
  )
  const pairs: RenameCandidate[] = []
  for (const before of gone) {
    for (const after of added) {
      if (before.kind !== after.kind || before.parent !== after.parent) continue
      const likeness = likenessOf(before, after, old, wanted)
      if (likeness >= ALIKE) pairs.push({ before, after, likeness })
    }
  }
  pairs.sort((a, b) => b.likeness - a.likeness || (a.before.key + a.after.key < b.before.key + b.after.key ? -1 : 1))
  const taken = new Set<string>()
  return pairs.filter(({ before, after }) => {
    if (taken.has(before.key) || taken.has(after.key)) return false
    taken.add(before.key)
    taken.add(after.key)
    return true
  })
}

function likenessOf(before: SchemaObject, after: SchemaObject, old: SnapshotIndex, wanted: SnapshotIndex): number {
  const name = nameLikeness(lastName(before), lastName(after))
  const parts = old.children(before.key)
  if (parts.length > 0 || wanted.children(after.key).length > 0) {
    const was = new Set(parts.map(partText))
    const is = new Set(wanted.children(after.key).map(partText))
    const common = [...was].filter(text => is.has(text)).length
    const share = common / Math.max(1, was.size + is.size - common)
    return share * 0.8 + name * 0.2
  }
  // A column of another type under another name is another column.
  if (canonicalJson(before.properties['type'] ?? null) !== canonicalJson(after.properties['type'] ?? null)) return 0
  const same = canonicalJson(before.properties) === canonicalJson(after.properties)
  const near = Math.abs((before.position ?? 0) - (after.position ?? 0)) <= 1
  return (same ? 0.4 : 0.2) + (near ? 0.2 : 0) + name * 0.4
}

/** A part without the name of its table. */
const partText = (part: SchemaObject): string =>
  canonicalJson([part.kind, lastName(part), part.properties['type'] ?? null])

const lastName = (object: SchemaObject): string => object.path.at(-1) ?? ''

/** Share of the pairs of letters that both names have (Sørensen–Dice). */
function nameLikeness(a: string, b: string): number {
  const left = pairsOf(a.toLowerCase())
  const right = pairsOf(b.toLowerCase())
  if (left.length === 0 || right.length === 0) return a === b ? 1 : 0
  const rest = [...right]
  let common = 0
  for (const pair of left) {
    const at = rest.indexOf(pair)
    if (at === -1) continue
    rest.splice(at, 1)
    common++
  }
  return (2 * common) / (left.length + right.length)
}

function pairsOf(text: string): string[] {
  const pairs: string[] = []
  for (let at = 0; at + 1 < text.length; at++) pairs.push(text.slice(at, at + 2))
  return pairs
}
