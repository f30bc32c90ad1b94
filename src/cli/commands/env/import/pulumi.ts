import { readPulumiStack } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportPulumi extends ImportCommand {
  static override id = 'env:import:pulumi'
  static override busy = 'importing'
  static override summary = 'Import the configuration of a Pulumi stack.'
  static override description =
    `Imports the config of a Pulumi.<stack>.yaml into pulumiConfig. Secure values are decrypted with the passphrase from
PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE or a prompt, or with the stack's key in AWS KMS, Azure Key Vault, Google Cloud KMS or
Vault, and then encrypted with the key of the environment. Environments that the stack uses become imports if the store has them.`
  static override examples = [
    { description: 'Import a stack', command: 'esc env import pulumi app/dev Pulumi.dev.yaml --create' },
  ]

  protected override readonly place = 'pulumiConfig'

  protected override read({ content, host, source }: ImportSource) {
    return readPulumiStack(content, host, source)
  }
}
