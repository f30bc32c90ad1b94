import manifest from '../../../package.json' with { type: 'json' }
import { EscError } from '../../errors.ts'
import { EscCommand } from '../framework/command.ts'
import { boolean } from '../framework/flags.ts'
import { sessionRequest } from '../framework/session.ts'

const flags = {
  stdio: boolean({ description: 'talk to the editor over standard input and output' }),
}

export default class Lsp extends EscCommand<void, typeof flags> {
  static override id = 'lsp'
  static override summary = 'Run the language server for editors.'
  static override description =
    `Serves editors over the Language Server Protocol: diagnostics, completion, hover, go to definition, rename, and encryption of values. It works on
environment.yaml files of a store, and on files that "esc env edit" opens. No provider is called, and secrets are never shown.
docs/editors.md shows how to configure editors.`
  static override examples = [{ description: 'As an editor starts it', command: 'esc lsp --stdio' }]
  static override flags = flags

  async run(): Promise<void> {
    if (!this.flags.stdio) {
      throw new EscError('usage', 'required flag(s) "stdio" not set', {
        hint: 'an editor starts it as "esc lsp --stdio"; docs/editors.md has the set-up',
      })
    }
    const { startLanguageServer } = await import('../../lsp/index.ts')
    const { languageServerWords } = await import('../framework/language-server-words.ts')
    const request = sessionRequest(this.io, this.flags)
    await startLanguageServer({
      // Each text that is typed would be remembered, to be hidden in what this command prints.
      session: { ...request, host: { ...request.host, hide: undefined } },
      tell: languageServerWords(),
      version: manifest.version,
      input: process.stdin,
      output: process.stdout,
    })
  }

  text(): undefined {}
}
