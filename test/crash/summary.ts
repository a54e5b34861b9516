// The table at the end of an enumeration.
import type { Tally } from './enumerate.ts'

const HEAD = ['store', 'fault points', 'run', 'recovered', 'refused correctly', 'wrong', 'not hit', 'minutes']

export function summary(tallies: readonly Tally[]): string {
  const row = (name: string, of: readonly Tally[]): string[] => {
    const sum = (pick: (tally: Tally) => number): number => of.reduce((all, tally) => all + pick(tally), 0)
    return [
      name,
      ...[
        sum(tally => tally.points),
        sum(tally => tally.run),
        sum(tally => tally.recovered),
        sum(tally => tally.refused),
        sum(tally => tally.wrong.length),
        sum(tally => tally.missed.length),
      ].map(String),
      sum(tally => tally.seconds / 60).toFixed(1),
    ]
  }
  const rows = [HEAD, ...tallies.map(tally => row(tally.store, [tally])), row('total', tallies)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map(cells => (cells[column] as string).length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number)))
      .join('  ')
  return rows.map(line).join('\n')
}
