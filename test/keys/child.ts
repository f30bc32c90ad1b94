// Wraps in a process of its own, for a parent that sends errands one after the other.
import { openSecretsProvider } from '../../src/keys/index.ts'
import { contextOf, type Setup } from './setup.ts'

export interface Errand {
  readonly url: string
  readonly setup: Setup
  readonly owner: { readonly id: string; readonly name: string }
  /** A data key as hex. */
  readonly wrap: string
}

process.on('message', async ({ url, setup, owner, wrap }: Errand) => {
  try {
    const provider = await openSecretsProvider(url, contextOf(setup), owner)
    process.send!({ result: await provider.wrapKey(Buffer.from(wrap, 'hex')) })
  } catch (error) {
    process.send!({ error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
process.send!('ready')
