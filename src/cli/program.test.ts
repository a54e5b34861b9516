import { describe, expect, it } from 'vitest'
import { GodwitError } from '../core/error.ts'
import { operandsOf } from './operand.ts'
import { parseCommandLine, verbNames } from './program.ts'
import { rivalVerb } from './rival.ts'
import { verbs } from './verb.ts'

const parse = (argv: readonly string[], variables = {}) => parseCommandLine(argv, '1.2.3', variables)

async function verb(argv: readonly string[], variables = {}) {
  const parsed = await parse(argv, variables)
  if (parsed.kind !== 'verb') throw new Error('no verb')
  return { name: parsed.verb.name, args: parsed.args, flags: parsed.flags }
}

describe('the command line', () => {
  it('takes flags of every verb before and after it', async () => {
    expect(await verb(['--env', 'test', 'up', '+2', '-d', 'a', '--database', 'b'])).toMatchObject({
      name: 'up',
      args: ['+2'],
      flags: { env: 'test', database: ['a', 'b'] },
    })
  })

  it('takes negative numbers as targets', async () => expect((await verb(['down', '-12'])).args).toEqual(['-12']))

  it('never takes a word for the value of --json', async () => {
    expect(await verb(['show', '--json', 'abc'])).toMatchObject({ args: ['abc'], flags: { json: true } })
  })

  it.each([
    ['upgrade', 'up'],
    ['migrate', 'up'],
    ['downgrade', 'down'],
    ['rollback', 'down'],
  ])('takes %s for %s', async (alias, name) => expect((await verb([alias])).name).toBe(name))

  it('keeps --color, --no-color and neither apart', async () => {
    expect((await verb(['status', '--no-color'])).flags.color).toBe(false)
    expect((await verb(['status', '--color'])).flags.color).toBe(true)
    expect((await verb(['status'])).flags.color).toBeUndefined()
  })

  it('reads variables for flags that were not given', async () => {
    const variables = { GODWIT_LOCK_WAIT: '5s', GODWIT_DRY_RUN: '1', GODWIT_DATABASE: 'a, b', GODWIT_PARALLEL: 'no' }
    expect((await verb(['up', '--lock-wait', '1s'], variables)).flags).toMatchObject({
      lockWait: '1s',
      dryRun: true,
      database: ['a', 'b'],
      parallel: false,
    })
  })

  it.each(['--backup', '--plan', '--skip-health', '--template', '--accept'])('knows no flag %s', async flag => {
    await expect(parse(['up', flag])).rejects.toThrow(`godwit up has no flag ${flag}`)
  })

  it('gives help as text, for each verb', async () => {
    for (const { name, hidden, summary } of verbs) {
      if (hidden) continue
      const parsed = await parse([...name.split(' '), '--help'])
      expect(parsed.kind === 'text' && parsed.text).toContain(summary)
    }
  })

  it('finds the verb between flags', () => {
    expect(operandsOf(['--env', 'x', '--json', 'deploy', '-1', '--', '--odd'])).toEqual(['deploy', '-1', '--odd'])
  })
})

describe('verbs of other tools', () => {
  it('never hide one of ours', () => {
    for (const name of verbNames()) expect(rivalVerb([name]), name).toBeUndefined()
  })

  it.each([
    'deploy',
    'latest',
    'dev',
    'push',
    'migrate:latest',
    'db:migrate',
    'force',
    'goto',
    'version',
    'redo',
    'fix',
    'validate',
    'info',
    'baseline',
    'clean',
    'generate:sql',
    'migration:run',
  ])('%s is refused with a command of ours that exists', async word => {
    const error = await parse([word, '3']).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(GodwitError)
    for (const line of (error as GodwitError).next) {
      const words = line.split(' ').slice(1)
      if (words[0] !== '--version') await expect(verb(words), line).resolves.toBeDefined()
    }
  })

  it('run ours where the second word is a target', async () => {
    expect(await verb(['migrate', '20240101_users'])).toMatchObject({ name: 'up', args: ['20240101_users'] })
    await expect(parse(['migrate', 'deploy'])).rejects.toThrow('godwit up')
  })
})
