// The client of `esc lsp --stdio`. Everything that it shows comes from the server.
import { commands, type ExtensionContext, window, workspace } from 'vscode'
import { type Executable, LanguageClient, type LanguageClientOptions } from 'vscode-languageclient/node'

let client: LanguageClient | undefined

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand('esc.restart', restart),
    workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration('esc.path')) await restart()
    }),
  )
  await restart()
}

export async function deactivate(): Promise<void> {
  const running = client
  client = undefined
  await running?.dispose()
}

async function restart(): Promise<void> {
  await deactivate()
  const path = workspace.getConfiguration('esc').get<string>('path') || 'esc'
  const starting = new LanguageClient('esc', 'esc', serverOf(path), clientOptions())
  client = starting
  try {
    await starting.start()
  } catch {
    const settings = 'Open settings'
    const problem = `"${path} lsp --stdio" did not start. Install esc, or name the program in the setting esc.path.`
    if ((await window.showErrorMessage(problem, settings)) === settings) {
      await commands.executeCommand('workbench.action.openSettings', 'esc.path')
    }
  }
}

/** The program that serves. */
export function serverOf(path: string): Executable {
  return { command: path, args: ['lsp', '--stdio'] }
}

function clientOptions(): LanguageClientOptions {
  return {
    documentSelector: ['file', 'untitled'].map((scheme) => ({ scheme, pattern: '**/environment.yaml' })),
    // What a definition imports may change without being open.
    synchronize: { fileEvents: workspace.createFileSystemWatcher('**/{esc.yaml,revisions/*.yaml}') },
  }
}
