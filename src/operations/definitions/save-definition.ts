import { type ExportedEnvironment, evaluateEnvironment } from '../../evaluate/index.ts'
import { decryptDefinition, encryptDefinition, findPlaintextSecrets } from '../../language/index.ts'
import type { Change, Environment, Revision } from '../../store/index.ts'
import { type Diagnostic, type PropertyPath, restOfText } from '../../yaml/index.ts'
import { evaluationLimits } from '../opening/evaluation-limits.ts'
import { lostCredentials } from '../rotating/rotator-state.ts'
import { evaluationHost, type ParseDefinition } from '../session/evaluation-host.ts'
import { executionContext } from '../session/execution-context.ts'
import type { Outcome } from '../session/operation.ts'
import { permit } from '../session/permit.ts'
import { UsedEnvironments } from '../session/used-environments.ts'
import type { Workspace } from '../session/workspace.ts'
import { movedSecrets } from './moved-secrets.ts'
import { changeWarnings, shapeWarnings } from './saved-text/index.ts'

export interface DefinitionChange {
  /** The definition as the user wants it: its new secrets are still in the clear. */
  readonly text: string
  /** The revision it was made from. */
  readonly base: Revision
  readonly change: Change
  /** The text of `environment.yaml` that was read, when a hand edit is being saved. */
  readonly savedEdit?: string
  /** Definitions that other environments are about to have, by name. */
  readonly pending?: ReadonlyMap<string, string>
  /** Paths in the document where the user wants plaintext, whatever it looks like. */
  readonly plaintext?: readonly PropertyPath[]
  /** Further fields of the record. */
  readonly details?: Readonly<Record<string, string>>
  /** The result of an earlier check of the definition, if there was one. */
  readonly checked?: readonly Diagnostic[]
}

/**
 * `refused`: the definition has errors, and nothing was written. `unchanged`: it is what
 * the newest revision says.
 */
export type SaveResult =
  | { readonly kind: 'saved' | 'unchanged'; readonly revision: number; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'refused'; readonly revision: undefined; readonly diagnostics: readonly Diagnostic[] }

/** Tells the audit log of a definition that was to be saved. */
export function saveOutcome({ kind }: SaveResult): Outcome {
  return kind === 'refused' ? { failed: 'invalid_definition' } : {}
}

export interface Checked {
  readonly environment: ExportedEnvironment | undefined
  readonly diagnostics: readonly Diagnostic[]
  /**
   * The other environments that took part, as they are named, and the revision each name came to.
   */
  readonly imports: readonly { readonly name: string; readonly revision: number }[]
}

export interface DefinitionCheck {
  /** The full name of the environment. Default: the name that its positions are reported under. */
  readonly fullName?: string
  /**
   * Decrypt the static secrets of the environments that are imported. Default: they stay unknown.
   */
  readonly showSecrets?: boolean
  /** Definitions that environments are about to have, by name. */
  readonly pending?: ReadonlyMap<string, string>
  /**
   * Nothing depends on the result: what was not allowed on this machine is left
   * out, and nobody is asked.
   */
  readonly onlyToLook?: boolean
  /** Parses the definition and its imports. Default: each is parsed anew. */
  readonly parse?: ParseDefinition
  /** Ends the check, which is then rejected with code `interrupted`. */
  readonly signal?: AbortSignal
}

/**
 * Evaluates a definition without opening anything. `name` is what its positions are reported under.
 */
export async function checkDefinition(
  workspace: Workspace,
  name: string,
  text: string,
  { showSecrets = false, pending, onlyToLook = false, fullName = name, parse, signal }: DefinitionCheck = {},
): Promise<Checked> {
  workspace.host.hide?.(text)
  const limits = evaluationLimits(workspace.host.env)
  const used = new UsedEnvironments(workspace, showSecrets ? 'open' : 'read')
  const context = executionContext(workspace, { known: name, full: fullName }, used)
  const parsed = parse?.(name, text)
  const request = {
    name,
    text,
    parsed,
    mode: 'check',
    showSecrets,
    unlock: ownKeyNotNeeded,
    limits,
    ...context,
  } as const
  const host = evaluationHost(workspace, { pending, parse }, used)
  const { environment, diagnostics, thrown, environments } = await evaluateEnvironment(request, host, { signal })
  const untrusted = used.denied(thrown.values())
  if (untrusted?.code === 'untrusted' && !onlyToLook) throw untrusted
  const imports = environments.flatMap((each) => {
    const known = used.all.get(each)
    return known === undefined || each === name ? [] : [{ name: each, revision: known.revision.number }]
  })
  return {
    environment,
    diagnostics: [...diagnostics, ...mistakesOfText(name, text), ...shapeWarnings(name, text, environment?.properties)],
    imports,
  }
}

/**
 * Mistakes that only a text that is about to be stored can have: opening ignores comments, and what
 * stands behind the document.
 */
function mistakesOfText(name: string, text: string): Diagnostic[] {
  const rest = restOfText(name, text)
  if (rest !== undefined) return [rest]
  const summary =
    'this comment has an fn::secret in it, which is stored in the clear: take it out if it is a real secret'
  return findPlaintextSecrets(text)
    .filter(({ inComment }) => inComment)
    .map(({ line }) => ({ severity: 'warning', summary, path: '', noticedAt: { environment: name, line, column: 1 } }))
}

/**
 * The text of a definition that is checked holds its new secrets in the clear, and
 * the others stay unknown.
 */
async function ownKeyNotNeeded(): Promise<never> {
  throw new Error('a check decrypts nothing of its own')
}

/** A definition that takes the place of another text; `before` is empty where there is none. */
type TextChange = Pick<DefinitionChange, 'text' | 'change' | 'pending' | 'plaintext' | 'checked'> & {
  readonly before: string
}

