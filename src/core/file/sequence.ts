// Sequential numbers (`001_users`): no number twice and, where the configuration asks for it, none missing.
import { type ErrorLocation, GodwitError } from '../error.ts'

export interface NumberedFile {
  readonly id: string
  readonly file?: string | undefined
}

export interface SequenceOptions {
  /** Also refuse missing numbers between the first and the last. Default true. */
  readonly gaps?: boolean
}

/**
 * The number of an id that is numbered and not dated: 1 to 9 digits which stand alone. Dates (`2024-09-17-…`,
 * `20240917_x`) have none.
 */
export function sequenceNumber(id: string): number | undefined {
  const digits = /^(\d{1,9})(?=$|[_. ]|-(?!\d))/.exec(id)?.[1]
  if (digits === undefined || /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/.test(digits)) return undefined
  return Number(digits)
}

/**
 * What is wrong with the numbers; empty when any id is not sequential, because then the order is not by number.
 * The first number may be any: histories that were squashed start at 5.
 */
export function sequenceProblems(
  files: readonly NumberedFile[],
  options: SequenceOptions = {},
): readonly GodwitError[] {
  const byNumber = new Map<number, NumberedFile[]>()
  for (const file of files) {
    const number = sequenceNumber(file.id)
    if (number === undefined) return []
    byNumber.set(number, [...(byNumber.get(number) ?? []), file])
  }
  const problems: GodwitError[] = []
  let before: [number, NumberedFile[]] | undefined
  for (const entry of [...byNumber].sort(([a], [b]) => a - b)) {
    const [number, same] = entry
    if (options.gaps !== false && before !== undefined && number > before[0] + 1)
      problems.push(gap(before[0], before[1], number, same))
    if (same.length > 1) problems.push(duplicate(number, same))
    before = entry
  }
  return problems
}

/** @throws GRAPH.NUMBER_DUPLICATE GRAPH.NUMBER_GAP the first problem, all in `meta.problems` */
export function checkSequence(files: readonly NumberedFile[], options: SequenceOptions = {}): void {
  const problems = sequenceProblems(files, options)
  const [first] = problems
  if (first === undefined) return
  if (problems.length === 1) throw first
  throw new GodwitError(first.code, first.message, {
    why: first.why as string,
    next: first.next,
    where: first.where as ErrorLocation,
    meta: { ...first.meta, problems: problems.map(problem => problem.message) },
  })
}

function duplicate(number: number, same: readonly NumberedFile[]): GodwitError {
  const names = same.map(shown)
  return new GodwitError('GRAPH.NUMBER_DUPLICATE', `number ${number} is used by ${names.join(' and ')}`, {
    why: 'Two branches probably took the same number. Give one of the files the next free number. Nothing was run.',
    next: ['godwit history'],
    where: { file: names.at(-1) as string },
    meta: { number, files: names },
  })
}

function gap(
  before: number,
  below: readonly NumberedFile[],
  after: number,
  above: readonly NumberedFile[],
): GodwitError {
  const missing = after - before === 2 ? `number ${before + 1} is` : `numbers ${before + 1} to ${after - 1} are`
  const files = [shown(below.at(-1) as NumberedFile), shown(above[0] as NumberedFile)]
  return new GodwitError('GRAPH.NUMBER_GAP', `${missing} missing between ${files.join(' and ')}`, {
    why: 'A file was deleted or not committed. Nothing was run.',
    next: ['godwit history'],
    where: { file: files[1] as string },
    meta: { from: before + 1, to: after - 1, files },
  })
}

function shown({ id, file }: NumberedFile): string {
  return file ?? id
}
