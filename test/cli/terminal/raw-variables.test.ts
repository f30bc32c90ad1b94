import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import { childEnvironment } from '../../../src/child-environment.ts'
import { withRawVariables } from '../../../src/cli/terminal/raw-variables.ts'
import { bytesOf, decodeText } from '../../../src/raw-bytes.ts'

const program = (variables: Record<string, string>) => ({
  file: '/usr/bin/env',
  name: 'env',
  args: ['-0'],
  env: childEnvironment({ PATH: process.env.PATH }, { add: variables }),
  secrets: undefined,
})

describe('variables with bytes that are not UTF-8', () => {
  it('reach a program as they are, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 3 }),
        (values) => {
          const bytes = values.map((value) => Buffer.from([...value, 0xff].map((byte) => byte || 0x25)))
          const { file, args, env } = withRawVariables(
            program(Object.fromEntries(bytes.map((value, i) => [`V${i}`, decodeText(value)]))),
          )
          const out = execFileSync(file, [...args], { env })
            .toString('latin1')
            .split('\0')
          for (const [i, value] of bytes.entries()) expect(out).to.include(`V${i}=${value.toString('latin1')}`)
          expect(out.some((line) => line.startsWith('ESC_RAW'))).to.equal(false)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('change nothing about programs that have none', () => {
    const ordinary = program({ A: 'é🔑' })
    expect(withRawVariables(ordinary)).to.equal(ordinary)
    expect(Buffer.from(bytesOf('é')).toString()).to.equal('é')
  })

  it('are refused where no shell can set them, without the value', () => {
    for (const [name, platform] of [
      ['A', 'win32'],
      ['my.name', 'linux'],
    ] as const)
      expect(() => withRawVariables(program({ [name]: '\udcff' }), platform))
        .to.throw(`the variable ${name} holds bytes`)
        .with.property('code', 'not_text')
  })
})