/**
 * Returns what saving a definition says of it: its own mistakes, and warnings of what the change
 * brings. With an error among them, it is refused.
 */
export async function diagnoseChange(
  workspace: Workspace,
  name: string,
  { text, before, change, pending, plaintext, checked }: TextChange,
): Promise<readonly Diagnostic[]> {
  const found =
    checked ?? (await checkDefinition(workspace, name, text, pending === undefined ? {} : { pending })).diagnostics
  const marks = { isTyped: change === 'set', ...(plaintext && { plaintext }) }
  return [...found, ...(await changeWarnings({ name, text, before, ...marks }))]
}

/**
 * Checks a definition, encrypts its secrets and appends it as the next revision. A secret whose
 * plaintext has not changed keeps its ciphertext. A definition with errors is refused.
 *
 * @throws EscError `conflict` when another revision came first; `unsaved_edit`; `key_unavailable`;
 *   `tampered` for a ciphertext of another environment.
 */
export async function saveDefinition(
  workspace: Workspace,
  environment: Environment,
  { text, base, change, savedEdit, pending, plaintext, details, checked }: DefinitionChange,
): Promise<SaveResult> {
  const permitted = await permit(workspace, environment.name, 'write', 'environment-updated')
  const before = base.definition
  const changed = { text, before, change, plaintext, pending, checked }
  const diagnostics = await diagnoseChange(workspace, environment.name, changed)
  if (diagnostics.some(({ severity }) => severity === 'error'))
    return { kind: 'refused', revision: undefined, diagnostics }
  const definition = await encryptFor(environment, text, base)
  if (definition === base.definition && savedEdit === undefined) {
    return { kind: 'unchanged', revision: base.number, diagnostics }
  }
  if (change === 'save' || change === 'apply') warnOfMovedSecrets(workspace, environment.name, { base, text })
  const revision = await environment.append({
    base: base.number,
    definition,
    change,
    author: await workspace.author(),
    created: workspace.host.now(),
    savedEdit,
    details,
  })
  // Going back to an older definition says so in its own way.
  if (change !== 'rollback') warnOfLostCredentials(workspace, environment.name, { base, text: definition })
  permitted.done({ revision: revision.number, change })
  return { kind: 'saved', revision: revision.number, diagnostics }
}

/** A text that takes the place of a revision's. */
interface NewText {
  readonly base: Revision
  readonly text: string
}

/**
 * Warns of secrets that were moved in a text that nothing vouches for: a file that anybody may have
 * written.
 */
function warnOfMovedSecrets(workspace: Workspace, environment: string, { base, text }: NewText): void {
  const moved = movedSecrets(base.file, base.definition, text)
  if (moved.length === 0) return
  workspace.host.notify({ kind: 'secrets-moved', environment, revision: base.number, moved })
}

function warnOfLostCredentials(workspace: Workspace, environment: string, { base, text }: NewText): void {
  const lost = lostCredentials(base.file, base.definition, text)
  if (lost.length === 0) return
  workspace.host.notify({ kind: 'credentials-left-out', environment, revision: base.number, paths: lost })
}

/** A secret as the revision before has it. */
interface KnownSecret {
  readonly path: string
  /** `undefined` when it cannot be decrypted, which is not for this change to mend. */
  readonly plaintext: string | undefined
  readonly ciphertext: Uint8Array
}

/**
 * The text with its secrets encrypted; those that have not changed keep the
 * ciphertext they have in `base`.
 */
export async function encryptFor(environment: Environment, text: string, base: Revision): Promise<string> {
  const key = await environment.dataKey()
  environment.verifyUnder(key, base)
  const decrypt = (ciphertext: Uint8Array) => key.decrypt(ciphertext)
  const known = knownSecrets(environment.name, base.definition, decrypt)
  const unused = new Map<string, Set<KnownSecret>>()
  for (const secret of known) {
    if (secret.plaintext === undefined) continue
    const equal = unused.get(secret.plaintext)
    if (equal === undefined) unused.set(secret.plaintext, new Set([secret]))
    else equal.add(secret)
  }
  const definition = encryptDefinition(environment.name, text, (plaintext, path) => {
    const same = unused.get(plaintext)
    const kept = same && preferred(same, path)
    if (kept === undefined) return key.encrypt(plaintext)
    // Each only once: two secrets with one ciphertext would show that they are equal.
    same?.delete(kept)
    return kept.ciphertext
  })
  const old = new Set(known.map(({ ciphertext }) => Buffer.from(ciphertext).toString('base64')))
  decryptDefinition(environment.name, definition, (ciphertext) => {
    // A ciphertext pasted from another environment would otherwise be noticed
    // only when somebody needs it.
    return old.has(Buffer.from(ciphertext).toString('base64')) ? '' : decrypt(ciphertext)
  })
  return definition
}

/** The secret at the path; otherwise the first. `undefined` when there is none. */
function preferred(secrets: ReadonlySet<KnownSecret>, path: string): KnownSecret | undefined {
  const [first] = secrets
  if (first?.path === path) return first
  for (const secret of secrets) if (secret.path === path) return secret
  return first
}

/** The secrets of a definition; none for one that cannot be read. */
export function knownSecrets(
  name: string,
  definition: string,
  decrypt: (ciphertext: Uint8Array) => string,
): KnownSecret[] {
  const known: KnownSecret[] = []
  try {
    decryptDefinition(name, definition, (ciphertext, path) => {
      let plaintext: string | undefined
      try {
        plaintext = decrypt(ciphertext)
      } catch {}
      known.push({ path, plaintext, ciphertext })
      return ''
    })
  } catch {}
  return known
}
