import { fileURLToPath, pathToFileURL } from 'node:url'
import type {
  CancellationToken,
  CodeAction,
  Connection,
  InitializeResult,
  Location,
  Position,
  TextDocumentPositionParams,
  WorkspaceEdit,
} from 'vscode-languageserver'
import { EscError, hintOf, textOfError } from '../errors.ts'
import {
  type Analysis,
  type DocumentLocation,
  DocumentOffsets,
  definitionTargets,
  encryptableAt,
  encryptionEdits,
  factsAt,
  locateDocument,
  offersAt,
  readableText,
  renamableAt,
  renameKey,
  type SessionHost,
  type SessionParts,
} from '../operations/index.ts'
import type { Text } from '../rich-text.ts'
import { OpenDocument, Superseded } from './open-document.ts'
import { completionItems, protocolDiagnostics, protocolEdit, protocolHover, protocolRange } from './protocol.ts'
import { DocumentStores } from './stores.ts'

interface LanguageServerOptions {
  readonly session: SessionParts
  /** Words a text as the program does, without the secrets that a definition holds in the clear. */
  readonly tell: (text: Text, definition: string) => string
  readonly version: string
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
}

/** The command that replaces a value by a ciphertext: `[uri, offset]`. */
const ENCRYPT = 'esc.encryptValue'

/** Milliseconds after an edit in which the next one may come, before the text is looked at. */
const SETTLE_MS = 15

type Library = typeof import('../vendor/languageserver.ts')

/** Answers an editor until it says that it ends. */
export async function startLanguageServer(options: LanguageServerOptions): Promise<void> {
  const library = await import('../vendor/languageserver.ts')
  const connection = library.createConnection(library.ProposedFeatures.all, options.input, options.output)
  new LanguageServer(connection, library, options).listen()
  await new Promise<void>((resolve) => {
    connection.onExit(resolve)
    options.input.on('end', resolve)
  })
}

class LanguageServer {
  readonly #connection: Connection
  readonly #library: Library
  readonly #options: LanguageServerOptions
  readonly #stores: DocumentStores
  readonly #open = new Map<string, OpenDocument>()
  readonly #waiting = new Map<string, NodeJS.Timeout>()

  constructor(connection: Connection, library: Library, options: LanguageServerOptions) {
    this.#connection = connection
    this.#library = library
    this.#options = options
    this.#stores = new DocumentStores(options.session)
  }

