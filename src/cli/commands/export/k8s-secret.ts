import { exportedVariables, k8sNameOf, k8sSecret } from '../../../operations/index.ts'
import { EXPORT_FLAGS, ExportCommand } from '../../framework/export-command.ts'
import { text } from '../../framework/flags.ts'

const flags = {
  name: text({ description: 'name of the Secret (default: that of the environment, with hyphens)', value: 'name' }),
  namespace: text({ description: 'namespace of the Secret (default: the one of kubectl)', char: 'n', value: 'name' }),
  ...EXPORT_FLAGS,
}

export default class ExportK8sSecret extends ExportCommand<typeof flags> {
  static override id = 'export:k8s-secret'
  static override summary = 'Write the values of an environment as a Secret of Kubernetes.'
  static override description =
    `Opens the environment and prints the manifest of a Secret. Each of its environmentVariables is a key of the Secret, and so is each of its
files, with the content as value. Base64 is no encryption: do not commit the manifest. To keep a Secret up to date, use External Secrets
with "esc server".`
  static override examples = [
    {
      description: 'Apply it',
      command: 'esc export k8s-secret app/prod --name app -n production | kubectl apply -f -',
    },
  ]
  static override flags = flags

  protected override async render(): Promise<string> {
    const { values, reference } = await this.openVariables()
    const { name = k8sNameOf(reference.name), namespace } = this.flags
    const all = [...exportedVariables(values, 'environmentVariables'), ...exportedVariables(values, 'files')]
    return k8sSecret({ name, namespace, values: all })
  }
}
