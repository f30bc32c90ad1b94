import { EscError } from '../errors.ts'
import type { CheckOptions, CheckReport } from './check/check-store.ts'
import type { Finding } from './check/finding.ts'
import { environmentName } from './environment-name.ts'
import { hasEnvironment } from './has-environment.ts'
import { archivesVersion } from './layout.ts'
import type { RenumberEnvironment } from './merge/renumber-merged.ts'
import type { Renumbered } from './merge/renumbering.ts'
import type { Pruned, PruneRequest } from './revisions/archive/prune-revisions.ts'
import type { LeftEntry } from './state/left-entries.ts'
import type { StoreParts } from './store-parts.ts'
import type { StoreSurvey } from './survey.ts'

/** Looks a store over, mends it and keeps it small. Each part is loaded when it is asked for. */
export class Upkeep {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /**
   * Verifies everything there is, as far as the keys at hand allow, and says what
   * is wrong. Changes nothing.
   */
  async check(options: CheckOptions = {}): Promise<CheckReport> {
    const { findTroubles } = await import('./check/check-store.ts')
    const { folder, host, state } = this.#parts
    return findTroubles({ folder, state, host, context: (name) => this.#parts.context(name) }, options)
  }

  /**
   * Does what the fixable ones of some findings ask for, and returns those. Nothing that
   * anybody needs is lost by it.
   */
  async fix(findings: readonly Finding[]): Promise<readonly Finding[]> {
    const { fix } = await import('./check/fix.ts')
    const { folder, host } = this.#parts
    const fixable = findings.filter((finding) => finding.fixable)
    const environment = (name: string) => this.#parts.environment(name)
    for (const finding of fixable) await fix(finding, { folder, host, environment })
    return fixable
  }

  /**
   * Reads what all environments say in the clear. Asks no access rule: it returns no
   * value of any environment.
   */
  async survey(): Promise<StoreSurvey> {
    const { surveyStore } = await import('./survey.ts')
    return surveyStore(this.#parts.files, this.#parts.folder)
  }

  /**
   * Packs old revisions of an environment into an archive, from which they are read as before.
   * Killed at any moment, it leaves every revision readable. The first time, it raises the version
   * of the store's format, so that programs that know no archives refuse.
   * @throws EscError `tampered`, `store_damaged`, `locked`, `io`.
   */
  async prune(name: string, request: PruneRequest): Promise<Pruned> {
    const { configuration } = this.#parts
    const environment = this.#parts.environment(name)
    this.#parts.guard(environment.name, request.dryRun ? 'read' : 'admin')
    const { pruneRevisions } = await import('./revisions/archive/prune-revisions.ts')
    const raiseFormat = () => configuration.raiseFormat(archivesVersion)
    const before = configuration.formatVersion
    const context = this.#parts.context(environment.name)
    const pruned = await pruneRevisions(environment, context, { ...request, raiseFormat })
    return { ...pruned, raisesFormat: pruned.packed !== undefined && before < archivesVersion }
  }

  /**
   * After a git merge that took revisions of one environment from both sides: puts those of theirs
   * after those of ours, and adds one that holds what both did (`Renumbered`). By default the sides
   * are those of the merge in progress, or of the last commit if that was a merge; in the end the
   * environment's files are added to git's index, which marks the conflict as resolved.
   *
   * @throws EscError `conflict` when a person must resolve `environment.yaml` first;
   *   `usage` when there is no merge; `unsupported` for a store in a database.
   */
  async renumber(name: string, options: RenumberEnvironment): Promise<Renumbered> {
    const context = this.#parts.context(environmentName(name))
    this.#parts.guard(context.name, 'write')
    if (this.#parts.records.kind !== 'folder') {
      throw new EscError('unsupported', 'only git merges histories, and the store is in a database', {
        hint: 'two writers never get the same number there',
      })
    }
    const { renumberMerged } = await import('./merge/renumber-merged.ts')
    return renumberMerged(context, options)
  }

  /**
   * Journal entries of an environment of this name that is not here any more, or
   * never was on this machine.
   */
  async leftEntries(name: string): Promise<readonly LeftEntry[]> {
    const { files, folder, state } = this.#parts
    const full = environmentName(name)
    this.#parts.guard(full, 'read')
    const { leftEntries } = await import('./state/left-entries.ts')
    const present = hasEnvironment(files, folder, full) ? [this.#parts.handle(full).id] : []
    return leftEntries({ files, state }, { name: full, present })
  }

  /**
   * Takes an entry of `leftEntries` out of the journal. It is kept, encrypted as it is, in
   * the place that is returned.
   */
  async setAside(name: string, { environmentId, file }: LeftEntry): Promise<string> {
    const { host, state } = this.#parts
    this.#parts.guard(environmentName(name), 'write')
    const { setLeftEntryAside } = await import('./state/left-entries.ts')
    return setLeftEntryAside({ state, host }, { name, id: environmentId, file })
  }
}