  listen(): void {
    const connection = this.#connection
    connection.onInitialize(() => this.#capabilities())
    connection.onCompletion((params, token) => this.#answer(params, token, (at) => this.#complete(at)))
    connection.onHover((params, token) => this.#answer(params, token, (at) => this.#hover(at)))
    connection.onDefinition((params, token) => this.#answer(params, token, (at) => this.#define(at)))
    connection.onPrepareRename((params, token) => this.#answer(params, token, (at) => this.#prepareRename(at)))
    connection.onRenameRequest((params, token) => this.#answer(params, token, (at) => this.#rename(at, params.newName)))
    connection.onCodeAction(({ textDocument, range }, token) =>
      this.#answer({ textDocument, position: range.start }, token, (at) => this.#actions(at)),
    )
    connection.onExecuteCommand(({ command, arguments: given }) => this.#execute(command, given ?? []))
    connection.onDidChangeWatchedFiles(() => this.#lookAgain())
    this.#followDocuments()
    connection.listen()
  }

  #capabilities(): InitializeResult {
    const sync = this.#library.TextDocumentSyncKind.Incremental
    return {
      serverInfo: { name: 'esc', version: this.#options.version },
      capabilities: {
        textDocumentSync: { openClose: true, change: sync, save: true },
        completionProvider: { triggerCharacters: ['{', '.', '[', ':', '-', ' ', '/'] },
        hoverProvider: true,
        definitionProvider: true,
        renameProvider: { prepareProvider: true },
        codeActionProvider: { codeActionKinds: [this.#library.CodeActionKind.RefactorRewrite] },
        executeCommandProvider: { commands: [ENCRYPT] },
      },
    }
  }

  #followDocuments(): void {
    const documents = new this.#library.TextDocuments(this.#library.TextDocument)
    documents.onDidChangeContent(({ document }) => {
      const open = this.#open.get(document.uri)
      if (!isServed(document.uri)) return
      if (open === undefined) {
        const place = placeOf(document.uri, this.#options.session.host.env)
        const analyze = (text: string, signal: AbortSignal) => this.#stores.analyze(place, text, signal)
        this.#open.set(document.uri, new OpenDocument(document, place, analyze))
      } else open.change(document)
      this.#schedule(document.uri)
    })
    documents.onDidClose(({ document }) => {
      const open = this.#open.get(document.uri)
      if (open === undefined) return
      open.forget()
      this.#open.delete(document.uri)
      clearTimeout(this.#waiting.get(document.uri))
      this.#waiting.delete(document.uri)
      void this.#connection.sendDiagnostics({ uri: document.uri, diagnostics: [] })
    })
    documents.onDidSave(() => this.#lookAgain())
    documents.listen(this.#connection)
  }

  /** Something in a store has changed, perhaps what a document imports. */
  #lookAgain(): void {
    for (const open of this.#open.values()) {
      open.forget()
      this.#schedule(open.uri)
    }
  }

  #schedule(uri: string): void {
    clearTimeout(this.#waiting.get(uri))
    const timer = setTimeout(() => {
      this.#waiting.delete(uri)
      const open = this.#open.get(uri)
      if (open !== undefined) void this.#diagnose(open)
    }, SETTLE_MS)
    this.#waiting.set(uri, timer)
  }

  async #diagnose(open: OpenDocument): Promise<void> {
    const { document } = open
    const tell = (text: Text) => this.#options.tell(text, document.getText())
    try {
      const analysis = await open.analysis()
      const diagnostics = protocolDiagnostics(document, analysis, tell)
      await this.#connection.sendDiagnostics({ uri: open.uri, version: document.version, diagnostics })
    } catch (error) {
      if (isOver(error)) return
      // Such as a store that is damaged, or an environment that may not be read.
      const range = protocolRange(document, { start: 0, end: 0 })
      const diagnostics = [
        { severity: 1 as const, source: 'esc', range, message: this.#failure(error, document.getText()) },
      ]
      await this.#connection.sendDiagnostics({ uri: open.uri, version: document.version, diagnostics })
    }
  }

  #failure(error: unknown, definition: string): string {
    const hint = hintOf(error)
    const message = this.#options.tell(textOfError(error), definition)
    return hint === undefined ? message : `${message}\n${this.#options.tell(hint, definition)}`
  }

  /**
   * Answers a request about a place. What goes wrong is said without any secret; what is about a
   * text that is not there any more is refused.
   */
  async #answer<R>(
    { textDocument, position }: TextDocumentPositionParams,
    token: CancellationToken,
    work: (at: Place) => Promise<R>,
  ) {
    const { ResponseError, LSPErrorCodes } = this.#library
    const cancelled = () => new ResponseError<void>(LSPErrorCodes.RequestCancelled, 'cancelled')
    const open = this.#open.get(textDocument.uri)
    if (open === undefined) return null
    if (token.isCancellationRequested) return cancelled()
    try {
      const answer = await work({ open, offset: open.document.offsetAt(position), position })
      return token.isCancellationRequested ? cancelled() : answer
    } catch (error) {
      if (isOver(error)) return new ResponseError<void>(LSPErrorCodes.ContentModified, 'the document has changed')
      return new ResponseError<void>(LSPErrorCodes.RequestFailed, this.#failure(error, open.document.getText()))
    }
  }

  async #complete({ open, offset }: Place) {
    const { place } = open
    if (open.known === undefined) await this.#learn(open, offset)
    const offers = await offersAt(open.document.getText(), offset, open.known, {
      installed: await this.#stores.installed(place),
      environments: await this.#stores.environments(place),
      look: async (environment) => (place === undefined ? undefined : this.#stores.look(place, environment)),
    })
    if (offers === undefined) return null
    const items = completionItems(open.document, offers, this.#library.CompletionItemKind)
    return { isIncomplete: false, items }
  }

  /** A text that was never whole: what it would be without what is being typed. */
  async #learn(open: OpenDocument, offset: number): Promise<void> {
    await open.analysis().catch(() => undefined)
    if (open.known !== undefined) return
    const text = readableText(open.document.getText(), offset)
    if (text === undefined) return
    const analysis = await this.#stores.analyze(open.place, text).catch(() => undefined)
    if (analysis?.environment !== undefined) open.known ??= analysis
  }

  async #hover({ open, offset }: Place) {
    const analysis = await open.analysis()
    const facts = factsAt(analysis, offset, await this.#stores.installed(open.place))
    const tell = (text: Text) => this.#options.tell(text, open.document.getText())
    return facts === undefined ? null : protocolHover(open.document, facts, tell)
  }

  async #define({ open, offset }: Place): Promise<Location[]> {
    const analysis = await open.analysis()
    const { document, place } = open
    const found: Location[] = []
    for (const { environment, begin } of definitionTargets(analysis, offset)) {
      if (environment === analysis.name) {
        const start = begin === undefined ? 0 : ownOffset(analysis, begin)
        found.push({ uri: document.uri, range: protocolRange(document, { start, end: start }) })
      } else if (place !== undefined) {
        const { file, line, character } = await this.#stores.locate(place, environment, begin)
        const start = { line, character }
        found.push({ uri: pathToFileURL(file).href, range: { start, end: start } })
      }
    }
    return found
  }

  async #prepareRename({ open, offset }: Place) {
    const { part, path } = renamableAt(await open.analysis(), offset)
    return { range: protocolRange(open.document, part), placeholder: String(path.at(-1)) }
  }

  async #rename({ open, offset }: Place, newName: string): Promise<WorkspaceEdit> {
    const analysis = await open.analysis()
    const key = renamableAt(analysis, offset)
    const edits = renameKey(analysis, key, newName)
    if (open.place !== undefined) await this.#tellOfImporters(open.place, key.path.slice(1), newName)
    return editOf(
      open,
      edits.map((edit) => protocolEdit(open.document, edit)),
    )
  }

  /** Other environments are theirs to change: who refers to the name is only named. */
  async #tellOfImporters(place: DocumentLocation, path: readonly (string | number)[], newName: string): Promise<void> {
    const importers = await this.#stores.importers(place, path).catch(() => [])
    if (importers.length === 0) return
    const listed = importers.map(({ environment, references }) => `${environment} (${references})`).join(', ')
    const message = `References to ${path.join('.')} in other environments were not renamed to ${newName}: ${listed}. Change them before you save.`
    this.#show('warning', message)
  }

  /** Shows a text to the user, and waits for no answer. */
  #show(kind: 'error' | 'warning', message: string): void {
    void this.#connection.sendNotification('window/showMessage', { type: kind === 'error' ? 1 : 2, message })
  }

  async #actions({ open, offset }: Place): Promise<CodeAction[]> {
    const analysis = await open.analysis()
    const value = encryptableAt(analysis, offset)
    if (value === undefined) return []
    const kind = this.#library.CodeActionKind.RefactorRewrite
    const command = { title: 'Encrypt this value', command: ENCRYPT, arguments: [open.uri, offset] }
    const encrypt: CodeAction[] = open.place === undefined ? [] : [{ title: command.title, kind, command }]
    if (value.isSecret) return encrypt
    const edits = encryptionEdits(analysis, value, undefined).map((edit) => protocolEdit(open.document, edit))
    const title = 'Mark this value as a secret, to be encrypted when it is saved'
    return [...encrypt, { title, kind, edit: editOf(open, edits) }]
  }

  async #execute(command: string, [uri, offset]: readonly unknown[]): Promise<null> {
    const open = typeof uri === 'string' ? this.#open.get(uri) : undefined
    if (command !== ENCRYPT || open?.place === undefined || typeof offset !== 'number') return null
    try {
      const analysis = await open.analysis()
      const { version } = open.document
      const value = encryptableAt(analysis, offset)
      if (value === undefined) return null
      const ciphertext = await this.#stores.encrypt(open.place, value.plaintext)
      if (open.document.version !== version) return null
      const edits = encryptionEdits(analysis, value, ciphertext).map((edit) => protocolEdit(open.document, edit))
      await this.#connection.workspace.applyEdit({ label: 'Encrypt this value', edit: editOf(open, edits) })
    } catch (error) {
      if (!isOver(error)) this.#show('error', this.#failure(error, open.document.getText()))
    }
    return null
  }
}

/** A place in an open document. */
interface Place {
  readonly open: OpenDocument
  readonly offset: number
  readonly position: Position
}

function editOf({ uri }: OpenDocument, edits: NonNullable<WorkspaceEdit['changes']>[string]): WorkspaceEdit {
  return { changes: { [uri]: edits } }
}

function ownOffset({ text, node }: Analysis, begin: { readonly line: number; readonly column: number }): number {
  return new DocumentOffsets(text, node).offsetOf(begin)
}

/** True for definitions. An editor may hand in every YAML file that it shows. */
function isServed(uri: string): boolean {
  return /^(?:file|untitled):(?:.*[/\\])?environment\.yaml$/.test(uri)
}

function placeOf(uri: string, env: SessionHost['env']): DocumentLocation | undefined {
  try {
    return uri.startsWith('file:') ? locateDocument(fileURLToPath(uri), env) : undefined
  } catch {
    // A URI that is no path on this machine.
    return undefined
  }
}

/** True when what was asked for is of a text that is not there any more. */
function isOver(error: unknown): boolean {
  return error instanceof Superseded || (error instanceof EscError && error.code === 'interrupted')
}
