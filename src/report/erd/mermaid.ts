// A drawing as a Mermaid `erDiagram` (https://mermaid.js.org/syntax/entityRelationshipDiagram.html). Names of tables are
// always in quotes, because the grammar has keywords that a table may be called. Types and columns cannot be quoted in
// every version: what a word cannot hold becomes `_`, and the true name stands in the comment.
import type { Erd, ErdColumn, ErdEdge } from './model.ts'

export function mermaidText(erd: Erd): string {
  const names = namesOf(erd)
  const name = (key: string) => `"${names.get(key) ?? key}"`
  const blocks = erd.tables.flatMap(({ key, columns }) => [
    `  ${name(key)} {`,
    ...columns.map(column => `    ${columnLine(column)}`),
    '  }',
  ])
  const edges = erd.edges.map(edge => `  ${name(edge.to)} ${lineOf(edge)} ${name(edge.from)} : "${label(edge)}"`)
  return `${['erDiagram', ...blocks, ...edges].join('\n')}\n`
}

/** Without what quotes cannot hold; `direction TB` would be read as a command wherever it stands in a line. */
const quotable = (text: string): string =>
  text.replace(/["%\\]|\p{Cc}/gu, '_').replace(/(direction)\s+(?=TB|BT|RL|LR)/gi, '$1_')

/** Two tables never share a name. */
function namesOf({ tables }: Erd): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  return new Map(
    tables.map(({ key, name }) => {
      const plain = quotable(name) || '_'
      let free = plain
      for (let nth = 2; taken.has(free); nth++) free = `${plain} ${nth}`
      taken.add(free)
      return [key, free]
    }),
  )
}

const lineOf = ({ optional, single }: ErdEdge): string => `${optional ? '|o' : '||'}--${single ? 'o|' : 'o{'}`

const label = ({ fromColumns }: ErdEdge): string => quotable(fromColumns.join(', ')) || '_'

function columnLine({ name, type, primaryKey, foreignKey, unique, notNull }: ErdColumn): string {
  const keys = [primaryKey && 'PK', foreignKey && 'FK', unique && !primaryKey && 'UK'].filter(Boolean).join(', ')
  const shown = word(name)
  const remarks = [shown === name ? '' : quotable(name), notNull && !primaryKey ? 'not null' : ''].filter(Boolean)
  return [word(shortType(type)), shown, keys, remarks.length === 0 ? '' : `"${remarks.join(', ')}"`]
    .filter(Boolean)
    .join(' ')
}

/** Without the labels of an enum and the fields of a struct. */
const shortType = (type: string): string => type.replace(/\((?=[^)]*(?:['"(]|\w \w)).*$/s, '')

/** One word of the grammar, which must not begin like a mark of a key. */
function word(text: string): string {
  const plain = text
    .replaceAll('"', '')
    .replace(/,\s*/g, '_')
    .replace(/[^A-Za-z0-9_\-[\]()\u00C0-\uFFFF]/gu, '_')
  return /^(?![A-Za-z_\u00C0-\uFFFF])|^(?:pk|fk|uk)(?!\w)/iu.test(plain) ? `_${plain}` : plain
}
