// Which revisions a label stands for. A label is declared once, at the foot of a branch, and goes up with it.
import type { Revision } from './revision.ts'

/**
 * Label → ids of its branch, in the order of `ids`. A revision belongs to a label when it declares it or when all its
 * parents belong to it. So a label ends below the merge that joins its branch with others, but survives a merge
 * of two heads of its own.
 *
 * `ids` must be in topological order.
 */
export function branchLabels(
  ids: readonly string[],
  get: (id: string) => Revision,
  parents: (id: string) => readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const branches = new Map<string, string[]>()
  const labelsOf = new Map<string, ReadonlySet<string>>()
  const none: ReadonlySet<string> = new Set()
  for (const id of ids) {
    const list = parents(id)
    const first = list[0]
    const inherited = first === undefined ? none : labelsOf.get(first)!
    // A single parent without own labels shares its set: a long chain makes one set, not thousands.
    const shared =
      list.length < 2
        ? inherited
        : intersection(
            inherited,
            list.map(parent => labelsOf.get(parent)!),
          )
    const own = get(id).labels
    const labels = own.length === 0 ? shared : new Set([...shared, ...own])
    labelsOf.set(id, labels)
    for (const label of labels) {
      const branch = branches.get(label)
      if (branch) branch.push(id)
      else branches.set(label, [id])
    }
  }
  return branches
}

function intersection(first: ReadonlySet<string>, others: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set([...first].filter(label => others.every(other => other.has(label))))
}
