import type { Notice } from '../notice.ts'
import type { EnvironmentReference, InputKit, InputSchema, Session } from '../operations/index.ts'
import type { Confirmations } from './confirmations.ts'
import type { ShownTexts } from './shown-texts.ts'

/** The settings that the server was started with. */
export interface AgentSettings {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Commands that may be run, as patterns of words. Empty: none. */
  readonly commands: readonly string[]
  /** True when secrets may be returned by the tool that is named for it. */
  readonly allowReveal: boolean
  /** The folder for temporary files, and their names. */
  readonly temporary: { readonly folder?: string; readonly random?: (byteCount: number) => Uint8Array }
}

/** Everything that one call of a tool works with. */
export interface ToolCall {
  readonly settings: AgentSettings
  /** Opens the store as it is now. */
  readonly session: Session
  readonly reference: (environment: string) => EnvironmentReference
  /** Grows with every environment that is opened. */
  readonly shown: ShownTexts
  readonly confirmations: Confirmations
  /** Asks the person, through the client. `undefined`: the client cannot ask. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined
  /** Tells the client what is being done. */
  readonly progress: (text: string) => void
  readonly signal: AbortSignal
  readonly notices: readonly Notice[]
}

/** The arguments that the audit log has: names and paths, no values. */
export type Recorded = Readonly<Record<string, string | readonly string[]>>

/** Something that an agent can have done. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  /** The schema of its arguments. */
  readonly input: InputSchema<unknown>
  /** Hints for clients, which may ask a person before they call a tool that changes something. */
  readonly annotations: {
    readonly readOnlyHint?: boolean
    readonly destructiveHint?: boolean
    readonly idempotentHint?: boolean
    readonly openWorldHint?: boolean
  }
  /** The least level at which it is offered. */
  readonly level: 'read' | 'open' | 'write'
  /** Default: the audit log has nothing of the arguments but the environment. */
  readonly recorded?: (given: never) => Recorded
  /** True when its answer holds secrets, which are then not hidden in it. */
  readonly reveals?: boolean
  readonly run: (call: ToolCall, given: never) => Promise<unknown>
}

/** Declares a tool: the arguments that it gets are those of its schema. */
export function tool<Arguments>(
  declared: Omit<Tool, 'input' | 'run' | 'recorded'> & {
    readonly input: InputSchema<Arguments>
    readonly run: (call: ToolCall, given: Arguments) => Promise<unknown>
    readonly recorded?: (given: Arguments) => Recorded
  },
): Tool {
  return declared as unknown as Tool
}

/** The schema of an environment's name. */
export function environmentText(z: InputKit) {
  return z
    .string()
    .describe('the environment: project/name, with @ and a revision number or tag where a version is allowed')
}

/** The schema of a path, as text. */
export function pathText(z: InputKit, what = 'path of a value below `values`') {
  return z.string().describe(`${what}, such as database.password or endpoints[0]["a.b"]`)
}
