import { EscError } from '../../errors.ts'
import { findSelection } from '../../operations/index.ts'
import { EscCommand } from '../framework/command.ts'
import { boolean } from '../framework/flags.ts'
import { HOOK_SHELLS, hookScript } from '../framework/hook-script.ts'
import { sessionRequest } from '../framework/session.ts'

const flags = { 'no-segment': boolean({ description: 'set ESC_PROMPT only, and leave the prompt as it is' }) }

export default class Hook extends EscCommand<string, typeof flags> {
  static override id = 'hook'
  static override summary = 'Print the script that shows the environment in your shell prompt.'
  static override description =
    `Your prompt then begins with the environment that commands use in the current folder, such as (app/dev). It comes from the nearest .esc.yaml, or from
"esc select". Load the script from the start-up file of your shell. For a prompt of your own, use the variable ESC_PROMPT.
"esc hook prompt" prints only the name, or nothing if there is none.`
  static override examples = [
    { description: 'bash, in ~/.bashrc', command: 'eval "$(esc hook bash)"' },
    { description: 'zsh, in ~/.zshrc', command: 'eval "$(esc hook zsh)"' },
    { description: 'fish, in ~/.config/fish/config.fish', command: 'esc hook fish | source' },
  ]
  static override flags = flags
  static override args = { shell: { description: `${HOOK_SHELLS.join(', ')}, or prompt`, required: true } }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<string> {
    const [shell = ''] = this.positionals
    if (shell === 'prompt') return this.#selected()
    const known = HOOK_SHELLS.find((each) => each === shell)
    if (known === undefined) {
      throw new EscError('usage', `unknown shell ${JSON.stringify(shell)}`, {
        hint: `use one of ${HOOK_SHELLS.join(', ')}, or prompt`,
      })
    }
    return hookScript(known, { segment: !this.flags['no-segment'] })
  }

  /** A prompt is no place for errors and warnings: the next command reports them. */
  #selected(): string {
    const usual = sessionRequest(this.io, this.flags)
    const quiet = { ...usual, host: { ...usual.host, notify() {}, deliver: undefined, prompt: undefined } }
    try {
      return findSelection(quiet, undefined)?.selected ?? ''
    } catch {
      return ''
    }
  }

  override get printsValues(): boolean {
    return true
  }

  text(output: string): string {
    return output
  }
}
