// Where the revisions of one database come from.
import type { LexicalRules } from '../core/checksum.ts'
import type { Revision } from '../core/revision/revision.ts'

export interface RevisionSource {
  /** For people: the folder as shown, or `revisions given in code`. */
  readonly description: string
  /**
   * Reads what is there now; nothing is cached. Code is not run.
   * @param lexical the dialect's comments and quotes, for the checksums; undefined on stores without SQL
   * @throws FILE.*
   */
  load(lexical: LexicalRules | undefined): Promise<readonly Revision[]>
}
