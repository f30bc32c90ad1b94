import { resolve } from 'node:path'
import { EscError } from '../../../errors.ts'
import {
  configMembers,
  type ExportedStack,
  exportPulumiStack,
  requireKnown,
  unknownPaths,
} from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { readValues } from '../../framework/config-target.ts'
import { requiredText, text } from '../../framework/flags.ts'
import { openTarget } from '../../framework/session.ts'
import { ENVIRONMENT } from '../../framework/shared-flags.ts'

const flags = {
  stack: requiredText({ description: 'the stack, such as dev: its file is Pulumi.dev.yaml', char: 's', value: 'name' }),
  folder: text({ description: 'folder of the Pulumi project (default: this one)', value: 'folder' }),
  project: text({
    description: 'namespace of keys that have none (default: the name in Pulumi.yaml)',
    value: 'name',
  }),
  'secrets-provider': text({
    description: 'for a stack without secrets so far: passphrase (the default for a new file), or the URL of a key',
    value: 'url',
  }),
  ...OUTPUT_FLAG,
}

export default class ExportPulumi extends EscCommand<ExportedStack, typeof flags> {
  static override id = 'export:pulumi'
  static override busy = 'exporting'
  static override summary = "Write an environment's configuration into a Pulumi stack file."
  static override description =
    `Opens the environment and writes its pulumiConfig into Pulumi.<stack>.yaml. Secrets are encrypted with the
key of the stack: its passphrase (PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE or a prompt), or its key in AWS KMS, Azure Key Vault,
Google Cloud KMS or Vault. Keys and comments that only the file has stay, and unchanged values keep their ciphertext. Run
the command again after a rotation.`
  static override examples = [
    { description: 'Export for a stack', command: 'esc export pulumi app/dev --stack dev' },
    {
      description: 'Export for a new stack whose secrets are under a key of AWS KMS',
      command: 'esc export pulumi app/dev --stack dev --secrets-provider "awskms://alias/stacks?region=eu-west-1"',
    },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { ...ENVIRONMENT }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<ExportedStack> {
    const target = openTarget(this.io, this.flags, this.positionals)
    const { session, reference } = target
    const { properties, opened } = await readValues(target, { open: true, showSecrets: true }, this.io)
    const members = configMembers(properties)
    const paths = members?.flatMap(({ key, value }) => unknownPaths(value, ['pulumiConfig', key])) ?? ['pulumiConfig']
    const used = opened?.used ?? []
    await session.perform(requireKnown, reference, { paths, used, allow: 'never' })
    if (members === undefined || members.length === 0) {
      throw new EscError('not_found', `${reference.name} has no configuration to export`, {
        hint: `set some: "esc config set KEY VALUE --env ${reference.name}"`,
      })
    }
    const { stack, project, folder = '.', 'secrets-provider': secretsProvider } = this.flags
    const request = { properties, stack, project, folder: resolve(this.io.cwd, folder), secretsProvider }
    return (await session.perform(exportPulumiStack, reference, request)).result
  }

  text({ file, added, replaced, unchanged, secretsProvider }: ExportedStack): string {
    if (added.length + replaced.length === 0) return `${file} has it all already.\n`
    const counts = `${added.length} added, ${replaced.length} replaced, ${unchanged.length} unchanged`
    const under = secretsProvider === undefined ? '' : `Its secrets are encrypted under ${secretsProvider}.\n`
    return `Wrote ${file}: ${counts}.\n${under}`
  }
}
