import { EscError } from '../../errors.ts'
import { changeText } from '../../files/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import { secretsProviderKind } from '../../keys/index.ts'
import { setAt } from '../../yaml/index.ts'
import type { CompleteHost } from '../host.ts'
import { archivesVersion, formatVersion, layout } from '../layout.ts'
import type { StoreRecords } from '../records/records.ts'
import { rememberParsed } from './remember-parsed.ts'
import { parseMapping } from './yaml-mapping.ts'

const parseConfiguration = rememberParsed(parseMapping)

/**
 * The content of a store's `esc.yaml`. Parsed when a field is asked for that
 * cannot be told from the text.
 */
export class StoreConfiguration {
  readonly #folder: string
  readonly #host: CompleteHost
  readonly #records: StoreRecords
  #text: string
  #fields: JsonObject | undefined

  /** @throws EscError `store_damaged`; `invalid_input` when the format is newer than this esc. */
  constructor(folder: string, text: string, parts: { readonly host: CompleteHost; readonly records: StoreRecords }) {
    this.#folder = folder
    this.#text = text
    this.#host = parts.host
    this.#records = parts.records
    this.#checkVersion()
  }

  /** The text of `esc.yaml` as it was when the store was opened, or last refreshed. */
  get text(): string {
    return this.#text
  }

  /** A top-level field as data. Undefined: absent. */
  get(key: string): Json | undefined {
    this.#fields ??= parseConfiguration(this.#text, layout.configuration(this.#folder))
    return this.#fields[key]
  }

  /**
   * False when certainly not. Told from the text, in which a key can also be written with escapes.
   */
  mayHave(key: string): boolean {
    return this.#text.includes(key) || this.#text.includes('\\')
  }

  /** Label of the store in full names. */
  get organization(): string {
    const label = this.get('organization')
    return typeof label === 'string' && label !== '' ? label : 'local'
  }

  /**
   * True when the label may be this one; told from the text, so that most commands need not
   * parse `esc.yaml` for it.
   */
  mayBeLabelled(label: string): boolean {
    return label === 'local' || this.mayHave(label)
  }

  /** URL or bare kind of the secrets provider of environments that name none. */
  get defaultSecretsProvider(): string {
    const defaults = this.get('defaults')
    const provider = isJsonObject(defaults) ? defaults.secretsProvider : undefined
    return typeof provider === 'string' ? provider : 'default'
  }

  /** True when each change is to be committed (`git: {commit: true}`), with `commitChange`. */
  get commitsChanges(): boolean {
    const git = this.get('git')
    return isJsonObject(git) && git.commit === true
  }

  /** For new environments: those there are keep what their settings say. */
  async setDefaultSecretsProvider(secretsProvider: string): Promise<void> {
    secretsProviderKind(secretsProvider)
    await this.change((text) => setAt(text, ['defaults', 'secretsProvider'], secretsProvider))
  }

  /** Changes the text, as it is under the lock. */
  async change(change: (text: string) => string): Promise<void> {
    this.#host.guard('*', 'admin')
    await this.#records.transaction({ purpose: 'configure' }, (transaction) => {
      const text = changeText(this.#host.files, layout.configuration(this.#folder), change)
      transaction.afterwards(() => this.renew(text))
    })
  }

  /** Takes over the text of `esc.yaml` as it is now. */
  renew(text: string): void {
    if (text === this.#text) return
    this.#text = text
    this.#fields = undefined
    this.#checkVersion()
  }

  /** The version of the format. */
  get formatVersion(): number {
    return Number(this.get('version'))
  }

  /** Raises the version of the format where it is lower. It is on the disk when this returns. */
  async raiseFormat(version: number): Promise<void> {
    if (this.formatVersion >= version) return
    await this.change((text) => setAt(text, ['version'], version))
  }

  #checkVersion(): void {
    // Read without the YAML parser, as every command comes through here; mostly even
    // without a regular expression.
    const isKnown = (version: number) => this.#text.includes(`\nversion: ${version}\n`)
    if (isKnown(formatVersion) || isKnown(archivesVersion)) return
    const text = /^version: *(\S+) *$/m.exec(this.#text)?.[1]
    const version = Number(text ?? this.get('version'))
    if (version === formatVersion || version === archivesVersion) return
    const file = layout.configuration(this.#folder)
    if (Number.isInteger(version) && version > archivesVersion) {
      throw new EscError(
        'invalid_input',
        `${file} has format version ${version}; this esc knows up to ${archivesVersion}`,
        {
          hint: 'install a newer esc',
        },
      )
    }
    throw new EscError('store_damaged', `${file} has no valid format version`, {
      hint: 'it must say `version: 1`, or `version: 2` once revisions were packed',
    })
  }
}
