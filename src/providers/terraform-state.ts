import { EscError } from '../errors.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { secret } from '../secret.ts'
import type { Provider } from './provider.ts'
import { readBackend, type TerraformBackend, terraformBackends } from './terraform-backends.ts'
import { memberOf, type ProviderNetwork } from './vendor-call.ts'

const example = `values:
  aws:
    login:
      fn::open::aws-login:
        oidc:
          roleArn: arn:aws:iam::123456789012:role/esc
          sessionName: esc
          duration: 1h
  terraform:
    fn::open::terraform-state:
      backend:
        s3:
          login: \${aws.login}
          bucket: example-state-bucket
          key: path/to/terraform.tfstate
          region: us-west-2
`

type TerraformStateInputs = { readonly backend: TerraformBackend }

/** The outputs of a configuration of Terraform or OpenTofu, from where its state is kept. */
export function terraformStateProvider(network: ProviderNetwork = {}): Provider<TerraformStateInputs> {
  return {
    name: 'terraform-state',
    description: 'Outputs in a state of Terraform or OpenTofu.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        backend: {
          oneOf: Object.entries(terraformBackends).map(([name, schema]) => ({
            type: 'object',
            additionalProperties: false,
            properties: { [name]: schema },
            required: [name],
          })),
        },
      },
      required: ['backend'],
    },
    outputs: {
      type: 'object',
      properties: { outputs: { type: 'object', additionalProperties: true } },
      required: ['outputs'],
    },
    shareable: true,

    async open({ backend }, context) {
      const read = await readBackend(backend, network, context)
      return { outputs: 'outputs' in read ? read.outputs : outputsOf(read.state, read.place) }
    },
  }
}

export const terraformState = terraformStateProvider()

/**
 * The outputs in the text of a state; sensitive ones are secret. @throws EscError
 * `provider_failed`.
 */
function outputsOf(text: string, place: string): PlainObject {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch {
    state = undefined
  }
  const failed = (problem: string, hint: string) =>
    new EscError('provider_failed', `terraform-state: ${place} ${problem}`, { hint })
  if (memberOf(state, 'encrypted_data') !== undefined) {
    throw failed(
      'is encrypted by OpenTofu, whose key only its configuration knows',
      'read the outputs from a state without state encryption, or keep them as `fn::secret`: "tofu output -json" prints them',
    )
  }
  const version = memberOf(state, 'version')
  if (typeof version !== 'number') throw failed('is not a state of Terraform', 'check the address of the state')
  if (version !== 4) {
    throw failed(
      `has version ${version} of the format; this esc reads 4`,
      'apply the configuration once with Terraform 0.12 or later, or with OpenTofu',
    )
  }
  const outputs = memberOf(state, 'outputs')
  if (outputs === null || typeof outputs !== 'object') return {}
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => {
      const value = (memberOf(output, 'value') ?? null) as Plain
      return [name, memberOf(output, 'sensitive') === true ? secret(value) : value]
    }),
  )
}
