// What the layouts with markers share: a marker is a comment line that starts a section or fences one statement.
// Each tool's file says how its markers look; section.ts cuts the text along them.
import type { Line } from '../text.ts'

export interface Marker {
  readonly kind: 'up' | 'down' | 'begin' | 'end' | 'note'
  readonly line: Line
  /** The marker asks for no transaction. */
  readonly transactionOff: boolean
}

/** A line that looks like a marker but is none: a misspelt `down` must never run as `up`. */
export interface MarkerProblem {
  readonly line: Line
  /** 0-based. */
  readonly column: number
  readonly message: string
}

/** What messages call a layout. */
export interface MarkerNames {
  /** The tool. */
  readonly name: string
  /** How its section markers are written. */
  readonly up: string
  readonly down: string
}

export interface MarkerLayout extends MarkerNames {
  read(line: Line): Marker | MarkerProblem | undefined
}
