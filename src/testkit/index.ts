/**
 * The contract of rotators as tests, for authors of plugins and for ours:
 * `import { contract } from '@gitesc/cli/testkit'`.
 */
import { pluginFault } from '../plugins/index.ts'

export { type ContractCase, type ContractOptions, contract } from './contract.ts'
export { type Journal, type Run, resume, rotateOnce } from './rotation-run.ts'
export { type Cut, Gate, Killed, type Scenario, type Subject, type SweepOptions, sweep } from './sweep.ts'
export { type TestContext, testContext } from './test-context.ts'
export { pluginFault }
