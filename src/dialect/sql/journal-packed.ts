// Rows with many columns, fetched as one JSON text each: of 5,000 rows a driver makes ten times fewer values, and one
// parse reads them all. Whoever asks must have another way: a value that JSON cannot hold makes the query fail.

type Row = Record<string, unknown>

/** Expressions by the name under which their values are wanted. */
export type Columns = Readonly<Record<string, string>>

/** A select list: one packed value, or a column for each. @param pack see `JournalSql.packed` */
export function selectList(columns: Columns, pack?: (expressions: readonly string[]) => string): string {
  if (pack !== undefined) return `${pack(Object.values(columns))} AS packed`
  return Object.entries(columns)
    .map(([name, expression]) => (name === expression ? name : `${expression} AS ${name}`))
    .join(', ')
}

/** The rows of a packed select list as if each column had been selected. @throws SyntaxError when a row is no JSON array */
export function unpack(rows: readonly Row[], columns: Columns): Row[] {
  const names = Object.keys(columns)
  const lists = JSON.parse(`[${rows.map(row => String(row['packed'])).join(',')}]`) as unknown[][]
  if (lists.length !== rows.length || !lists.every(list => Array.isArray(list) && list.length === names.length))
    throw new SyntaxError('a packed row is no list of its columns')
  return lists.map(list => {
    const row: Row = {}
    for (let index = 0; index < names.length; index++) row[names[index] as string] = list[index]
    return row
  })
}
