// Names as DuckDB wants them in SQL.
import { quoted } from './journal.ts'

/** Plain lower-case words that are no keyword stand as they are. */
export function quotedWord(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !keywords.has(name) ? name : quoted(name)
}

/** `main` is where a name without schema is looked for. */
export function nameIn(path: readonly string[]): string {
  return (path[0] === 'main' && path.length > 1 ? path.slice(1) : path).map(quotedWord).join('.')
}

/** Reserved words, and those that cannot name a column or a function: duckdb_keywords() of DuckDB 1.5. */
const keywords = new Set(
  (
    'all analyse analyze and any array as asc asof asymmetric both case cast check collate column constraint create ' +
    'default deferrable desc describe distinct do else end except false fetch for foreign from group having in initially ' +
    'intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing ' +
    'primary qualify references returning select show some summarize symmetric table then to trailing true union unique ' +
    'unpivot using variadic when where window with anti authorization binary collation concurrently cross freeze full ' +
    'generated glob ilike inner is isnull join left like map natural notnull outer overlaps positional right semi similar ' +
    'struct tablesample at between bigint bit boolean by char character columns date dec decimal exists extract float grouping ' +
    'int integer interval national nchar none nullif numeric out overlay position precision real row setof smallint ' +
    'substring time timestamp treat trim try_cast values varchar xmlattributes main temp system'
  ).split(' '),
)
