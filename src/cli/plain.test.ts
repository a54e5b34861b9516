import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPlain } from './plain.ts'
import { parseCommandLine } from './program.ts'
import { globalOptions, verbs } from './verb.ts'

const flags = [...globalOptions, ...verbs.flatMap(verb => verb.options ?? [])].flatMap(option =>
  option.flags.split(/[ ,]+/).filter(part => part.startsWith('-')),
)
const names = verbs.flatMap(verb => [...verb.name.split(' '), ...(verb.aliases ?? [])])
const others = ['a', '001_x', 'base', '+1', '-1', '--', '', '-h', '--help', '-v', '-qy', '--json=stream', '--env=test']
const word = fc.oneof(fc.constantFrom(...flags), fc.constantFrom(...names), fc.constantFrom(...others))

describe('a plain command line', () => {
  it('is read by itself', () => {
    expect(readPlain(['up', '--url', 'sqlite:a.db', '-q'], {})).toMatchObject({
      verb: { name: 'up' },
      args: [],
      flags: { url: 'sqlite:a.db', quiet: true },
    })
    expect(readPlain(['-e', 'test', 'migrate', '+1', '-d', 'a', '--database', 'b'], {})).toMatchObject({
      verb: { name: 'up' },
      args: ['+1'],
      flags: { env: 'test', database: ['a', 'b'] },
    })
  })

  it.each([
    [['up', '--help']],
    [['up', '--unknown']],
    [['up', 'a', 'b']],
    [['show']],
    [['lock', 'status']],
    [['up', '--lock-wait']],
    [['--dry-run', 'up']],
    [['migrate', 'deploy']],
    [['complete', 'u']],
    [['down', '-1']],
    [['up', '--', 'a']],
    [[]],
  ])('is not %j', argv => expect(readPlain(argv, {})).toBeUndefined())

  it('means what commander takes it for', async () => {
    let plain = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(word, { maxLength: 5 }),
        fc.nat(),
        async (verb, rest, at) => {
          const argv = rest.toSpliced(at % (rest.length + 1), 0, verb)
          const own = readOrError(argv)
          if (own === undefined) return
          plain++
          const theirs = await parseCommandLine(argv, '1.2.3', {}).catch((error: Error) => error.message)
          expect(own).toEqual(theirs)
        },
      ),
      { numRuns: 3_000 },
    )
    expect(plain).toBeGreaterThan(100)
  })
})

function readOrError(argv: readonly string[]): unknown {
  try {
    return readPlain(argv, {})
  } catch (error) {
    return (error as Error).message
  }
}
