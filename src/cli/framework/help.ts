import { hasColour, type Io, paragraphs, wrapLines } from '../terminal/index.ts'
import { oclifConfig } from './oclif-plugin.ts'

/** The help of `esc`, of a group or of a command. Ends in a line break. */
export async function helpText(subject: readonly string[], root: string, io: Io): Promise<string> {
  const { Help } = await import('../../vendor/oclif.ts')
  const config = await oclifConfig(root, { ignoreManifest: false })
  const lines: string[] = []

  /** oclif's help, collected instead of written to the process's own standard output. */
  class CollectedHelp extends Help {
    override formatCommand(command: Parameters<InstanceType<typeof Help>['formatCommand']>[0]): string {
      const { description } = command
      return super.formatCommand(
        description === undefined ? command : { ...command, description: paragraphs(description) },
      )
    }

    protected override log(...args: string[]): void {
      lines.push(args.join(' '))
    }
  }

  const columns = Math.max(40, Math.min(io.columns ?? 100, 120))
  const options = { stripAnsi: !hasColour(io, 'stdout'), maxWidth: columns }
  const help = new CollectedHelp(config, options as ConstructorParameters<typeof Help>[1])
  await help.showHelp(subject.length === 0 ? [] : [...subject, '--help'])
  // oclif lets some lines be wider, such as those of a usage.
  return `${wrapLines(lines.join('\n').trimEnd(), columns)}\n`
}
