// Reading a schema out of a live database, as data.
import type { Snapshot } from '../schema/model/snapshot.ts'
import type { Session } from './session.ts'

export interface IntrospectOptions {
  /** Schemas to look at; absent = all that are not the server's own. */
  readonly schemas?: readonly string[]
  /** Owners are compared too. Default false. */
  readonly owners?: boolean
  /** Grants and default privileges are compared too. Default true. */
  readonly grants?: boolean
  /** Columns of views too, where the snapshot lacks them otherwise. Default false. */
  readonly viewColumns?: boolean
}

export interface Introspector {
  /**
   * The whole database in a handful of queries, however many tables there are. The journal's own tables are left out.
   * @throws GodwitError SCHEMA.PERMISSION_DENIED with the catalog and the grant that is missing
   */
  introspect(session: Session, options?: IntrospectOptions): Promise<Snapshot>
}
