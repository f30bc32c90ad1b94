import { spawnSync } from 'node:child_process'
import { EscError } from '../../errors.ts'
import type { Program } from './program.ts'

/** Smaller than what any operating system refuses. */
const SURELY_FITS_BYTES = 24_000

/**
 * Throws where the operating system would refuse the variables and arguments of a program. A
 * terminal library starts programs in a process of its own, which cannot tell us; so a shell that
 * does nothing is started with the same ones.
 */
export function refuseTooLarge(program: Program): void {
  const parts = partsOf(program)
  if (parts.reduce((sum, { bytes }) => sum + bytes, 0) < SURELY_FITS_BYTES) return
  const { error } = spawnSync('/bin/sh', ['-c', ':', ...program.args], { env: program.env, stdio: 'ignore' })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'E2BIG') throw tooLarge(program, error)
}

/** E2BIG, with the largest variable or argument by name and size. Shows no value. */
export function tooLarge(program: Program, cause: unknown): EscError {
  const parts = partsOf(program).sort((a, b) => b.bytes - a.bytes)
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  const [largest] = parts
  const which = largest === undefined ? '' : `; the largest is ${largest.name} with ${largest.bytes} of ${total} bytes`
  return new EscError(
    'invalid_input',
    `running ${program.name}: the variables and arguments are more than the operating system allows (E2BIG)${which}`,
    { hint: 'put a large value below files instead of environmentVariables: the program then gets a path', cause },
  )
}

function partsOf({ args, env }: Program): { readonly name: string; readonly bytes: number }[] {
  return [
    ...Object.entries(env).map(([name, value]) => ({
      name: `the variable ${name}`,
      bytes: Buffer.byteLength(value ?? ''),
    })),
    ...args.map((word, index) => ({ name: `argument ${index + 1}`, bytes: Buffer.byteLength(word) })),
  ]
}
