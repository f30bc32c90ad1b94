import { EscError } from '../errors.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { secret } from '../secret.ts'
import { entriesOf, readEntries } from './entries.ts'
import { machineOf } from './machine.ts'
import type { MachineAccess, Provider } from './provider.ts'
import { pulumiBackend } from './pulumi-backends.ts'
import type { PulumiBackend, PulumiStack } from './pulumi-checkpoint.ts'
import { malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

const example = `values:
  stacks:
    fn::open::pulumi-stacks:
      stacks:
        network:
          stack: example-project/prod
`

type PulumiStacksInputs = { readonly stacks: Readonly<Record<string, { readonly stack: string }>> }

/** Outputs of stacks of Pulumi, from the backend that the user is logged in to. */
export function pulumiStacksProvider(network: ProviderNetwork = {}): Provider<PulumiStacksInputs> {
  return {
    name: 'pulumi-stacks',
    description: 'Outputs of stacks of Pulumi, from the backend that you are logged in to.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        stacks: entriesOf(
          {
            stack: { type: 'string', pattern: '^[a-zA-Z0-9_.-]{1,100}/[a-zA-Z0-9_.-]{1,100}$' },
          },
          ['stack'],
        ),
      },
      required: ['stacks'],
    },
    outputs: { type: 'object', additionalProperties: { type: 'object', additionalProperties: true } },
    shareable: true,

    async open({ stacks }, context) {
      const machine = await machineOf(context, 'pulumi-stacks')
      // Before anybody is called with the login of the user.
      for (const { stack } of Object.values(stacks)) await machine.allowStack(stack)
      const backend = await pulumiBackend(network, context)
      return readEntries(stacks, async ({ stack }) => {
        const [project = '', name = ''] = stack.split('/')
        return outputsOf({ project, name }, backend, machine)
      })
    },
  }
}

export const pulumiStacks = pulumiStacksProvider()

async function outputsOf(stack: PulumiStack, backend: PulumiBackend, machine: MachineAccess): Promise<PlainObject> {
  const where = `${stack.project}/${stack.name}`
  const document = await backend.read(stack)
  const latest = memberOf(memberOf(document, 'checkpoint'), 'latest') ?? memberOf(document, 'deployment')
  const resources = memberOf(latest, 'resources')
  if (resources === undefined && latest !== undefined) return {}
  if (!Array.isArray(resources)) throw malformedAnswer('pulumi-stacks', `reading ${where}`)
  const root = resources.find((each) => memberOf(each, 'type') === 'pulumi:pulumi:Stack')
  const outputs = memberOf(root, 'outputs')
  if (typeof outputs !== 'object' || outputs === null) return {}
  const ciphertexts = ciphertextsIn(outputs)
  const plaintexts = ciphertexts.length === 0 ? new Map() : await decrypted(ciphertexts)
  return shown(outputs, plaintexts) as PlainObject

  async function decrypted(texts: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const manager = memberOf(latest, 'secrets_providers')
    const [type, state] = [textIn(manager, 'type'), memberOf(manager, 'state')]
    if (type === undefined) throw malformedAnswer('pulumi-stacks', `reading ${where}`)
    if (type === 'service' && backend.decrypt !== undefined) return backend.decrypt(stack, texts)
    const fields = typeof state === 'object' && state !== null ? (state as Readonly<Record<string, unknown>>) : {}
    const secrets = await machine.pulumiSecrets(where, { type, state: fields })
    return new Map(texts.map((text) => [text, secrets.decrypt(text)]))
  }
}

/** The text that marks a value of a checkpoint as something else than data; this one a secret. */
const mark = '4dabf18193072939515e22adb298388d'
const secretMark = '1b47061264138c4ac30d75fd1eb44270'

function ciphertextsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  if (memberOf(value, mark) === secretMark) {
    const text = textIn(value, 'ciphertext')
    return text === undefined ? [] : [text]
  }
  return Object.values(value).flatMap(ciphertextsIn)
}

function shown(value: unknown, plaintexts: ReadonlyMap<string, string>): Plain {
  if (Array.isArray(value)) return value.map((each) => shown(each, plaintexts))
  if (typeof value !== 'object' || value === null) return value as Plain
  if (memberOf(value, mark) !== secretMark) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shown(each, plaintexts)]))
  }
  const text = plaintexts.get(textIn(value, 'ciphertext') ?? '') ?? textIn(value, 'plaintext')
  try {
    return secret(JSON.parse(text as string) as Plain)
  } catch {
    throw new EscError('provider_failed', 'pulumi-stacks: a secret output is not JSON once it is decrypted', {
      hint: 'export the stack again: "pulumi stack export"',
    })
  }
}
