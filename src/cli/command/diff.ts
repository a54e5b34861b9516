// `godwit diff`: the SQL that leads from one schema to another, printed (`--sql`) or written as a revision.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { GodwitError } from '../../core/error.ts'
import { type SourcesDiff, diffSources } from '../../library/diff.ts'
import { writeGenerated } from '../../library/generate.ts'
import { parseAnswers, type RenameAnswer, type RenamePolicy } from '../../schema/diff/answer.ts'
import type { Call, Command, Outcome } from '../command.ts'
import { configuredDatabase, schemaPlace, tellNotCompared } from '../schema-call.ts'
import { changesView, diffJson, scriptText } from '../view/diff.ts'
import { writeOutcome } from '../written.ts'

export const command: Command = async call => {
  const { flags, io } = call
  const message = call.args.join(' ')
  if (flags.sql && message !== '') throw usage('--sql prints and writes nothing, so it takes no message.')
  const { from = 'history', to } = flags
  if (to === undefined) throw usage('--to says which schema is wanted: file:schema.sql, live, url:URL.')
  const diff = await diffSources(
    {
      from,
      to,
      renames: policyOf(flags.renames),
      answers: answersOf(flags.answers, io.cwd),
      online: flags.online ?? false,
      signal: call.signal,
      ...(flags.dialect === undefined ? {} : { dialect: flags.dialect }),
      ...(flags.scratch === undefined ? {} : { scratch: flags.scratch }),
    },
    schemaPlace(call),
  )
  tell(call, diff)
  const data = diffJson(diff, from, to)
  if (flags.sql) return { data, text: scriptText(diff.dialect, diff.up) }
  if (message === '') return { data, text: changesView(diff, call.style) }
  return write(call, diff, message, data)
}

async function write(call: Call, diff: SourcesDiff, message: string, data: object): Promise<Outcome> {
  if (diff.up.length === 0) {
    call.note('The schemas are equal: no revision was written.')
    return { data }
  }
  const { loaded } = await call.open({ offline: true })
  const database = await configuredDatabase(call)
  const result = await writeGenerated(database, { message, diff })
  const outcome = writeOutcome(call, result, loaded.config.root)
  return { ...outcome, data: { ...data, ...result } }
}

/** What a reader of the SQL has to know beside it, on stderr. */
function tell(call: Call, diff: SourcesDiff): void {
  for (const { before, after } of diff.dropped) {
    call.note(`${before.kind} ${before.path.join('.')} is dropped and ${after.path.join('.')} made anew, not renamed.`)
  }
  for (const { loses } of diff.up) if (loses !== undefined) call.note(`Lost when it is run: ${loses}.`)
  tellNotCompared(call, diff.notCompared)
}

function policyOf(text: string | undefined): RenamePolicy {
  if (text === undefined) return 'ask'
  if (text === 'ask' || text === 'always' || text === 'never') return text
  throw usage(`--renames is ask, always or never, not "${text}".`)
}

function answersOf(path: string | undefined, cwd: string): readonly RenameAnswer[] {
  if (path === undefined) return []
  let text: string
  try {
    text = readFileSync(resolve(cwd, path), 'utf8')
  } catch (error) {
    throw new GodwitError('SCHEMA.ANSWER_INVALID', `${path} cannot be read`, {
      why: 'It was to hold the answers to renames. Nothing was compared.',
      where: { file: path },
      cause: error,
    })
  }
  return parseAnswers(text, path)
}

function usage(message: string): GodwitError {
  return new GodwitError('CLI.USAGE_INVALID', message, { why: 'Nothing was compared.', next: ['godwit diff --help'] })
}
