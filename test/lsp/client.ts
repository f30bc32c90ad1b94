import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  ApplyWorkspaceEditRequest,
  type CodeAction,
  CodeActionRequest,
  type CompletionItem,
  CompletionRequest,
  createProtocolConnection,
  DefinitionRequest,
  type Diagnostic,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DidSaveTextDocumentNotification,
  ExecuteCommandRequest,
  ExitNotification,
  type Hover,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  type Location,
  type Position,
  PrepareRenameRequest,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  RenameRequest,
  ShowMessageNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver-protocol/node'
import { TextDocument } from 'vscode-languageserver-textdocument'
import type { Program } from '../end-to-end/program.ts'

/** Text in which `|` marks where the cursor is. */
export function withCursor(marked: string): { readonly text: string; readonly offset: number } {
  const offset = marked.indexOf('|')
  return { text: marked.slice(0, offset) + marked.slice(offset + 1), offset }
}

/** An editor, as the built program's language server sees one. */
export class EditorClient {
  readonly child: ChildProcess
  /** Everything that the server has sent, byte for byte. */
  sent = ''
  /** What the user was shown. */
  readonly messages: string[] = []
  /** Edits that the server has asked for. */
  readonly applied: WorkspaceEdit[] = []
  readonly connection: ProtocolConnection
  readonly #documents = new Map<string, TextDocument>()
  readonly #published = new Map<string, { version: number | undefined; diagnostics: readonly Diagnostic[] }>()
  #waiting: (() => void)[] = []

  private constructor(child: ChildProcess) {
    this.child = child
    child.stdout!.on('data', (bytes: Buffer) => {
      this.sent += bytes.toString()
    })
    child.stderr!.on('data', (bytes: Buffer) => {
      this.sent += bytes.toString()
    })
    this.connection = createProtocolConnection(
      new StreamMessageReader(child.stdout!),
      new StreamMessageWriter(child.stdin!),
    )
    this.connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, version, diagnostics }) => {
      this.#published.set(uri, { version, diagnostics })
      for (const wake of this.#waiting.splice(0)) wake()
    })
    this.connection.onNotification(ShowMessageNotification.type, ({ message }) => void this.messages.push(message))
    this.connection.onRequest(ApplyWorkspaceEditRequest.type, ({ edit }) => {
      this.applied.push(edit)
      return { applied: true }
    })
    this.connection.listen()
  }

  static async start(program: Program, env: Readonly<Record<string, string>> = {}): Promise<EditorClient> {
    const client = new EditorClient(program.start(['lsp', '--stdio'], env, { input: true }))
    await client.connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: null,
      capabilities: { workspace: { applyEdit: true } },
    })
    await client.connection.sendNotification(InitializedNotification.type, {})
    return client
  }

  uriOf(file: string): string {
    return pathToFileURL(file).href
  }

  async open(file: string, text: string): Promise<string> {
    return this.openUri(this.uriOf(file), text)
  }

  async openUri(uri: string, text: string): Promise<string> {
    this.#documents.set(uri, TextDocument.create(uri, 'yaml', 1, text))
    const textDocument = { uri, languageId: 'yaml', version: 1, text }
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument })
    return uri
  }

  /** Replaces the text of a document, as an editor does after a large change. */
  async change(uri: string, text: string): Promise<void> {
    const { version } = this.document(uri)
    this.#documents.set(uri, TextDocument.create(uri, 'yaml', version + 1, text))
    const change = { textDocument: { uri, version: version + 1 }, contentChanges: [{ text }] }
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, change)
  }

  /** Types a text at an offset. */
  async type(uri: string, offset: number, text: string): Promise<void> {
    const document = this.document(uri)
    const position = document.positionAt(offset)
    const contentChanges = [{ range: { start: position, end: position }, text }]
    const version = document.version + 1
    this.#documents.set(uri, TextDocument.update(document, contentChanges, version))
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges,
    })
  }

  async save(uri: string): Promise<void> {
    await this.connection.sendNotification(DidSaveTextDocumentNotification.type, { textDocument: { uri } })
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } })
  }

  document(uri: string): TextDocument {
    return this.#documents.get(uri)!
  }

  /** The diagnostics of the text as it is now, once they come. */
  async diagnostics(uri: string): Promise<readonly Diagnostic[]> {
    for (;;) {
      const found = this.#published.get(uri)
      if (found?.version === this.document(uri).version) return found.diagnostics
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Forgets what was published, to wait for the next. */
  forget(uri: string): void {
    this.#published.delete(uri)
  }

  at(uri: string, offset: number): { textDocument: { uri: string }; position: Position } {
    return { textDocument: { uri }, position: this.document(uri).positionAt(offset) }
  }

  async completions(uri: string, offset: number): Promise<readonly CompletionItem[]> {
    const answer = await this.connection.sendRequest(CompletionRequest.type, this.at(uri, offset))
    return answer === null ? [] : Array.isArray(answer) ? answer : answer.items
  }

  /** The text after a completion with this label was taken. */
  async completed(uri: string, offset: number, label: string): Promise<string> {
    const item = (await this.completions(uri, offset)).find((each) => each.label === label)
    if (item === undefined) throw new Error(`no completion ${label}`)
    const edits = [item.textEdit as TextEdit, ...(item.additionalTextEdits ?? [])]
    return TextDocument.applyEdits(this.document(uri), edits)
  }

  async hover(uri: string, offset: number): Promise<string> {
    const answer: Hover | null = await this.connection.sendRequest(HoverRequest.type, this.at(uri, offset))
    return answer === null ? '' : (answer.contents as { value: string }).value
  }

  async definition(uri: string, offset: number): Promise<readonly Location[]> {
    return ((await this.connection.sendRequest(DefinitionRequest.type, this.at(uri, offset))) ?? []) as Location[]
  }

  async prepareRename(uri: string, offset: number) {
    return this.connection.sendRequest(PrepareRenameRequest.type, this.at(uri, offset))
  }

  /** The text after a renaming. */
  async renamed(uri: string, offset: number, newName: string): Promise<string> {
    const edit = await this.connection.sendRequest(RenameRequest.type, { ...this.at(uri, offset), newName })
    return this.withEdit(uri, edit!)
  }

  withEdit(uri: string, edit: WorkspaceEdit): string {
    return TextDocument.applyEdits(this.document(uri), edit.changes![uri]!)
  }

  async actions(uri: string, offset: number): Promise<readonly CodeAction[]> {
    const { textDocument, position } = this.at(uri, offset)
    const range = { start: position, end: position }
    const params = { textDocument, range, context: { diagnostics: [] } }
    return ((await this.connection.sendRequest(CodeActionRequest.type, params)) ?? []) as CodeAction[]
  }

  async execute({ command }: CodeAction): Promise<void> {
    const { command: name, arguments: given } = command!
    await this.connection.sendRequest(ExecuteCommandRequest.type, { command: name, arguments: given })
  }

  /** Ends the server as an editor does; its exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.child.on('exit', resolve))
    await this.connection.sendRequest(ShutdownRequest.type)
    await this.connection.sendNotification(ExitNotification.type)
    const code = await ended
    this.connection.dispose()
    return code
  }

  /** Ends the server at once. */
  kill(): void {
    this.connection.dispose()
    this.child.kill('SIGKILL')
  }
}

/** Path of the definition of an environment, with another text in it where one is given. */
export function definitionFile(program: Program, name: string, text?: string): string {
  const file = join(program.store, ...name.split('/'), 'environment.yaml')
  if (text !== undefined) writeFileSync(file, text)
  return file
}
