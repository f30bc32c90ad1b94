import { hasColour, type Io, paragraphs, wrapLines } from '../terminal/index.ts'
import { oclifConfig } from './oclif-plugin.ts'

/** The help of `esc`, of a group or of a command. Ends in a line break. */
export async function helpText(subject: readonly string[], root: string, io: Io): Promise<string> {
  const { Help } = await import('../../vendor/oclif.ts')
  const { listed } = await import('./help-list.ts')
  const { HELP_NOTES } = await import('./help-groups.ts')
  const config = await oclifConfig(root, { ignoreManifest: false })
  const lines: string[] = []

  /** oclif's help, collected instead of written to the process's own standard output. */
  class CollectedHelp extends Help {
    override async showRootHelp(): Promise<void> {
      this.log(ABOUT)
      this.log('')
      this.log(this.section('USAGE', '$ esc COMMAND'))
      this.#list('')
      this.log('')
      this.log(FOOTER)
    }

    override async showTopicHelp(topic: Parameters<InstanceType<typeof Help>['showTopicHelp']>[0]): Promise<void> {
      const id = topic.name
      this.log(this.formatTopic(topic).trimEnd())
      const note = HELP_NOTES[id]
      if (note !== undefined) this.log(`\n${this.section('DESCRIPTION', paragraphs(note))}`)
      this.#list(id)
    }

    override async showCommandHelp(command: Parameters<InstanceType<typeof Help>['showCommandHelp']>[0]) {
      const { id } = command
      this.log(`${command.summary}\n`)
      this.log(this.formatCommand(command).trimEnd())
      this.#list(id)
    }

    override formatCommand(command: Parameters<InstanceType<typeof Help>['formatCommand']>[0]): string {
      const { description } = command
      // The summary stands above: oclif would say it again as the first line of the description.
      return super.formatCommand({ ...command, summary: undefined, description: paragraphs(description ?? '') })
    }

    #list(group: string): void {
      const summaries = new Map(config.commands.map(({ id, summary = '' }) => [id, summary]))
      for (const { title, rows } of listed(group, summaries)) {
        this.log('')
        this.log(this.section(title.toUpperCase(), rows))
      }
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

const ABOUT = `Keep configuration, secrets and rotated credentials in a folder that you commit to git.`

const FOOTER = `Other names of a command are in brackets.
"esc COMMAND --help" shows what a command does, with examples. Start with "esc init".`
