import { expect } from 'chai'
import type { Io } from '../../../src/cli/terminal/index.ts'
import type { Program } from '../../../src/cli/terminal/program.ts'
import { runProgram } from '../../../src/cli/terminal/run-program.ts'
import { refuseTooLarge } from '../../../src/cli/terminal/too-large.ts'
import { EscError } from '../../../src/errors.ts'

const canary = 'not-a-real-secret'
// One text may have 128 KiB on Linux, all together 1 MiB on macOS.
const big = canary.repeat(150_000)

function program({ args = [], env = {} }: { args?: string[]; env?: Record<string, string> }): Program {
  const variables = { PATH: process.env.PATH ?? '', SMALL: 'a', ...env } as unknown as Program['env']
  return { file: '/bin/echo', name: 'echo', args, env: variables, secrets: undefined }
}

const io = {
  env: {},
  cwd: '/',
  sharesStreams: false,
  out: () => {},
  err: () => {},
  onInterrupt: () => () => {},
} as unknown as Io

async function refusal(act: () => unknown): Promise<EscError> {
  try {
    await act()
  } catch (error) {
    if (error instanceof EscError) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('variables and arguments that are too large for the operating system', () => {
  for (const [how, start] of [
    ['by us', (each: Program) => runProgram(each, io)],
    ['on a terminal of its own', (each: Program) => refuseTooLarge(each)],
  ] as const) {
    it(`name the variable and its size, where the program is started ${how}`, async () => {
      const error = await refusal(() => start(program({ env: { CERTIFICATES: big } })))
      expect(error.code).to.equal('invalid_input')
      expect(error.message).to.match(
        new RegExp(`E2BIG\\); the largest is the variable CERTIFICATES with ${big.length} of \\d+ bytes$`),
      )
      expect(error.hint).to.include('below files')
      expect(`${error.message}${error.hint}`).not.to.include(canary)
    })

    it(`name the argument by its number, where the program is started ${how}`, async () => {
      const error = await refusal(() => start(program({ args: ['-n', big] })))
      expect(error.message).to.match(new RegExp(`the largest is argument 2 with ${big.length} of \\d+ bytes$`))
      expect(error.message).not.to.include(canary)
    })

    it(`name the largest of many that are too large together, started ${how}`, async () => {
      const many = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`V${n}`, 'x'.repeat(90_000 + n)]))
      const error = await refusal(() => start(program({ env: many })))
      expect(error.message).to.include('the largest is the variable V119 with 90119 of ')
    })
  }

  it('are no matter while they fit', async () => {
    expect(await runProgram(program({ env: { FITS: 'x'.repeat(60_000) } }), io)).to.equal(0)
    refuseTooLarge(program({ env: { FITS: 'x'.repeat(60_000) } }))
  })
})
