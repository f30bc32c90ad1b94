import type { AuditDetails } from '../../audit/index.ts'
import { storeOperation } from '../session/operation.ts'
import { wholeStore } from '../session/permit.ts'

export interface AgentCall<Result> {
  /** The environment that the tool is about. `undefined`: the whole store. */
  readonly environment: string | undefined
  /** The name of the tool and what may be told of its arguments: no value. */
  readonly details: AuditDetails
  readonly run: () => Promise<Result>
}

/**
 * Has a tool that an agent has called run, with lines of the audit log of its own: those who only
 * look leave none otherwise. What the tool does is permitted and recorded besides.
 */
export const recordAgentCall = storeOperation({
  name: 'record-agent-call',
  level: undefined,
  audit: 'agent-tool-called',
  async run(work, { environment, details, run }: AgentCall<unknown>): Promise<unknown> {
    const permitted = await work.audit.begin('agent-tool-called', environment ?? wholeStore, details)
    try {
      const result = await run()
      permitted.done()
      return result
    } catch (error) {
      permitted.failed(error)
      throw error
    }
  },
})
