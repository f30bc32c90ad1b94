import { EscError } from '../../errors.ts'
import { again, rich } from '../../rich-text.ts'
import { cannotHold, type ExportedVariable } from './exported-variables.ts'

export interface GitlabExport {
  readonly variables: readonly ExportedVariable[]
  readonly files: readonly ExportedVariable[]
  /** Names of secrets that may be left unmasked because GitLab cannot mask them. */
  readonly unmasked: readonly string[]
  /** Jobs of protected branches and tags alone get them. */
  readonly isProtected: boolean
  /** The environments of GitLab that get them; `*`: all. */
  readonly scope: string
}

/** The longest value that GitLab stores. */
const LONGEST_VALUE = 10_000
const LEAST_MASKED = 8

/**
 * The variables as the JSON objects that `POST /projects/:id/variables` of GitLab takes. Values are
 * raw: no `$` in them means anything. Secrets are masked; contents of files become variables of the
 * type `file`, which GitLab cannot mask.
 *
 * @throws EscError `invalid_input` for what GitLab would refuse, or could not mask.
 */
export function gitlabVariables(request: GitlabExport): readonly Record<string, string | boolean>[] {
  const { variables, files, isProtected, scope } = request
  const names = new Map<string, string>()
  const one = (variable: ExportedVariable, type: 'env_var' | 'file') => {
    const { name, value, path } = variable
    const before = names.get(name)
    if (before !== undefined) throw cannotHold(path, `has the name of ${before}`, 'rename one of them')
    names.set(name, path)
    refuseVariable(variable)
    const masked = type === 'env_var' && variable.secret && isMasked(variable, request)
    return {
      key: name,
      value,
      variable_type: type,
      masked,
      protected: isProtected,
      raw: true,
      environment_scope: scope,
    }
  }
  return [...variables.map((each) => one(each, 'env_var')), ...files.map((each) => one(each, 'file'))]
}

function refuseVariable({ name, value, path }: ExportedVariable): void {
  if (!/^[A-Za-z0-9_]{1,255}$/.test(name)) {
    throw cannotHold(path, 'has a name that GitLab refuses', 'use letters, digits and underscores')
  }
  if (value === '') throw cannotHold(path, 'is empty, which the API of GitLab refuses', 'remove it')
  if (!value.isWellFormed()) {
    throw cannotHold(path, 'holds bytes that are not UTF-8', 'pass it through fn::toBase64 in the definition')
  }
  if ([...value].length <= LONGEST_VALUE) return
  throw cannotHold(path, `is longer than ${LONGEST_VALUE} characters`, 'GitLab stores no longer value')
}

function isMasked({ name, value, path }: ExportedVariable, { unmasked }: GitlabExport): boolean {
  const reason = /\s/.test(value)
    ? 'has a space or a line break'
    : value.length < LEAST_MASKED
      ? `has fewer than ${LEAST_MASKED} characters`
      : undefined
  if (reason === undefined) return true
  if (unmasked.includes(name)) return false
  throw new EscError('invalid_input', `${path} is a secret that GitLab cannot mask, because it ${reason}`, {
    hint: rich`change it, or move it below files; or leave it unmasked with ${again('allow-unmasked')} ${name}`,
  })
}
