// node-pg-migrate's SQL files: `-- Up Migration` and `-- Down Migration`, in any case, more dashes and words allowed.
// These read like prose, so in a file without an Up marker a Down line is a marker only when it stands alone on its
// line and statements follow; then the file is refused, as running those as part of the up would be wrong.
import { isBlankSql } from '../blank.ts'
import type { Line } from '../text.ts'
import type { Marker, MarkerNames } from './marker.ts'

export const nodePgMigrateLayout: MarkerNames = {
  name: 'node-pg-migrate',
  up: '-- Up Migration',
  down: '-- Down Migration',
}

/** The markers of a file, or an empty list when it is not one of node-pg-migrate's. */
export function nodePgMigrateMarkers(text: string, lines: readonly Line[]): readonly Marker[] {
  const loose = lines.flatMap(line => readMarker(line, false) ?? [])
  const up = loose.find(marker => marker.kind === 'up')
  if (up !== undefined && (isBlankSql(text.slice(0, up.line.start)) || readMarker(up.line, true))) return loose
  const down = loose.find(marker => marker.kind === 'down' && readMarker(marker.line, true) !== undefined)
  return down !== undefined && !isBlankSql(text.slice(down.line.next)) ? [down] : []
}

function readMarker(line: Line, alone: boolean): Marker | undefined {
  const found = /^\s*--[\s-]*(up|down)\s+migration\b(.*)$/i.exec(line.text)
  if (found === null || (alone && !/^[\s:.=*#-]*$/.test(found[2] as string))) return undefined
  return { kind: (found[1] as string).toLowerCase() as 'up' | 'down', line, transactionOff: false }
}
