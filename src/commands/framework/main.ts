import { loadColours, processIo } from '../../terminal/index.ts'
import { type CommandClass, type EscCommand, parseInput } from './command.ts'
import type { Host } from './host.ts'
import { COMMANDS, type CommandLoader } from './registry.ts'
import { reportError } from './report-error.ts'
import { route } from './route.ts'

/**
 * Runs one command line and returns the exit code. Everything it reads and writes goes through `io`; `root` is the folder of
 * the package.
 */
export async function main(argv: readonly string[], root: string, io: Host = processIo()): Promise<number> {
  let json = asksForJson(argv)
  await loadColours(io)
  try {
    const target = route(argv)
    if (target.kind === 'help') return await showHelp(target.subject, root, io)
    const Command = (await (COMMANDS[target.id] as CommandLoader)()).default as unknown as CommandClass
    const input = parseInput(Command, target.words)
    if (input === undefined) return await showHelp(target.id.split(':'), root, io)
    json = (input.flags as { readonly output?: unknown }).output === 'json'
    const code = await run(new Command(input, io), { json, io })
    if (!Object.hasOwn(Command.baseFlags, 'commit')) return code
    const { commit: wanted } = input.flags as { readonly commit?: boolean }
    // It knows the whole workspace, which commands that change nothing may do without.
    const { commitAfter } = await import('./commit.ts')
    return await commitAfter(code, { id: Command.id, wanted, io })
  } catch (error) {
    return reportError(error, io, json ? 'json' : 'text')
  }
}

async function run(command: EscCommand, { json, io }: { readonly json: boolean; readonly io: Host }): Promise<number> {
  try {
    const result = await command.run()
    const output = json ? await asJson(command.json(result)) : command.text(result)
    if (output !== undefined && output !== '') io.out(output.endsWith('\n') ? output : output + '\n')
    return command.exitCode(result)
  } catch (error) {
    return reportError(error, io, json ? 'json' : 'text')
  }
}

async function asJson(value: unknown): Promise<string> {
  const { toJsonText } = await import('../../terminal/index.ts')
  return toJsonText(value)
}

async function showHelp(subject: readonly string[], root: string, io: Host): Promise<number> {
  const { helpText } = await import('./help.ts')
  io.out(await helpText(subject, root, io))
  return 0
}

/** For mistakes found before the flags are known. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.some((word, index) => word === '--output=json' || (word === '--output' && argv[index + 1] === 'json'))
}

/** What `oclif.manifest.json` holds: every command with its flags. Used by the build. */
export async function commandManifest(root: string): Promise<unknown> {
  const { manifestOf } = await import('./oclif-plugin.ts')
  return manifestOf(root)
}

export { warmUp } from './warm-up.ts'
