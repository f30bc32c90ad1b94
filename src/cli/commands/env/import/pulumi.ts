import { readPulumiStack } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportPulumi extends ImportCommand {
  static override id = 'env:import:pulumi'
  static override busy = 'importing'
  static override summary = 'Import the configuration of a Pulumi stack.'
  static override description =
    `Puts the config of a Pulumi.<stack>.yaml into pulumiConfig. Its secure values are decrypted with the passphrase from
PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE or a prompt, or with the stack's key of AWS KMS, Azure Key Vault, Google Cloud KMS or
Vault, and encrypted again for the environment. Environments that the stack builds on become imports where the store has them.`
  static override examples = [
    { description: 'Import a stack', command: 'esc env import pulumi app/dev Pulumi.dev.yaml --create' },
  ]

  protected override readonly place = 'pulumiConfig'

  protected override read({ content, host, source }: ImportSource) {
    return readPulumiStack(content, host, source)
  }
}
