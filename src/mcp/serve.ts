import { EscError, hintOf, messageOf } from '../errors.ts'
import type { Notice } from '../notice.ts'
import {
  type AuditDetails,
  type Caller,
  decoderOf,
  hiddenTexts,
  type InputDecoder,
  recordAgentCall,
  type Session,
  type SessionHost,
} from '../operations/index.ts'
import { remediesIn } from '../rich-text.ts'
import type { Server } from '../vendor/mcp.ts'
import { Confirmations } from './confirmations.ts'
import { ShownTexts } from './shown-texts.ts'
import type { AgentSettings, Tool, ToolCall } from './tool.ts'
import { offeredTools } from './tools/index.ts'

interface AgentServerOptions extends AgentSettings {
  /** The most that may be done, and with which environments. */
  readonly restriction: NonNullable<Caller['restriction']>
  /** Opens the store as it is now for this caller. `changed`: what of the host is another. */
  readonly open: (caller: Caller, changed: Partial<SessionHost>) => Session
  /** Words a notice for a person. */
  readonly noticeText: (notice: Notice) => string
  readonly now: () => Date
  /** The version of this program, as clients show it. */
  readonly version: string
  /** Ends the server, and what it is doing. */
  readonly stop: AbortSignal
}

const INSTRUCTIONS = `Environments hold configuration and secrets. Secrets are hidden in every answer, as [secret]: use them without seeing them.
To use one, call run_command, which hands it to a program as a variable, or as \${path} in an argument. To refer to one in a definition, write \${path}.
Never ask the person to paste a secret here, and never write one into a file.`

/** The time that a person has to answer. */
const ANSWER_MS = 600_000

/** The part of what a handler of requests is given that is used here. */
interface Extra {
  readonly signal: AbortSignal
  readonly sendNotification: (notification: {
    method: 'notifications/progress'
    params: { progressToken: string | number; progress: number; message: string }
  }) => Promise<void>
}

interface Request {
  readonly name: string
  readonly given: Readonly<Record<string, unknown>>
  readonly progressToken: string | number | undefined
}

/**
 * Serves a client on standard input and output, until it closes them or `stop` is set. The calls
 * under way are ended first.
 */
export async function serveAgents(options: AgentServerOptions): Promise<void> {
  const sdk = await import('../vendor/mcp.ts')
  const server = new sdk.Server(
    { name: 'esc', version: options.version },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  )
  const closed = new AbortController()
  const tools = await decodedTools(offeredTools(options.restriction.level, options))
  const agents = new AgentServer(options, server, tools, AbortSignal.any([options.stop, closed.signal]))
  server.setRequestHandler(sdk.ListToolsRequestSchema, async () => ({ tools: agents.list() as never }))
  server.setRequestHandler(sdk.CallToolRequestSchema, async ({ params }, extra) => {
    const { name, arguments: given = {}, _meta } = params
    return await agents.answer({ name, given, progressToken: _meta?.progressToken }, extra)
  })
  for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => closed.abort())
  // Nobody reads any more.
  process.stdout.once('error', () => closed.abort())
  await server.connect(new sdk.StdioServerTransport())
  await new Promise<void>((done) => {
    if (options.stop.aborted) done()
    options.stop.addEventListener('abort', () => done(), { once: true })
    closed.signal.addEventListener('abort', () => done(), { once: true })
  })
  await agents.settled()
  await server.close()
}

/** A tool that is offered, and the reader of its arguments. */
interface DecodedTool {
  readonly tool: Tool
  readonly decoder: InputDecoder<unknown>
}

async function decodedTools(offered: readonly Tool[]): Promise<ReadonlyMap<string, DecodedTool>> {
  const decoded = offered.map(async (tool) => {
    const decoder = await decoderOf(tool.input, `the input of ${tool.name}`)
    return [tool.name, { tool, decoder }] as const
  })
  return new Map(await Promise.all(decoded))
}

class AgentServer {
  readonly #options: AgentServerOptions
  readonly #server: Server
  readonly #ended: AbortSignal
  readonly #tools: ReadonlyMap<string, DecodedTool>
  readonly #shown = new ShownTexts()
  readonly #confirmations: Confirmations
  readonly #running = new Set<Promise<unknown>>()

  constructor(
    options: AgentServerOptions,
    server: Server,
    tools: ReadonlyMap<string, DecodedTool>,
    ended: AbortSignal,
  ) {
    this.#options = options
    this.#server = server
    this.#tools = tools
    this.#ended = ended
    this.#confirmations = new Confirmations(options.now)
    this.#shown.hide(hiddenTexts({}, options.env))
  }

