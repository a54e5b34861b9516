// What a store's driver gives for a column type, as TypeScript; and columns of views, where a snapshot does not hold them.
import type { SchemaObject, ViewColumn } from '../schema/model/object.ts'
import { makeSnapshot } from '../schema/model/snapshot.ts'
import type { Introspector } from './introspector.ts'
import type { Session } from './session.ts'

/** Types that people made, which a column type can name. */
export interface MadeTypes {
  get(key: string): SchemaObject | undefined
  /** What the enum of this key is called in the file that is written. */
  nameOf(key: string): string
}

export interface TypescriptPart {
  /**
   * @param type as the server writes it
   * @returns without `| null`; `unknown` where nothing can be said
   */
  typescriptType(type: string, made: MadeTypes): string
  /** The store finds a value itself where a row names none, and no property of the column says so. */
  fills?(column: SchemaObject, isWholeKey: boolean): boolean
}

/** `'a' | 'b'` */
export const literalUnion = (values: readonly string[]): string =>
  values.length === 0 ? 'never' : values.map(literal).join(' | ')

/** A literal of TypeScript in single quotes. */
export function literal(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inner.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`
}

/** @param read columns of all views, by key of the view, in one query where possible */
export function withViewColumns(
  introspector: Introspector,
  read: (session: Session) => Promise<ReadonlyMap<string, readonly ViewColumn[]>>,
): Introspector {
  return {
    async introspect(session, options) {
      const snapshot = await introspector.introspect(session, options)
      if (!options?.viewColumns || !snapshot.objects.some(({ kind }) => kind === 'view')) return snapshot
      const columns = await read(session)
      const objects = snapshot.objects.map(object => {
        const found = columns.get(object.key)
        return found === undefined ? object : { ...object, columns: found }
      })
      return { ...snapshot, objects: makeSnapshot(snapshot.dialect, objects).objects }
    },
  }
}
