import { resolve } from 'node:path'
import {
  checkVariables,
  createFiles,
  type ExportedVariable,
  exportedVariables,
  type OpenedEnvironment,
  requireKnown,
  unknownPaths,
  unknownVariables,
  writeSecretFile,
} from '../../operations/index.ts'
import { ENV_FLAGS, EscCommand } from './command.ts'
import { readValues } from './config-target.ts'
import { boolean, type Flags, text } from './flags.ts'
import { openTarget, type Target } from './session.ts'
import { ENVIRONMENT } from './shared-flags.ts'
import { OUT_FLAG } from './written-file.ts'

/** For commands that write a file with secrets. */
export const EXPORT_FLAGS = {
  ...OUT_FLAG,
  force: boolean({ description: 'replace the file when it is there' }),
}

/** For formats that cannot hold the content of a file. */
export const FILES_FLAG = {
  'files-in': text({
    description: 'write files into this folder (mode 0600), and set their variables to the paths',
    value: 'folder',
  }),
}

type Values = NonNullable<OpenedEnvironment['properties']>

/** The text of a file for another program, and the file that it was written to. */
export interface Exported {
  readonly content: string
  /** As the user has named it. Undefined: it is printed. */
  readonly file: string | undefined
}

/** `esc export …`: the values of an environment, in the clear, in a file of another program. */
export abstract class ExportCommand<F extends Flags> extends EscCommand<Exported, F> {
  static override busy = 'exporting'
  static override baseFlags = ENV_FLAGS
  static override args: typeof EscCommand.args = { ...ENVIRONMENT }
  static override count: typeof EscCommand.count = { kind: 'exactly', count: 1 }

  /** The text of the file. */
  protected abstract render(): Promise<string>

  async run(): Promise<Exported> {
    const { out, force } = this.flags as { readonly out?: string; readonly force?: boolean }
    const content = await this.render()
    if (out !== undefined) writeSecretFile({ path: resolve(this.io.cwd, out), content, force: force === true })
    return { content, file: out }
  }

  /**
   * Opens the environment, whose providers are called.
   * @throws EscError `unknown_value` for a variable, or content of a file, that is not known.
   */
  protected async openVariables(): Promise<Target & { readonly values: Values }> {
    const { opened, ...target } = await this.openValues()
    const paths = unknownVariables(target.values)
    await target.session.perform(requireKnown, target.reference, { paths, used: opened?.used ?? [], allow: 'never' })
    return target
  }

  protected async openValues() {
    const target = openTarget(this.io, this.flags, this.positionals)
    const { properties, opened } = await readValues(target, { open: true, showSecrets: true }, this.io)
    return { ...target, values: properties ?? {}, opened }
  }

  /** Refuses a value with parts that are not known. */
  protected async refuseUnknown(
    { session, reference, opened }: Awaited<ReturnType<ExportCommand<F>['openValues']>>,
    value: Parameters<typeof unknownPaths>[0],
    path: Parameters<typeof unknownPaths>[1],
  ): Promise<void> {
    const paths = unknownPaths(value, path)
    await session.perform(requireKnown, reference, { paths, used: opened?.used ?? [], allow: 'never' })
  }

  /** Refuses variables that would make programs run code, unless the user has allowed them. */
  protected async checkVariables(
    { session, reference, values }: Target & { readonly values: Values },
    inShell = false,
  ) {
    const { 'allow-variable': allowed = [] } = this.flags as { readonly 'allow-variable'?: readonly string[] }
    await session.perform(checkVariables, reference, { properties: values, allowed, inShell })
  }

  /**
   * Hands the variables to `render`, those of files too where a folder is given for them. The files
   * are removed where it fails.
   */
  protected withFiles(
    values: Values,
    folder: string | undefined,
    render: (variables: readonly ExportedVariable[]) => string,
  ): string {
    const variables = exportedVariables(values, 'environmentVariables')
    const files = exportedVariables(values, 'files')
    if (files.length === 0) return render(variables)
    if (folder === undefined) {
      const names = files.map(({ path }) => path).join(', ')
      this.io.err(`warning: not exported: ${names}; give a folder for files with --files-in\n`)
      return render(variables)
    }
    const made = createFiles(values, { folder: resolve(this.io.cwd, folder), named: true, random: this.io.random })
    try {
      return render([...variables, ...made.variables.map((each) => ({ ...each, path: `files.${each.name}` }))])
    } catch (error) {
      made.remove()
      throw error
    }
  }

  override get printsValues(): boolean {
    return (this.flags as { readonly out?: string }).out === undefined
  }

  text({ content, file }: Exported): string {
    return file === undefined ? content : `Wrote ${file}, which only you can read.\n`
  }
}
