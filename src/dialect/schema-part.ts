// What a store can do with schemas as data. Loaded only when it is asked for: applying revisions needs none of it.
import type { Renderer } from '../schema/change/renderer.ts'
import type { Introspector } from './introspector.ts'
import type { Session } from './session.ts'
import type { TypescriptPart } from './typescript-type.ts'

export interface SchemaPart {
  readonly introspector: Introspector
  readonly renderer: Renderer
  /** Absent: schemas of this store have no TypeScript types. */
  readonly typescript?: TypescriptPart
  /** SQL that makes what `statements` name and an empty database lacks (roles). Run before them in a scratch database. */
  needs?(session: Session, statements: readonly string[]): Promise<readonly string[]>
}
