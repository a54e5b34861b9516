// What `verify`, `repair` and `lock status` found, for people.
import type { LockResult, RepairResult, VerifyResult } from '../../engine/result.ts'
import type { Style } from '../style.ts'
import { errorView } from './error.ts'
import { shownTarget, shownTime } from './place.ts'

type Place = { readonly name: string; readonly url: string; readonly dialect: string }

const heading = (database: Place, root: string, style: Style): string =>
  `${style.bold(database.name)}  ${style.dim(database.url === '' ? database.dialect : shownTarget(database.url, root))}`

export function verifyView(result: VerifyResult, root: string, style: Style): string {
  return result.databases
    .map(database => {
      const lines = [heading(database, root, style)]
      if (database.error === undefined && database.findings.length === 0)
        lines.push(`  ${style.green(style.symbols.applied)} ${database.checked.join(', ')}: all agree`)
      else if (database.error !== undefined) lines.push(`  ${style.red('not checked')}`)
      for (const finding of database.findings)
        lines.push(
          '',
          errorView(finding, style)
            .trimEnd()
            .replace(/^(?=.)/gm, '  '),
        )
      return `${lines.join('\n')}\n`
    })
    .join('\n')
}

export function repairView(result: RepairResult, root: string, style: Style): string {
  return result.databases
    .map(database => {
      const lines = [heading(database, root, style)]
      if (database.error !== undefined) lines.push(`  ${style.red('not repaired')}`)
      else if (database.actions.length === 0) lines.push(`  ${style.green(style.symbols.applied)} nothing to repair`)
      for (const action of database.actions)
        lines.push(
          `  ${style.yellow(style.symbols.warning)} ${style.bold(action.revision)}  ${action.found}`,
          `    ${style.symbols.arrow} ${action.done}`,
        )
      return `${lines.join('\n')}\n`
    })
    .join('\n')
}

export function lockView(result: LockResult, root: string, style: Style): string {
  const broken = result.command === 'lock break'
  return result.databases
    .map(database => {
      const lines = [heading(database, root, style)]
      const { lock } = database
      if (database.error !== undefined) lines.push(`  ${style.red('not read')}`)
      else if (lock === null) lines.push(`  ${style.green('free')}${broken ? ', there was no lock to break' : ''}`)
      else {
        lines.push(`  ${broken ? style.yellow('broken; it was held by') : style.yellow('held by')} ${lock.holder}`)
        lines.push(
          `  ${style.dim(`since ${shownTime(lock.acquiredAt)}, last sign of life ${shownTime(lock.heartbeatAt)}, ${lock.expired ? 'expired' : `good until ${shownTime(lock.expiresAt)}`}`)}`,
        )
      }
      return `${lines.join('\n')}\n`
    })
    .join('\n')
}
