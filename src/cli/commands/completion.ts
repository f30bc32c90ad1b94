import { EscError } from '../../errors.ts'
import { EscCommand } from '../framework/command.ts'
import { completionScript, SHELLS, type Shell } from '../framework/completion-script.ts'
import { boolean } from '../framework/flags.ts'

const flags = { 'no-descriptions': boolean({ description: 'names only' }) }

export default class Completion extends EscCommand<string, typeof flags> {
  static override id = 'completion'
  static override summary = 'Print the completion script for a shell.'
  static override description =
    `Prints a script that completes commands, flags and their values, and names in the current store: environments, versions, tags, schedules and
the paths of rotators. Load it from the start-up file of your shell. Completion needs no key, and asks no server.`
  static override examples = [
    { description: 'bash, in ~/.bashrc', command: 'source <(esc completion bash)' },
    { description: 'zsh, in ~/.zshrc', command: 'source <(esc completion zsh)' },
    { description: 'fish', command: 'esc completion fish > ~/.config/fish/completions/esc.fish' },
    { description: 'PowerShell, in $PROFILE', command: 'esc completion powershell | Out-String | Invoke-Expression' },
  ]
  static override flags = flags
  static override args = { shell: { description: SHELLS.join(', '), required: true } }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<string> {
    const shell = SHELLS.find((each): each is Shell => each === this.positionals[0])
    if (shell === undefined) {
      throw new EscError('usage', `unknown shell "${this.positionals[0]}"`, { hint: `use one of ${SHELLS.join(', ')}` })
    }
    return completionScript(shell, { descriptions: !this.flags['no-descriptions'] })
  }

  override get printsValues(): boolean {
    return true
  }

  text(script: string): string {
    return script
  }
}
