import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { Program } from '../end-to-end/program.ts'

/** How a person answers a question. */
export type Answer = (question: string) => 'accept' | 'decline' | 'no'

/** The answer of a tool. */
export interface Told {
  readonly isError: boolean
  // biome-ignore lint/suspicious/noExplicitAny: data whose shape each test knows
  readonly data: any
}

/** An agent: the SDK's own client, and the built program as its server. */
export class Agent {
  /** Everything that has left the server: messages as they are on the wire, and standard error. */
  said = ''
  readonly client: Client
  readonly #transport: StdioClientTransport

  private constructor(client: Client, transport: StdioClientTransport) {
    this.client = client
    this.#transport = transport
  }

  /** With `answer`, the client can ask a person. */
  static async start(program: Program, words: readonly string[] = [], answer?: Answer): Promise<Agent> {
    const env = Object.fromEntries(
      Object.entries({ ...program.env, NODE_OPTIONS: '' }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [Program.path, 'mcp', ...words],
      cwd: program.folder,
      env,
      stderr: 'pipe',
    })
    const capabilities = answer === undefined ? {} : { elicitation: {} }
    const client = new Client({ name: 'test-agent', version: '1.0' }, { capabilities })
    const agent = new Agent(client, transport)
    transport.stderr?.on('data', (text) => {
      agent.said += text
    })
    if (answer !== undefined) {
      client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
        const given = answer(params.message)
        return given === 'decline'
          ? { action: 'decline' }
          : { action: 'accept', content: { confirm: given === 'accept' } }
      })
    }
    await client.connect(transport)
    const { onmessage } = transport
    transport.onmessage = (message) => {
      agent.said += `${JSON.stringify(message)}\n`
      onmessage?.(message)
    }
    return agent
  }

  get pid(): number {
    return this.#transport.pid!
  }

  async tools(): Promise<readonly string[]> {
    return (await this.client.listTools()).tools.map(({ name }) => name)
  }

  async call(name: string, given: object = {}, signal?: AbortSignal): Promise<Told> {
    const answered = await this.client.callTool({ name, arguments: given as Record<string, unknown> }, undefined, {
      onprogress: () => {},
      ...(signal && { signal }),
    })
    const [content] = answered.content as { text: string }[]
    return { isError: answered.isError === true, data: JSON.parse(content!.text) }
  }

  /** The data that a call answers with, which must be no error. */
  // biome-ignore lint/suspicious/noExplicitAny: data whose shape each test knows
  async ok(name: string, given: object = {}): Promise<any> {
    const { isError, data } = await this.call(name, given)
    if (isError) throw new Error(`${name}: ${JSON.stringify(data)}`)
    return data
  }

  /** The error of a call that must be refused. */
  async refused(name: string, given: object = {}): Promise<{ code: string; message: string; hint?: string }> {
    const { isError, data } = await this.call(name, given)
    if (!isError) throw new Error(`${name} was not refused: ${JSON.stringify(data)}`)
    return data.error
  }

  async stop(): Promise<void> {
    await this.client.close()
  }
}
