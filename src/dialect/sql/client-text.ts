// Text that belongs to a client program and not to SQL: commands of psql, and rows that follow a COPY. Stores whose
// own parser would only call it a syntax error ask here first.
import { SplitFailure } from '../split.ts'

/** @throws SplitFailure SQL.CLIENT_COMMAND, SQL.COPY_DATA for the statement of `text` that begins at `start` */
export function refusePsql(text: string, start: number): void {
  const first = text.charCodeAt(start)
  if (first === 92) throw psqlCommand(text, start)
  // c, C
  if ((first | 32) === 99) refuseCopyData(text, start)
}

function psqlCommand(text: string, start: number): SplitFailure {
  const command = /^\\\w*/.exec(text.slice(start, start + 40))?.[0] ?? '\\'
  return new SplitFailure('SQL.CLIENT_COMMAND', `${command} is a command of psql, not SQL`, start, [
    `remove ${command} from the file: godwit connects by itself and runs SQL only`,
  ])
}

/** @throws SplitFailure SQL.COPY_DATA */
export function refuseCopyData(text: string, start: number): void {
  if (!/^copy\s[^;']{1,1000}?\sfrom\s+stdin\b/i.test(text.slice(start, start + 1100))) return
  throw new SplitFailure('SQL.COPY_DATA', 'COPY … FROM STDIN takes its rows from the client, not from SQL', start, [
    'write the rows as INSERT statements (pg_dump --inserts does), or copy them in a TypeScript revision',
  ])
}