  list(): readonly object[] {
    return [...this.#tools.values()].map(({ tool: { name, title, description, annotations }, decoder }) => ({
      name,
      title,
      description,
      inputSchema: decoder.json,
      annotations,
    }))
  }

  /** Has a tool run, and answers with what may be shown of its result, or of its error. */
  async answer(request: Request, extra: Extra) {
    const running = this.#call(request, extra)
    this.#running.add(running)
    try {
      return { content: [{ type: 'text' as const, text: await running }] }
    } catch (error) {
      return { isError: true, content: [{ type: 'text' as const, text: this.#errorText(error) }] }
    } finally {
      this.#running.delete(running)
    }
  }

  /** Resolves once nothing is being done any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running])
  }

  async #call(request: Request, extra: Extra): Promise<string> {
    const { name, given } = request
    const { open, noticeText } = this.#options
    const { tool, decoder } = this.#tools.get(name) ?? {}
    const notices: Notice[] = []
    const warnings: string[] = []
    const caller: Caller = {
      origin: { command: `mcp ${(tool?.name ?? 'call').slice(0, 40)}`, terminal: false },
      restriction: this.#options.restriction,
    }
    const changed: Partial<SessionHost> = {
      prompt: undefined,
      askTrust: undefined,
      hide: undefined,
      notify: (notice) => void notices.push(notice),
      onCommit: (outcome) => {
        if (outcome.kind === 'failed') warnings.push(`${outcome.warning}: ${outcome.hint}`)
      },
    }
    const session = open(caller, changed)
    const environment = nameOf(given.environment, (text) => session.reference(text).name)
    let read: { readonly value: unknown } | undefined
    let refusal: unknown
    try {
      read = { value: (decoder ?? this.#refuse(name)).decode(given) }
    } catch (error) {
      refusal = error
    }
    const run = async () => {
      if (tool === undefined || read === undefined) throw refusal
      const result = await tool.run(this.#callOf(request, extra, { session, notices }), read.value as never)
      return { result, reveals: tool.reveals ?? false }
    }
    const details = this.#shown.data({
      tool: tool?.name ?? name.slice(0, 40),
      ...(read !== undefined && tool?.recorded?.(read.value as never)),
      ...this.#client(),
    }) as AuditDetails
    // A session of its own: the tool's would wait for this operation to end.
    const performed = await open(caller, changed).perform(recordAgentCall, undefined, { environment, details, run })
    const { result, reveals } = performed.result as Awaited<ReturnType<typeof run>>
    const said = [...notices.map(noticeText), ...warnings].map((text) => this.#shown.text(text))
    return JSON.stringify(
      { ...((reveals ? result : this.#shown.data(result)) as object), ...(said.length > 0 && { notices: said }) },
      undefined,
      2,
    )
  }

  /** @throws EscError `not_found`. */
  #refuse(name: string): never {
    throw new EscError('not_found', `this server offers no tool ${JSON.stringify(name)}`, {
      hint: `it offers ${[...this.#tools.keys()].join(', ')}`,
    })
  }

  #callOf(
    { progressToken }: Request,
    extra: Extra,
    { session, notices }: Pick<ToolCall, 'session' | 'notices'>,
  ): ToolCall {
    const signal = AbortSignal.any([extra.signal, this.#ended])
    let progress = 0
    return {
      settings: this.#options,
      session,
      reference: (text) => session.reference(text),
      shown: this.#shown,
      confirmations: this.#confirmations,
      ask: this.#canAsk() ? (question) => this.#ask(question, signal) : undefined,
      progress: (text) => {
        if (progressToken === undefined) return
        const params = { progressToken, progress: ++progress, message: this.#shown.text(text) }
        extra.sendNotification({ method: 'notifications/progress', params }).catch(() => {})
      },
      signal,
      notices,
    }
  }

  #canAsk(): boolean {
    const elicitation = this.#server.getClientCapabilities()?.elicitation
    // Clients of the protocol's first version with questions name no kind.
    return elicitation !== undefined && ('form' in elicitation || Object.keys(elicitation).length === 0)
  }

  async #ask(question: string, signal: AbortSignal): Promise<boolean> {
    const message = this.#shown.text(question)
    const confirm = { type: 'boolean', title: 'Go on', description: 'Nothing is changed without a yes.' } as const
    const { action, content } = await this.#server.elicitInput(
      { mode: 'form', message, requestedSchema: { type: 'object', properties: { confirm }, required: ['confirm'] } },
      { signal, timeout: ANSWER_MS },
    )
    return action === 'accept' && content?.confirm === true
  }

  /** The name that the client gives itself, which may be any. */
  #client(): { readonly client?: string } {
    const client = this.#server.getClientVersion()
    return client === undefined ? {} : { client: `${client.name} ${client.version}`.slice(0, 80) }
  }

  #errorText(error: unknown): string {
    const code = error instanceof EscError ? error.code : 'failed'
    const hint = hintOf(error)
    const remedies = remediesIn(hint)
    const told = {
      code,
      message: messageOf(error),
      ...(hint !== undefined && { hint: String(hint) }),
      ...(remedies.length > 0 && { remedies }),
    }
    return JSON.stringify({ error: this.#shown.data(told) }, undefined, 2)
  }
}

function nameOf(given: unknown, parse: (text: string) => string): string | undefined {
  if (typeof given !== 'string') return undefined
  try {
    return parse(given)
  } catch {
    return undefined
  }
}
