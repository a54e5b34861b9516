// From what the headers say to the parents a revision has: names are resolved, missing headers filled in
// from the order of names. What cannot be resolved is collected, not thrown.
import type { IdMatcher } from './match.ts'
import type { Problem } from './problem.ts'
import type { Revision } from './revision.ts'
import { didYouMean, nameList, suggestNames } from './wording.ts'

// Searching for similar names costs a look at every id; after so many faults nobody reads the suggestions.
const suggestedProblems = 20

export interface ResolvedParents {
  /** In the order of `ids`; each list without repetitions, in the order of the header. */
  readonly parents: readonly (readonly string[])[]
  readonly problems: readonly Problem[]
}

/** `ids` are all ids in the order of names. */
export function resolveParents(
  ids: readonly string[],
  get: (id: string) => Revision,
  matcher: IdMatcher,
): ResolvedParents {
  const problems: Problem[] = []
  const parents = ids.map((id, index) => {
    const revision = get(id)
    if (revision.parents === undefined) return index === 0 ? [] : [ids[index - 1]!]
    const resolved = new Set<string>()
    for (const text of revision.parents) {
      // A revision is never meant by a short name in its own header; written out in full it is a cycle.
      const found = text === id ? [id] : matcher.match(text).filter(candidate => candidate !== id)
      if (found.length === 1) resolved.add(found[0]!)
      else problems.push(parentUnknown(revision, text, found, problems.length < suggestedProblems ? ids : []))
    }
    return [...resolved]
  })
  return { parents, problems }
}

function parentUnknown(revision: Revision, text: string, found: readonly string[], ids: readonly string[]): Problem {
  const suggestions =
    found.length > 0
      ? found
      : suggestNames(
          text,
          ids.filter(id => id !== revision.id),
        )
  const fault = found.length > 0 ? `which can be ${nameList(found)}` : 'which does not exist'
  const advice = found.length > 0 ? 'Write the parent out in full.' : didYouMean(suggestions)
  return {
    code: 'GRAPH.PARENT_UNKNOWN',
    message: `revision ${revision.id} names the parent ${text === '' ? '""' : text}, ${fault}`,
    details: {
      why: ['Without its parent a revision has no place in the history. No revision was run.', advice]
        .filter(sentence => sentence !== undefined)
        .join(' '),
      next: ['godwit verify'],
      ...(revision.file === undefined ? {} : { where: { file: revision.file } }),
      meta: { revision: revision.id, parent: text, suggestions },
    },
  }
}
