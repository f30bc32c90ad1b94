import { EscError } from '../../../errors.ts'
import { findValue, isObject, parsePath, type TfvarsFormat, tfvars } from '../../../operations/index.ts'
import { EXPORT_FLAGS, ExportCommand } from '../../framework/export-command.ts'
import { choice, maybe } from '../../framework/flags.ts'

const FORMATS: readonly TfvarsFormat[] = ['hcl', 'json']

const flags = {
  format: maybe(
    choice({
      description: 'hcl, or json (default: hcl, unless the file of --out ends with .json)',
      char: 'f',
      options: FORMATS,
      default: 'hcl',
      refuse: (word) => `invalid --format ${JSON.stringify(word)}: must be "hcl" or "json"`,
    }),
  ),
  ...EXPORT_FLAGS,
}

/** The path of the object whose members are exported, unless another is given. */
const USUAL = 'terraform'

export default class ExportTfvars extends ExportCommand<typeof flags> {
  static override id = 'export:tfvars'
  static override summary = 'Write values of an environment as variables for Terraform or OpenTofu.'
  static override description =
    `Opens the environment and prints the members of one object, with their types, as a .tfvars file. The object is "terraform", unless the second
argument is the path of another. The file holds secrets in the clear; "esc run" with TF_VAR_ variables needs no file.`
  static override examples = [
    { description: 'The members of "terraform"', command: 'esc export tfvars app/dev --out esc.auto.tfvars' },
    { description: 'Another object, as JSON', command: 'esc export tfvars app/dev network --out net.tfvars.json' },
  ]
  static override flags = flags
  static override args = {
    ...ExportCommand.args,
    path: { description: 'path of the object (default: terraform)' },
  }
  static override count = { kind: 'between', least: 1, most: 2 } as const

  protected override async render(): Promise<string> {
    const target = await this.openValues()
    const { values, reference, rest } = target
    const typed = rest[0] ?? USUAL
    const path = parsePath(typed, (reason) => `invalid property path ${typed}: ${reason}`)
    const found = findValue(values, path)
    if (found.kind === 'missing') {
      throw new EscError('not_found', `${reference.typed} has no value at ${typed}`, { hint: found.instead })
    }
    const { value } = found
    await this.refuseUnknown(target, value, path)
    if (!isObject(value.value) || value.value === null || value.value === undefined) {
      throw new EscError('invalid_input', `${typed} of ${reference.typed} is not an object`, {
        hint: 'give the path of an object whose members are the variables',
      })
    }
    return tfvars(value.value, path, this.flags.format ?? (this.flags.out?.endsWith('.json') ? 'json' : 'hcl'))
  }
}
