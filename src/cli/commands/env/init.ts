import { EscError } from '../../../errors.ts'
import { type CreatedEnvironment, createEnvironment, refuseVersion } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { readText } from '../../framework/definition-input.ts'
import { text } from '../../framework/flags.ts'
import { openTarget } from '../../framework/session.ts'
import { diagnosticBlocks, hasColour, isInteractive } from '../../terminal/index.ts'

const flags = {
  file: text({ description: 'the file to use as the definition, or - for standard input', char: 'f', value: 'file' }),
  'copy-config-from': text({
    description: 'take the definition of this environment, encrypted for the new one',
    value: 'environment',
  }),
  'secrets-provider': text({ description: "how its key is kept, when not the store's default", value: 'provider' }),
  ...OUTPUT_FLAG,
}

export default class EnvInit extends EscCommand<CreatedEnvironment, typeof flags> {
  static override id = 'env:init'
  static override busy = 'making the environment'
  static override summary = 'Create an environment.'
  static override description =
    `Creates an environment. Without a definition it is empty; with --file, the definition becomes its second revision.
Secrets in the definition are encrypted before anything is written. If the key is not available, or the definition to copy cannot be
read, nothing is created.`
  static override examples = [
    { description: 'Create an empty environment', command: 'esc env init app/dev' },
    { description: 'Create one from a file', command: 'esc env init rotators/ci --file ci.yaml' },
    { description: 'Create one like another', command: 'esc env init app/prod --copy-config-from app/dev' },
    {
      description: 'Create one whose key is kept by AWS KMS',
      command: "esc env init app/prod --secrets-provider 'awskms://alias/esc?region=eu-west-1'",
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'name of the new environment: project/environment', required: true },
  }
  static override usesSelected = false
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<CreatedEnvironment> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals, 'new')
    refuseVersion(reference, 'init')
    const { file, 'copy-config-from': copied } = this.flags
    if (file !== undefined && copied !== undefined) {
      throw new EscError('usage', '`--file` and `--copy-config-from` flags cannot be used together', {
        hint: 'give one of them',
      })
    }
    const messages = { file: 'reading environment definition', stdin: 'reading environment definition' }
    const given = file === undefined ? '' : await readText(this.io, file, messages)
    const { result: created } = await session.perform(createEnvironment, reference, {
      definition: given,
      ...(copied === undefined ? {} : { copyFrom: session.reference(copied) }),
      secretsProvider: this.flags['secrets-provider'],
    })
    if (created.exists) this.io.out(`Environment created: ${created.fullName}\n`)
    const { definition, diagnostics } = created
    if (diagnostics.length > 0) {
      const source = { environment: reference.name, text: definition }
      this.io.err(diagnosticBlocks(diagnostics, source, hasColour(this.io, 'stderr')))
    }
    if (created.revision === undefined && definition.trim() !== '') {
      throw new EscError('invalid_definition', 'updating environment definition: too many errors', {
        hint: remedyFor(created.exists, { name: reference.name, file, copied }),
      })
    }
    for (const rotator of created.dropped) {
      this.io.err(
        `warning: ${rotator} was copied without its credential; "esc env rotate ${reference.name}" makes one\n`,
      )
    }
    if (definition.trim() === '' && isInteractive(this.io)) {
      this.io.err(
        `Next: esc env edit ${reference.name}, or esc env set ${reference.name} <path> <value> (with --secret for a secret)\n`,
      )
    }
    return created
  }

  /** Printed as soon as it was true. */
  text(): undefined {}

  override json({ fullName, revision = 1, dropped }: CreatedEnvironment): unknown {
    return { environment: fullName, revision, withoutCredential: dropped }
  }
}

interface Origin {
  readonly name: string
  readonly file: string | undefined
  readonly copied: string | undefined
}

function remedyFor(exists: boolean, { name, file, copied }: Origin): string {
  if (!exists) return `nothing was made; mend ${copied ?? 'the definition'} first, and run the command again`
  const next =
    file === undefined
      ? `write its definition with "esc env edit ${name}"`
      : `mend the file and run "esc env edit ${name} --file ${file}"`
  return `the environment exists, empty; ${next}`
}
