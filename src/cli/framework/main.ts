import { bytesOf, hasRawBytes } from '../../raw-bytes.ts'
import { beginBusy, Concealment, loadColours, processIo, withoutMarks, writingProse } from '../terminal/index.ts'
import { buildId } from './build-id.ts'
import { type CommandClass, type EscCommand, mayUseSelected, parseInput } from './command.ts'
import { hiddenWords } from './hidden-words.ts'
import type { Host } from './host.ts'
import { loadCommand } from './load-command.ts'
import { reportError } from './report-error.ts'
import { route } from './route.ts'
import { RunningCommand } from './running-command.ts'

/**
 * Runs one command line and returns the exit code. Everything it reads and writes goes through
 * `io`; `root` is the folder of the package.
 */
export async function main(argv: readonly string[], root: string, host: Host = ownHost()): Promise<number> {
  if (argv[0] === '__complete') return (await import('./complete.ts')).complete(argv.slice(1), host)
  let hidden = () => hiddenWords(undefined, argv)
  const concealment = new Concealment(() => hidden())
  const io = writingProse(host, concealment)
  let json = asksForJson(argv)
  await loadColours(io)
  try {
    const target = route(argv)
    if (target.kind === 'help') return await showHelp(target.subject, root, io)
    const Command = await loadCommand(target.id)
    hidden = () => hiddenWords(Command, target.words)
    let input = parseInput(Command, target.words)
    if (input === undefined) return await showHelp(target.id.split(':'), root, io)
    const asked = input.flags as { readonly output?: unknown; readonly json?: unknown }
    json = asked.output === 'json' || (Command.jsonSwitch && asked.json === true)
    if (mayUseSelected(Command, input)) {
      const { withSelected } = await import('./selected.ts')
      input = withSelected(Command, input, io)
    }
    const { commit } = input.flags as { readonly commit?: boolean }
    const command = new RunningCommand(Command.id, commit, io)
    const host: Host = Object.create(io, { command: { value: command }, behind: { value: io } })
    return command.exitCode(await runBusily(Command, input, { json, io: host }))
  } catch (error) {
    return reportError(error, io, json ? 'json' : 'text')
  }
}

function ownHost(): Host {
  return Object.assign(processIo(), { build: buildId })
}

/** With a line for the person who waits, where a command may take long and somebody looks. */
async function runBusily(
  Command: CommandClass,
  input: ConstructorParameters<CommandClass>[0],
  { json, io }: { readonly json: boolean; readonly io: Host },
): Promise<number> {
  const host = Command.busy === undefined ? undefined : beginBusy(io, Command.busy)
  try {
    const pager = Command.paged && !json ? ((input.flags as { readonly pager?: string }).pager ?? '') : undefined
    const shown = host ?? io
    return await run(new Command(input, json ? withoutOutput(shown) : shown), { json, pager, io: shown })
  } finally {
    host?.busy?.end()
  }
}

/**
 * A program reads one value on standard output. The questions and news of a command are for people,
 * and go to standard error.
 */
function withoutOutput(io: Host): Host {
  return Object.create(io, { out: { value: (text: string | Uint8Array) => io.err(text) } })
}

interface Showing {
  readonly json: boolean
  /** The pager that was asked for; empty: the usual one. Undefined: none is to be used. */
  readonly pager: string | undefined
  readonly io: Host
}

async function run(command: EscCommand, { json, pager, io }: Showing): Promise<number> {
  try {
    const result = await command.run()
    const asData = json && !command.printsJson
    const output = asData ? await asJson(command.json(result)) : command.text(result)
    if (output !== undefined && output !== '') {
      const values = !asData && command.printsValues
      // A value of bytes is printed as it is.
      // Nearly every text is well-formed, and asking costs nothing.
      const isRaw = values && !output.isWellFormed() && hasRawBytes(output)
      const text = output.endsWith('\n') || isRaw ? output : `${output}\n`
      if (values) io.out(isRaw ? bytesOf(text) : Buffer.from(text))
      else await show(text, pager, io)
    }
    return command.exitCode(result)
  } catch (error) {
    return reportError(error, io, json ? 'json' : 'text')
  }
}

async function show(text: string, pager: string | undefined, io: Host): Promise<void> {
  const columns = io.columns ?? 80
  const height = text
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(withoutMarks(line).length / columns)), 0)
  if (pager !== undefined && io.stdoutIsTerminal && io.sharesStreams && height > (io.rows ?? 24)) {
    const { page } = await import('../terminal/index.ts')
    if (await page(io, text, pager)) return
  }
  io.out(text)
}

async function asJson(value: unknown): Promise<string> {
  const { toJsonText } = await import('../terminal/index.ts')
  return toJsonText(value)
}

async function showHelp(subject: readonly string[], root: string, io: Host): Promise<number> {
  const { helpText } = await import('./help.ts')
  // Our own words, in colours of oclif's.
  io.out(Buffer.from(await helpText(subject, root, io)))
  return 0
}

/** For mistakes found before the flags are known. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.some((word, index) => word === '--output=json' || (word === '--output' && argv[index + 1] === 'json'))
}

/**
 * Returns the content of `oclif.manifest.json`: every command with its flags. Used by the build.
 */
export async function commandManifest(root: string): Promise<unknown> {
  const { manifestOf } = await import('./oclif-plugin.ts')
  return manifestOf(root)
}
