import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import { storeOperation } from '../session/operation.ts'
import { configuredIssuer } from '../session/signed-requests.ts'
import type { Workspace } from '../session/workspace.ts'
import { audienceOf } from './own-token.ts'
import { awsSteps } from './setup/aws.ts'
import { azureSteps } from './setup/azure.ts'
import { gcpSteps } from './setup/gcp.ts'
import type { SetupStep, StoreIdentity } from './setup/step.ts'
import { vaultSteps } from './setup/vault.ts'

const vendors = { aws: awsSteps, azure: azureSteps, gcp: gcpSteps, vault: vaultSteps }

export type SetupVendor = keyof typeof vendors

interface SetupWish {
  readonly vendor: SetupVendor
  /** The one environment that may log in, `project/name`. `undefined`: each of the store. */
  readonly environment: string | undefined
  /** The powers of the login, in the vendor's words, such as the ARN of a policy. */
  readonly policy: string | undefined
  /** The name of the role, application or pool that is made. */
  readonly name: string
  /** The project of Google Cloud. */
  readonly project: string | undefined
}

/** The commands that make a vendor trust this store. */
export interface TrustSetup {
  readonly issuer: string
  readonly audience: string
  readonly subject: string
  readonly steps: readonly SetupStep[]
}

/**
 * The commands after which a vendor trusts the identity of this store. Nothing is called. Throws
 * EscError `invalid_input` without an issuer, and for what the vendor cannot do.
 */
export const trustSetup = storeOperation({
  name: 'plan-trust-setup',
  level: undefined,
  audit: 'environment-read',
  async run(work, wish: SetupWish): Promise<TrustSetup> {
    const identity = identityOf(work, wish)
    const steps = vendors[wish.vendor]({ ...wish, ...identity })
    return { ...identity, steps }
  },
})

function identityOf({ store, ...workspace }: Workspace, { vendor, environment }: SetupWish): StoreIdentity {
  const issuer = configuredIssuer({ store, ...workspace })?.replace(/\/+$/, '')
  if (issuer === undefined || !issuer.startsWith('https://')) {
    throw new EscError('invalid_input', 'this store has no issuer of identity tokens that a vendor could reach', {
      hint: rich`${step('name one', { do: 'create-issuer' })}, and ${step('write what is to be served there', { do: 'publish-issuer' })}`,
    })
  }
  const { organization } = store
  const named = environment?.replace(/^default\//, '')
  const subject = `pulumi:environments:org:${organization}:env:${named ?? '*'}`
  return {
    issuer,
    audience: audienceOf(vendor === 'vault' ? undefined : vendor, organization),
    subject,
    isPattern: named === undefined,
  }
}
