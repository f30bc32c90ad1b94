import { EscError } from '../../errors.ts'
import { filledWords, findProgram, type SetupStep } from '../../operations/index.ts'
import { runTool } from '../terminal/index.ts'
import type { Host } from './host.ts'

/**
 * Runs the steps one after the other, and says each. Returns what they have printed that later ones
 * and people need. @throws EscError `io` at the first that fails.
 */
export async function runSetup(io: Host, steps: readonly SetupStep[]): Promise<Readonly<Record<string, string>>> {
  const made: Record<string, string> = {}
  for (const step of steps) {
    io.err(`${step.title} …\n`)
    const [name = '', ...args] = filledWords(step.command, (variable) => made[variable] ?? '')
    const program = findProgram(name, io.env.PATH, io.cwd)
    if (program === undefined) {
      throw new EscError('io', `the command-line tool ${name} is not installed`, {
        hint: 'install it and log in with it, or run the commands where it is: without --run they are printed',
      })
    }
    const { code, out, err } = await runTool(io, program, args, step.input)
    if (code !== 0 && step.doneAlready?.test(err)) continue
    if (code !== 0) {
      throw new EscError('io', `${name} failed (exit code ${code}): ${err.trim().slice(0, 500)}`, {
        hint: 'what was made before it stays; run this again once the reason is mended',
      })
    }
    if (step.captures !== undefined) made[step.captures] = out.trim()
  }
  return made
}
