// The characters a history is drawn with.

export interface Glyphs {
  /** The mark of an applied revision. */
  readonly applied: string
  readonly pending: string
  readonly vertical: string
  readonly horizontal: string
  /** A line begins here and leads down: at the right end, and with the horizontal line going on. */
  readonly openRight: string
  readonly open: string
  /** A line from above ends here: at the right end, and with the horizontal line going on. */
  readonly closeRight: string
  readonly close: string
  /** A line that goes on is met: from the left, from the right, and with the horizontal line going on. */
  readonly joinLeft: string
  readonly joinRight: string
  readonly join: string
}

export const unicodeGlyphs: Glyphs = {
  applied: '●',
  pending: '○',
  vertical: '│',
  horizontal: '─',
  openRight: '╮',
  open: '┬',
  closeRight: '╯',
  close: '┴',
  joinLeft: '┤',
  joinRight: '├',
  join: '┼',
}

export const asciiGlyphs: Glyphs = {
  applied: '*',
  pending: 'o',
  vertical: '|',
  horizontal: '-',
  openRight: '\\',
  open: '+',
  closeRight: '/',
  close: '+',
  joinLeft: '|',
  joinRight: '|',
  join: '+',
}
