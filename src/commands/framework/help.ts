import { type Command, Help } from '@oclif/core'
import type { Io } from '../../terminal/index.ts'
import { hasColour } from '../../terminal/index.ts'
import { oclifConfig } from './oclif-plugin.ts'

/** The help of `esc`, of a group or of a command. Ends in a line break. */
export async function helpText(subject: readonly string[], root: string, io: Io): Promise<string> {
  const config = await oclifConfig(root, { ignoreManifest: false })
  const help = new EscHelp(config, {
    stripAnsi: !hasColour(io, 'stdout'),
    maxWidth: Math.min(io.columns ?? 100, 120),
  } as never)
  await help.showHelp(subject.length === 0 ? [] : [...subject, '--help'])
  return help.lines.join('\n') + '\n'
}

/** oclif's help, collected instead of written to the process's own standard output. */
class EscHelp extends Help {
  readonly lines: string[] = []

  protected override log(...args: string[]): void {
    this.lines.push(args.join(' '))
  }

  override async showCommandHelp(command: Command.Loadable): Promise<void> {
    await super.showCommandHelp(command)
  }
}
