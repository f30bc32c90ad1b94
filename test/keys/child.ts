// Wraps or unwraps in a process of its own: `child.ts <JSON of Errand>` prints the result.
import { openSecretsProvider } from '../../src/keys/index.ts'
import { contextOf, type Setup } from './setup.ts'

export interface Errand {
  readonly url: string
  readonly setup: Setup
  readonly owner: { readonly id: string; readonly name: string }
  /** A data key as hex, or a wrapped one. */
  readonly wrap?: string
  readonly unwrap?: string
}

const { url, setup, owner, wrap, unwrap } = JSON.parse(process.argv[2]!) as Errand
const provider = await openSecretsProvider(url, contextOf(setup), owner)
const result =
  wrap === undefined
    ? Buffer.from(await provider.unwrapKey(unwrap!)).toString('hex')
    : await provider.wrapKey(Buffer.from(wrap, 'hex'))
console.log(result)
